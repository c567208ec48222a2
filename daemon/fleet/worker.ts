// One worker of this machine, from the ledger's assignment to its end. `advance` looks at what is there (the ledger, the worker's
// folder, its processes) and does the next thing; each of its steps may be done again, so a daemon that died in the middle of one goes
// on where it stood.
//
// 1. Nothing starts without a look at this machine's settings and limits, and at the assignment's live claim.
// 2. What is not committed is kept before a worktree goes, and only a folder under the worktrees' own root is ever removed.
// 3. A worker whose end nobody saw is ended, and said to be so.
// 4. An answer starts one run, and no second one.
import {
  asSessionId,
  isAssignmentOver,
  type Assignment,
  type AssignmentFacts,
  type AssignmentFailure,
  type AssignmentState,
} from '../../protocol/index.ts'
import { bootId, isLiving, systemProcesses, type ProcessIdentity } from '../client/proc.ts'
import type { Repo } from '../repos.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { judgeEnd } from './ending.ts'
import type { EndCause, WorkerFiles } from './files.ts'
import { claimOf, move, type Job, type WorkerAround } from './job.ts'
import { launch, runName } from './launching.ts'
import { readLog, type LogReader } from './log-reader.ts'
import { openRuns, type WorkerRuns } from './runs.ts'
import { identityOf, signalGroup } from '../process-group.ts'
import { agentOf, bounded, CLAIM_GONE, exitOf, wordsOf, worktreeOf } from './worker-words.ts'

/** How long a supervisor may take to say that it has started the worker. */
const LAUNCH_MS_MAX = 15_000

const CONVERSATION = /^[A-Za-z0-9][\w.:-]{0,199}$/

export class Worker {
  readonly runs: WorkerRuns
  readonly #around: WorkerAround
  #reader: { readonly of: LogReader; readonly run: number } | null = null
  #launchedAt: number | null = null
  /** The run that was asked to. */
  #isAskedToEnd = 0

  constructor(around: WorkerAround, folder: string) {
    this.#around = around
    this.runs = openRuns(folder)
  }

  /** Of the run that is on, or was last. */
  get files(): WorkerFiles {
    return this.runs.files()
  }

  /** Of this run; null while it has no log. */
  reader(): LogReader | null {
    const run = this.runs.number()
    if (this.#reader?.run === run) return this.#reader.of
    const order = this.files.order()
    if (order === null) return null
    const of = readLog(this.files.log, order.kind, this.#around.now(), order.logFrom)
    this.#reader = { of, run }
    return of
  }

  /** Does a process of it live, or may one? */
  isAtWork(): boolean {
    const running = this.files.running()
    return (
      this.files.end() === null && running !== null && this.#lives(running.supervisor, running.boot)
    )
  }

  /** Does the next thing. A failure is the world's, and the same step is tried again. */
  async advance(repo: Repo, assignment: Assignment): Promise<void> {
    const job = { repo, assignment }
    if (isAssignmentOver(assignment.state)) return this.#clear(job)
    switch (assignment.state) {
      case 'assigned':
        return this.#take(job)
      case 'starting':
        return this.#start(job)
      case 'waiting':
        return this.#wait(job)
      default:
        return this.#follow(job)
    }
  }

  /** No ledger knows of it any more: it is ended, and what it leaves stays where it is. @returns whether it has ended */
  abandon(): boolean {
    if (this.isAtWork()) {
      this.#askToEnd()
      return false
    }
    this.#endRest()
    this.runs.markDone()
    return true
  }

  async #take(job: Job): Promise<void> {
    if (job.assignment.stop !== null) return move(this.#around, job, 'stopped')
    if (claimOf(job) === null) return this.#fail(job, 'claim', CLAIM_GONE)
    try {
      this.#around.accept(job)
    } catch (error) {
      return this.#fail(job, 'refused', wordsOf(error))
    }
    if (this.#around.admit(job) === null) await move(this.#around, job, 'starting')
  }

  async #start(job: Job): Promise<void> {
    const { files } = this
    const end = files.end()
    if (end !== null && end.error !== null) return this.#fail(job, 'launch', end.error)
    const order = files.order()
    if (files.running() !== null || end !== null) {
      this.#launchedAt = null
      return move(this.#around, job, 'running', order === null ? {} : { base: order.base })
    }
    if (this.#launchedAt !== null) return this.#awaitLaunch(job, this.#launchedAt)
    const why = this.#reasonToEnd(job)
    if (why === 'stop' && this.#holdBack()) return this.#finish(job, 'stopped', {})
    if (why === 'claim') return this.#fail(job, 'claim', CLAIM_GONE)
    const failure = await launch(this.#around, this.runs, job)
    if (failure !== null) return this.#fail(job, failure.reason, failure.note)
    this.#launchedAt = this.#around.now()
  }

  /** A supervisor that has taken the worker up is waited for as long as it lives; one that has not is too late from then on. */
  async #awaitLaunch(job: Job, since: number): Promise<void> {
    const { files } = this
    if (this.#around.now() - since < LAUNCH_MS_MAX) return
    const seconds = String(LAUNCH_MS_MAX / 1000)
    if (this.#holdBack())
      return this.#fail(job, 'launch', `its supervisor was silent for ${seconds} s`)
    const taker = files.taker()
    if (taker !== null && isLiving(taker, systemProcesses())) return
    // It may have said so between the two looks.
    if (files.running() !== null || files.end() !== null) return
    await this.#fail(job, 'unobserved', 'its supervisor is gone: how it went was not seen')
  }

  /** From now on nobody starts it. @returns false when somebody has, or may */
  #holdBack(): boolean {
    return this.files.order() === null || this.files.take(identityOf(process.pid))
  }

  /** For a person, by its own wish. Whoever still listens is handed the answer; else a further run begins with it. */
  async #wait(job: Job): Promise<void> {
    const { files, runs } = this
    this.reader()?.read(this.#around.now())
    const isAtWork = this.isAtWork()
    if (this.#reasonToEnd(job) !== null) {
      if (isAtWork) this.#askToEnd()
      else await this.#end(job)
      return
    }
    if (job.assignment.answer === null) return
    if (isAtWork) {
      files.beginAnew()
      return move(this.#around, job, 'running', this.#told())
    }
    this.#endRest()
    // A run that nothing is of yet is the one that this answer begins.
    if (files.order() !== null) runs.begin()
    if (this.#around.admit(job) === null) await move(this.#around, job, 'starting')
  }

  async #follow(job: Job): Promise<void> {
    this.reader()?.read(this.#around.now())
    if (this.files.end() !== null) return this.#end(job)
    this.#keepToLimits(job)
    if (this.#reasonToEnd(job) !== null) this.#askToEnd()
    const running = this.files.running()
    if (running !== null && this.#lives(running.supervisor, running.boot)) return
    // It may have written its last word between the two looks.
    if (this.files.end() !== null) return this.#end(job)
    this.#endRest()
    const note = 'its supervisor is gone: how the worker ended was not seen'
    await this.#end(job, { reason: 'unobserved', note })
  }

  /** What it costs, and how long it runs. Said once, and before it is ended: a daemon that comes after knows why. */
  #keepToLimits(job: Job): void {
    if (this.files.cause() !== null) {
      this.#askToEnd()
      return
    }
    const cause = this.#spent(job) ?? this.#tooLong()
    if (cause === null) return
    try {
      this.files.writeCause(cause)
    } finally {
      this.#askToEnd()
    }
    this.#around.note(job.assignment, 'a worker is ended', { ...cause })
  }

  /** One that has said its result costs nothing more: it is not ended for what it has cost. */
  #spent(job: Job): EndCause | null {
    const reader = this.reader()
    const usd = reader?.spentUsd() ?? 0
    const cause = usd === 0 ? null : this.#around.spend(runName(this.runs, job), usd)
    return reader?.state.isOver === true ? null : cause
  }

  #tooLong(): EndCause | null {
    const beganAt = this.files.beganAtMs()
    const { runMsMax, wall } = this.#around
    if (beganAt === null || wall() - beganAt < runMsMax) return null
    const minutes = String(Math.round(runMsMax / 60_000))
    return { reason: 'timeout', note: `it ran for ${minutes} minutes, as long as one may here` }
  }

  #askToEnd(): void {
    const supervisor = this.files.running()?.supervisor
    const run = this.runs.number()
    if (this.#isAskedToEnd === run || supervisor === undefined) return
    this.#isAskedToEnd = run
    try {
      process.kill(supervisor.pid, 'SIGTERM')
    } catch {
      // It has ended by itself.
    }
  }

  /** Whoever lives on without a supervisor. */
  #endRest(): void {
    const running = this.files.running()
    if (running !== null && this.files.end() === null && this.#lives(running.worker, running.boot))
      signalGroup(running.worker.pid, 'SIGKILL')
  }

  /** The worker has ended: what it leaves is brought to the remote or kept, and the ledger is told. */
  async #end(job: Job, unseen: AssignmentFacts | null = null): Promise<void> {
    const reader = this.reader()
    while (reader?.read(this.#around.now()) === true);
    this.#spent(job)
    const end = this.files.end()
    const facts = { ...this.#told(), ...(end === null ? {} : exitOf(end)), ...unseen }
    const run = { end, facts, reader, why: this.#reasonToEnd(job) }
    const ended = await judgeEnd(this.#around, this.files, job, run)
    if (ended.to === 'waiting' && job.assignment.state !== 'waiting')
      return move(this.#around, job, 'waiting', ended.facts)
    await this.#finish(job, ended.to, ended.facts)
  }

  /** What it cost and said of itself, all runs together. */
  #told(): AssignmentFacts {
    const reader = this.reader()
    if (reader === null) return {}
    const { costUsd = 0, turns = 0 } = this.files.order()?.before ?? {}
    const { session } = reader.state
    return {
      costUsd: costUsd + reader.spentUsd(),
      turns: turns + reader.state.turns,
      // It becomes a word on a command line.
      ...(session !== null && CONVERSATION.test(session) ? { conversation: session } : {}),
    }
  }

  /** It is over, and the last thing that is told of it is what was kept. */
  async #finish(job: Job, to: AssignmentState, facts: AssignmentFacts): Promise<void> {
    const wip = await this.#keep(job, to)
    await move(this.#around, job, to, { ...facts, ...(wip === null ? {} : { wip }) })
  }

  async #keep({ repo, assignment }: Job, reason: string): Promise<string | null> {
    if (assignment.type !== 'work') return null
    const root = worktreeOf(this.#around.home, assignment)
    const of = { root, agent: agentOf(repo, assignment), session: assignment.id, reason }
    return this.#around.keepWork(repo, of)
  }

  /** It is over in the ledger, by its own end or by somebody who gave it up: nothing of it runs on or lies about. */
  async #clear(job: Job): Promise<void> {
    const { repo, assignment } = job
    if (this.isAtWork()) {
      this.#askToEnd()
      return
    }
    this.#endRest()
    await this.#releaseClaims(job)
    const root = worktreeOf(this.#around.home, assignment)
    const hasBegun = this.files.order() !== null || this.runs.number() > 1
    if (hasBegun || assignment.state === 'failed') {
      await this.#keep(job, assignment.state)
      const clone = await this.#around.cloneOf(repo).catch(() => null)
      if (clone !== null) await this.#around.git.removeWorktree(clone.root, root)
      this.#around.forget(repo, root)
    }
    this.runs.markDone()
  }

  /** What the worker claimed beside its task ends with its session. */
  async #releaseClaims({ repo, assignment: { id, peer } }: Job): Promise<void> {
    const { claims } = hostOf(repo).loop.view().state
    const own = [...claims.values()].filter(
      (claim) => claim.peer === peer && claim.session === asSessionId(id),
    )
    const ids = own.map((claim) => claim.id)
    if (ids.length > 0) await submit(hostOf(repo), { kind: 'end', ids, reason: 'session-ended' })
  }

  #reasonToEnd(job: Job): 'stop' | 'claim' | null {
    if (job.assignment.stop !== null) return 'stop'
    return claimOf(job) === null ? 'claim' : null
  }

  #lives(identity: ProcessIdentity, boot: string): boolean {
    return boot === bootId() && isLiving(identity, systemProcesses())
  }

  #fail(job: Job, reason: AssignmentFailure, note: string): Promise<void> {
    return this.#finish(job, 'failed', { reason, note: bounded(note) })
  }
}
