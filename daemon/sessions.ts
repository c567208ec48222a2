// Signs of life of this machine's sessions. Kept in memory only: after a restart every session that holds something counts
// as active at the start, and its next operation brings the rest back. Of one that is parked nothing comes: who knows of it holds
// it anew.
import type { SessionId } from '../protocol/index.ts'
import type { ProcessIdentity } from './client/proc.ts'
import type { SessionSigns } from './core/claims/holder.ts'
import type { Clock } from './ports.ts'

export interface Sessions {
  /** An operation, a hook call or an edit by this session. */
  noteActivity(session: SessionId, process: ProcessIdentity | null): void
  signsOf(session: SessionId): SessionSigns
  /** Wall-clock time of the last sign, in milliseconds; null when none was seen since the start. */
  lastActivity(session: SessionId): number | null
  /** How many were seen lately. */
  readonly count: () => number
  /** Looks which processes live; one look serves all repos. */
  observeProcesses(isLiving: (process: ProcessIdentity) => boolean): void
  /** Its run was parked, maybe before this start: until then (by uptime) neither silence nor the end of its process counts. 0: it is back. */
  hold(session: SessionId, untilMs: number): void
  /** Forgets sessions that hold nothing and were long silent. */
  forgetExcept(holding: ReadonlySet<SessionId>): void
}

interface Signs {
  activeAtMs: number
  wallMs: number | null
  process: ProcessIdentity | null
  deadSinceMs: number | null
  heldUntilMs: number
}

/** A session without claims is forgotten after this silence ... */
const FORGET_MS = 3_600_000
/** ... and after this one while there are very many: clients that name no session are a new one with each connection. */
const FORGET_SOON_MS = 60_000
const MANY = 10_000

export function createSessions(clock: Clock): Sessions {
  const sessions = new Map<SessionId, Signs>()
  const startedAt = clock.uptime()
  const unseen = { activeAtMs: startedAt, wallMs: null, process: null, deadSinceMs: null }
  return {
    count: () => sessions.size,
    noteActivity(session, process) {
      const known = sessions.get(session)
      sessions.set(session, {
        activeAtMs: clock.uptime(),
        wallMs: clock.wall(),
        process: process ?? known?.process ?? null,
        deadSinceMs: null,
        heldUntilMs: known?.heldUntilMs ?? 0,
      })
    },
    hold(session, untilMs) {
      const known = sessions.get(session)
      if (known !== undefined) known.heldUntilMs = untilMs
      else if (untilMs > clock.uptime()) sessions.set(session, { ...unseen, heldUntilMs: untilMs })
    },
    signsOf(session) {
      const known = sessions.get(session)
      const now = clock.uptime()
      if (known !== undefined && known.heldUntilMs > now)
        return { activeAtMs: now, deadSinceMs: null }
      return {
        activeAtMs: known?.activeAtMs ?? startedAt,
        deadSinceMs: known?.deadSinceMs ?? null,
      }
    },
    lastActivity: (session) => sessions.get(session)?.wallMs ?? null,
    observeProcesses(isLiving) {
      const now = clock.uptime()
      for (const signs of sessions.values()) {
        if (signs.process === null) continue
        if (isLiving(signs.process)) signs.deadSinceMs = null
        else signs.deadSinceMs ??= now
      }
    },
    forgetExcept(holding) {
      const old = clock.uptime() - (sessions.size > MANY ? FORGET_SOON_MS : FORGET_MS)
      for (const [session, signs] of sessions) {
        if (!holding.has(session) && signs.activeAtMs < old) sessions.delete(session)
      }
    },
  }
}
