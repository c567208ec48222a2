// The symbols of one file as plain data. Pure.
// 1. Paths are unique in a file: overloads, reopened classes and companions are one symbol with several spans.
// 2. Lines are 1-based and inclusive; a symbol's first span is where it stands first in the file.
import type { SymbolKind } from './languages/language.ts'

export interface Span {
  readonly startLine: number
  readonly endLine: number
}

export interface FileSymbol extends Span {
  /** `A::b::c`, in NFC. */
  readonly path: string
  readonly kind: SymbolKind
  /** Further places of the same path. */
  readonly also?: readonly Span[]
}

/** One declaration as found in a tree; offsets only order and nest, whatever their unit. */
export interface Declaration {
  readonly owner: readonly string[]
  readonly name: readonly string[]
  readonly kind: SymbolKind
  readonly start: number
  readonly end: number
  readonly startLine: number
  readonly endLine: number
  readonly column: number
  /** A variable that is a symbol only outside functions. */
  readonly isOnlyOutsideFunctions: boolean
  /** An object literal: a symbol only if it holds one. */
  readonly isOnlyHolder: boolean
  /** The tree was repaired here: it is where it seems to be only if its indentation says so too. */
  readonly mustBeDeeper: boolean
}

/** Paths longer than this cannot be claimed (LIMITS.patternCharactersMax), so what lies so deep is left out. */
export const PATH_CHARACTERS_MAX = 1_024

export const SEPARATOR = '::'

/** Nests declarations by containment, names them by path and merges those of one path. In order of the file. */
export function outline(declarations: readonly Declaration[]): readonly FileSymbol[] {
  const inOrder = [...declarations].sort((a, b) => a.start - b.start || b.end - a.end)
  const open: Open[] = []
  const found = new Map<string, Draft>()
  for (const one of inOrder) {
    closeBefore(open, one)
    const parent = parentOf(one, open)
    const kind = one.kind === 'function' && parent?.holdsMethods === true ? 'method' : one.kind
    const path = isBelieved(one, parent) ? pathOf(one, parent) : null
    open.push({
      kind,
      declaration: one,
      path,
      holdsMethods: METHODS_IN.has(kind),
      isInFunction: (parent?.isInFunction ?? false) || kind === 'function' || kind === 'method',
    })
    if (path !== null && !one.isOnlyHolder) mergeWithHolders(found, open)
  }
  return [...found.values()]
}

interface Open {
  readonly kind: SymbolKind
  readonly declaration: Declaration
  /** null: not a symbol, and so is nothing within. */
  readonly path: string | null
  readonly holdsMethods: boolean
  readonly isInFunction: boolean
}

interface Draft extends Span {
  readonly path: string
  readonly kind: SymbolKind
  also?: Span[]
}

const METHODS_IN: ReadonlySet<SymbolKind> = new Set(['class', 'interface', 'enum'])

/** Nodes of one extent (`a, b = 1, 2`) stand beside each other. */
function closeBefore(open: Open[], next: Declaration): void {
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { start, end } = top.declaration
    if (end >= next.end && !(start === next.start && end === next.end)) return
    open.pop()
  }
}

/** `typedef struct S { … } T;` declares T, and S beside it. */
function parentOf(one: Declaration, open: readonly Open[]): Open | undefined {
  const top = open.at(-1)
  const isInTypedef =
    top?.declaration.kind === 'type' && (one.kind === 'class' || one.kind === 'enum')
  return isInTypedef ? open.at(-2) : top
}

function isBelieved(one: Declaration, parent: Open | undefined): boolean {
  if (one.isOnlyOutsideFunctions && parent?.isInFunction === true) return false
  if (!one.mustBeDeeper) return true
  return parent === undefined ? one.column === 0 : one.column > parent.declaration.column
}

function pathOf(one: Declaration, parent: Open | undefined): string | null {
  if (parent?.path === null) return null
  const parts = [...one.owner, ...one.name].map((part) => part.normalize('NFC').trim())
  if (parts.length === 0 || !parts.every(isNameable)) return null
  const path = [...(parent === undefined ? [] : [parent.path]), ...parts].join(SEPARATOR)
  return path.length > PATH_CHARACTERS_MAX ? null : path
}

/** Operators such as `::` cannot stand in a path. */
function isNameable(part: string): boolean {
  if (part === '') return false
  return (
    !part.includes(SEPARATOR) &&
    !part.startsWith(':') &&
    !part.endsWith(':') &&
    !UNPRINTABLE.test(part)
  )
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

function mergeWithHolders(found: Map<string, Draft>, open: readonly Open[]): void {
  const last = open.length - 1
  let first = last
  while (open[first - 1]?.declaration.isOnlyHolder === true) first--
  for (const { path, kind, declaration } of open.slice(first)) {
    if (path !== null) merge(found, path, kind, declaration)
  }
}

function merge(found: Map<string, Draft>, path: string, kind: SymbolKind, span: Span): void {
  const { startLine, endLine } = span
  const known = found.get(path)
  if (known === undefined) {
    found.set(path, { path, kind, startLine, endLine })
    return
  }
  if (startLine >= known.startLine && endLine <= known.endLine) return
  known.also ??= []
  const last = known.also.at(-1)
  if (last !== undefined && startLine >= last.startLine && endLine <= last.endLine) return
  known.also.push({ startLine, endLine })
}
