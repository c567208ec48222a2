// The workers of this machine: looks at what the ledgers assign to it, and has each worker do its next thing. Who gets what is not
// decided here; that is the ledgers'.
import { rmSync } from 'node:fs'
import path from 'node:path'
import {
  asAssignmentId,
  asSessionId,
  isAssignmentOver,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type AuditEvent,
  type PeerId,
} from '../../protocol/index.ts'
import { cloneOf } from '../clones.ts'
import { removeCheckout, type Config } from '../config.ts'
import type { Git } from '../git.ts'
import type { History } from '../git-history.ts'
import type { WorkerGit } from '../git-workers.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import type { Fleet } from '../ports-fleet.ts'
import type { Repo, Repos } from '../repos.ts'
import type { Sessions } from '../sessions.ts'
import type { Keeping } from '../wip/keeping.ts'
import { acceptDispatch, mostWorkers } from './acceptance.ts'
import { isWorkerName, listWorkers, openWorkerFiles, sizeOf, workersFolder } from './files.ts'
import { readBytes } from './log-reader.ts'
import { tellProgress } from './progress.ts'
import { Worker, type WorkerAround } from './worker.ts'

export interface FleetOptions {
  readonly home: string
  readonly self: PeerId
  readonly machineOf: (peer: PeerId) => string
  readonly config: Config
  readonly repos: Pick<Repos, 'all' | 'get'>
  readonly git: Pick<Git, 'findCheckout' | 'originUrl'>
  readonly history: Pick<History, 'trunk'>
  readonly workerGit: WorkerGit
  readonly keeping: Pick<Keeping, 'keepAll'>
  readonly sessions: Pick<Sessions, 'noteActivity'>
  readonly clock: Clock
  /** The daemon's environment, without what says whose it is. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly supervisor: readonly string[]
  readonly watch: (listener: (event: AuditEvent) => void) => () => void
  readonly log: Log
}

export interface RunningFleet extends Fleet {
  /** The workers go on. */
  stop(): Promise<void>
}

/** Between two looks, where nothing is heard in between. */
const LOOK_MS = 250
/** A step that failed is tried again after this, and after twice as long each time. */
const RETRY_MS = 1_000
const RETRY_MS_MAX = 60_000
/** Folders of workers that are over: with their logs, of which each is bounded. */
const LOGS_KEPT = 50

export function startFleet(options: FleetOptions): RunningFleet {
  return new LocalFleet(options)
}

interface Entry {
  readonly worker: Worker
  busy: Promise<void> | null
  failures: number
  retryAt: number
  isCleared: boolean
}

class LocalFleet implements RunningFleet {
  readonly #options: FleetOptions
  readonly #around: WorkerAround
  readonly #entries = new Map<AssignmentId, Entry>()
  readonly #unwatch: () => void
  readonly #timer: NodeJS.Timeout
  #isStopped = false
  /** One at a time is taken up, so that there is never one too many. */
  #taking: AssignmentId | null = null

  constructor(options: FleetOptions) {
    this.#options = options
    this.#around = this.#surroundings()
    for (const id of listWorkers(options.home)) {
      const entry = this.#entry(asAssignmentId(id))
      entry.isCleared = entry.worker.files.isDone()
    }
    this.#timer = setInterval(() => {
      this.#look()
    }, LOOK_MS).unref()
    this.#unwatch = options.watch(({ kind }) => {
      if (kind.startsWith('assignment.'))
        setImmediate(() => {
          this.#look()
        })
    })
  }

  async offer(from: PeerId, id: Repo['id'], launcher: string): Promise<void> {
    const { repos, config, self, machineOf } = this.#options
    const repo = repos.get(id)
    acceptDispatch(config, self, { repo: id, launcher, peer: from, machine: machineOf(from) })
    try {
      await cloneOf(this.#options, repo)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      throw new SkeinError('ASSIGNMENT_REFUSED', error.message, { cause: error })
    }
  }

  progress(id: AssignmentId): ReturnType<Fleet['progress']> {
    const worker = this.#entries.get(id)?.worker
    const reader = worker?.reader() ?? null
    if (worker === undefined || reader === null) return null
    const isRunning = worker.files.end() === null
    if (!isRunning) while (reader.read(this.#now()));
    return tellProgress(reader.state, isRunning ? this.#now() - reader.quietSince : null)
  }

  /** Only what this machine alone knows; what the ledger says, everybody does. */
  blocker(id: AssignmentId): ReturnType<Fleet['blocker']> {
    const known = this.#assignments().find(({ assignment }) => assignment.id === id)
    if (known?.assignment.state !== 'assigned' || this.#around.hasRoom()) return null
    const most = String(mostWorkers(this.#options.config))
    const note = `all ${most} workers of this machine are taken`
    return { kind: 'slots', note, sinceMs: known.assignment.stateAtMs }
  }

  log(id: AssignmentId, since: number, bytesMax: number): ReturnType<Fleet['log']> {
    const entry = isWorkerName(id) ? this.#entries.get(id) : undefined
    const assignment = this.#assignments().find((one) => one.assignment.id === id)?.assignment
    if (entry === undefined && assignment?.peer !== this.#options.self)
      throw new SkeinError('ASSIGNMENT_UNKNOWN', `no log of ${id} is here`)
    const files = entry?.worker.files
    // Looked at before the log: what is said then is in it.
    const isEnded =
      assignment === undefined || isAssignmentOver(assignment.state) || files?.end() != null
    if (files === undefined) return { bytes: Buffer.alloc(0), total: 0, isEnded }
    return { bytes: readBytes(files.log, since, bytesMax), total: sizeOf(files.log), isEnded }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    this.#unwatch()
    for (const { busy } of this.#entries.values()) await busy
  }

  #look(): void {
    if (this.#isStopped) return
    const known = this.#assignments()
    for (const { repo, assignment } of known) {
      const { id, peer, state } = assignment
      const isOpen = !isAssignmentOver(state)
      if (peer !== this.#options.self || !(isOpen || this.#entries.has(id))) continue
      const entry = this.#entry(id)
      if (isOpen) this.#options.sessions.noteActivity(asSessionId(id), null)
      else if (entry.isCleared) continue
      this.#advance(entry, repo, assignment)
    }
  }

  #advance(entry: Entry, repo: Repo, assignment: Assignment): void {
    if (entry.busy !== null || entry.retryAt > this.#now()) return
    const isTaking = assignment.state === 'assigned'
    if (isTaking && this.#taking !== null) return
    if (isTaking) this.#taking = assignment.id
    entry.busy = this.#step(entry, repo, assignment).finally(() => {
      entry.busy = null
      if (isTaking) this.#taking = null
    })
  }

  /** Does not reject. */
  async #step(entry: Entry, repo: Repo, assignment: Assignment): Promise<void> {
    try {
      await entry.worker.advance(repo, assignment)
      entry.failures = 0
      if (!isAssignmentOver(assignment.state) || entry.worker.isAtWork()) return
      entry.isCleared = true
      this.#trim()
    } catch (error) {
      const pause = Math.min(RETRY_MS * 2 ** entry.failures, RETRY_MS_MAX)
      entry.failures++
      entry.retryAt = this.#now() + pause
      const facts = { assignment: assignment.id, state: assignment.state, error: String(error) }
      this.#options.log.warn(facts, 'a worker could not be looked after; it is tried again')
    }
  }

  /** Of those that are over the last ones are kept, with their logs. */
  #trim(): void {
    const over = [...this.#entries].filter(([, { isCleared }]) => isCleared)
    for (const [id, { worker }] of over.slice(0, Math.max(0, over.length - LOGS_KEPT))) {
      this.#entries.delete(id)
      rmSync(worker.files.folder, { recursive: true, force: true })
    }
  }

  #entry(id: AssignmentId): Entry {
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    const folder = path.join(workersFolder(this.#options.home), id)
    const worker = new Worker(this.#around, openWorkerFiles(folder))
    const entry: Entry = { worker, busy: null, failures: 0, retryAt: 0, isCleared: false }
    this.#entries.set(id, entry)
    return entry
  }

  #assignments(): readonly { readonly repo: Repo; readonly assignment: Assignment }[] {
    return this.#options.repos.all().flatMap((repo) => {
      const { assignments } = repo.host?.loop.view().state ?? {}
      return [...(assignments?.values() ?? [])].map((assignment) => ({ repo, assignment }))
    })
  }

  #surroundings(): WorkerAround {
    const { home, git, workerGit, env, supervisor, config, self, machineOf, keeping } =
      this.#options
    return {
      ...{ home, git: workerGit, env, supervisor },
      now: () => this.#now(),
      accept: ({ id: repo }, { launcher, operator: { peer } }) =>
        acceptDispatch(config, self, { repo, launcher, peer, machine: machineOf(peer) }),
      hasRoom: () => {
        const own = this.#assignments().filter(({ assignment: { peer } }) => peer === self)
        const at = own.filter(({ assignment: { state } }) => AT_WORK.has(state))
        return at.length < mostWorkers(config)
      },
      cloneOf: (repo) => cloneOf(this.#options, repo),
      // Where there is no worktree, or none yet, git would find whatever lies around it: the home may be in a checkout.
      keepWork: async (repo, of) => {
        const there = await git.findCheckout(of.root)
        return there?.root === of.root ? keeping.keepAll(repo, of) : null
      },
      forget: (repo, root) => {
        const at = repo.checkouts.indexOf(root)
        if (at >= 0) repo.checkouts.splice(at, 1)
        removeCheckout(home, repo.id, root)
      },
      note: ({ id, task }, what, facts = {}) => {
        this.#options.log.info({ assignment: id, task, ...facts }, what)
      },
    }
  }

  #now(): number {
    return this.#options.clock.monotonic()
  }
}

const AT_WORK: ReadonlySet<string> = new Set(['starting', 'running'])
