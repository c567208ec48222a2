// A path that two patterns both cover: the proof of an overlap, for people ("both cover, for example, src/test_x_test.py")
// and for tests. Same answer as intersects, at many times its cost.
import { ANY_BUT_DOT, ANY_CHAR, type Char, commonChar } from './char-set.ts'
import { type Alternative, isOpenAbove } from './alternative.ts'
import { type Line, STAR } from './line.ts'
import type { Pattern } from './pattern.ts'
import { fitsName, type Segment } from './segment.ts'

/** A (folded) path that both cover, or null if there is none. Short, but not always the shortest. */
export function findWitness(a: Pattern, b: Pattern): string | null {
  for (const x of a.alternatives) {
    for (const y of b.alternatives) {
      const isOpen = isOpenAbove(x, y) || isOpenAbove(y, x)
      const [one, other] = isOpen ? [stepsBelow(x), stepsBelow(y)] : [x.steps, y.steps]
      const names = commonLine(one, other, commonName, anyName)
      if (names !== null) return names.join('/')
    }
  }
  return null
}

/** A plain one with all below it, also where its name looks like a file's. */
function stepsBelow(alternative: Alternative): Line<Segment> {
  return alternative.isPlain ? [...alternative.steps, STAR] : alternative.steps
}

/** What both lines fit, thing by thing; null if nothing. `common` and `any` make the things. */
function commonLine<One, Thing>(
  a: Line<One>,
  b: Line<One>,
  common: (x: One, y: One) => Thing | null,
  any: (x: One) => Thing | null,
): readonly Thing[] | null {
  // Failed[i, j]: the rests from there have nothing in common.
  const failed = new Set<number>()
  const path: Thing[] = []
  return walk(0, 0) ? path : null

  function walk(i: number, j: number): boolean {
    const cell = i * (b.length + 1) + j
    if (failed.has(cell)) return false
    const x = a[i]
    const y = b[j]
    const isFound =
      (x === undefined && y === undefined) ||
      (x === STAR && walk(i + 1, j)) ||
      (y === STAR && walk(i, j + 1)) ||
      (x === STAR && y !== STAR && y !== undefined && take(any(y), i, j + 1)) ||
      (y === STAR && x !== STAR && x !== undefined && take(any(x), i + 1, j)) ||
      (isOne(x) && isOne(y) && take(common(x, y), i + 1, j + 1))
    if (!isFound) failed.add(cell)
    return isFound
  }

  function take(thing: Thing | null, i: number, j: number): boolean {
    if (thing === null) return false
    path.push(thing)
    if (walk(i, j)) return true
    path.pop()
    return false
  }
}

function isOne<One>(step: One | typeof STAR | undefined): step is One {
  return step !== undefined && step !== STAR
}

function commonName(a: Segment, b: Segment): string | null {
  if (a.name !== null) return fitsName(b, a.name) ? a.name : null
  if (b.name !== null) return fitsName(a, b.name) ? b.name : null
  for (const x of a.lines) {
    for (const y of b.lines) {
      const name = commonNameOf(x, y)
      if (name !== null) return name
    }
  }
  return null
}

/** A name that fits both. Where it would be all dots, each star of a in turn is made to take something else as well. */
function commonNameOf(a: Line<Char>, b: Line<Char>): string | null {
  const name = spell(a, b)
  if (name !== '' && name !== '.' && name !== '..') return name
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== STAR) continue
    const longer = spell([...a.slice(0, i), STAR, ANY_BUT_DOT, ...a.slice(i)], b)
    if (longer !== null) return longer
  }
  return null
}

function spell(a: Line<Char>, b: Line<Char>): string | null {
  const chars = commonLine(a, b, commonChar, (char) => commonChar(char, ANY_CHAR))
  return chars === null ? null : String.fromCodePoint(...chars)
}

function anyName(segment: Segment): string | null {
  return commonName(segment, segment)
}
