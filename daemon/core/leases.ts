// What a leader's own elapsed time decides, and nothing else does: leases of silent sessions, claims past their TTL that
// their own daemon did not end, and lock-delays. Every timer restarts when a term starts, so a new leader always waits
// the full time. No wall clock is read here.
//
// Sources: rate error bound 2 %, grace 5 s, leader counts min(monotonic, uptime), holder counts max: docs/GUARANTEES.md.
import {
  DEFAULTS,
  judgeable,
  type ClaimId,
  type LedgerClaim,
  type PeerId,
  type RecordBody,
  type SessionId,
} from '../../protocol/index.ts'
import type { LockDelay } from './claims/judge.ts'
import { sessionKey, type AppliedChange, type View } from './view.ts'

const RATE_ERROR = 0.02
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
  readonly delays: Map<ClaimId, { readonly claim: LedgerClaim; readonly until: number }>
}

export function createLeases(): Leases {
  return {
    elapsedMs: 0,
    sweptAt: 0,
    termStartedAt: 0,
    renewedAt: new Map(),
    claimedAt: new Map(),
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
  leases.delays.clear()
  for (const { claim, reason } of view.state.ended) {
    if (isDelayed(reason)) delay(leases, claim)
  }
}

export function noteChange(leases: Leases, { change }: AppliedChange): void {
  if (change.kind === 'granted' || change.kind === 'renewed') {
    leases.claimedAt.set(change.claim.id, leases.elapsedMs)
    noteRenewal(leases, change.claim.peer, change.claim.session)
  }
  if (change.kind !== 'ended') return
  leases.claimedAt.delete(change.claim.id)
  if (isDelayed(change.reason)) delay(leases, change.claim)
}

export function noteRenewal(leases: Leases, peer: PeerId, session: SessionId): void {
  leases.renewedAt.set(sessionKey(peer, session), leases.elapsedMs)
}

export function delaysNow(leases: Leases, caseExact: boolean): LockDelay[] {
  const found: LockDelay[] = []
  for (const [id, { claim, until }] of leases.delays) {
    const leftMs = until - leases.elapsedMs
    if (leftMs <= 0) leases.delays.delete(id)
    else found.push({ claim, scope: judgeable(claim, { caseExact }), leftMs })
  }
  return found
}

/** What has run out by now, as records to propose. */
export function sweep(leases: Leases, view: View, leaseMs: number): RecordBody[] {
  if (leases.elapsedMs - leases.sweptAt < SWEEP_MS) return []
  leases.sweptAt = leases.elapsedMs
  const lapsed: ClaimId[] = []
  const timedOut: ClaimId[] = []
  for (const claim of view.state.claims.values()) {
    if (hasRunOut(leases, renewedAt(leases, claim), leaseMs)) lapsed.push(claim.id)
    else if (hasRunOut(leases, claimedAt(leases, claim), claim.ttlSeconds * 1000))
      timedOut.push(claim.id)
  }
  forgetQuietSessions(leases, view)
  return [...expireAll(lapsed, 'lease'), ...expireAll(timedOut, 'ttl')]
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
    if (!view.sessions.has(key)) leases.renewedAt.delete(key)
  }
}

function delay(leases: Leases, claim: LedgerClaim): void {
  if (claim.mode !== 'exclusive') return
  leases.delays.set(claim.id, { claim, until: leases.elapsedMs + DEFAULTS.lockDelaySeconds * 1000 })
}

function isDelayed(reason: string): boolean {
  return reason === 'lease' || reason === 'ttl' || reason === 'revoked'
}
