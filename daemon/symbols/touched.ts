// Which symbols an edit touches. Pure: lines in, paths out.
import { SEPARATOR, type FileSymbol, type Span } from './outline.ts'

export interface Touched {
  /** The innermost symbols, in order of the file. */
  readonly symbols: readonly string[]
  /** Some line lies in no symbol. */
  readonly isOutside: boolean
}

/**
 * The innermost symbols that stand on the lines of the ranges. A range that ends before it starts is an insertion
 * between the two lines; it touches what holds both.
 */
export function touchedSymbols(symbols: readonly FileSymbol[], ranges: readonly Span[]): Touched {
  const touched = new Set<string>()
  let isOutside = false
  for (const range of ranges) {
    const isInsertion = range.endLine < range.startLine
    const from = isInsertion ? range.endLine : range.startLine
    const to = isInsertion ? range.startLine : range.endLine
    const here = symbols.flatMap((symbol) =>
      spansOf(symbol)
        .filter((span) => (isInsertion ? covers(span, from, to) : meets(span, from, to)))
        .map((span) => ({ path: symbol.path, ...span })),
    )
    if (innermostOn(here, from, isInsertion ? from : to, touched)) isOutside = true
  }
  return { symbols: symbols.map(({ path }) => path).filter((path) => touched.has(path)), isOutside }
}

/**
 * The lines in which two texts differ, as one range in each: from the first to the last. An empty side ends before it
 * starts. null: they are the same.
 */
export function changedLines(
  before: string,
  after: string,
): { readonly before: Span; readonly after: Span } | null {
  if (before === after) return null
  const old = before.split('\n')
  const now = after.split('\n')
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  const tailMax = Math.min(old.length, now.length) - head
  while (tail < tailMax && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  return {
    before: { startLine: head + 1, endLine: old.length - tail },
    after: { startLine: head + 1, endLine: now.length - tail },
  }
}

interface Placed extends Span {
  readonly path: string
}

/** Walks the stretches between the starts and ends of the spans. Adds to `touched`; true if a stretch was in none. */
function innermostOn(
  spans: readonly Placed[],
  from: number,
  to: number,
  touched: Set<string>,
): boolean {
  const starts = group(spans, (span) => Math.max(span.startLine, from))
  const ends = group(spans, (span) => Math.min(span.endLine, to) + 1)
  const bounds = [...new Set([from, ...starts.keys(), ...ends.keys()])].sort((a, b) => a - b)
  const active = new Map<string, number>()
  const within = new Map<string, number>()
  let isOutside = false
  for (const line of bounds) {
    for (const { path } of ends.get(line) ?? []) count(active, within, path, -1)
    for (const { path } of starts.get(line) ?? []) count(active, within, path, 1)
    if (line > to) break
    if (active.size === 0) isOutside = true
    for (const path of active.keys()) if (!within.has(path)) touched.add(path)
  }
  return isOutside
}

function count(
  active: Map<string, number>,
  within: Map<string, number>,
  path: string,
  by: 1 | -1,
): void {
  add(active, path, by)
  for (let at = path.lastIndexOf(SEPARATOR); at > 0; at = path.lastIndexOf(SEPARATOR, at - 1)) {
    add(within, path.slice(0, at), by)
  }
}

function add(counts: Map<string, number>, path: string, by: number): void {
  const next = (counts.get(path) ?? 0) + by
  if (next === 0) counts.delete(path)
  else counts.set(path, next)
}

function group(spans: readonly Placed[], key: (span: Placed) => number): Map<number, Placed[]> {
  const groups = new Map<number, Placed[]>()
  for (const span of spans) {
    const known = groups.get(key(span))
    if (known === undefined) groups.set(key(span), [span])
    else known.push(span)
  }
  return groups
}

function spansOf(symbol: FileSymbol): readonly Span[] {
  return [symbol, ...(symbol.also ?? [])].map(({ startLine, endLine }) => ({ startLine, endLine }))
}

function meets(span: Span, from: number, to: number): boolean {
  return span.startLine <= to && span.endLine >= from
}

function covers(span: Span, from: number, to: number): boolean {
  return span.startLine <= from && span.endLine >= to
}
