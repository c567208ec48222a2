// May this party write this file now, by what is committed here? Pure.
//   held by                              touched symbols     outcome
//   own file claim, nobody beside it     any                 covered
//   own file claim, others' symbols      none of theirs      covered
//                                        theirs, not known   held
//   own symbols                          all within them     covered
//   nobody else                          any                 claim the file
//   others                               known               claim these symbols: the ledger judges
//                                        not known           claim the file: the ledger refuses, and says who
import {
  covers,
  isSameParty,
  isSymbolInside,
  judgeable,
  overlapScopes,
  symbolsOverlap,
  type ClaimId,
  type JudgedScope,
  type LedgerClaim,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import type { Conflict } from '../core/claims/command.ts'
import type { View } from '../core/view.ts'
import type { TouchedAnswer } from '../ports.ts'

export type Cover =
  | { readonly kind: 'covered' }
  | { readonly kind: 'claim'; readonly scope: Scope }
  | { readonly kind: 'held'; readonly conflicts: readonly Conflict[] }

export interface Holdings {
  readonly view: View
  readonly party: Party
  /** Claims of this machine that are no longer believed in: given up, or not renewed in time. */
  readonly over: ReadonlySet<ClaimId>
  /** The party's claims that no majority knows yet. */
  readonly provisional: readonly Scope[]
}

interface Around {
  /** The party holds the file as a whole. */
  readonly isWhole: boolean
  readonly symbols: readonly string[]
  readonly others: readonly LedgerClaim[]
}

/** @param touched asked only where it matters: it costs a look at the file */
export async function coverOf(
  holdings: Holdings,
  scope: Scope,
  touched: () => Promise<TouchedAnswer>,
): Promise<Cover> {
  const around = lookAround(holdings, scope)
  const { isWhole, others, symbols } = around
  if (isWhole && others.every(isUncut)) return { kind: 'covered' }
  if (!isWhole && others.length === 0 && symbols.length === 0) return { kind: 'claim', scope }
  const edit = await touched()
  if (edit.kind === 'unknown' || (edit.isOutside && !isWhole)) {
    return isWhole
      ? { kind: 'held', conflicts: conflictsOf(scope, others, []) }
      : { kind: 'claim', scope }
  }
  if (isWhole) {
    const met = others.filter((other) =>
      other.symbols.some((theirs) => isMet(theirs, edit.symbols)),
    )
    if (met.length === 0) return { kind: 'covered' }
    return { kind: 'held', conflicts: conflictsOf(scope, met, edit.symbols) }
  }
  const missing = edit.symbols.filter((symbol) => !isSymbolInside(symbol, symbols))
  if (missing.length === 0) return { kind: 'covered' }
  if (others.length === 0) return { kind: 'claim', scope }
  return { kind: 'claim', scope: { ...scope, kind: 'symbol', symbols: missing } }
}

/** Who else holds something of this scope. */
export function heldByOthers(holdings: Holdings, scope: Scope): readonly Conflict[] {
  return conflictsOf(scope, lookAround(holdings, scope).others, [])
}

/** Does the party hold all of it? */
export function isHeldWhole(holdings: Holdings, scope: Scope): boolean {
  return lookAround(holdings, scope).isWhole
}

/** Does the party hold declarations in it? */
export function isHeldInPart(holdings: Holdings, scope: Scope): boolean {
  return lookAround(holdings, scope).symbols.length > 0
}

/** Shared claims, where ours is one too: each may write. */
function isUncut(other: LedgerClaim): boolean {
  return other.kind !== 'symbol'
}

function isMet(theirs: string, touched: readonly string[]): boolean {
  return touched.some((symbol) => symbolsOverlap(symbol, theirs))
}

function lookAround({ view, party, over, provisional }: Holdings, scope: Scope): Around {
  const asked = judgeable(scope, view)
  const symbols: string[] = []
  const others: LedgerClaim[] = []
  let isWhole = provisional.some((noted) => holdsWhole(judgeable(noted, view), asked))
  for (const id of view.index.candidates(asked)) {
    const claim = view.state.claims.get(id)
    const held = view.scopes.get(id)
    if (claim === undefined || held === undefined || overlapScopes(asked, held) === null) continue
    if (!isSameParty(party, claim)) others.push(claim)
    else if (over.has(id)) continue
    else if (held.kind === 'symbol') symbols.push(...held.symbols)
    else isWhole ||= holdsWhole(held, asked)
  }
  return { isWhole, symbols, others }
}

function holdsWhole(held: JudgedScope, asked: JudgedScope): boolean {
  if (held.kind !== 'file' && held.kind !== 'module') return false
  return 'compiled' in asked && covers(held.compiled, asked.compiled)
}

function conflictsOf(
  scope: Scope,
  others: readonly LedgerClaim[],
  touched: readonly string[],
): readonly Conflict[] {
  return others.map((claim) => ({
    scope,
    claim,
    paths: [scope.pattern],
    symbols: claim.symbols.filter((theirs) => touched.length === 0 || isMet(theirs, touched)),
    delayMs: null,
  }))
}
