// Lines: sequences of single things ("ones") and stars, where a star takes any number of any ones. A pattern is a line of
// path segments (`**` is its star), a segment is a line of characters (`*` is its star), a path is a line without stars:
// so matching, meeting and containing are written once, here, and used on both levels.
//
// Invariant that all of this rests on: every one stands for at least one thing, so every line has something that fits it.

export const STAR: unique symbol = Symbol('star')

export type Line<One> = readonly (One | typeof STAR)[]

/**
 * Is there a sequence that fits both lines? Exact. At most |a| x |b| calls of `meets`, and none of the table below for
 * lines whose ends settle it, which is nearly all of them.
 */
export function linesMeet<A, B>(a: Line<A>, b: Line<B>, meets: (x: A, y: B) => boolean): boolean {
  let from = 0
  for (; from < a.length && from < b.length; from++) {
    const x = a[from]
    const y = b[from]
    if (x === undefined || y === undefined || x === STAR || y === STAR) break
    if (!meets(x, y)) return false
  }
  let aEnd = a.length
  let bEnd = b.length
  for (; aEnd > from && bEnd > from; aEnd--, bEnd--) {
    const x = a[aEnd - 1]
    const y = b[bEnd - 1]
    if (x === undefined || y === undefined || x === STAR || y === STAR) break
    if (!meets(x, y)) return false
  }
  if (aEnd === from) return isOnlyStars(b, from, bEnd)
  if (bEnd === from) return isOnlyStars(a, from, aEnd)
  // `*p` and `q*` meet in `qp`, whatever p and q are.
  if (a[from] === STAR && b[bEnd - 1] === STAR) return true
  if (b[from] === STAR && a[aEnd - 1] === STAR) return true
  return middlesMeet(a.slice(from, aEnd), b.slice(from, bEnd), meets)
}

/**
 * Does everything that fits `inner` fit one of `outers`? True is always right. False may be wrong where only several ones
 * together hold an inner one (`[ab]` in `a` or `b`), and where `fuel` runs out. `holds(null, y)`: does y hold anything
 * that a star may take?
 *
 * It follows the inner line and keeps the set of places in the outer lines that surely fit so far.
 */
export function isLineInside<X, Y>(
  inner: Line<X>,
  outers: readonly Line<Y>[],
  holds: (x: X | null, y: Y) => boolean,
  fuel: Fuel,
): boolean {
  const seen = new Set<string>()
  const open: [at: number, places: readonly Place[]][] = [
    [0, skipStars(outers.map(startOf), outers)],
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [at, places] = next
    const name = `${String(at)}:${places.join()}`
    if (seen.has(name)) continue
    seen.add(name)
    fuel.left -= 1 + places.length
    if (places.length === 0 || fuel.left < 0) return false
    const x = inner[at]
    if (x === undefined) {
      if (!places.some(([line, place]) => place === outers[line]?.length)) return false
      continue
    }
    const after = skipStars(advance(places, outers, x === STAR ? null : x, holds), outers)
    if (x === STAR) open.push([at + 1, places], [at, after])
    else open.push([at + 1, after])
  }
  return true
}

/** Work that a question may still cost; shared by the questions that it asks in turn. */
export interface Fuel {
  left: number
}

/** (which outer line, how far in it) */
type Place = readonly [line: number, place: number]

/** Row i holds 1 at j if something fits a up to i and b up to j; only one row is kept. */
function middlesMeet<A, B>(a: Line<A>, b: Line<B>, meets: (x: A, y: B) => boolean): boolean {
  let row = new Uint8Array(b.length + 1)
  let next = new Uint8Array(b.length + 1)
  row[0] = 1
  for (const x of a) {
    spread(row, b, x === STAR)
    next.fill(0)
    let isAlive = false
    for (let j = 0; j <= b.length; j++) {
      if (row[j] === 0) continue
      const y = b[j]
      // One of the two is a star: it ends here (x), or takes x (y).
      const isStarred = x === STAR || y === STAR
      if (!isStarred && (y === undefined || !meets(x, y))) continue
      next[isStarred ? j : j + 1] = 1
      isAlive = true
    }
    if (!isAlive) return false
    ;[row, next] = [next, row]
  }
  spread(row, b, false)
  return row[b.length] === 1
}

/** A star of a takes the ones of b that follow; a star of b may end. */
function spread<B>(row: Uint8Array, b: Line<B>, isStar: boolean): void {
  for (let j = 0; j < b.length; j++) if (row[j] === 1 && (isStar || b[j] === STAR)) row[j + 1] = 1
}

function isOnlyStars(line: Line<unknown>, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (line[i] !== STAR) return false
  return true
}

function advance<X, Y>(
  places: readonly Place[],
  outers: readonly Line<Y>[],
  x: X | null,
  holds: (x: X | null, y: Y) => boolean,
): readonly Place[] {
  return places.flatMap(([line, place]): Place[] => {
    const y = outers[line]?.[place]
    if (y === undefined) return []
    if (y === STAR) return [[line, place]]
    return holds(x, y) ? [[line, place + 1]] : []
  })
}

/** A star may take nothing: whoever stands before it stands behind it as well. Sorted, without doubles. */
function skipStars<Y>(places: readonly Place[], outers: readonly Line<Y>[]): readonly Place[] {
  const all = new Map<string, Place>()
  for (const [line, start] of places) {
    for (let place = start; ; place++) {
      all.set(`${String(line)}.${String(place)}`, [line, place])
      if (outers[line]?.[place] !== STAR) break
    }
  }
  return [...all.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1])
}

function startOf(_line: Line<unknown>, index: number): Place {
  return [index, 0]
}
