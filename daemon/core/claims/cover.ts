// What stands over a changed file: whose claims cover it, and does one of another party keep it out? The judgement of
// commits and pushes. Unlike a claim, a change asks for nothing: what nobody holds is free.
//
//   another's claim               and own                     the change
//   file, module; exclusive       none that stands beside it  other
//   file, module; exclusive       symbols out of it           by the changed symbols: all in one's own?
//   symbols; exclusive            any, none                   by the changed symbols: one of the other's?
//   shared                        any, none                   the other is not in the way
import {
  escapePath,
  isSymbolInside,
  isSameParty,
  judgeable,
  LIMITS,
  matchesPath,
  type ClaimId,
  type LedgerClaim,
  type Party,
} from '../../../protocol/index.ts'
import type { View } from '../view.ts'

/** The declarations that a change touches; `unknown`: they cannot be told. */
export type Touched = { readonly symbols: readonly string[]; readonly isOutside: boolean }

export type Cover =
  | { readonly kind: 'own'; readonly claims: readonly LedgerClaim[] }
  | { readonly kind: 'free' }
  | {
      readonly kind: 'other'
      readonly claims: readonly LedgerClaim[]
      readonly symbols: readonly string[]
    }
  /** Whether it is another's hangs on the declarations that changed, and they were not said. */
  | { readonly kind: 'by-symbols'; readonly claims: readonly LedgerClaim[] }

export interface Changed {
  readonly path: string
  /** null: was not said; `unknown`: cannot be told. */
  readonly touched: Touched | 'unknown' | null
}

/** @param givenUp own claims that are as good as ended. */
export function coverOf(
  view: View,
  party: Party,
  { path, touched }: Changed,
  givenUp: ReadonlySet<ClaimId>,
): Cover {
  const met = claimsOn(view, path)
  const own = met.filter((claim) => isSameParty(party, claim) && !givenUp.has(claim.id))
  const others = met.filter((claim) => !isSameParty(party, claim) && claim.mode === 'exclusive')
  const inTheWay = others.filter((other) => meet(other, own, touched) === 'other')
  if (inTheWay.length > 0) {
    return { kind: 'other', claims: inTheWay, symbols: symbolsMet(inTheWay, touched) }
  }
  const unsaid = others.filter((other) => meet(other, own, touched) === 'by-symbols')
  if (unsaid.length > 0) return { kind: 'by-symbols', claims: unsaid }
  const covering = own.filter((claim) => isAbout(claim, touched))
  return covering.length === 0 ? { kind: 'free' } : { kind: 'own', claims: covering }
}

/** Live claims that cover a path, in the order of their grants. */
function claimsOn(view: View, path: string): readonly LedgerClaim[] {
  const found: LedgerClaim[] = []
  for (const id of candidates(view, path)) {
    const claim = view.state.claims.get(id)
    const scope = view.scopes.get(id)
    if (claim === undefined || scope === undefined || !('compiled' in scope)) continue
    if (matchesPath(scope.compiled, path)) found.push(claim)
  }
  return found.sort((a, b) => a.fence - b.fence)
}

function candidates(view: View, path: string): Iterable<ClaimId> {
  const pattern = escapePath(path)
  // No pattern is so long, but a path may be.
  if (pattern.length > LIMITS.patternCharactersMax) return view.scopes.keys()
  const scope = { kind: 'file', pattern, symbols: [], mode: 'exclusive' } as const
  return view.index.candidates(judgeable(scope, view))
}

function meet(
  other: LedgerClaim,
  own: readonly LedgerClaim[],
  touched: Changed['touched'],
): 'apart' | 'other' | 'by-symbols' {
  if (other.kind === 'symbol') {
    if (touched === null) return 'by-symbols'
    if (touched === 'unknown') return 'other'
    return touched.symbols.some(isIn(other)) ? 'other' : 'apart'
  }
  const beside = own.filter((claim) => standBeside(other, claim))
  if (beside.length === 0) return 'other'
  if (beside.some(({ kind }) => kind !== 'symbol')) return 'apart'
  if (touched === null) return 'by-symbols'
  if (touched === 'unknown' || touched.isOutside) return 'other'
  const mine = beside.flatMap(({ symbols }) => symbols)
  return touched.symbols.every((symbol) => isSymbolInside(symbol, mine)) ? 'apart' : 'other'
}

/** Was the one granted beside the other: by its symbols, or by consent? */
function standBeside(other: LedgerClaim, own: LedgerClaim): boolean {
  return other.narrowedBy.includes(own.id) || other.coexistsWith.includes(own.id)
}

/** The changed symbols are the innermost ones: to change a class beside its methods is to change none of them. */
function isIn({ symbols }: LedgerClaim): (symbol: string) => boolean {
  return (symbol) => isSymbolInside(symbol, symbols)
}

/** A claim of symbols covers a change of these, a file's any. */
function isAbout(claim: LedgerClaim, touched: Changed['touched']): boolean {
  if (claim.kind !== 'symbol' || touched === null || touched === 'unknown') return true
  return touched.symbols.some(isIn(claim))
}

function symbolsMet(
  claims: readonly LedgerClaim[],
  touched: Changed['touched'],
): readonly string[] {
  if (touched === null || touched === 'unknown') return []
  const held = claims.flatMap(({ symbols }) => symbols)
  return touched.symbols.filter((symbol) => isSymbolInside(symbol, held))
}
