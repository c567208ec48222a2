// From a syntax tree to declarations: runs the language's query and reads its captures as languages/language.ts defines.
import type { Node, Query, QueryMatch, Tree } from 'web-tree-sitter'
import { KINDS, type Language, type SymbolKind } from '../languages/language.ts'
import type { Declaration } from '../outline.ts'
import { doubtsOf } from './doubts.ts'
import { partsOf } from './names.ts'

/** What the query of every language ends with. */
export const BROKEN_QUERY = '(ERROR) @broken (MISSING) @broken'

/** The declarations whose nesting is certain, in no order. `source` is the text that the tree was parsed from. */
export function extract(
  tree: Tree,
  query: Query,
  language: Language,
  source: string,
): readonly Declaration[] {
  const drafts = new Map<string | number, Draft>()
  const broken: Node[] = []
  for (const match of query.matches(tree.rootNode)) read(match, drafts, broken)
  const doubtOf = doubtsOf(tree.rootNode, broken, language)
  const lineOf = linesOf(source)
  const declarations: Declaration[] = []
  for (const draft of drafts.values()) {
    const doubt = doubtOf(draft.start, draft.end)
    if (doubt === 'unknown') continue
    const declaration = finish(draft, source, lineOf, doubt === 'repaired')
    if (declaration !== null) declarations.push(declaration)
  }
  return declarations
}

/** What the matches that share a name say together: as long as the longest, and of the earliest pattern's kind. */
interface Draft {
  readonly name: Node | string
  owner: Node | null
  /** null: only wrappers so far. */
  kind: SymbolKind | null
  rank: number
  start: number
  end: number
  column: number
  isOnlyOutsideFunctions: boolean
  isOnlyHolder: boolean
}

const KIND_OF: ReadonlyMap<string, SymbolKind> = new Map(KINDS.map((kind) => [kind, kind]))

function read(match: QueryMatch, drafts: Map<string | number, Draft>, broken: Node[]): void {
  let name: Node | string | undefined = match.setProperties?.['name'] ?? undefined
  let owner: Node | null = null
  let whole: Node | null = null
  let kind: SymbolKind | null = null
  for (const capture of match.captures) {
    if (capture.name === 'name') name = capture.node
    else if (capture.name === 'owner') owner = capture.node
    else if (capture.name === 'broken') broken.push(capture.node)
    else if (!capture.name.startsWith('_')) {
      whole = capture.node
      kind = KIND_OF.get(capture.name) ?? null
    }
  }
  if (name === undefined || whole === null) return
  const key = typeof name === 'string' ? `at ${String(whole.startIndex)}` : name.startIndex
  const draft = drafts.get(key) ?? draftOf(name, whole, match)
  drafts.set(key, draft)
  include(draft, whole)
  draft.owner ??= owner
  if (kind !== null && (draft.kind === null || match.patternIndex < draft.rank)) {
    draft.kind = kind
    draft.rank = match.patternIndex
    draft.isOnlyOutsideFunctions = match.setProperties?.['outside'] === 'functions'
    draft.isOnlyHolder = match.setProperties?.['when'] === 'holding'
  }
}

function draftOf(name: Node | string, whole: Node, match: QueryMatch): Draft {
  return {
    name,
    owner: null,
    kind: null,
    rank: match.patternIndex,
    start: whole.startIndex,
    end: whole.endIndex,
    column: whole.startPosition.column,
    isOnlyOutsideFunctions: false,
    isOnlyHolder: false,
  }
}

function include(draft: Draft, whole: Node): void {
  draft.end = Math.max(draft.end, whole.endIndex)
  if (whole.startIndex >= draft.start) return
  draft.start = whole.startIndex
  draft.column = whole.startPosition.column
}

/** null: a wrapper of nothing, or something without a name. */
function finish(
  draft: Draft,
  source: string,
  lineOf: (index: number) => number,
  mustBeDeeper: boolean,
): Declaration | null {
  const { kind, start, column, owner, isOnlyHolder, isOnlyOutsideFunctions } = draft
  const name =
    typeof draft.name === 'string' ? [draft.name] : partsOf(draft.name, textOf(draft.name, source))
  if (kind === null || name.length === 0) return null
  const end = trimmedEnd(draft, source)
  return {
    owner: owner === null ? [] : partsOf(owner, textOf(owner, source)),
    name,
    kind,
    start,
    end,
    startLine: lineOf(start),
    endLine: lineOf(end - 1),
    column,
    isOnlyOutsideFunctions,
    isOnlyHolder,
    mustBeDeeper,
  }
}

/** Some grammars end an indented block where the next line's text begins. */
function trimmedEnd({ start, end }: Draft, source: string): number {
  let at = end
  while (at > start + 1 && isSpace(source.charCodeAt(at - 1))) at--
  return at
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** The 1-based line of an index, as the parser counts lines. */
function linesOf(source: string): (index: number) => number {
  const ends: number[] = []
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) ends.push(at)
  return (index) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? Infinity) < index) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function textOf(node: Node, source: string): string {
  return source.slice(node.startIndex, node.endIndex)
}
