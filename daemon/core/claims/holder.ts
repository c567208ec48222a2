// The holder's side of time: what a daemon ends for its own sessions, always earlier than any leader would. A session is
// ended by silence or by the death of its process; a claim by its TTL, counted from when its request was sent.
import {
  type ClaimId,
  type DropReason,
  type EndReason,
  type LedgerClaim,
  type QueueEntry,
  type QueueId,
  type SessionId,
  type Stamp,
} from '../../../protocol/index.ts'

/** All in milliseconds. */
export interface HolderClock {
  readonly boot: string
  readonly uptimeMs: number
  readonly wallMs: number
}

export interface SessionSigns {
  /** By uptime: operations, hook calls, edits seen in held files. A live process alone is no activity. */
  readonly activeAtMs: number
  /** When its process was found dead; null while it lives or is unknown. */
  readonly deadSinceMs: number | null
}

export interface HolderLimits {
  readonly idleReleaseMs: number
  readonly deadProcessMs: number
}

export interface Ending {
  readonly reason: EndReason
  readonly ids: readonly ClaimId[]
}

/** Which of this machine's live claims have to end now, by reason. */
export function endingsNow(
  claims: readonly LedgerClaim[],
  signsOf: (session: SessionId) => SessionSigns,
  limits: HolderLimits,
  clock: HolderClock,
): Ending[] {
  const byReason = new Map<EndReason, ClaimId[]>()
  for (const claim of claims) {
    const reason = endingOf(claim, signsOf(claim.session), limits, clock)
    if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), claim.id])
  }
  return [...byReason].map(([reason, ids]) => ({ reason, ids }))
}

export interface WaitsOver {
  readonly reason: DropReason
  readonly ids: readonly QueueId[]
}

/** Which of this machine's waits are over, by reason. A waiter that hears nothing of its grant is woken by its own door. */
export function waitsOver(
  waits: readonly QueueEntry[],
  signsOf: (session: SessionId) => SessionSigns,
  limits: HolderLimits,
  clock: HolderClock,
): WaitsOver[] {
  const byReason = new Map<DropReason, QueueId[]>()
  for (const entry of waits) {
    const { deadSinceMs } = signsOf(entry.party.session)
    const isDead = deadSinceMs !== null && clock.uptimeMs - deadSinceMs >= limits.deadProcessMs
    const isLate = elapsedSince(entry.stamp, clock) >= entry.waitSeconds * 1000
    if (!isDead && !isLate) continue
    const reason = isDead ? 'session-ended' : 'expired'
    byReason.set(reason, [...(byReason.get(reason) ?? []), entry.id])
  }
  return [...byReason].map(([reason, ids]) => ({ reason, ids }))
}

/**
 * Elapsed since a stamp: by uptime within one boot and by the wall clock, whichever says more. A wall clock that was set
 * back cannot lengthen a claim within a boot; one set forward ends it early, which is safe.
 */
export function elapsedSince(stamp: Stamp, clock: HolderClock): number {
  const byWall = clock.wallMs - stamp.wallMs
  const byUptime = clock.boot === stamp.boot ? clock.uptimeMs - stamp.uptimeMs : 0
  return Math.max(byWall, byUptime, 0)
}

function endingOf(
  claim: LedgerClaim,
  signs: SessionSigns,
  limits: HolderLimits,
  clock: HolderClock,
): EndReason | null {
  if (elapsedSince(claim.stamp, clock) >= claim.ttlSeconds * 1000) return 'ttl'
  if (claim.clamps.some(({ atMs, seconds }) => clock.wallMs - atMs >= seconds * 1000)) return 'ttl'
  const { deadSinceMs, activeAtMs } = signs
  if (deadSinceMs !== null && clock.uptimeMs - deadSinceMs >= limits.deadProcessMs)
    return 'process-died'
  if (clock.uptimeMs - activeAtMs >= limits.idleReleaseMs) return 'idle'
  return null
}
