// What a leader's own elapsed time decides, and nothing else does: leases of silent sessions, claims past their TTL that
// their own daemon did not end, and lock-delays. Every timer restarts when a term starts, so a new leader always waits
// the full time. No wall clock is read here.
//
// Sources: rate error bound 2 %, grace 5 s, leader counts min(monotonic, uptime), holder counts max: docs/GUARANTEES.md.
import {
  BY_LEADER,
  DEFAULTS,
  isForcedEnd,
  judgeable,
  type ClaimId,
  type LedgerClaim,
  type PeerId,
  type RecordBody,
  type RequestedId,
  type SessionId,
} from '../../protocol/index.ts'
import type { LockDelay } from './claims/judge.ts'
import { lostWith } from './fleet/lost.ts'
import type { AwaitedBy } from './queue/deadlock.ts'
import { sessionKey, type AppliedChange, type View } from './view.ts'

export const RATE_ERROR = 0.02
const GRACE_MS = 5_000
/** A full look at all live claims is made at most this often. */
const SWEEP_MS = 1_000
/** Claims ended in one record. */
const EXPIRE_BATCH = 500

/** All times are this leader's own elapsed milliseconds. */
export interface Leases {
  elapsedMs: number
  sweptAt: number
  termStartedAt: number
  /** Last renewal of each session. */
  readonly renewedAt: Map<string, number>
  /** When a claim was granted or renewed. */
  readonly claimedAt: Map<ClaimId, number>
  /** When a request was filed. */
  readonly askedAt: Map<RequestedId, number>
  readonly delays: Map<ClaimId, { readonly claim: LedgerClaim; readonly until: number }>
}

export function createLeases(): Leases {
  return {
    elapsedMs: 0,
    sweptAt: 0,
    termStartedAt: 0,
    renewedAt: new Map(),
    claimedAt: new Map(),
    askedAt: new Map(),
    delays: new Map(),
  }
}

/** Advances by the smaller of the two clocks' steps; a clock that ran backwards does not count. */
export function advanceLeases(leases: Leases, monotonicStepMs: number, uptimeStepMs: number): void {
  const steps = [monotonicStepMs, uptimeStepMs].filter((step) => step >= 0)
  leases.elapsedMs += steps.length === 0 ? 0 : Math.min(...steps)
}

/**
 * A term begins: everything live gets its full time again, and scopes that ended by force their delay, however long ago
 * that was: no clock that both leaders share could tell.
 */
export function restartLeases(leases: Leases, view: View): void {
  leases.termStartedAt = leases.elapsedMs
  leases.renewedAt.clear()
  leases.claimedAt.clear()
  leases.askedAt.clear()
  leases.delays.clear()
  for (const claim of view.state.forced) delay(leases, claim)
}

export function noteChange(leases: Leases, { change }: AppliedChange): void {
  if (change.kind === 'queued')
    noteRenewal(leases, change.entry.party.peer, change.entry.party.session)
  if (change.kind === 'granted' || change.kind === 'renewed') {
    leases.claimedAt.set(change.claim.id, leases.elapsedMs)
    noteRenewal(leases, change.claim.peer, change.claim.session)
  }
  if (change.kind === 'reconciled') {
    // Its machine asked just now, and counts from there; the grant may be that of an earlier leader.
    for (const { peer, session } of change.holders) noteRenewal(leases, peer, session)
  }
  if (change.kind === 'asked') leases.askedAt.set(change.request.id, leases.elapsedMs)
  if (change.kind === 'answered') leases.askedAt.delete(change.answered.request.id)
  if (change.kind !== 'ended') return
  leases.claimedAt.delete(change.claim.id)
  if (isForcedEnd(change.reason, change.by)) delay(leases, change.claim)
}

export function noteRenewal(leases: Leases, peer: PeerId, session: SessionId): void {
  leases.renewedAt.set(sessionKey(peer, session), leases.elapsedMs)
}

/** Has the session been heard of within its lease? */
export function isSessionAlive(leases: Leases, session: string, leaseMs: number): boolean {
  return !hasRunOut(leases, leases.renewedAt.get(session) ?? leases.termStartedAt, leaseMs)
}

export function delaysNow(leases: Leases, caseExact: boolean): LockDelay[] {
  const found: LockDelay[] = []
  for (const { claim, until } of leases.delays.values()) {
    const leftMs = until - leases.elapsedMs
    if (leftMs > 0) found.push({ claim, scope: judgeable(claim, { caseExact }), leftMs })
  }
  return found
}

/** What has run out by now, as records to propose. @param gone machines that are no members any more */
export function sweep(
  leases: Leases,
  view: View,
  leaseMs: number,
  gone: readonly PeerId[] = [],
): RecordBody[] {
  if (leases.elapsedMs - leases.sweptAt < SWEEP_MS) return []
  leases.sweptAt = leases.elapsedMs
  const lapsed: ClaimId[] = []
  const timedOut: ClaimId[] = []
  for (const claim of view.state.claims.values()) {
    if (hasRunOut(leases, renewedAt(leases, claim), leaseMs)) lapsed.push(claim.id)
    else if (isTimeOver(leases, claim)) timedOut.push(claim.id)
  }
  forgetQuietSessions(leases, view)
  forgetDelays(leases)
  return [
    ...expireAll(lapsed, 'lease'),
    ...expireAll(timedOut, 'ttl'),
    ...expireRequests(leases, view),
    ...lostWith(gone, view),
  ]
}

/** By its TTL, or by the shorter time that a request left it. */
function isTimeOver(leases: Leases, claim: LedgerClaim): boolean {
  if (hasRunOut(leases, claimedAt(leases, claim), claim.ttlSeconds * 1000)) return true
  return claim.clamps.some(({ request, seconds }) =>
    hasRunOut(leases, askedAt(leases, request), seconds * 1000),
  )
}

/** Requests that nobody answered in their time. */
function expireRequests(leases: Leases, view: View): RecordBody[] {
  const late = [...view.state.asked.values()].filter(({ id, answerSeconds }) =>
    hasRunOut(leases, askedAt(leases, id), answerSeconds * 1000),
  )
  if (late.length === 0) return []
  const ids = late.map(({ id }) => id)
  return [{ kind: 'answer', rid: null, ids, end: 'expired', by: BY_LEADER, note: '', granted: [] }]
}

/** Holders for whose answer a session waits now: by the time that it said when it asked. */
export function awaitedBy(leases: Leases, view: View): AwaitedBy {
  return (session) =>
    [...view.state.asked.values()]
      .filter(({ id, requester, waitSeconds = 0 }) => {
        if (waitSeconds === 0 || sessionKey(requester.peer, requester.session) !== session)
          return false
        return leases.elapsedMs - askedAt(leases, id) < waitSeconds * 1000
      })
      .map(({ holder }) => holder)
}

function askedAt(leases: Leases, id: RequestedId): number {
  return leases.askedAt.get(id) ?? leases.termStartedAt
}

function expireAll(ids: readonly ClaimId[], reason: 'lease' | 'ttl'): RecordBody[] {
  const bodies: RecordBody[] = []
  for (let at = 0; at < ids.length; at += EXPIRE_BATCH) {
    bodies.push({ kind: 'expire', ids: ids.slice(at, at + EXPIRE_BATCH), reason })
  }
  return bodies
}

function hasRunOut(leases: Leases, since: number, lifeMs: number): boolean {
  return leases.elapsedMs - since > lifeMs * (1 + RATE_ERROR) + GRACE_MS
}

function renewedAt(leases: Leases, claim: LedgerClaim): number {
  return leases.renewedAt.get(sessionKey(claim.peer, claim.session)) ?? leases.termStartedAt
}

function claimedAt(leases: Leases, claim: LedgerClaim): number {
  return leases.claimedAt.get(claim.id) ?? leases.termStartedAt
}

function forgetQuietSessions(leases: Leases, view: View): void {
  for (const key of leases.renewedAt.keys()) {
    if (!view.sessions.has(key) && !view.waiting.has(key)) leases.renewedAt.delete(key)
  }
}

function forgetDelays(leases: Leases): void {
  for (const [id, { until }] of leases.delays) {
    if (until <= leases.elapsedMs) leases.delays.delete(id)
  }
}

function delay(leases: Leases, claim: LedgerClaim): void {
  if (claim.mode !== 'exclusive') return
  leases.delays.set(claim.id, { claim, until: leases.elapsedMs + DEFAULTS.lockDelaySeconds * 1000 })
}
