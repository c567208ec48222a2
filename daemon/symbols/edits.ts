// Which symbols an edit that is only announced would touch, by the file as it stands now.
import type { FileEdit, TouchedAnswer } from '../ports-symbols.ts'
import type { FileSymbols } from './file-symbols.ts'
import type { Span } from './outline.ts'
import { readSource } from './source-file.ts'
import { changedLines, touchedSymbols } from './touched.ts'
import { decode } from './worker/decode.ts'

/** Places of one text in a file; more is no edit but a replacement of everything. */
const PLACES_MAX = 1_000

/** @param file absolute, and inside the checkout */
export async function touchedByEdit(
  file: string,
  edit: FileEdit,
  symbolsOf: (file: string) => Promise<FileSymbols>,
): Promise<TouchedAnswer> {
  const content = await readSource(file)
  if (content.kind === 'refused') return { kind: 'unknown', why: content.reason }
  const before = decode(content.bytes)
  if (before === null) return { kind: 'unknown', why: 'a binary file' }
  const ranges = rangesOf(before, edit)
  if (typeof ranges === 'string') return { kind: 'unknown', why: ranges }
  const answer = await symbolsOf(file)
  if (answer.kind === 'unsupported') return { kind: 'unknown', why: answer.unsupported }
  const { symbols, isOutside } = touchedSymbols(answer.symbols, ranges)
  return { kind: 'touched', symbols, isOutside }
}

/** The lines that the edit changes; a reason where they cannot be told. */
function rangesOf(before: string, edit: FileEdit): readonly Span[] | string {
  if (edit.kind === 'whole') {
    if (edit.text === null) return 'what it will hold is not known'
    const changed = changedLines(before, edit.text)
    return changed === null ? [] : [changed.before]
  }
  const ranges: Span[] = []
  for (const { old, now } of edit.changes) {
    const changed = changedLines(old, now)
    if (changed === null) continue
    const starts = startsOf(before, old)
    if (starts.length === 0) return 'the text to replace does not stand in it'
    for (const line of starts) {
      const { startLine, endLine } = changed.before
      ranges.push({ startLine: startLine + line, endLine: endLine + line })
    }
  }
  return ranges
}

/** How many lines stand before each place of the text. */
function startsOf(content: string, text: string): readonly number[] {
  const lines: number[] = []
  if (text === '') return lines
  let line = 0
  let counted = 0
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + text.length)) {
    for (; counted < at; counted++) if (content[counted] === '\n') line++
    lines.push(line)
    if (lines.length >= PLACES_MAX) break
  }
  return lines
}
