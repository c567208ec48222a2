// Texts in a grid of cells: how many a text takes, cut and filled to a width, folded into lines. Wide characters take two cells,
// marks that combine take none; texts of others are made harmless first.

/** Control characters and marks of writing direction would move the cursor or turn what stands beside them. */
const DISTURBING = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff]/gu
const PLAIN = /^[\x20-\x7e]*$/
const COMBINING = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const EMOJI = /^\p{Emoji_Presentation}/u
const segmenter = new Intl.Segmenter()

/** East Asian Wide and Fullwidth (Unicode 15, UAX 11), as ranges of code points. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
]

/** As one line that stays where it is put. */
export function harmless(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(/[\t\r\n\u2028\u2029]+/g, ' ').replace(DISTURBING, '')
}

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += cellsOf(segment)
  return width
}

/** Exactly so wide: cut with `…`, or filled with spaces. */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(harmless(text), width)
  const space = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return align === 'right' ? space + cut : cut + space
}

/** At most so wide. */
export function cutTo(text: string, width: number): string {
  if (width <= 0) return ''
  if (widthOf(text) <= width) return text
  let cut = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const cells = cellsOf(segment)
    if (used + cells > width - 1) break
    cut += segment
    used += cells
  }
  return `${cut}…`
}

/** Folded at spaces; a word that is too long is broken. */
export function folded(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of harmless(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (widthOf(line) > width) {
      const head = cutTo(line, width + 1).slice(0, -1)
      // A character that is wider than the line has to stand somewhere.
      const taken = head === '' ? (Array.from(line)[0] ?? '') : head
      lines.push(taken)
      line = line.slice(taken.length)
    }
  }
  return [...lines, line]
}

function cellsOf(segment: string): number {
  const point = segment.codePointAt(0) ?? 0
  if (COMBINING.test(segment)) return 0
  if (EMOJI.test(segment) || segment.includes('\ufe0f')) return 2
  return WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1
}
