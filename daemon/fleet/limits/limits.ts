// The limits of this machine's own word, held against what its workers do: when one may start, and when one is to be ended.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../../config.ts'
import { replaceFile } from '../../home.ts'
import { mostWorkers } from '../acceptance.ts'
import type { EndCause } from '../files.ts'
import { openDayBook } from './day-book.ts'
import { dollars, obstacleIn, type GateFacts, type Obstacle } from './gate.ts'
import { isQuiet } from './quiet-hours.ts'

export interface Limits {
  readonly runMsMax: number
  /** Null: it may start now. */
  obstacle(launcher: string, known: Pick<GateFacts, 'atWork' | 'clearing'>): Obstacle | null
  /** One starts now. */
  noteStart(): void
  /** What a run may cost from now on; null: no bound. */
  budget(): number | null
  /** @param usd of the whole run until now @returns why it is to end, if it is */
  spend(run: string, usd: number): EndCause | null
  pause(launcher: string, untilMs: number): void
  close(): void
}

export interface LimitsOptions {
  readonly folder: string
  readonly config: Pick<Config, 'fleet'>
  /** Since 1970. */
  readonly wall: () => number
  readonly now: () => number
}

const RUN_SECONDS_MAX = 2 * 3_600
const STAGGER_SECONDS = 2

export function openLimits({ folder, config, wall, now }: LimitsOptions): Limits {
  const { stagger = STAGGER_SECONDS, quiet_hours: quiet, spending, timeout } = config.fleet
  const { per_run: perRun, per_day: perDay } = spending ?? {}
  const book = openDayBook(path.join(folder, 'spending.json'), wall)
  const pauses = openPauses(path.join(folder, 'pauses.json'), wall)
  /** Of each run: what it had cost, and the most that it cost at once. */
  const steps = new Map<string, { readonly usd: number; readonly most: number }>()
  let startedAt = -Infinity

  /** The step that a run may be in already is counted to it. */
  function stepOf(run: string, usd: number): number {
    const before = steps.get(run)
    const most = before === undefined ? 0 : Math.max(before.most, usd - before.usd)
    steps.set(run, { usd, most })
    const [oldest] = steps.keys()
    if (steps.size > RUNS_REMEMBERED && oldest !== undefined) steps.delete(oldest)
    return most
  }

  return {
    runMsMax: (timeout ?? RUN_SECONDS_MAX) * 1000,
    obstacle: (launcher, known) =>
      obstacleIn({
        ...known,
        workersMax: mostWorkers(config),
        isQuiet: quiet !== undefined && isQuiet(quiet, wall()),
        pausedUntilMs: pauses.of(launcher),
        spentTodayUsd: book.spentToday(),
        perDayUsd: perDay ?? null,
        staggerMsLeft: startedAt + stagger * 1000 - now(),
      }),
    noteStart() {
      startedAt = now()
    },
    budget() {
      const bounds = [perRun, perDay === undefined ? undefined : perDay - book.spentToday()]
      const known = bounds.flatMap((bound) => bound ?? [])
      return known.length === 0 ? null : Math.max(0, Math.min(...known))
    },
    spend(run, usd) {
      const step = stepOf(run, usd)
      book.note(run, usd)
      if (perRun !== undefined && usd + step >= perRun)
        return endOf(
          `it cost about ${dollars(usd)}, of ${dollars(perRun)} (fleet.spending.per_run)`,
        )
      const today = book.spentToday()
      if (perDay === undefined || today + step < perDay) return null
      return endOf(
        `the workers here cost about ${dollars(today)} today, of ${dollars(perDay)} (fleet.spending.per_day)`,
      )
    },
    pause: (launcher, untilMs) => {
      pauses.set(launcher, untilMs)
    },
    close: () => {
      book.close()
    },
  }
}

const RUNS_REMEMBERED = 200

function endOf(note: string): EndCause {
  return { reason: 'spending', note }
}

/** Launchers whose account may do no more for now, over restarts. */
function openPauses(file: string, wall: () => number) {
  let known: Readonly<Record<string, number>> = {}
  try {
    known = JSON.parse(readFileSync(file, 'utf8')) as typeof known
  } catch {
    // None was written yet; and what cannot be read pauses nothing.
  }
  return {
    of(launcher: string): number | null {
      const until = Object.hasOwn(known, launcher) ? known[launcher] : undefined
      return until !== undefined && until > wall() ? until : null
    },
    set(launcher: string, untilMs: number): void {
      const open = Object.entries(known).filter(([, until]) => until > wall())
      known = { ...Object.fromEntries(open), [launcher]: untilMs }
      replaceFile(file, JSON.stringify(known))
    },
  }
}
