// The distinct segments of one pattern, compiled once each and numbered, so that 256 alternatives that end in `*.ts` share
// one `*.ts`, and comparisons of segments can be remembered by number.
import { ANY_CHAR, type Char, makeCharSet } from './char-set.ts'
import { foldText } from './fold.ts'
import { type Line, STAR } from './line.ts'
import { type SegmentNodes, spelling } from './normal.ts'
import { makeGlob, makeName, type Segment, toChars } from './segment.ts'
import { type Node, printNodes } from './syntax.ts'

export interface SegmentTable {
  readonly caseExact: boolean
  readonly segments: Map<string, Segment>
}

export function createSegmentTable(caseExact: boolean): SegmentTable {
  return { caseExact, segments: new Map() }
}

/** The compiled segment; `**` has none, it is the line's star. */
export function segmentOf(table: SegmentTable, nodes: SegmentNodes): Segment {
  const text = spelling(nodes)
  const name = text === null ? null : foldName(table, text)
  // No name holds a slash, so a glob's key is never a name's.
  const key = name ?? `/${printNodes(nodes)}`
  const known = table.segments.get(key)
  if (known !== undefined) return known
  const id = table.segments.size
  const made = name === null ? makeGlob(id, compile(table, nodes)) : makeName(id, name)
  table.segments.set(key, made)
  return made
}

/** Characters in the distinct segments: what comparing each of them once can cost. */
export function countChars(table: SegmentTable): number {
  let count = 0
  for (const { name, lines } of table.segments.values()) {
    count += name?.length ?? lines.reduce((sum, line) => sum + line.length, 0)
  }
  return count
}

function foldName(table: SegmentTable, text: string): string {
  return table.caseExact ? text : foldText(text)
}

/** Null if a class in it is empty. */
function compile(table: SegmentTable, nodes: SegmentNodes): Line<Char> | null {
  const line: (Char | typeof STAR)[] = []
  // Text is folded in whole runs: a letter and its accent may fold to one character.
  let run = ''
  for (const node of nodes) {
    if (node.kind === 'text') {
      run += node.text
      continue
    }
    line.push(...toChars(foldName(table, run)))
    run = ''
    const step = compileSign(table, node)
    if (step === null) return null
    line.push(step)
  }
  return [...line, ...toChars(foldName(table, run))]
}

function compileSign(table: SegmentTable, node: Node): Char | typeof STAR | null {
  if (node.kind === 'star') return STAR
  if (node.kind !== 'class') return ANY_CHAR
  return makeCharSet(node.ranges, { isNegated: node.isNegated, caseExact: table.caseExact })
}
