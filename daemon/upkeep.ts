// What a daemon does for its own sessions without being asked: ends claims whose time, session or process is over, and
// tells leaders which sessions live.
import { asSessionId, DEFAULTS, SkeinError, type SessionId } from '../protocol/index.ts'
import { isLiving, systemProcesses, type ProcessIdentity } from './client/proc.ts'
import { endingsNow, type HolderClock } from './core/claims/holder.ts'
import type { Log } from './log.ts'
import type { Clock } from './ports.ts'
import type { Repo, Repos } from './repos.ts'
import type { Sessions } from './sessions.ts'

export interface Upkeep {
  stop(): void
}

export interface UpkeepOptions {
  readonly repos: Repos
  readonly sessions: Sessions
  readonly clock: Clock
  readonly peer: string
  readonly log: Log
}

const SWEEP_MS = 1_000
/** Looking at processes costs a file read each. */
const PROCESS_LOOK_MS = 5_000
const RENEW_MS = 20_000

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const work = new Worker(options)
  const timer = setInterval(() => {
    work.sweep()
  }, SWEEP_MS)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}

class Worker {
  readonly #options: UpkeepOptions
  #lookedAt = 0
  #renewedAt = 0

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  sweep(): void {
    const { clock, repos, sessions } = this.#options
    const now = clock.uptime()
    if (now - this.#lookedAt >= PROCESS_LOOK_MS) {
      this.#lookedAt = now
      const processes = systemProcesses()
      sessions.observeProcesses((process: ProcessIdentity) => isLiving(process, processes))
    }
    const isRenewal = now - this.#renewedAt >= RENEW_MS
    if (isRenewal) this.#renewedAt = now
    const holding = new Set<SessionId>()
    for (const repo of repos.all()) this.#sweepRepo(repo, isRenewal, holding)
    if (isRenewal) sessions.forgetExcept(holding)
  }

  #sweepRepo(repo: Repo, isRenewal: boolean, holding: Set<SessionId>): void {
    const { clock, sessions, peer } = this.#options
    if (repo.host === null) return
    const { state } = repo.host.loop.view()
    if (state.claims.size === 0) return
    const mine = [...state.claims.values()].filter((claim) => claim.peer === peer)
    for (const claim of mine) holding.add(claim.session)
    const limits = {
      idleReleaseMs: repo.config.idle_release * 1000,
      deadProcessMs: DEFAULTS.deadProcessSeconds * 1000,
    }
    const at: HolderClock = { boot: clock.boot, uptimeMs: clock.uptime(), wallMs: clock.wall() }
    const signsOf = (session: SessionId): ReturnType<Sessions['signsOf']> =>
      sessions.signsOf(session)
    for (const { reason, ids } of endingsNow(mine, signsOf, limits, at))
      this.#end(repo, reason, ids)
    if (isRenewal)
      repo.host.loop.renewSessions([...new Set(mine.map((claim) => asSessionId(claim.session)))])
  }

  #end(repo: Repo, ...[reason, ids]: EndingArguments): void {
    const { log } = this.#options
    repo.host?.loop.submit({ kind: 'end', ids, reason }).then(
      () => {
        log.info({ repo: repo.id, reason, claims: ids }, 'claims ended')
      },
      (error: unknown) => {
        const code = error instanceof SkeinError ? error.code : 'INTERNAL'
        log.warn({ repo: repo.id, reason, code }, 'claims could not be ended yet')
      },
    )
  }
}

type Ending = ReturnType<typeof endingsNow>[number]
type EndingArguments = [reason: Ending['reason'], ids: Ending['ids']]
