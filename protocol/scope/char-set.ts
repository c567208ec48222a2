// What one character of a name may be: a code point, or a set of them. Sets are plain ranges within ALPHABET, complements
// already taken and case already closed over, so that "meet" and "inside" are comparisons of ranges and nothing else.
import { closeOverCase, mergeRanges, type Ranges } from './fold.ts'

/** One character of a pattern: a (folded) code point, or a set of code points. */
export type Char = number | CharSet

export interface CharSet {
  readonly ranges: Ranges
}

const SLASH = 0x2f
const DOT = 0x2e

/** All that a name in a git tree may hold: any character but NUL and the slash. */
const ALPHABET: Ranges = [
  [1, SLASH - 1],
  [SLASH + 1, 0xd7ff],
  [0xe000, 0x10ffff],
]

/** What `?` stands for. */
export const ANY_CHAR: CharSet = { ranges: ALPHABET }

/** What keeps a name from being `.` or `..`. */
export const ANY_BUT_DOT: CharSet = {
  ranges: [
    [1, DOT - 1],
    [SLASH + 1, 0xd7ff],
    [0xe000, 0x10ffff],
  ],
}

/**
 * The set that a class means; null if no character is in it. Case is closed over before the complement is taken: where
 * case does not matter, `[!a]` is neither `a` nor `A`.
 */
export function makeCharSet(
  ranges: readonly (readonly [number, number])[],
  options: { readonly isNegated: boolean; readonly caseExact: boolean },
): CharSet | null {
  const merged = mergeRanges(ranges)
  const closed = options.caseExact ? merged : closeOverCase(merged)
  const allowed = options.isNegated ? complement(closed) : closed
  const within = intersection(ALPHABET, allowed)
  return within.length === 0 ? null : { ranges: within }
}

/** The character without the dot; null if nothing is left. */
export function withoutDot(char: Char): Char | null {
  if (!charsMeet(char, DOT)) return char
  if (typeof char === 'number') return null
  const rest = intersection(char.ranges, complement([[DOT, DOT]]))
  return rest.length === 0 ? null : { ranges: rest }
}

export function charsMeet(a: Char, b: Char): boolean {
  if (typeof a === 'number') return typeof b === 'number' ? a === b : hasChar(b, a)
  if (typeof b === 'number') return hasChar(a, b)
  return firstCommon(a.ranges, b.ranges) !== null
}

/** Is everything that `inner` may be in `outer`? `inner` null is whatever a star may take. */
export function isCharInside(inner: Char | null, outer: Char): boolean {
  if (typeof outer === 'number') return inner === outer
  if (typeof inner === 'number') return hasChar(outer, inner)
  const ranges = inner === null ? ALPHABET : inner.ranges
  return ranges.every(([first, last]) => outer.ranges.some((o) => o[0] <= first && last <= o[1]))
}

/** A code point that both may be, a letter where possible; null if there is none. */
export function commonChar(a: Char, b: Char): number | null {
  if (typeof a === 'number') return charsMeet(a, b) ? a : null
  if (typeof b === 'number') return charsMeet(a, b) ? b : null
  const both = { ranges: intersection(a.ranges, b.ranges) }
  return READABLE.find((code) => hasChar(both, code)) ?? both.ranges[0]?.[0] ?? null
}

const READABLE: readonly number[] = Array.from('xabcdefghijklmnopqrstuvwyz0123456789', (char) =>
  char.charCodeAt(0),
)

function hasChar(set: CharSet, code: number): boolean {
  for (const [first, last] of set.ranges) if (code <= last) return code >= first
  return false
}

function firstCommon(a: Ranges, b: Ranges): number | null {
  return walkCommon(a, b, (first) => first)
}

function intersection(a: Ranges, b: Ranges): Ranges {
  const common: [number, number][] = []
  walkCommon(a, b, (first, last) => {
    common.push([first, last])
    return null
  })
  return common
}

/** Calls `visit` with each common range, in order, until it answers. */
function walkCommon(
  a: Ranges,
  b: Ranges,
  visit: (first: number, last: number) => number | null,
): number | null {
  for (let i = 0, j = 0; ;) {
    const x = a[i]
    const y = b[j]
    if (x === undefined || y === undefined) return null
    const first = Math.max(x[0], y[0])
    const last = Math.min(x[1], y[1])
    const found = first <= last ? visit(first, last) : null
    if (found !== null) return found
    if (x[1] < y[1]) i++
    else j++
  }
}

function complement(ranges: Ranges): Ranges {
  const gaps: [number, number][] = []
  let next = 0
  for (const [first, last] of ranges) {
    if (first > next) gaps.push([next, first - 1])
    next = last + 1
  }
  gaps.push([next, 0x10ffff])
  return gaps.filter(([first, last]) => first <= last)
}
