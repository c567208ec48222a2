// Sessions that fall silent while they hold something: told at 50 and at 80 % of the time after which their claims are
// released, each once, until they show themselves again.
import type { LedgerClaim, SessionId } from '../protocol/index.ts'
import type { SessionSigns } from './core/claims/holder.ts'

export interface Silence {
  readonly session: SessionId
  readonly agent: string
  /** Percent of the time that is over. */
  readonly share: number
  readonly silentMs: number
  /** Until its claims are released. */
  readonly leftMs: number
  readonly patterns: readonly string[]
}

export interface SilenceAsked {
  /** Live ones of this machine. */
  readonly claims: readonly LedgerClaim[]
  readonly signsOf: (session: SessionId) => SessionSigns
  readonly idleReleaseMs: number
  readonly uptimeMs: number
}

export interface Silences {
  /** Those that have reached a further level since the last look. */
  look(asked: SilenceAsked): readonly Silence[]
}

const LEVELS = [50, 80] as const

/** One for each repository. */
export function createSilences(): Silences {
  const told = new Map<SessionId, number>()
  return {
    look({ claims, signsOf, idleReleaseMs, uptimeMs }) {
      const bySession = new Map<SessionId, LedgerClaim[]>()
      for (const claim of claims) {
        const held = bySession.get(claim.session)
        if (held === undefined) bySession.set(claim.session, [claim])
        else held.push(claim)
      }
      for (const session of told.keys()) if (!bySession.has(session)) told.delete(session)
      return [...bySession].flatMap(([session, held]) => {
        const silentMs = Math.max(0, uptimeMs - signsOf(session).activeAtMs)
        const share = LEVELS.findLast((level) => silentMs * 100 >= level * idleReleaseMs) ?? 0
        const before = told.get(session) ?? 0
        if (share === before) return []
        told.set(session, share)
        const [first] = held
        if (share < before || first === undefined) return []
        const leftMs = Math.max(0, idleReleaseMs - silentMs)
        const patterns = held.map(({ pattern }) => pattern)
        return [{ session, agent: first.agent, share, silentMs, leftMs, patterns }]
      })
    },
  }
}
