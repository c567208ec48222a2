// What a face is printed on: its width, its colours, the time of reading, and whose eyes they are.
import type { Io, Output } from '../io.ts'
import { fit, widthOf } from './width.ts'

export interface Page {
  /** Characters in a line; Infinity where nothing bounds it. */
  readonly width: number
  readonly paint: Paint
  readonly nowMs: number
  /** The reader's own session, to call it "you". */
  readonly session: string | null
  /** From the working directory to the root that patterns are read from, as in `../..`; empty when they are the same. */
  readonly toRoot: string
}

export type Paint = (style: Style, text: string) => string
export type Style = 'good' | 'bad' | 'warning' | 'strong' | 'quiet'

const CODES: Readonly<Record<Style, string>> = {
  good: '1;32',
  bad: '1;31',
  warning: '33',
  strong: '1',
  quiet: '2',
}

type Environment = Readonly<Record<string, string | undefined>>

/** @param reader who reads, and from where, where that is known. */
export function pageOn(
  output: Output,
  io: Io,
  reader: Partial<Pick<Page, 'session' | 'toRoot'>> = {},
): Page {
  const { session = null, toRoot = '' } = reader
  const paint = paintFor(output, io.env)
  return { width: output.columns, paint, nowMs: io.now(), session, toRoot }
}

/** Colours on a terminal only, and not with NO_COLOR (no-color.org: set and not empty). */
function paintFor(output: Output, env: Environment): Paint {
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return output.isTerminal && !isPlain ? colourful : plain
}

const plain: Paint = (_style, text) => text

const colourful: Paint = (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`

export interface Column {
  readonly title: string
  /** Lower is cut first; null is never cut. */
  readonly rank: number | null
  /** Never cut below this. */
  readonly widthMin?: number
  /** Left out where it is empty, and where the others need its place. */
  readonly isOptional?: true
  readonly style?: Style
}

const GAP = '  '
const CUT_WIDTH_MIN = 8

/** Rows under their titles; where the page is too narrow, columns are cut by rank, and the last resort is a long line. */
export function table(
  all: readonly Column[],
  cells: readonly (readonly string[])[],
  page: Page,
): readonly string[] {
  const kept = keepColumns(all, cells, page)
  const columns = all.filter((_, i) => kept[i])
  const rows = cells.map((row) => row.filter((_, i) => kept[i]))
  const widths = shrink(columns, fullWidths(columns, rows), page.width)
  const line = (cells: readonly string[], style: (i: number) => Style | undefined): string => {
    const padded = cells.map((cell, i) => {
      const width = widths[i] ?? 0
      const text = fit(cell, width)
      const painted = style(i)
      const shown = painted === undefined || text === '' ? text : page.paint(painted, text)
      return i === cells.length - 1 ? shown : shown + ' '.repeat(width - widthOf(text))
    })
    return padded.join(GAP).trimEnd()
  }
  const head = line(
    columns.map(({ title }) => title),
    () => 'quiet',
  )
  return [head, ...rows.map((row) => line(row, (i) => columns[i]?.style))]
}

/** Which columns are shown: an optional one needs something in it, and room for its least beside the others whole. */
function keepColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  page: Page,
): readonly boolean[] {
  const full = fullWidths(columns, rows)
  const others = columns
    .map((column, i) => (column.isOptional === true ? 0 : (full[i] ?? 0) + GAP.length))
    .reduce((sum, width) => sum + width, 0)
  return columns.map(({ isOptional, widthMin = CUT_WIDTH_MIN }, i) => {
    if (isOptional === undefined) return true
    const isEmpty = rows.every((row) => (row[i] ?? '') === '')
    return !isEmpty && others + Math.min(widthMin, full[i] ?? 0) <= page.width
  })
}

function fullWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly number[] {
  return columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ''))),
  )
}

function shrink(
  columns: readonly Column[],
  full: readonly number[],
  page: number,
): readonly number[] {
  const widths = [...full]
  const gaps = GAP.length * (columns.length - 1)
  let excess = widths.reduce((sum, width) => sum + width, gaps) - page
  const ranked = columns
    .map(({ rank, widthMin = CUT_WIDTH_MIN }, i) => ({ rank, widthMin, i }))
    .filter((column): column is typeof column & { rank: number } => column.rank !== null)
    .sort((a, b) => a.rank - b.rank)
  for (const { i, widthMin } of ranked) {
    if (excess <= 0) break
    const width = widths[i] ?? 0
    const cut = Math.min(excess, Math.max(0, width - widthMin))
    widths[i] = width - cut
    excess -= cut
  }
  return widths
}

/** A paragraph. */
export function prose(text: string, page: Page): readonly string[] {
  return hanging(text, 0, { width: Math.min(page.width, PROSE_WIDTH) })
}

/** Longer lines of prose are hard to read. */
const PROSE_WIDTH = 100

/** A line that goes on below itself where the page is too narrow, so far in that its beginning stands out. */
export function hanging(
  text: string,
  indent: number,
  page: Pick<Page, 'width'>,
): readonly string[] {
  if (widthOf(text) <= page.width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S)(?= )/)) {
    // Never alone at the indent: a word that fits nowhere makes a long line, and no endless one.
    if (line.trim() !== '' && widthOf(line) + widthOf(word) > page.width) {
      lines.push(line)
      line = ' '.repeat(indent) + word.trimStart()
    } else line += word
  }
  return [...lines, line]
}

/** `key  value` lines with the values under each other; empty values are left out. */
export function pairs(
  facts: readonly (readonly [string, string | null])[],
  page: Page,
  indent = '  ',
): readonly string[] {
  const shown = facts.filter((fact): fact is readonly [string, string] => (fact[1] ?? '') !== '')
  const width = Math.max(0, ...shown.map(([key]) => widthOf(key)))
  return shown.map(
    ([key, value]) => `${indent}${page.paint('quiet', key.padEnd(width))}${GAP}${value}`,
  )
}
