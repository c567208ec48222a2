// Scope against scope: do two claims mean something in common, and of what sort? It states facts; whether they conflict,
// coexist or narrow is the judge's (daemon/core/claims).
import type { ClaimMode, Scope } from '../claim.ts'
import { unreachable } from '../assert.ts'
import { intersects } from './intersect.ts'
import { parsePattern, type Pattern, type PatternOptions } from './pattern.ts'
import { overlappingSymbols, parseSymbol } from './symbol.ts'

/** A scope with its pattern compiled: made once when a claim is asked for or folded, judged many times. */
export type JudgedScope = PathScope | NameScope

export interface PathScope extends Scope {
  readonly kind: 'file' | 'module' | 'symbol'
  readonly compiled: Pattern
}

/** A task or a resource: its `pattern` is a name, compared as it stands. */
export interface NameScope extends Scope {
  readonly kind: 'task' | 'resource'
}

/**
 * What two scopes have in common.
 *   name               the same task or resource
 *   paths              paths, and symbols do not help: whole files on both sides, or asked for by the requester
 *   symbol-in-file     the requester asks for symbols in what the holder has as a whole
 *   symbols            symbols of both overlap
 *   disjoint-symbols   both have symbols of the same files, none in common
 */
export type OverlapKind = 'name' | 'paths' | 'symbol-in-file' | 'symbols' | 'disjoint-symbols'

export interface Overlap {
  readonly kind: OverlapKind
  /** The one path in question where a side names one, else empty. */
  readonly paths: readonly string[]
  /** The requester's symbols that are concerned; empty for the other kinds. */
  readonly symbols: readonly string[]
}

/** Compiles a scope; its pattern and symbols become canonical. Throws INPUT_PATTERN. */
export function judgeable(scope: Scope, options: PatternOptions): JudgedScope {
  switch (scope.kind) {
    case 'task':
    case 'resource':
      return { ...scope, kind: scope.kind }
    case 'file':
    case 'module':
    case 'symbol': {
      const compiled = parsePattern(scope.pattern, options)
      const symbols = [...new Set(scope.symbols.map(parseSymbol))]
      return { ...scope, kind: scope.kind, pattern: compiled.text, symbols, compiled }
    }
    default:
      return unreachable(scope.kind)
  }
}

/** What the requester's scope has in common with the holder's; null if nothing. Modes and parties play no part. */
export function overlapScopes(mine: JudgedScope, theirs: JudgedScope): Overlap | null {
  if (!isPathScope(mine)) {
    const isSame = mine.kind === theirs.kind && mine.pattern === theirs.pattern
    return isSame ? { kind: 'name', paths: [], symbols: [] } : null
  }
  if (!isPathScope(theirs) || !intersects(mine.compiled, theirs.compiled)) return null
  const paths = commonPaths(mine.compiled, theirs.compiled)
  if (mine.kind !== 'symbol') return { kind: 'paths', paths, symbols: [] }
  if (theirs.kind !== 'symbol') return { kind: 'symbol-in-file', paths, symbols: mine.symbols }
  const symbols = overlappingSymbols(mine.symbols, theirs.symbols)
  return { kind: symbols.length > 0 ? 'symbols' : 'disjoint-symbols', paths, symbols }
}

/** Do the modes forbid an overlap? Only two shared claims bear one. */
export function modesConflict(a: ClaimMode, b: ClaimMode): boolean {
  return a !== 'shared' || b !== 'shared'
}

function isPathScope(scope: JudgedScope): scope is PathScope {
  return scope.kind !== 'task' && scope.kind !== 'resource'
}

/** Of two overlapping paths one lies in the other, and the longer is what both cover. */
function commonPaths(a: Pattern, b: Pattern): readonly string[] {
  if (a.path === null) return b.path === null ? [] : [b.path]
  if (b.path === null) return [a.path]
  return [b.path.length > a.path.length ? b.path : a.path]
}
