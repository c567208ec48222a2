// One alternative of a pattern: what is left when its braces are expanded and its classes read one way. A line of segments,
// with what lets most questions be answered by comparing two strings.
import { type Line, STAR } from './line.ts'
import { cutSegments, isDeep, spelling } from './normal.ts'
import { fitsNothing, type Segment } from './segment.ts'
import { segmentOf, type SegmentTable } from './segment-table.ts'
import { type Node, type Nodes, refuse } from './syntax.ts'

/**
 * 1. Every path p in it has `p + '/'` start with `head`.
 * 2. `isPlain`: it is exactly the paths of (1), the path named and all below.
 * 3. `isOpen`: plain, or all paths of (1) but the folder itself: `folder/**`.
 * 4. A line written with `**` at its end goes on with "any name": `src/**` is what lies below `src`, not `src`.
 * 5. A plain one's line ends in a star, unless its name looks like a file's: no glob reaches below that by chance.
 */
export interface Alternative {
  readonly steps: Line<Segment>
  /** The (folded) leading names, a slash behind each. */
  readonly head: string
  readonly isPlain: boolean
  readonly isOpen: boolean
  /** The path of a plain one, as it was written. */
  readonly path: string | null
}

/** Null if no path can fit, as for `[.]`. Throws INPUT_PATTERN for the root itself and for `..`. */
export function makeAlternative(
  nodes: Nodes,
  table: SegmentTable,
  text: string,
): Alternative | null {
  const segments = cutSegments(nodes)
  if (segments.length === 0) {
    throw refuse(text, 'names no path', 'For the whole repository claim `**`.')
  }
  // No claim reaches out of the checkout; and `a/../b` is `b` only where `a` is no link.
  if (segments.some((segment) => spelling(segment) === '..')) {
    throw refuse(text, 'has a `..` segment', 'Name the path from the root of the repository.')
  }
  const written = segments.map((nodes) => (isDeep(nodes) ? STAR : segmentOf(table, nodes)))
  if (written.some((step) => step !== STAR && fitsNothing(step))) return null
  const names = leadingNames(written)
  const isPlain = names.length === written.length
  const isTree = names.length === written.length - 1 && written.at(-1) === STAR
  return {
    steps: endSteps(written, isPlain, table),
    head: names.map((name) => `${name}/`).join(''),
    isPlain,
    isOpen: isPlain || isTree,
    path: isPlain ? segments.map(spelling).join('/') : null,
  }
}

/** Does x hold all below its head, and y reach there? Whatever has an equal or longer head does. */
export function isOpenAbove(x: Alternative, y: Alternative): boolean {
  return x.isOpen && y.head.startsWith(x.head)
}

const ANY_NAME: Nodes = [{ kind: 'star' } satisfies Node]

function leadingNames(steps: Line<Segment>): readonly string[] {
  const names: string[] = []
  for (const step of steps) {
    if (step === STAR || step.name === null) break
    names.push(step.name)
  }
  return names
}

/** Something, a dot, and an extension with a letter in it: `login.ts`, but not `.github`, `v1.2` or `Makefile`. */
const FILE_NAME = /[^.]\.(?=[0-9]*[a-z])[a-z0-9_+-]{1,12}$/i

function endSteps(written: Line<Segment>, isPlain: boolean, table: SegmentTable): Line<Segment> {
  const last = written.at(-1)
  if (last === STAR) return [...written, segmentOf(table, ANY_NAME)]
  const isFile = last?.name != null && FILE_NAME.test(last.name)
  return isPlain && !isFile ? [...written, STAR] : written
}
