// Where a broken tree cannot be trusted. After a lost `{` or `}` the parser still finds whole declarations, but no longer
// what they lie in; a wrong path is worse than none, so those are left out.
import type { Node, TreeCursor } from 'web-tree-sitter'
import type { Language } from '../languages/language.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** Each costs a walk; a file with more is no source that anybody works on. */
const BROKEN_NODES_MAX = 2_000

export type Doubt =
  | 'none'
  /** An end was made up: believe what its indentation confirms. */
  | 'repaired'
  /** Braces were lost: what it lies in is unknown. */
  | 'unknown'

type Layout = Pick<Language, 'isIndented' | 'hasFlatBlocks'>

/** Judges the range of a declaration by the ERROR and MISSING nodes of its tree. */
export function doubtsOf(
  root: Node,
  broken: readonly Node[],
  layout: Layout,
): (start: number, end: number) => Doubt {
  if (broken.length === 0) return () => 'none'
  if (broken.length > BROKEN_NODES_MAX) return () => 'unknown'
  const inErrors = broken.map((node) => rangesInError(node, layout))
  const repaired = outermost([
    ...broken.flatMap(rangesBeforeMissing),
    ...inErrors.flatMap(({ repaired }) => repaired),
  ])
  const unknown = outermost([
    ...inErrors.flatMap(({ unknown }) => unknown),
    ...rangesAfterLostBrace(root, broken, layout),
  ])
  return (start, end) => {
    if (isWithin(unknown, start, end)) return 'unknown'
    return isWithin(repaired, start, end) ? 'repaired' : 'none'
  }
}

const OPENERS: ReadonlyMap<string, string> = new Map([
  ['{', '}'],
  ['(', ')'],
  ['[', ']'],
])
const CLOSERS: ReadonlySet<string> = new Set(OPENERS.values())
/** A header whose body is not part of it: whatever follows may be its member. */
const HEADERS: ReadonlySet<string> = new Set(
  `class struct union enum interface trait protocol extension actor record object companion namespace module mod
   package impl def func fun fn function given`.split(/\s+/),
)
const BLOCK_ENDS: ReadonlySet<string> = new Set(['}', 'end'])

/** The children of an ERROR that come after an opening that nothing has closed. At the margin they are believed. */
function rangesInError(error: Node, layout: Layout): { unknown: Range[]; repaired: Range[] } {
  const ranges = { unknown: [] as Range[], repaired: [] as Range[] }
  if (error.isMissing) return ranges
  const openings = new Openings()
  forEachChild(error, (child) => {
    const isAtMargin = child.startPosition.column === 0
    const isDeep = layout.isIndented === true && !isAtMargin
    const isBelieved = isAtMargin && layout.hasFlatBlocks !== true
    if (openings.isOpen || isDeep) {
      const range = { start: child.startIndex, end: child.endIndex }
      ;(isBelieved ? ranges.repaired : ranges.unknown).push(range)
    }
    openings.see(child.nodeType, child.nodeIsNamed)
  })
  return ranges
}

/** What was opened and not closed among the tokens of an ERROR. */
class Openings {
  private readonly awaited: string[] = []
  private hasHeader = false

  get isOpen(): boolean {
    return this.hasHeader || this.awaited.length > 0
  }

  see(token: string, isNamed: boolean): void {
    const closer = OPENERS.get(token)
    if (closer !== undefined) this.awaited.push(closer)
    else if (CLOSERS.has(token)) this.close(token)
    else if (!isNamed && HEADERS.has(token)) this.hasHeader = true
  }

  private close(token: string): void {
    const at = this.awaited.lastIndexOf(token)
    if (at >= 0) this.awaited.length = at
    if (this.awaited.length === 0 && token === '}') this.hasHeader = false
  }
}

/** The parser made up an end: what it put before it may lie outside. The block itself stays. */
function rangesBeforeMissing(missing: Node): readonly Range[] {
  if (!missing.isMissing || !BLOCK_ENDS.has(missing.type)) return []
  const block = missing.parent
  return block === null ? [] : [{ start: block.startIndex + 1, end: block.endIndex }]
}

/**
 * A brace that the parser could not place shifts the nesting of all that follows: believed again is what starts at the
 * margin, at the tree's top.
 */
function rangesAfterLostBrace(
  root: Node,
  broken: readonly Node[],
  layout: Layout,
): readonly Range[] {
  const lost = broken.find(hasLostBrace)
  if (lost === undefined) return []
  if (layout.hasFlatBlocks === true) return [{ start: lost.startIndex, end: root.endIndex }]
  const ranges: Range[] = []
  forEachChild(root, ({ startIndex: start, endIndex: end, startPosition }) => {
    if (end <= lost.startIndex) return
    if (start <= lost.startIndex) ranges.push({ start: lost.startIndex, end })
    else if (startPosition.column > 0) ranges.push({ start, end })
  })
  return ranges
}

function hasLostBrace(error: Node): boolean {
  if (error.isMissing) return false
  const braces = { depth: 0, lowest: 0, ends: 0 }
  forEachChild(error, ({ nodeType }) => {
    if (nodeType === '{') braces.depth++
    if (nodeType === '}') braces.depth--
    if (nodeType === 'end') braces.ends++
    braces.lowest = Math.min(braces.lowest, braces.depth)
  })
  return braces.depth !== 0 || braces.lowest < 0 || braces.ends > 0
}

function forEachChild(node: Node, act: (child: TreeCursor) => void): void {
  const cursor = node.walk()
  try {
    if (!cursor.gotoFirstChild()) return
    do act(cursor)
    while (cursor.gotoNextSibling())
  } finally {
    cursor.delete()
  }
}

/** Ranges of one tree are nested or apart, so the outermost are apart. */
function outermost(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a.start - b.start || b.end - a.end)
  const kept: Range[] = []
  for (const range of sorted) {
    const last = kept.at(-1)
    if (last === undefined || range.end > last.end) kept.push(range)
  }
  return kept
}

function isWithin(ranges: readonly Range[], start: number, end: number): boolean {
  const range = lastStartingBy(ranges, start)
  return range !== undefined && end <= range.end
}

function lastStartingBy(ranges: readonly Range[], start: number): Range | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.start ?? Infinity) <= start) low = middle + 1
    else high = middle
  }
  return ranges[low - 1]
}
