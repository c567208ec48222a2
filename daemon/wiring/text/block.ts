// A block of ours in a foreign text, between two marked lines. All around it stays as it is, byte for byte, and taking the
// block out gives back the text from before.
import { formOf, inForm } from './form.ts'

/** How lines are commented out where the block stands. */
export interface Comment {
  readonly open: string
  readonly close: string
}

export const HASH: Comment = { open: '# ', close: '' }
export const MARKUP: Comment = { open: '<!-- ', close: ' -->' }

const BEGIN = 'skein: begin'
const END = 'skein: end'
const NOTE = ' (managed by `skein init`; edit outside of these marks)'

export type BlockProblem = 'unclosed' | 'doubled'

interface Place {
  readonly start: number
  /** Behind the line break of the last line. */
  readonly end: number
}

/** @returns the text with the block in its place, or at its end; a problem where marks do not pair. */
export function setBlock(
  text: string,
  content: string,
  comment: Comment,
): { readonly text: string } | { readonly problem: BlockProblem } {
  const found = findBlock(text)
  if (found !== null && 'problem' in found) return found
  const form = formOf(text)
  const block = inForm(wrap(content, comment), form)
  if (found !== null) {
    const isOpenEnd = found.end === text.length && !text.endsWith('\n')
    const put = isOpenEnd ? block.slice(0, -form.lineBreak.length) : block
    return { text: text.slice(0, found.start) + put + text.slice(found.end) }
  }
  if (text === '' || text === form.mark) return { text: text + block }
  // The block is set off by one empty line of its own; without a last line break the block does not get one either, so that
  // taking it out knows what was there.
  return text.endsWith('\n')
    ? { text: text + form.lineBreak + block }
    : { text: text + form.lineBreak.repeat(2) + block.slice(0, -form.lineBreak.length) }
}

/** The text without the block; the same text where there is none. */
export function removeBlock(
  text: string,
): { readonly text: string } | { readonly problem: BlockProblem } {
  const found = findBlock(text)
  if (found === null) return { text }
  if ('problem' in found) return found
  const before = text.slice(0, found.start)
  const after = text.slice(found.end)
  const isOpenEnd = after === '' && !text.endsWith('\n')
  // The empty line that set it off, and the line break of a text that had none at its end.
  const gap = isOpenEnd ? /(?:\r?\n){1,2}$/ : /(?<=\n)\r?\n$/
  return { text: before.replace(gap, '') + after }
}

/** The lines between the marks, with plain line breaks; null where there is no block. */
export function blockIn(text: string): string | null {
  const found = findBlock(text)
  if (found === null || 'problem' in found) return null
  const lines = text.slice(found.start, found.end).trimEnd().split(/\r?\n/)
  return lines
    .slice(1, -1)
    .map((line) => `${line}\n`)
    .join('')
}

function wrap(content: string, { open, close }: Comment): string {
  // Formatters of Markdown put empty lines there by themselves, and the block would never be as we write it.
  const gap = close === '' ? '' : '\n'
  return `${open}${BEGIN}${NOTE}${close}\n${gap}${content.trimEnd()}\n${gap}${open}${END}${close}\n`
}

function findBlock(text: string): Place | { readonly problem: BlockProblem } | null {
  const begins = [...text.matchAll(lineWith(BEGIN))]
  const ends = [...text.matchAll(lineWith(END))]
  const [begin, end] = [begins[0], ends[0]]
  if (begin === undefined && end === undefined) return null
  if (begin === undefined || end === undefined || end.index < begin.index) {
    return { problem: 'unclosed' }
  }
  if (begins.length > 1 || ends.length > 1) return { problem: 'doubled' }
  return { start: begin.index, end: end.index + end[0].length }
}

/** Whole lines that are a comment with this mark. */
function lineWith(mark: string): RegExp {
  return new RegExp(`^(?:#|<!--) ${mark}\\b[^\\n]*(?:\\n|$)`, 'gm')
}
