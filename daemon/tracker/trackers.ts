// The tracker of each repository, by `tracker` of config.yml. A forge's is made once: it remembers what has not changed there, and
// until when it wants no calls.
import { setTimeout as delay } from 'node:timers/promises'
import { trackerOf } from '../config-tracker.ts'
import type { Config } from '../config.ts'
import { send as sendOut } from '../outgoing.ts'
import type { Clock } from '../ports.ts'
import type { Tracker, Trackers } from '../ports-tracker.ts'
import { ForgeClient } from './client.ts'
import { createForgeTracker } from './forge.ts'
import { gitea } from './gitea.ts'
import { github } from './github.ts'
import type { Pause } from './merging.ts'
import { createPlanTracker } from './plan.ts'

export interface TrackersOptions {
  readonly config: Pick<Config, 'tracker'>
  /** Where the tokens stand. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Pick<Clock, 'wall'>
  /** One request; tests give another. */
  readonly send?: typeof sendOut
  readonly pause?: Pause
}

type Settings = ReturnType<typeof trackerOf>

export function createTrackers(options: TrackersOptions): Trackers {
  const forges = new Map<string, Tracker>()
  return {
    of(repo, checkout) {
      const settings = trackerOf(options.config.tracker, repo)
      if (settings.kind === 'plan') return createPlanTracker(checkout)
      const known = forges.get(repo) ?? openForge(options, settings, repo)
      forges.set(repo, known)
      return known
    },
  }
}

function openForge(options: TrackersOptions, settings: Settings, repo: string): Tracker {
  const { clock, send = sendOut, pause = waitFor } = options
  const dialect = settings.kind === 'github' ? github : gitea
  const tokenEnv = settings.token_env ?? dialect.tokenEnv
  const token = tokenIn(options.env, tokenEnv)
  const client = new ForgeClient({
    kind: dialect.kind,
    api: dialect.apiOf(settings.url === undefined ? null : new URL(settings.url)),
    project: settings.project ?? repo,
    token,
    tokenEnv,
    headers: dialect.headersOf(token),
    page: dialect.page,
    send,
    clock,
  })
  return createForgeTracker({ client, dialect, pause })
}

const waitFor: Pause = (ms, signal) => delay(ms, undefined, { signal })

/** Null: none, or what cannot stand in a header. */
function tokenIn(env: TrackersOptions['env'], name: string): string | null {
  const token = env[name]?.trim() ?? ''
  return /^[!-~]{1,1000}$/.test(token) ? token : null
}
