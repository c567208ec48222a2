// The workers of this machine: looks at what the ledgers assign to it, and has each worker do its next thing. Who gets what is not
// decided here; that is the ledgers'.
import { rmSync } from 'node:fs'
import path from 'node:path'
import {
  asAssignmentId,
  asSessionId,
  isAssignmentOver,
  SkeinError,
  type AssignmentId,
  type Confidence,
  type PeerId,
} from '../../protocol/index.ts'
import type { Fleet, WorkerBlocker } from '../ports-fleet.ts'
import type { Repo } from '../repos.ts'
import { acceptDispatch } from './acceptance.ts'
import { cloneOf } from '../clones.ts'
import { surroundings, type FleetOptions } from './around.ts'
import { branchOf, censusOf, type Census } from './census.ts'
import { isWorkerName, listWorkers, sizeOf, workersFolder } from './files.ts'
import { claimOf, type Job, type WorkerAround } from './job.ts'
import type { Obstacle } from './limits/gate.ts'
import { probeLauncher } from './launchers/probe.ts'
import { openLimits, type Limits } from './limits/limits.ts'
import { readBytes } from './log-reader.ts'
import { addStatus } from './own-words.ts'
import { tellProgress } from './progress.ts'
import { Worker } from './worker.ts'

export interface RunningFleet extends Fleet {
  /** The workers go on. */
  stop(): Promise<void>
}

/** Between two looks while something is to be looked after, where nothing is heard in between. */
const LOOK_MS = 250
/** While nothing is: what begins is heard of, and this is for what was not. */
const IDLE_LOOK_MS = 5_000
/** A ledger that is opened may tell of it yet. */
const UNKNOWN_MS = 60_000
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
  /** What the last one was. */
  failure: string
  retryAt: number
  isCleared: boolean
  /** What keeps it from starting, as it was seen last, and since when. */
  held: WorkerBlocker | null
  /** No ledger has told of it since then; null: one does. */
  unknownSince: number | null
}

class LocalFleet implements RunningFleet {
  readonly #options: FleetOptions
  readonly #limits: Limits
  readonly #around: WorkerAround
  readonly #entries = new Map<AssignmentId, Entry>()
  readonly #unwatch: () => void
  #timer: NodeJS.Timeout | null = null
  #isBusy = false
  /** Of the look that is on; null: it has to be taken anew. */
  #census: Census | null = null
  #isStopped = false
  /** One at a time is taken up, so that there is never one too many. */
  #taking: AssignmentId | null = null

  constructor(options: FleetOptions) {
    this.#options = options
    const { home, config, clock } = options
    const wall = (): number => clock.wall()
    this.#limits = openLimits({ folder: workersFolder(home), config, wall, now: () => this.#now() })
    this.#around = surroundings(options, this.#limits, (job) => this.#admit(job))
    for (const id of listWorkers(options.home)) {
      const entry = this.#entry(asAssignmentId(id))
      entry.isCleared = entry.worker.runs.isDone()
    }
    this.#pace(true)
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
    const dispatch = { repo: id, launcher, peer: from, machine: machineOf(from) }
    const found = acceptDispatch(config, self, dispatch)
    if (!probeLauncher(found, this.#options.env)) throw notThere(launcher, found.command)
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
    const told = tellProgress(reader.state, isRunning ? this.#now() - reader.quietSince : null)
    const { costUsd = 0, turns = 0 } = worker.files.order()?.before ?? {}
    return { ...told, cost_usd: costUsd + reader.spentUsd(), turns: turns + told.turns }
  }

  /** Only what this machine alone knows; what the ledger says, everybody does. */
  blocker(id: AssignmentId): ReturnType<Fleet['blocker']> {
    const entry = this.#entries.get(id)
    const job = this.#jobs().find(({ assignment }) => assignment.id === id)
    if (entry === undefined || job === undefined || isAssignmentOver(job.assignment.state))
      return null
    this.#census = null
    const held = isToStart(job) ? this.#hold(entry, job) : null
    if (held !== null || entry.failures === 0) return held
    const sinceMs = job.assignment.stateAtMs
    return { kind: 'backoff', note: `it is tried again: ${entry.failure}`, sinceMs }
  }

  async report(id: AssignmentId, text: string, confidence: Confidence | null): Promise<void> {
    const worker = isWorkerName(id) ? this.#entries.get(id)?.worker : undefined
    if (worker === undefined || worker.reader() === null)
      throw new SkeinError('ASSIGNMENT_UNKNOWN', `${id} is no worker of this machine`)
    await addStatus(worker.files.log, text, confidence)
    while (worker.reader()?.read(this.#now()) === true);
  }

  log(id: AssignmentId, since: number, bytesMax: number): ReturnType<Fleet['log']> {
    const entry = isWorkerName(id) ? this.#entries.get(id) : undefined
    const assignment = this.#jobs().find((one) => one.assignment.id === id)?.assignment
    if (entry === undefined && assignment?.peer !== this.#options.self)
      throw new SkeinError('ASSIGNMENT_UNKNOWN', `no log of ${id} is here`)
    const worker = entry?.worker
    // Looked at before the log: what is said then is in it. What waits for a person may go on.
    const isEnded =
      assignment === undefined ||
      isAssignmentOver(assignment.state) ||
      (worker?.files.end() != null && assignment.answer === null)
    if (worker === undefined) return { bytes: Buffer.alloc(0), total: 0, isEnded }
    const { log } = worker.runs
    return { bytes: readBytes(log, since, bytesMax), total: sizeOf(log), isEnded }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#unwatch()
    for (const { busy } of this.#entries.values()) await busy
    this.#limits.close()
  }

  #look(): void {
    if (this.#isStopped) return
    this.#census = null
    let isBusy = false
    const jobs = this.#jobs()
    for (const job of jobs) {
      const { id, peer, state } = job.assignment
      const isOpen = !isAssignmentOver(state)
      if (peer !== this.#options.self || !(isOpen || this.#entries.has(id))) continue
      const entry = this.#entry(id)
      if (isOpen) this.#options.sessions.noteActivity(asSessionId(id), null)
      else if (entry.isCleared) continue
      isBusy = true
      this.#advance(entry, job)
    }
    this.#endUnknown(jobs)
    this.#pace(isBusy)
  }

  /** Workers of ledgers that are not this machine's any more: it was removed from its mesh, or the ledger was begun anew. */
  #endUnknown(jobs: readonly Job[]): void {
    const open = [...this.#entries].filter(([, { isCleared }]) => !isCleared)
    if (open.length === 0) return
    const known = new Set(jobs.map(({ assignment }) => assignment.id))
    for (const [id, entry] of open) {
      const repo = entry.worker.files.order()?.repo
      const isOpened = this.#options.repos.all().some((one) => one.id === repo && one.host !== null)
      if (known.has(id) || !isOpened) {
        entry.unknownSince = null
        continue
      }
      entry.unknownSince ??= this.#now()
      if (this.#now() - entry.unknownSince < UNKNOWN_MS || !entry.worker.abandon()) continue
      entry.isCleared = true
      this.#options.log.warn({ assignment: id }, 'a worker that no ledger knows of was ended')
    }
  }

  #pace(isBusy: boolean): void {
    if (this.#timer !== null && isBusy === this.#isBusy) return
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#isBusy = isBusy
    const look = (): void => {
      this.#look()
    }
    this.#timer = setInterval(look, isBusy ? LOOK_MS : IDLE_LOOK_MS).unref()
  }

  #advance(entry: Entry, job: Job): void {
    if (entry.busy !== null || entry.retryAt > this.#now()) return
    const isStarting = isToStart(job)
    // What is held back takes no turn from those that are not.
    if (isStarting && (this.#taking !== null || this.#hold(entry, job) !== null)) return
    if (isStarting) this.#taking = job.assignment.id
    entry.busy = this.#step(entry, job).finally(() => {
      entry.busy = null
      if (isStarting) this.#taking = null
    })
  }

  /** What keeps it from starting. Whatever the machine refuses altogether is not held back, but told. */
  #hold(entry: Entry, job: Job): WorkerBlocker | null {
    const found = claimOf(job) !== null && this.#isAccepted(job) ? this.#obstacle(entry, job) : null
    if (found === null || found.kind !== entry.held?.kind) {
      const { state, stateAtMs } = job.assignment
      const isFirst = entry.held === null && state === 'assigned'
      const sinceMs = isFirst ? stateAtMs : this.#options.clock.wall()
      entry.held = found === null ? null : { ...found, sinceMs }
    } else entry.held = { ...entry.held, note: found.note }
    return entry.held
  }

  /** One that still listens has its slot already. */
  #obstacle(entry: Entry, job: Job): Obstacle | null {
    if (job.assignment.state === 'waiting' && entry.worker.isAtWork()) return null
    this.#census ??= censusOf(this.#jobs(), this.#options.self, this.#entries)
    const { atWork, clearing } = this.#census
    const known = { atWork, clearing: clearing.get(branchOf(job)) ?? null }
    return this.#limits.obstacle(job.assignment.launcher, known)
  }

  #admit(job: Job): WorkerBlocker | null {
    const held = this.#hold(this.#entry(job.assignment.id), job)
    // From now on there is one more.
    this.#census = null
    if (held === null) this.#limits.noteStart()
    return held
  }

  #isAccepted(job: Job): boolean {
    try {
      this.#around.accept(job)
      return true
    } catch {
      return false
    }
  }

  /** Does not reject. */
  async #step(entry: Entry, { repo, assignment }: Job): Promise<void> {
    try {
      await entry.worker.advance(repo, assignment)
      entry.failures = 0
      if (!isAssignmentOver(assignment.state) || entry.worker.isAtWork()) return
      entry.isCleared = true
      this.#trim()
    } catch (error) {
      const pause = Math.min(RETRY_MS * 2 ** entry.failures, RETRY_MS_MAX)
      entry.failures++
      entry.failure = String(error)
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
      rmSync(worker.runs.folder, { recursive: true, force: true })
    }
  }

  #entry(id: AssignmentId): Entry {
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    const folder = path.join(workersFolder(this.#options.home), id)
    const worker = new Worker(this.#around, folder)
    const entry: Entry = {
      ...{ worker, busy: null, failures: 0, failure: '', retryAt: 0, isCleared: false },
      ...{ held: null, unknownSince: null },
    }
    this.#entries.set(id, entry)
    return entry
  }

  #jobs(): readonly Job[] {
    return this.#options.repos.all().flatMap((repo) => {
      const { assignments } = repo.host?.loop.view().state ?? {}
      return [...(assignments?.values() ?? [])].map((assignment) => ({ repo, assignment }))
    })
  }

  #now(): number {
    return this.#options.clock.monotonic()
  }
}

function notThere(launcher: string, command: string): SkeinError {
  return new SkeinError(
    'ASSIGNMENT_REFUSED',
    `the program of its launcher '${launcher}' is not there: ${command}`,
    { hint: `On that machine: install ${command}, or correct fleet.launchers in config.yml` },
  )
}

/** Does a run of it begin, once nothing keeps it? */
function isToStart({ assignment: { state, stop, answer } }: Job): boolean {
  if (stop !== null) return false
  return state === 'assigned' || (state === 'waiting' && answer !== null)
}
