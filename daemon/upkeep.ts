// What a daemon does for its own sessions without being asked: ends claims whose time, session or process is over, and
// tells leaders which sessions live.
import {
  DEFAULTS,
  SkeinError,
  type ClaimId,
  type LedgerClaim,
  type RepoId,
  type SessionId,
} from '../protocol/index.ts'
import { isLiving, systemProcesses, type ProcessIdentity } from './client/proc.ts'
import { asLedgerClaim } from './core/provisional/note.ts'
import { ownProvisionals } from './core/provisional/own.ts'
import type { EndCommand, EndWaitsCommand } from './core/claims/command.ts'
import {
  endingsNow,
  waitsOver,
  type Ending,
  type HolderClock,
  type SessionSigns,
} from './core/claims/holder.ts'
import { recordOwn } from './own-events.ts'
import type { Log } from './log.ts'
import type { Parts } from './operations/context.ts'
import type { Clock } from './ports.ts'
import type { Repo, Repos } from './repos.ts'
import type { Sessions } from './sessions.ts'
import { createSilences, type Silences } from './silence.ts'
import type { Keeping } from './wip/keeping.ts'
import { isUnwilling } from './wip/lost.ts'

export interface Upkeep {
  stop(): void
}

export interface UpkeepOptions extends Pick<Parts, 'about'> {
  readonly repos: Repos
  readonly sessions: Sessions
  readonly clock: Clock
  readonly peer: string
  readonly log: Log
  readonly keeping: Pick<Keeping, 'keepLost'>
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
  /** Claims whose work is being kept: they end when it is. */
  readonly #ending = new Set<ClaimId>()
  readonly #silences = new Map<RepoId, Silences>()

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
    const { loop } = repo.host
    const { state } = loop.view()
    const noted = ownProvisionals(loop.engine()).map(asLedgerClaim)
    if (state.claims.size === 0 && state.queue.size === 0 && noted.length === 0) return
    const mine = [...state.claims.values()].filter((claim) => claim.peer === peer)
    const waits = [...state.queue.values()].filter(({ party }) => party.peer === peer)
    const present = new Set(
      [...mine, ...noted, ...waits.map(({ party }) => party)].map(({ session }) => session),
    )
    for (const session of present) holding.add(session)
    const limits = {
      idleReleaseMs: repo.config.idle_release * 1000,
      deadProcessMs: DEFAULTS.deadProcessSeconds * 1000,
    }
    const at: HolderClock = { boot: clock.boot, uptimeMs: clock.uptime(), wallMs: clock.wall() }
    const signsOf = (session: SessionId): SessionSigns => sessions.signsOf(session)
    this.#tellSilences(repo, [...mine, ...noted], limits.idleReleaseMs)
    for (const ending of endingsNow(mine, signsOf, limits, at)) {
      this.#end(repo, mine, ending, (ids) =>
        this.#submit(repo, { kind: 'end', ids, reason: ending.reason }),
      )
    }
    for (const ending of endingsNow(noted, signsOf, limits, at)) {
      this.#end(repo, noted, ending, (ids) => {
        loop.endProvisional(ids, ending.reason)
      })
    }
    for (const { reason, ids } of waitsOver(waits, signsOf, limits, at)) {
      void this.#submit(repo, { kind: 'end-waits', ids, reason })
    }
    if (isRenewal) repo.host.loop.renewSessions([...present])
  }

  /** Loudly, and in time: to whoever watches events, and to the session in its inbox. */
  #tellSilences(repo: Repo, claims: readonly LedgerClaim[], idleReleaseMs: number): void {
    const { clock, about, log, sessions } = this.#options
    const silences = this.#silences.get(repo.id) ?? createSilences()
    this.#silences.set(repo.id, silences)
    const signsOf = (session: SessionId): SessionSigns => sessions.signsOf(session)
    for (const silence of silences.look({
      claims,
      signsOf,
      idleReleaseMs,
      uptimeMs: clock.uptime(),
    })) {
      const { session, agent, share, silentMs, leftMs, patterns } = silence
      const ends_at = new Date(clock.wall() + leftMs).toISOString()
      const facts = { share, silent_ms: Math.round(silentMs), ends_at, patterns }
      recordOwn({ clock, about }, repo, 'session.silent', { agent, session }, facts)
      log.warn({ repo: repo.id, session, share, ends_at }, 'a session that holds claims is silent')
    }
  }

  /** The work under them is kept first: once they have ended, others may write there. */
  #end(
    repo: Repo,
    claims: readonly LedgerClaim[],
    { reason, ids }: Ending,
    end: (ids: readonly ClaimId[]) => unknown,
  ): void {
    const now = new Set(ids.filter((id) => !this.#ending.has(id)))
    if (now.size === 0) return
    for (const id of now) this.#ending.add(id)
    const lost = claims.filter(({ id }) => now.has(id))
    const kept = isUnwilling(reason)
      ? this.#options.keeping.keepLost(repo, lost, reason)
      : Promise.resolve()
    void kept
      .then(() => end([...now]))
      .finally(() => {
        for (const id of now) this.#ending.delete(id)
      })
  }

  #submit(repo: Repo, command: EndCommand | EndWaitsCommand): Promise<void> | undefined {
    const { log } = this.#options
    const facts = { repo: repo.id, reason: command.reason, ids: command.ids }
    return repo.host?.loop.submit(command).then(
      () => {
        log.info(facts, 'ended for a session')
      },
      (error: unknown) => {
        const code = error instanceof SkeinError ? error.code : 'INTERNAL'
        log.warn({ ...facts, code }, 'could not be ended yet')
      },
    )
  }
}
