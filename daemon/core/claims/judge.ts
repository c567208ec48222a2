// A claim against the state: grant, coexist, narrow or refuse. The one engine of `claim` and `check`.
//
//   holder                              asked     outcome
//   file, module                        file      conflict
//   symbols                             file      conflict: the file holds the symbols
//   symbols, some in common             symbols   conflict, with those in common
//   symbols, none in common             symbols   coexist
//   file, exclusive, narrowable         symbols   narrow: it stays the holder's but for the symbols
//   file not narrowable or shared,      symbols   conflict
//   module
//   shared, and asked shared            any       apart
//
// Every live claim of another party is judged by this, each time: that two claims stand beside each other opens nothing
// else of the one to the holder of the other.
import {
  isSameParty,
  isSameSession,
  judgeable,
  LIMITS,
  modesConflict,
  overlapScopes,
  type ClaimId,
  type JudgedScope,
  type LedgerClaim,
  type Party,
  type Scope,
} from '../../../protocol/index.ts'
import type { View } from '../view.ts'
import type { Conflict } from './command.ts'

/** A scope that ended by force or by time: not granted to others until its late holder has surely noticed. */
export interface LockDelay {
  readonly claim: LedgerClaim
  readonly scope: JudgedScope
  readonly leftMs: number
}

export interface Judgement {
  readonly conflicts: readonly Conflict[]
  /** Conflicts beyond those listed. */
  readonly more: number
  /** Claims of others on the same files that stay: by disjoint symbols, or narrowed by the asked ones. */
  readonly partners: readonly Partner[]
}

export interface Partner {
  readonly id: ClaimId
  /** Which of the asked scopes meets it. */
  readonly scope: number
  readonly narrows: boolean
}

export function judgeScopes(
  view: View,
  party: Party,
  scopes: readonly Scope[],
  delays: readonly LockDelay[],
): Judgement {
  const conflicts: Conflict[] = []
  const partners: Partner[] = []
  let more = 0
  scopes.forEach((scope, at) => {
    const asked = judgeable(scope, view)
    for (const found of meetings(view, party, asked, delays)) {
      if (conflicts.length === LIMITS.conflictsListedMax && areWholeFiles(asked, found.scope)) {
        // Beyond what is listed only the count matters, and the index has judged paths already.
        if (modesConflict(asked.mode, found.scope.mode)) more++
        continue
      }
      const verdict = meet(asked, found)
      if (verdict === 'apart') continue
      if (verdict === 'coexist' || verdict === 'narrow') {
        // One that has ended keeps out what it would have kept out alive, and stands beside nothing.
        if (found.delayMs !== null) continue
        partners.push({ id: found.claim.id, scope: at, narrows: verdict === 'narrow' })
        // More than may be: whatever else it meets, it is not granted.
        if (partners.length > LIMITS.partnersMax) return
      } else if (conflicts.length < LIMITS.conflictsListedMax) {
        conflicts.push({ scope, ...verdict })
      } else more++
    }
  })
  return { conflicts, more, partners }
}

/** Then overlapping paths are all there is to it. */
function areWholeFiles(a: JudgedScope, b: JudgedScope): boolean {
  return a.kind !== 'symbol' && b.kind !== 'symbol'
}

interface Meeting {
  readonly claim: LedgerClaim
  readonly scope: JudgedScope
  readonly delayMs: number | null
}

/** Claims of other parties that might meet the asked scope, in the order of their grants. */
function meetings(
  view: View,
  party: Party,
  asked: JudgedScope,
  delays: readonly LockDelay[],
): Meeting[] {
  const found: Meeting[] = []
  for (const id of view.index.candidates(asked)) {
    const claim = view.state.claims.get(id)
    const scope = view.scopes.get(id)
    if (claim === undefined || scope === undefined || isOwn(asked, party, claim)) continue
    found.push({ claim, scope, delayMs: null })
  }
  for (const delay of delays) {
    if (isOwn(asked, party, delay.claim)) continue
    found.push({ claim: delay.claim, scope: delay.scope, delayMs: delay.leftMs })
  }
  return found.sort((a, b) => a.claim.fence - b.claim.fence)
}

/** A party is never in its own way; but a task is a session's, and two of one agent would do the same work. */
export function isOwn({ kind }: Pick<Scope, 'kind'>, party: Party, other: Party): boolean {
  return kind === 'task' ? isSameSession(party, other) : isSameParty(party, other)
}

function meet(
  asked: JudgedScope,
  met: Meeting,
): 'apart' | 'coexist' | 'narrow' | Omit<Conflict, 'scope'> {
  if (!modesConflict(asked.mode, met.scope.mode)) return 'apart'
  const overlap = overlapScopes(asked, met.scope)
  if (overlap === null) return 'apart'
  const { claim, delayMs } = met
  if (!isFull(claim)) {
    if (overlap.kind === 'disjoint-symbols') return 'coexist'
    if (overlap.kind === 'symbol-in-file' && isNarrowable(claim)) return 'narrow'
  }
  return { claim, delayMs, paths: overlap.paths, symbols: overlap.symbols }
}

/** What one claim links to is bounded: whoever comes then waits until one of its partners has ended. */
function isFull(holder: LedgerClaim): boolean {
  return holder.coexistsWith.length >= LIMITS.partnersMax
}

function isNarrowable(holder: LedgerClaim): boolean {
  return holder.narrowable && holder.kind === 'file' && holder.mode === 'exclusive'
}
