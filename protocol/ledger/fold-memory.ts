// What a ledger remembers of answered requests: bounded, and the same on every replica.
import type { Key, Party } from '../claim.ts'
import type { ClaimId, RequestId } from '../ids.ts'
import type { LedgerRecord } from './record.ts'
import {
  KEY_LIFE_MS,
  KEYS_REMEMBERED,
  keyName,
  parseRequestId,
  REQUESTS_REMEMBERED,
  requestNumber,
  type LedgerState,
  type RequestOutcome,
  type RequestWindow,
} from './state.ts'

export function remember(state: LedgerState, rid: RequestId | null, outcome: RequestOutcome): void {
  if (rid === null) return
  const name = parseRequestId(rid)
  const { peer, incarnation } = name
  const fresh: RequestWindow = { incarnation, floor: 0, outcomes: new Map() }
  const window = state.requests.get(peer) ?? fresh
  state.requests.set(peer, window)
  window.incarnation = Math.max(window.incarnation, incarnation)
  window.outcomes.set(requestNumber(name), outcome)
  while (window.outcomes.size > REQUESTS_REMEMBERED) {
    const oldest = window.outcomes.keys().next().value ?? 0
    window.outcomes.delete(oldest)
    window.floor = Math.max(window.floor, oldest + 1)
  }
}

export function rememberKey(
  state: LedgerState,
  record: LedgerRecord,
  key: Key | null,
  party: Pick<Party, 'peer' | 'session'>,
  outcome: RequestOutcome,
): void {
  if (key === null) return
  const name = keyName(party.peer, party.session, key.key)
  state.keys.delete(name)
  state.keys.set(name, { digest: key.digest, atMs: record.atMs, outcome })
  for (const [oldest, kept] of state.keys) {
    const isOld = record.atMs - kept.atMs > KEY_LIFE_MS
    if (!isOld && state.keys.size <= KEYS_REMEMBERED) return
    state.keys.delete(oldest)
  }
}

/** A grant that its caller was told not to have: the same key may try anew. */
export function forgetKeysOf(state: LedgerState, ids: readonly ClaimId[]): void {
  for (const [name, { outcome }] of state.keys) {
    if (claimsOf(state, outcome).some((id) => ids.includes(id))) state.keys.delete(name)
  }
}

function claimsOf(state: LedgerState, outcome: RequestOutcome): readonly ClaimId[] {
  if (outcome.kind === 'granted') return outcome.ids
  const assignment = outcome.kind === 'assigned' ? state.assignments.get(outcome.id) : undefined
  return assignment === undefined ? [] : [assignment.claim]
}
