// The merge queue of this machine: one run at a time for each repository, each under the ledger's claim of its target. Where config.yml
// says so, it runs by itself when there may be something to land.
import path from 'node:path'
import {
  isUnlanded,
  landingResource,
  makeId,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type AuditEvent,
  type RepoId,
} from '../../protocol/index.ts'
import { cloneOf, type Clones } from '../clones.ts'
import type { Log } from '../log.ts'
import type { WorkerBlocker } from '../ports-fleet.ts'
import type { LandingParts, Merged, MergeQueue, MergeWish } from '../ports-landing.ts'
import type { Trackers } from '../ports-tracker.ts'
import type { Repo, Repos } from '../repos.ts'
import { endLeftovers, takeTarget, type Claimant } from './claim.ts'
import { NO_FORGE, openPull } from './pull.ts'
import { LandingRun } from './run.ts'

export interface QueueOptions extends Clones, Claimant {
  readonly landing: Pick<LandingParts, 'git' | 'checks'>
  readonly repos: Pick<Repos, 'all'>
  readonly trackers: Trackers
  /** Tasks that come before others, as the plan of a checkout has it. */
  readonly needsOf: (repo: Repo, root: string) => Promise<ReadonlyMap<string, readonly string[]>>
  readonly random: (bytes: number) => Uint8Array
  readonly isAuto: boolean
  readonly watch: (listener: (event: AuditEvent) => void) => () => void
  readonly log: Log
}

export interface RunningQueue extends MergeQueue {
  stop(): Promise<void>
}

/** Several events come at once. */
const SETTLE_MS = 500
/** What is blocked by something that no event tells of is looked at again. */
const LOOK_MS = 60_000
const AUTO: MergeWish = {
  ...{ ids: null, target: null, method: 'rebase' },
  ...{ isDryRun: false, waitSeconds: 0 },
}

export function startQueue(options: QueueOptions): RunningQueue {
  return new LocalQueue(options)
}

class LocalQueue implements RunningQueue {
  readonly #options: QueueOptions
  readonly #ending = new AbortController()
  readonly #busy = new Map<RepoId, Promise<unknown>>()
  readonly #blockers = new Map<AssignmentId, WorkerBlocker>()
  readonly #due = new Map<RepoId, NodeJS.Timeout>()
  readonly #tidied = new Set<RepoId>()
  readonly #unwatch: () => void
  readonly #timer: NodeJS.Timeout

  constructor(options: QueueOptions) {
    this.#options = options
    this.#unwatch = options.watch((event) => {
      this.#hear(event)
    })
    this.#timer = setInterval(() => {
      this.#lookAround()
    }, LOOK_MS).unref()
    this.#lookSoon()
  }

  async run(repo: Repo, wish: MergeWish, say: (text: string) => void): Promise<Merged> {
    const before = this.#busy.get(repo.id) ?? Promise.resolve()
    const mine = before.then(
      () => this.#run(repo, wish, say),
      () => this.#run(repo, wish, say),
    )
    const settled = mine.catch(() => undefined)
    this.#busy.set(repo.id, settled)
    try {
      return await mine
    } finally {
      if (this.#busy.get(repo.id) === settled) this.#busy.delete(repo.id)
    }
  }

  async openPull(repo: Repo, assignment: Assignment): ReturnType<MergeQueue['openPull']> {
    const { root, trunk } = await cloneOf(this.#options, repo)
    const plan = { root, planPath: repo.config.plan_path }
    const pulls = this.#options.trackers.of(repo.id, plan).pullRequests
    if (pulls === null) throw new SkeinError('TRACKER_UNSUPPORTED', NO_FORGE)
    const opened = await openPull(pulls, assignment, trunk, this.#ending.signal)
    return { number: opened.pull.number, url: opened.pull.url, already: opened.already }
  }

  blocker(id: AssignmentId): WorkerBlocker | null {
    return this.#blockers.get(id) ?? null
  }

  async stop(): Promise<void> {
    this.#unwatch()
    clearInterval(this.#timer)
    for (const timer of this.#due.values()) clearTimeout(timer)
    this.#ending.abort()
    await Promise.allSettled(this.#busy.values())
  }

  async #run(repo: Repo, wish: MergeWish, say: (text: string) => void): Promise<Merged> {
    const { landing, machine, home, trackers, needsOf, random, clock } = this.#options
    const clone = await cloneOf(this.#options, repo)
    const { root } = clone
    const target = wish.target ?? clone.trunk
    if (!wish.isDryRun) say(`waiting to land on ${target}\n`)
    const claim = wish.isDryRun
      ? null
      : await takeTarget(this.#options, repo, target, wish.waitSeconds)
    // Named as those of checks are: what a daemon that dies leaves of it is removed with them.
    const folder = path.join(home, 'worktrees', makeId('chk', clock.wall(), random(10)))
    const plan = { root, planPath: repo.config.plan_path }
    try {
      const parts = {
        ...{ git: landing.git, checks: landing.checks, machine, folder, say },
        needs: await needsOf(repo, root),
        pulls: trackers.of(repo.id, plan).pullRequests,
        signal: this.#ending.signal,
      }
      const merged = await new LandingRun(parts, { repo, root, target, claim }, wish).run()
      if (!wish.isDryRun) this.#remember(merged)
      return merged
    } finally {
      await claim?.end()
    }
  }

  #remember({ entries }: Merged): void {
    for (const { id, reason, note } of entries) {
      if (reason !== 'commands') this.#blockers.delete(id)
      else this.#blockers.set(id, { kind: 'commands', note, sinceMs: this.#options.clock.wall() })
    }
  }

  #hear({ kind, repo, data }: AuditEvent): void {
    const isFree = kind === 'claim.released' || kind === 'claim.expired'
    const isTarget = JSON.stringify(data).includes(landingResource(''))
    if (MOVES.has(kind) || (isFree && isTarget)) this.#lookAt(repo as RepoId)
  }

  #lookSoon(): void {
    setTimeout(() => {
      this.#lookAround()
    }, SETTLE_MS).unref()
  }

  #lookAround(): void {
    for (const { id } of this.#options.repos.all()) this.#lookAt(id)
  }

  #lookAt(id: RepoId): void {
    if (this.#due.has(id) || this.#ending.signal.aborted) return
    const timer = setTimeout(() => {
      this.#due.delete(id)
      const repo = this.#options.repos.all().find((one) => one.id === id)
      if (repo !== undefined) void this.#tend(repo)
    }, SETTLE_MS).unref()
    this.#due.set(id, timer)
  }

  /** Does not reject. */
  async #tend(repo: Repo): Promise<void> {
    const { isAuto, log } = this.#options
    if (repo.host === null || this.#busy.has(repo.id)) return
    try {
      // Of a daemon that died while it landed: others would wait for its lease.
      if (!this.#tidied.has(repo.id)) await endLeftovers(this.#options, repo, null)
      this.#tidied.add(repo.id)
      const waiting = [...repo.host.loop.view().state.assignments.values()].filter(isUnlanded)
      if (!isAuto || waiting.length === 0) return
      const { entries } = await this.run(repo, AUTO, () => undefined)
      const landed = entries.filter(({ state }) => state === 'landed').map(({ task }) => task)
      if (landed.length > 0) log.info({ repo: repo.id, tasks: landed }, 'landed')
    } catch (error) {
      if (!(error instanceof SkeinError)) log.error({ repo: repo.id, error: String(error) }, FAILED)
      else log.debug({ repo: repo.id, code: error.code, error: error.message }, FAILED)
    }
  }
}

const FAILED = 'what waits could not be landed now'

/** After these there may be something to land. */
const MOVES: ReadonlySet<string> = new Set([
  ...['assignment.succeeded', 'assignment.judged', 'merge.landed'],
])
