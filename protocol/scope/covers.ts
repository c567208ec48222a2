// Does one pattern hold another: the question of narrowing. True is always right; "not sure" is false, since a narrowed
// claim that reaches beyond the old one would overlap what others hold.
import { assert } from '../assert.ts'
import { isOpenAbove } from './alternative.ts'
import { type Fuel, isLineInside } from './line.ts'
import type { Pattern } from './pattern.ts'
import { isSegmentInside, type Segment } from './segment.ts'

/**
 * Is every path of `inner` a path of `outer`? Exact but for sets that only several parts of `outer` hold together (`[ab]`
 * within `{a,b}`), and for patterns made to be hard: both are answered with false.
 */
export function covers(outer: Pattern, inner: Pattern): boolean {
  assert(outer.caseExact === inner.caseExact, 'patterns of one repository share its rule of case')
  const fuel: Fuel = { left: WORK_MAX }
  const holds = rememberInside(outer, fuel)
  return inner.alternatives.every((x) => {
    const near = outer.alternatives.filter(
      (y) => x.head.startsWith(y.head) || y.head.startsWith(x.head),
    )
    if (near.some((y) => y.isPlain && isOpenAbove(y, x))) return true
    const lines = near.map((y) => y.steps)
    return isLineInside<Segment, Segment>(x.steps, lines, holds, fuel)
  })
}

/** Places looked at; some ten milliseconds. Real patterns need tens to hundreds. */
const WORK_MAX = 10_000

function rememberInside(outer: Pattern, fuel: Fuel): (x: Segment | null, y: Segment) => boolean {
  const answers = new Map<number, boolean>()
  return (x, y) => {
    // 0 is "any name"; a segment's number is dense in its own pattern.
    const key = (x === null ? 0 : x.id + 1) * outer.segmentCount + y.id
    const known = answers.get(key)
    if (known !== undefined) return known
    const isInside = isSegmentInside(x, y, fuel)
    answers.set(key, isInside)
    return isInside
  }
}
