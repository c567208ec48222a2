// Provisional claims: settled once, for ever.
import type { LedgerClaim } from '../claim.ts'
import type { ClaimId, PeerId } from '../ids.ts'
import type { Reconcile } from './body.ts'
import type { Change, RejectedClaim } from './change.ts'
import { remember } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import { REJECTED_REMEMBERED, type LedgerState } from './state.ts'

export function reconcile(state: LedgerState, record: LedgerRecord, body: Reconcile): Change[] {
  const promoted: ClaimId[] = []
  const rejected: RejectedClaim[] = []
  for (const outcome of body.outcomes) {
    const { id, peer, n } = outcome
    state.settled.set(peer, Math.max(settledOf(state, peer), n))
    state.promoted.delete(id)
    if (outcome.kind === 'promoted') promoted.push(id)
    if (outcome.kind !== 'rejected') continue
    const { claim, conflicts } = outcome
    const { term, index, atMs } = record
    state.rejected.push({ claim, conflicts, atMs, term, index })
    if (state.rejected.length > REJECTED_REMEMBERED) state.rejected.shift()
    rejected.push({ claim, conflicts: conflicts.flatMap((met) => knownClaim(state, met) ?? []) })
  }
  for (const rid of body.rids) remember(state, rid, { kind: 'reconciled' })
  const holders = promoted.flatMap((id) => state.claims.get(id) ?? [])
  return [{ kind: 'reconciled', promoted, holders, rejected }]
}

/** Provisional claims of this peer are settled up to this `n`; 0 when none is. */
export function settledOf(state: LedgerState, peer: PeerId): number {
  return state.settled.get(peer) ?? 0
}

/** A claim by its id, live or lately ended. */
export function knownClaim(state: LedgerState, id: ClaimId): LedgerClaim | null {
  const live = state.claims.get(id)
  return live ?? state.ended.findLast(({ claim }) => claim.id === id)?.claim ?? null
}
