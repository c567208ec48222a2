// Which declarations of a file got another name between two versions of it. Pure: outlines and texts in, names out.
// One counts as renamed when its name is gone, and among the declarations that are new beside it exactly one is of its kind
// and has (nearly) its text. Whatever can be told two ways is not told at all.
import type { Renaming } from '../../protocol/index.ts'
import type { DeclaredSymbol, LineSpan } from '../ports-symbols.ts'

export interface Version {
  readonly symbols: readonly DeclaredSymbol[]
  readonly text: string
}

/** @param wanted the symbols whose new names are asked for; those that are still there are passed over */
export function findRenames(
  before: Version,
  now: Version,
  wanted: readonly string[],
): readonly Renaming[] {
  const change = { before: viewOf(before), now: viewOf(now) }
  const found = wanted.flatMap((symbol) => {
    const to = newNameOf(change, symbol)
    return to === null ? [] : [{ from: symbol, to }]
  })
  // Two that seem to have become one were not renamed, but one of them removed.
  return found.filter(
    ({ from, to }) => !found.some((other) => other.from !== from && other.to === to),
  )
}

/** Of the lines of the shorter and the longer text: so much has to be the same. */
const ALIKE_MIN = 0.6
/** Of fewer lines than this all have to be. */
const LINES_MIN = 4
/** So much less has to be the same of any other. */
const MARGIN = 0.15
const SEPARATOR = '::'

interface View {
  readonly lines: readonly string[]
  readonly byPath: ReadonlyMap<string, DeclaredSymbol>
  /** With what they lie in. */
  readonly known: ReadonlySet<string>
}

interface Change {
  readonly before: View
  readonly now: View
}

function viewOf({ symbols, text }: Version): View {
  const known = symbols.flatMap(({ path }) => prefixesOf(path))
  return {
    lines: text.split('\n'),
    byPath: new Map(symbols.map((symbol) => [symbol.path, symbol])),
    known: new Set(known),
  }
}

/** `A::b`: `A`, `A::b`. */
function prefixesOf(path: string): readonly string[] {
  const parts = path.split(SEPARATOR)
  return parts.map((_, at) => parts.slice(0, at + 1).join(SEPARATOR))
}

/** The outermost part of a path that is gone is what was renamed; what lies in it goes along. */
function newNameOf(change: Change, symbol: string): string | null {
  const { before, now } = change
  const gone = prefixesOf(symbol).find((part) => !now.known.has(part))
  const old = gone === undefined ? undefined : before.byPath.get(gone)
  if (gone === undefined || old === undefined) return null
  const best = bestOf(change, old)
  if (best === null) return null
  const to = best + symbol.slice(gone.length)
  return now.known.has(to) ? to : null
}

function bestOf({ before, now }: Change, old: DeclaredSymbol): string | null {
  const text = textOf(before, old)
  const parent = parentOf(old.path)
  const rated = [...now.byPath.values()]
    .filter(({ path, kind }) => {
      return kind === old.kind && parentOf(path) === parent && !before.known.has(path)
    })
    .map((symbol) => ({ path: symbol.path, share: likeness(text, textOf(now, symbol)) }))
    .sort((a, b) => b.share - a.share)
  const [first, second] = rated
  if (first === undefined || first.share < ALIKE_MIN) return null
  return second !== undefined && first.share - second.share < MARGIN ? null : first.path
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(SEPARATOR)))
}

/** The lines that tell it from others, with its own name taken out of them. */
function textOf({ lines }: View, symbol: DeclaredSymbol): readonly string[] {
  const leaf = symbol.path.slice(parentOf(symbol.path).length).replace(/^::/, '')
  const named = new RegExp(`(?<![\\p{L}\\p{N}_$])${escapeSigns(leaf)}(?![\\p{L}\\p{N}_$])`, 'gu')
  const spans: readonly LineSpan[] = [symbol, ...(symbol.also ?? [])]
  return spans
    .flatMap(({ startLine, endLine }) => {
      const own = lines.slice(startLine - 1, endLine)
      const unnamed = own.map((line) => line.replace(named, ''))
      // `function () {` says nothing, unless all of it stands in that line.
      const head = unnamed.findIndex((line, at) => line !== own[at])
      return own.length === 1 ? unnamed : unnamed.filter((_, at) => at !== head)
    })
    .map((line) => line.trim())
    .filter((line) => /[\p{L}\p{N}]/u.test(line))
}

function escapeSigns(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function likeness(a: readonly string[], b: readonly string[]): number {
  const share = shareOf(a, b)
  return Math.min(a.length, b.length) < LINES_MIN && share < 1 ? 0 : share
}

function shareOf(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>()
  for (const line of a) left.set(line, (left.get(line) ?? 0) + 1)
  let common = 0
  for (const line of b) {
    const count = left.get(line) ?? 0
    if (count === 0) continue
    left.set(line, count - 1)
    common++
  }
  return a.length + b.length === 0 ? 0 : (2 * common) / (a.length + b.length)
}
