// Nodes to segments: what a pattern means once it is cut at its slashes. Used twice, so that the canonical text and the
// meaning cannot drift apart: on a pattern as written (braces still closed) and on each pattern that its braces expand to.
import type { Node, Nodes } from './syntax.ts'

/** Nodes without slashes, never empty. */
export type SegmentNodes = Nodes

/**
 * The segments of a pattern. Empty and `.` segments are dropped, a trailing slash becomes `**`, repeated `**` one, and stars
 * that are no whole segment one star. An empty result is the root itself, which the caller refuses.
 */
export function cutSegments(nodes: Nodes): readonly SegmentNodes[] {
  const pieces = splitAtSlashes(nodes)
  const isTree = pieces.at(-1)?.length === 0
  const kept = pieces.filter((piece) => piece.length > 0 && spelling(piece) !== '.')
  if (isTree && kept.length > 0) kept.push(TREE)
  return kept.map(joinStars).filter((piece, i, all) => {
    const before = all[i - 1]
    return !(isDeep(piece) && before !== undefined && isDeep(before))
  })
}

/** Is the segment `**`: any number of whole segments? */
export function isDeep(segment: SegmentNodes): boolean {
  return segment.length === 2 && segment.every((node) => node.kind === 'star')
}

/** The segment's text if it holds no sign, else null. */
export function spelling(segment: SegmentNodes): string | null {
  let text = ''
  for (const node of segment) {
    if (node.kind !== 'text') return null
    text += node.text
  }
  return text
}

/** How many patterns the braces stand for, doubles included. May be beyond counting (Infinity). */
export function countExpansions(nodes: Nodes): number {
  let count = 1
  for (const node of nodes) {
    if (node.kind !== 'brace') continue
    count *= node.options.reduce((sum, option) => sum + countExpansions(option), 0)
  }
  return count
}

/** The patterns that the braces stand for, in the order of a shell. */
export function expandBraces(nodes: Nodes): readonly Nodes[] {
  let expanded: Node[][] = [[]]
  for (const node of nodes) {
    const tails = node.kind === 'brace' ? node.options.flatMap(expandBraces) : [[node]]
    expanded = expanded.flatMap((start) => tails.map((tail) => [...start, ...tail]))
  }
  return expanded
}

/**
 * Web frameworks name files `[id].tsx`: read as a class, a claim on one would protect nothing. So a pattern with classes
 * also stands for the path that it spells, all its classes taken as text.
 */
export function readingsOf(nodes: Nodes): readonly Nodes[] {
  if (!nodes.some((node) => node.kind === 'class')) return [nodes]
  return [nodes, nodes.map(spellClass)]
}

/** Segments as one sequence of nodes again. */
export function joinSegments(segments: readonly SegmentNodes[]): Nodes {
  return segments.flatMap((segment, i) => (i === 0 ? segment : [SLASH_NODE, ...segment]))
}

function spellClass(node: Node): Node {
  return node.kind === 'class' ? { kind: 'text', text: node.name } : node
}

const STAR_NODE: Node = { kind: 'star' }
const SLASH_NODE: Node = { kind: 'slash' }
const TREE: SegmentNodes = [STAR_NODE, STAR_NODE]

function splitAtSlashes(nodes: Nodes): SegmentNodes[] {
  const pieces: Node[][] = []
  let piece: Node[] = []
  for (const node of nodes) {
    if (node.kind === 'slash') {
      pieces.push(piece)
      piece = []
    } else piece.push(node)
  }
  pieces.push(piece)
  return pieces
}

/** `a**b` is `a*b`. With a brace beside them the stars may yet become a segment of their own: `**{/a,b}`. */
function joinStars(segment: SegmentNodes): SegmentNodes {
  if (isDeep(segment) || segment.some((node) => node.kind === 'brace')) return segment
  return segment.filter((node, i) => node.kind !== 'star' || segment[i - 1]?.kind !== 'star')
}
