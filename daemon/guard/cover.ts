// May this party write this file now, by what is committed here? Pure.
//   held by                         touched declarations    outcome
//   own claim on the whole file
//     nobody may narrow it          any                     covered, unless others hold declarations of it
//     narrowable                    known                   those that are not claimed by name yet: claim them too
//                                   not known               covered, unless others hold declarations of it
//   own declarations                all within them         covered
//   nobody, or others               known                   claim these declarations: the ledger judges
//                                   some lines in none      claim the file too
//                                   not known               claim the file, narrowable by nobody
//
// A whole file that may be narrowed protects no declaration: whoever claims one out of it gets it. So what an edit touches
// is claimed by name wherever it can be told.
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
import type { TouchedAnswer } from '../ports-symbols.ts'

export type Cover =
  | { readonly kind: 'covered' }
  | {
      readonly kind: 'claim'
      readonly scopes: readonly Scope[]
      /** May others claim declarations out of it? */
      readonly isNarrowable: boolean
    }
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
  /** The party holds the file as a whole: so that others may claim declarations out of it, or not. */
  readonly whole: 'narrowable' | 'fixed' | null
  readonly symbols: readonly string[]
  readonly others: readonly LedgerClaim[]
}

/** @param touched asked only where it matters: it costs a look at the file */
export async function coverOf(
  holdings: Holdings,
  scope: Scope,
  touched: () => Promise<TouchedAnswer>,
): Promise<Cover> {
  const { whole, others, symbols } = lookAround(holdings, scope)
  const besides = others.filter(({ kind }) => kind === 'symbol')
  if (whole === 'fixed' && besides.length === 0) return { kind: 'covered' }
  const edit = await touched()
  if (edit.kind === 'unknown' || edit.symbols.length > SYMBOLS_MAX) {
    if (whole === null) return { kind: 'claim', scopes: [scope], isNarrowable: false }
    if (besides.length === 0) return { kind: 'covered' }
    return { kind: 'held', conflicts: conflictsOf(scope, besides) }
  }
  const isMine = (symbol: string): boolean =>
    isSymbolInside(symbol, symbols) ||
    (whole === 'fixed' && !besides.some((other) => isMet(symbol, other.symbols)))
  const missing = edit.symbols.filter((symbol) => !isMine(symbol))
  const byName: readonly Scope[] =
    missing.length === 0 ? [] : [{ ...scope, kind: 'symbol', symbols: missing }]
  const scopes = edit.isOutside && whole === null ? [scope, ...byName] : byName
  return scopes.length === 0 ? { kind: 'covered' } : { kind: 'claim', scopes, isNarrowable: true }
}

/** An edit that touches more is one of the whole file. */
const SYMBOLS_MAX = 50

/** Who else holds something of this scope. */
export function heldByOthers(holdings: Holdings, scope: Scope): readonly Conflict[] {
  return conflictsOf(scope, lookAround(holdings, scope).others)
}

/** Does the party hold all of it? */
export function isHeldWhole(holdings: Holdings, scope: Scope): boolean {
  return lookAround(holdings, scope).whole !== null
}

/** Does the party hold declarations in it? */
export function isHeldInPart(holdings: Holdings, scope: Scope): boolean {
  return lookAround(holdings, scope).symbols.length > 0
}

function isMet(symbol: string, theirs: readonly string[]): boolean {
  return theirs.some((other) => symbolsOverlap(symbol, other))
}

function lookAround({ view, party, over, provisional }: Holdings, scope: Scope): Around {
  const asked = judgeable(scope, view)
  const symbols: string[] = []
  const others: LedgerClaim[] = []
  // Without a majority nobody narrows anything.
  const isNoted = provisional.some((noted) => holdsWhole(judgeable(noted, view), asked))
  let whole: Around['whole'] = isNoted ? 'fixed' : null
  for (const id of view.index.candidates(asked)) {
    const claim = view.state.claims.get(id)
    const held = view.scopes.get(id)
    if (claim === undefined || held === undefined || overlapScopes(asked, held) === null) continue
    if (!isSameParty(party, claim)) others.push(claim)
    else if (over.has(id)) continue
    else if (held.kind === 'symbol') symbols.push(...held.symbols)
    else if (holdsWhole(held, asked)) whole = whole === 'fixed' ? whole : firmness(claim)
  }
  return { whole, symbols, others }
}

function holdsWhole(held: JudgedScope, asked: JudgedScope): boolean {
  if (held.kind !== 'file' && held.kind !== 'module') return false
  return 'compiled' in asked && covers(held.compiled, asked.compiled)
}

function firmness({ narrowable, kind, mode }: LedgerClaim): 'narrowable' | 'fixed' {
  return narrowable && kind === 'file' && mode === 'exclusive' ? 'narrowable' : 'fixed'
}

function conflictsOf(scope: Scope, others: readonly LedgerClaim[]): readonly Conflict[] {
  const met = { scope, paths: [scope.pattern], delayMs: null }
  return others.map((claim) => ({ ...met, claim, symbols: claim.symbols }))
}
