// Trackers are told by themselves, where config.yml says `fleet.notify: auto`: of what was given from this machine, so that of several
// machines one tells.
import { SkeinError, type Assignment, type AuditEvent } from '../protocol/index.ts'
import type { Log } from './log.ts'
import type { Parts } from './operations/context.ts'
import { notifyAll } from './operations/notify.ts'
import { ownPlace } from './own-place.ts'
import type { Repo } from './repos.ts'

export interface NotifyRound {
  stop(): Promise<void>
}

export interface NotifyRoundOptions {
  readonly parts: Parts
  readonly watch: (listener: (event: AuditEvent) => void) => () => void
  readonly log: Pick<Log, 'warn'>
}

const QUIET_MS = 1_000
/** What could not be told is tried again. */
const LOOK_MS = 5 * 60_000
const PASS_MS_MAX = 120_000
/** After a start what is older is known to have been told. */
const AGE_MS_MAX = 24 * 3_600_000

/** Null where nobody is told by itself. */
export function startNotifyRound({ parts, watch, log }: NotifyRoundOptions): NotifyRound | null {
  if (parts.config.fleet.notify !== 'auto') return null
  const ending = new AbortController()
  let soon: NodeJS.Timeout | null = null
  let running: Promise<void> = Promise.resolve()

  const wake = (): void => {
    if (ending.signal.aborted || soon !== null) return
    soon = setTimeout(() => {
      soon = null
      running = running.then(() => tellAll(parts, log, ending.signal))
    }, QUIET_MS).unref()
  }
  const timer = setInterval(wake, LOOK_MS).unref()
  const unwatch = watch(({ kind }) => {
    if (kind.startsWith('assignment.')) wake()
  })
  wake()
  return {
    async stop() {
      ending.abort()
      unwatch()
      clearInterval(timer)
      if (soon !== null) clearTimeout(soon)
      await running
    },
  }
}

/** Does not reject. */
async function tellAll(
  parts: Parts,
  log: NotifyRoundOptions['log'],
  ending: AbortSignal,
): Promise<void> {
  for (const repo of parts.repos.all().filter(({ host }) => host !== null)) {
    try {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(PASS_MS_MAX)])
      const { failed } = await tellOf(parts, repo, signal)
      for (const { task, code, note } of failed)
        log.warn({ repo: repo.id, task, code, note }, 'its tracker could not be told')
    } catch (error) {
      if (ending.aborted) return
      const code = error instanceof SkeinError ? error.code : undefined
      log.warn({ repo: repo.id, code, error: String(error) }, 'no tracker could be told')
    }
  }
}

async function tellOf(parts: Parts, repo: Repo, signal: AbortSignal) {
  const own = await ownPlace(parts, repo, 'notifier', signal)
  if (own === null) return { failed: [] }
  const since = parts.clock.wall() - AGE_MS_MAX
  const isMeant = ({ operator, stateAtMs }: Assignment): boolean =>
    operator.peer === parts.mesh.self && stateAtMs > since
  return notifyAll(parts, own.place, { isDry: false, isMeant }, signal)
}
