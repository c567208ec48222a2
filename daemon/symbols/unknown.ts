// Which wanted symbols a file has, and what may have been meant by those that it has not. Pure, bounded.
import { nearest } from '../../protocol/index.ts'
import { SEPARATOR, type FileSymbol } from './outline.ts'

export interface UnknownSymbol {
  readonly symbol: string
  /** Likely ones first, then others that the file has; at most NEAREST_MAX. */
  readonly nearest: readonly string[]
}

export interface KnownPaths {
  /** In order of the file. */
  readonly paths: readonly string[]
  /** Those, and everything that one of them lies in. */
  readonly all: ReadonlySet<string>
  /** By last part, in lower case. */
  readonly byLeaf: ReadonlyMap<string, readonly string[]>
  readonly leaves: readonly string[]
}

/** coord's number: a screen of text. */
export const NEAREST_MAX = 20

/** Edit distance is quadratic: this many are compared for this many unknown ones, about 5 ms in all. */
const COMPARED_MAX = 48
const EXPLAINED_MAX = 5
/** Where likely ones are looked for; only generated files have more. */
const SEARCHED_MAX = 4_000

export function knownPathsOf(symbols: readonly FileSymbol[]): KnownPaths {
  const all = new Set<string>()
  const byLeaf = new Map<string, string[]>()
  for (const { path } of symbols) {
    for (let at = path.indexOf(SEPARATOR); at > 0; at = path.indexOf(SEPARATOR, at + 2)) {
      all.add(path.slice(0, at))
    }
    all.add(path)
    const leaf = leafOf(path).toLowerCase()
    const known = byLeaf.get(leaf)
    if (known === undefined) byLeaf.set(leaf, [path])
    else known.push(path)
  }
  return { paths: symbols.map(({ path }) => path), all, byLeaf, leaves: [...byLeaf.keys()] }
}

export function unknownAmong(
  known: KnownPaths,
  wanted: readonly string[],
): readonly UnknownSymbol[] {
  return wanted
    .filter((symbol) => !known.all.has(symbol))
    .map((symbol, index) => ({
      symbol,
      nearest: index < EXPLAINED_MAX ? nearestTo(known, symbol) : known.paths.slice(0, NEAREST_MAX),
    }))
}

function nearestTo(known: KnownPaths, wanted: string): readonly string[] {
  const leaf = leafOf(wanted).toLowerCase()
  const sameLeaf = (known.byLeaf.get(leaf) ?? []).slice(0, NEAREST_MAX)
  const likely = nearest(wanted, candidates(known.paths, wanted))
  const leafMeant = nearest(leaf, candidates(known.leaves, leaf))
  const found = new Set([
    ...sameLeaf,
    ...(likely === null ? [] : [likely]),
    ...(leafMeant === null ? [] : (known.byLeaf.get(leafMeant) ?? []).slice(0, NEAREST_MAX)),
    ...known.paths.slice(0, NEAREST_MAX),
  ])
  return [...found].slice(0, NEAREST_MAX)
}

/** Near in length, those with the same first letter first. */
function candidates(among: readonly string[], wanted: string): readonly string[] {
  const slack = Math.max(2, Math.floor(wanted.length / 2))
  const first = wanted[0]?.toLowerCase()
  const alike: string[] = []
  const others: string[] = []
  for (const one of among.slice(0, SEARCHED_MAX)) {
    if (Math.abs(one.length - wanted.length) > slack) continue
    if (one[0]?.toLowerCase() === first) alike.push(one)
    else others.push(one)
  }
  const closest = closestInLength(alike, wanted)
  if (closest.length >= COMPARED_MAX) return closest
  return [...closest, ...closestInLength(others, wanted)].slice(0, COMPARED_MAX)
}

function closestInLength(among: readonly string[], wanted: string): readonly string[] {
  return [...among]
    .sort((a, b) => Math.abs(a.length - wanted.length) - Math.abs(b.length - wanted.length))
    .slice(0, COMPARED_MAX)
}

function leafOf(path: string): string {
  return path.slice(path.lastIndexOf(SEPARATOR) + 1).replace(/^:/, '')
}
