// Do two patterns overlap: is there a path, of a file that exists or not, that both cover? Exact, and symmetric. (Of what
// could lie below a name like `main.rs`, only what a pattern spells out counts: pattern.ts.)
//
// Most pairs are settled by their leading names, as text. The rest is a product of two small automata (line.ts): segments
// against segments, and within a pair of segments characters against characters. The bounds of parsing keep the worst pair
// of patterns at some ten milliseconds (8 warm, 16 cold, on patterns like those at the end of intersect.test.ts).
import { assert } from '../assert.ts'
import { type Alternative, isOpenAbove } from './alternative.ts'
import { linesMeet } from './line.ts'
import type { Pattern } from './pattern.ts'
import { type Segment, segmentsMeet } from './segment.ts'

/** Is there a path that both cover? Both must have been parsed for one repository, with one rule of case. */
export function intersects(a: Pattern, b: Pattern): boolean {
  assert(a.caseExact === b.caseExact, 'patterns of one repository share its rule of case')
  const meets =
    a.alternatives.length > 1 && b.alternatives.length > 1 ? rememberMeets(a, b) : segmentsMeet
  for (const x of a.alternatives) {
    for (const y of b.alternatives) if (alternativesMeet(x, y, meets)) return true
  }
  return false
}

type Meets = (x: Segment, y: Segment) => boolean

function alternativesMeet(x: Alternative, y: Alternative, meets: Meets): boolean {
  if (isOpenAbove(x, y) || isOpenAbove(y, x)) return true
  if (!y.head.startsWith(x.head) && !x.head.startsWith(y.head)) return false
  return linesMeet(x.steps, y.steps, meets)
}

/** Many alternatives share segments: each pair of segments is compared once, known by its numbers. */
function rememberMeets(a: Pattern, b: Pattern): Meets {
  let answers: Uint8Array | null = null
  return (x, y) => {
    // Made late: most pairs of patterns part at their heads.
    answers ??= new Uint8Array(a.segmentCount * b.segmentCount)
    const cell = x.id * b.segmentCount + y.id
    const known = answers[cell]
    if (known !== 0) return known === MEET
    const isMeeting = segmentsMeet(x, y)
    answers[cell] = isMeeting ? MEET : APART
    return isMeeting
  }
}

const MEET = 1
const APART = 2
