// How many columns of a terminal a text takes: signs of East Asia and emoji take two, marks above a letter none.

const NONE = /^[\p{Mn}\p{Me}\u200b-\u200d\u2060\ufe00-\ufe0f]$/u
/** Code points of East Asian width W and F (Unicode 15, EastAsianWidth.txt), in whole blocks. */
const TWO =
  /^[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]$/u
const EMOJI = /^\p{Emoji_Presentation}$/u

export function widthOf(text: string): number {
  // Nearly every text is of this kind.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  return Array.from(text).reduce((sum, character) => sum + widthOfCharacter(character), 0)
}

/** Cut in the middle, where paths and names differ least. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width <= 1) return '…'.slice(0, width)
  const characters = Array.from(text)
  const end = Math.floor((width - 1) / 2)
  const tail = take(characters.toReversed(), end).reverse()
  return `${take(characters, width - 1 - end).join('')}…${tail.join('')}`
}

/** As many as there is room for. */
function take(characters: readonly string[], width: number): string[] {
  let rest = width
  const taken: string[] = []
  for (const character of characters) {
    rest -= widthOfCharacter(character)
    if (rest < 0) break
    taken.push(character)
  }
  return taken
}

function widthOfCharacter(character: string): number {
  if (NONE.test(character)) return 0
  return TWO.test(character) || EMOJI.test(character) ? 2 : 1
}
