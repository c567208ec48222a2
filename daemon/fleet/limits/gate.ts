// May a run start now? What keeps it back is typed, and ends by itself: each look asks again.
import type { BlockerKind } from '../../../protocol/index.ts'

export interface GateFacts {
  readonly atWork: number
  readonly workersMax: number
  /** An assignment that is over, and whose worktree still has the branch. */
  readonly clearing: string | null
  readonly isQuiet: boolean
  /** The launcher's pause ends then, since 1970; null: there is none. */
  readonly pausedUntilMs: number | null
  readonly spentTodayUsd: number
  readonly perDayUsd: number | null
  /** Until the next start may be. */
  readonly staggerMsLeft: number
}

export interface Obstacle {
  readonly kind: BlockerKind
  readonly note: string
}

/** The one that stands longest is told first. Null: it may start. */
export function obstacleIn(facts: GateFacts): Obstacle | null {
  const { spentTodayUsd, perDayUsd, pausedUntilMs, atWork, workersMax, clearing } = facts
  if (facts.isQuiet)
    return { kind: 'quiet-hours', note: 'it starts no worker now: quiet hours (fleet.quiet_hours)' }
  if (perDayUsd !== null && spentTodayUsd >= perDayUsd) {
    const note = `its workers cost ${dollars(spentTodayUsd)} today, of ${dollars(perDayUsd)} (fleet.spending.per_day)`
    return { kind: 'spending', note }
  }
  if (pausedUntilMs !== null) {
    const until = new Date(pausedUntilMs).toISOString()
    return { kind: 'backoff', note: `its launcher's usage limit was reached: again from ${until}` }
  }
  if (atWork >= workersMax)
    return { kind: 'slots', note: `all ${String(workersMax)} workers of this machine are taken` }
  if (clearing !== null)
    return { kind: 'slots', note: `the worktree of ${clearing} still has the branch` }
  if (facts.staggerMsLeft > 0)
    return { kind: 'backoff', note: 'another was started just now (fleet.stagger)' }
  return null
}

export function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`
}
