// Leases as their holder's machine knows them. A renewal counts from when it was sent, and only once a round of its leader
// that began after it came was confirmed by a majority: a deposed leader renews nothing.
import {
  comparePositions,
  type LedgerClaim,
  type PeerId,
  type SessionId,
} from '../../protocol/index.ts'
import { confirmLeadership } from './consensus/leader.ts'
import type { Engine, Instant, Renewals } from './engine-state.ts'
import { leaderOf, post } from './forwarding.ts'
import { noteRenewal, RATE_ERROR } from './leases.ts'
import type { AliveConfirmed, AliveMessage } from './messages.ts'
import { sessionKey } from './view.ts'

/** Renewals whose answer is still awaited; older ones are lost. */
const SENT_MAX = 16

export function createRenewals(): Renewals {
  return { sequence: 0, sent: new Map(), confirmed: new Map(), rounds: new Map(), resting: [] }
}

/** This machine's sessions are alive. */
export function renewOwn(engine: Engine, sessions: readonly SessionId[]): void {
  const { renewals, consensus } = engine
  const id = ++renewals.sequence
  renewals.sent.set(id, { sessions, sentAt: instantOf(engine) })
  const [oldest] = renewals.sent.keys()
  if (renewals.sent.size > SENT_MAX && oldest !== undefined) renewals.sent.delete(oldest)
  const living = new Set(sessions)
  for (const session of renewals.confirmed.keys()) {
    if (!living.has(session)) renewals.confirmed.delete(session)
  }
  const leader = leaderOf(engine)
  if (consensus.role.kind === 'leader')
    takeAlive(engine, consensus.self, { kind: 'alive', id, sessions })
  else if (leader !== null) post(engine, leader, { kind: 'alive', id, sessions })
}

/** A leader hears of living sessions. */
export function takeAlive(engine: Engine, peer: PeerId, { id, sessions }: AliveMessage): void {
  const head = engine.consensus.chain.head()
  if (engine.consensus.role.kind !== 'leader' || head === null) return
  for (const session of sessions) {
    // Of sessions that hold or want something: names alone fill no memory.
    const key = sessionKey(peer, session)
    if (engine.tail?.sessions.has(key) === true || engine.tail?.waiting.has(key) === true)
      noteRenewal(engine.leases, peer, session)
  }
  const barrier = ++engine.barrier
  const at = { term: head.term, index: head.index }
  engine.renewals.rounds.set(barrier, { peer, id, at })
  confirmLeadership(engine.consensus, barrier)
}

export function noteRound(engine: Engine, barrier: number, ok: boolean): void {
  const round = engine.renewals.rounds.get(barrier)
  if (round === undefined) return
  engine.renewals.rounds.delete(barrier)
  if (!ok) return
  const { peer, id, at } = round
  if (peer === engine.consensus.self) noteConfirmed(engine, { kind: 'alive-confirmed', id, at })
  else post(engine, peer, { kind: 'alive-confirmed', id, at })
}

export function noteConfirmed(engine: Engine, { id, at }: AliveConfirmed): void {
  engine.renewals.resting.push({ id, at })
  settleRenewals(engine)
}

/** Takes confirmations whose ground is committed here. */
export function settleRenewals(engine: Engine): void {
  const { commit } = engine.consensus
  const { renewals } = engine
  if (renewals.resting.length === 0 || commit === null) return
  renewals.resting = renewals.resting.filter(({ id, at }) => {
    if (comparePositions(at, commit) > 0) return renewals.sent.has(id)
    const renewal = renewals.sent.get(id)
    renewals.sent.delete(id)
    if (renewal === undefined) return false
    for (const session of renewal.sessions) renewals.confirmed.set(session, renewal.sentAt)
    return false
  })
}

/**
 * Live claims of this machine that it must not believe in any more: their sessions' leases have run out by its own count,
 * from the newest of the last confirmed renewal and the claim's own stamp. One that the leader has not ended comes back
 * with the next confirmed renewal; after a start everything older than a lease waits for that.
 */
export function lapsedClaims(engine: Engine, now = instantOf(engine)): readonly LedgerClaim[] {
  const { committed, consensus, options } = engine
  const limitMs = options.leaseMs * (1 - RATE_ERROR)
  return [...committed.state.claims.values()].filter((claim) => {
    if (claim.peer !== consensus.self) return false
    const renewed = engine.renewals.confirmed.get(claim.session)
    const sinceRenewal = renewed === undefined ? Infinity : elapsedAtHolder(renewed, now)
    return Math.min(sinceRenewal, sinceStamp(claim, options.boot, now)) >= limitMs
  })
}

/** A stamp of another boot, or of another machine, says nothing that these clocks could count from. */
function sinceStamp({ stamp }: LedgerClaim, boot: string | undefined, now: Instant): number {
  if (boot === undefined || stamp.boot !== boot) return Infinity
  return Math.max(now.uptimeMs - stamp.uptimeMs, now.wallMs - stamp.wallMs, 0)
}

/** Elapsed since then as its holder counts: the most that any of its clocks says. */
export function elapsedAtHolder(since: Instant, now: Instant): number {
  return Math.max(
    now.monotonicMs - since.monotonicMs,
    now.uptimeMs - since.uptimeMs,
    now.wallMs - since.wallMs,
    0,
  )
}

export function instantOf({ consensus, uptimeMs }: Engine): Instant {
  return { monotonicMs: consensus.now, uptimeMs: uptimeMs ?? 0, wallMs: consensus.wallMs }
}
