// One worker of this machine, from the ledger's assignment to its end. `advance` looks at what is there (the ledger, the worker's
// folder, its processes) and does the next thing; each of its steps may be done again, so a daemon that died in the middle of one goes
// on where it stood.
//
// 1. Nothing starts without a look at this machine's settings and at the assignment's live claim.
// 2. What is not committed is kept before a worktree goes, and only a folder under the worktrees' own root is ever removed.
// 3. A worker whose end nobody saw is ended, and said to be so.
import { spawn } from 'node:child_process'
import path from 'node:path'
import {
  asSessionId,
  isAssignmentOver,
  SkeinError,
  type Assignment,
  type AssignmentFacts,
  type AssignmentFailure,
  type AssignmentState,
} from '../../protocol/index.ts'
import { bootId, isLiving, systemProcesses, type ProcessIdentity } from '../client/proc.ts'
import type { WorkerGit } from '../git-workers.ts'
import type { Repo } from '../repos.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import type { WorkerEnd, WorkerFiles } from './files.ts'
import type { Launcher } from './launchers.ts'
import { readLog, type LogReader } from './log-reader.ts'
import { identityOf, signalGroup } from '../process-group.ts'
import { agentOf, bounded, CLAIM_GONE, exitOf, exitWords, wordsOf } from './worker-words.ts'

export interface WorkerAround {
  readonly home: string
  readonly git: WorkerGit
  /** The daemon's environment, without what says whose it is. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The supervisor's program, as words; the folder comes after them. */
  readonly supervisor: readonly string[]
  readonly now: () => number
  /** @throws SkeinError ASSIGNMENT_REFUSED */
  readonly accept: (repo: Repo, assignment: Assignment) => Launcher
  /** Is there room for one more? */
  readonly hasRoom: () => boolean
  /** A checkout of the clone that the worktree is made from, and the branch that work lands on. @throws SkeinError */
  readonly cloneOf: (repo: Repo) => Promise<{ readonly root: string; readonly trunk: string }>
  readonly keepWork: (repo: Repo, of: KeptOf) => Promise<string | null>
  /** The worktree is gone: nothing is to look for it. */
  readonly forget: (repo: Repo, root: string) => void
  readonly note: (assignment: Assignment, what: string, facts?: object) => void
}

interface KeptOf {
  readonly root: string
  readonly agent: string
  readonly session: string
  readonly reason: string
}

/** How long a supervisor may take to say that it has started the worker. */
const LAUNCH_MS_MAX = 15_000

export class Worker {
  readonly files: WorkerFiles
  readonly #around: WorkerAround
  #reader: LogReader | null = null
  #launchedAt: number | null = null
  #isAskedToEnd = false

  constructor(around: WorkerAround, files: WorkerFiles) {
    this.#around = around
    this.files = files
  }

  /** Null while it has no log. */
  reader(): LogReader | null {
    const order = this.files.order()
    if (order === null) return null
    this.#reader ??= readLog(this.files.log, order.kind, this.#around.now())
    return this.#reader
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
    if (isAssignmentOver(assignment.state)) return this.#clear(repo, assignment)
    switch (assignment.state) {
      case 'assigned':
        return this.#take(repo, assignment)
      case 'starting':
        return this.#start(repo, assignment)
      case 'waiting':
        if (this.#reasonToEnd(repo, assignment) !== null) await this.#end(repo, assignment)
        return
      default:
        return this.#follow(repo, assignment)
    }
  }

  async #take(repo: Repo, assignment: Assignment): Promise<void> {
    if (assignment.stop !== null) return this.#move(repo, assignment, 'stopped')
    if (!this.#hasClaim(repo, assignment)) return this.#fail(repo, assignment, 'claim', CLAIM_GONE)
    try {
      this.#around.accept(repo, assignment)
    } catch (error) {
      return this.#fail(repo, assignment, 'refused', wordsOf(error))
    }
    if (this.#around.hasRoom()) await this.#move(repo, assignment, 'starting')
  }

  async #start(repo: Repo, assignment: Assignment): Promise<void> {
    const { files } = this
    const end = files.end()
    if (end !== null && end.error !== null) return this.#fail(repo, assignment, 'launch', end.error)
    const order = files.order()
    if (files.running() !== null || end !== null)
      return this.#move(repo, assignment, 'running', order === null ? {} : { base: order.base })
    if (this.#launchedAt !== null) return this.#awaitLaunch(repo, assignment, this.#launchedAt)
    if (assignment.stop !== null && this.#holdBack()) return this.#move(repo, assignment, 'stopped')
    if (!this.#hasClaim(repo, assignment)) return this.#fail(repo, assignment, 'claim', CLAIM_GONE)
    await this.#launch(repo, assignment)
  }

  /** A supervisor that has taken the worker up is waited for as long as it lives; one that has not is too late from then on. */
  async #awaitLaunch(repo: Repo, assignment: Assignment, since: number): Promise<void> {
    const { files } = this
    if (this.#around.now() - since < LAUNCH_MS_MAX) return
    const seconds = String(LAUNCH_MS_MAX / 1000)
    if (this.#holdBack())
      return this.#fail(repo, assignment, 'launch', `its supervisor was silent for ${seconds} s`)
    const taker = files.taker()
    if (taker !== null && isLiving(taker, systemProcesses())) return
    // It may have said so between the two looks.
    if (files.running() !== null || files.end() !== null) return
    await this.#fail(
      repo,
      assignment,
      'unobserved',
      'its supervisor is gone: how it went was not seen',
    )
  }

  /** From now on nobody starts it. @returns false when somebody has, or may */
  #holdBack(): boolean {
    return this.files.order() === null || this.files.take(identityOf(process.pid))
  }

  /** The settings are asked once more: they may have changed since the assignment came. */
  async #launch(repo: Repo, assignment: Assignment): Promise<void> {
    let launcher: Launcher
    try {
      launcher = this.#around.accept(repo, assignment)
    } catch (error) {
      return this.#fail(repo, assignment, 'refused', wordsOf(error))
    }
    const cwd = this.#worktree(assignment)
    try {
      if (this.files.order() === null) {
        const { root, trunk } = await this.#around.cloneOf(repo)
        const base = await this.#around.git.addWorktree(root, cwd, assignment.branch, trunk)
        const { kind, command, args } = launcher
        this.files.writeOrder({ repo: repo.id, kind, command, args, cwd, base }, assignment.prompt)
      }
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      return this.#fail(repo, assignment, 'worktree', wordsOf(error))
    }
    this.#launchedAt = this.#around.now()
    const [program = '', ...words] = this.#around.supervisor
    const child = spawn(program, [...words, this.files.folder], {
      ...{ cwd: '/', detached: true, stdio: 'ignore' },
      env: { ...this.#around.env, ...launcher.env, ...this.#identity(repo, assignment) },
    })
    child.once('error', (error) => {
      this.#around.note(assignment, 'the supervisor of a worker did not start', {
        error: error.message,
      })
    })
    child.unref()
  }

  /** Who the worker is to skein, and what it works on. */
  #identity(repo: Repo, assignment: Assignment): Record<string, string> {
    const { id, task, branch } = assignment
    return {
      ...{
        SKEIN_HOME: this.#around.home,
        SKEIN_SESSION: id,
        SKEIN_AGENT: agentOf(repo, assignment),
      },
      ...{ SKEIN_ASSIGNMENT: id, SKEIN_TASK: task, SKEIN_BRANCH: branch },
    }
  }

  async #follow(repo: Repo, assignment: Assignment): Promise<void> {
    this.reader()?.read(this.#around.now())
    if (this.files.end() !== null) return this.#end(repo, assignment)
    if (this.#reasonToEnd(repo, assignment) !== null) this.#askToEnd()
    const running = this.files.running()
    if (running !== null && this.#lives(running.supervisor, running.boot)) return
    // It may have written its last word between the two looks.
    if (this.files.end() !== null) return this.#end(repo, assignment)
    if (running !== null && running.boot === bootId() && this.#lives(running.worker, running.boot))
      signalGroup(running.worker.pid, 'SIGKILL')
    const note = 'its supervisor is gone: how the worker ended was not seen'
    await this.#end(repo, assignment, { reason: 'unobserved', note })
  }

  #askToEnd(): void {
    const supervisor = this.files.running()?.supervisor
    if (this.#isAskedToEnd || supervisor === undefined) return
    this.#isAskedToEnd = true
    try {
      process.kill(supervisor.pid, 'SIGTERM')
    } catch {
      // It has ended by itself.
    }
  }

  /** The worker has ended: what it leaves is brought to the remote or kept, and the ledger is told. */
  async #end(
    repo: Repo,
    assignment: Assignment,
    unseen: AssignmentFacts | null = null,
  ): Promise<void> {
    const reader = this.reader()
    while (reader?.read(this.#around.now()) === true);
    const end = this.files.end()
    const facts = { ...(end === null ? {} : exitOf(end)), ...unseen }
    const verdict = await this.#judge(repo, assignment, end, facts)
    if (verdict.to === 'waiting' && assignment.state !== 'waiting')
      return this.#move(repo, assignment, 'waiting', verdict.facts)
    const wip = await this.#keep(repo, assignment, verdict.to)
    const told = { ...verdict.facts, ...(wip === null ? {} : { wip }) }
    await this.#move(repo, assignment, verdict.to, told)
  }

  async #judge(
    repo: Repo,
    assignment: Assignment,
    end: WorkerEnd | null,
    facts: AssignmentFacts,
  ): Promise<{ readonly to: AssignmentState; readonly facts: AssignmentFacts }> {
    const failed = (reason: AssignmentFailure, note: string) =>
      ({ to: 'failed', facts: { ...facts, reason, note: bounded(note) } }) as const
    const why = this.#reasonToEnd(repo, assignment)
    if (why === 'stop') return { to: 'stopped', facts }
    if (why === 'claim') return failed('claim', CLAIM_GONE)
    if (end === null) return { to: 'failed', facts }
    if (end.error !== null) return failed('launch', end.error)
    const stuck = this.#reader?.state.stuck ?? null
    if (end.code !== 0) return failed('exit', exitWords(end, this.#reader))
    if (stuck !== null) return { to: 'waiting', facts: { ...facts, note: bounded(stuck) } }
    try {
      return await this.#deliver(repo, assignment, facts)
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      return failed('push', wordsOf(error))
    }
  }

  /** Success is what the remote says, not what git said here. */
  async #deliver(repo: Repo, assignment: Assignment, facts: AssignmentFacts) {
    const { git } = this.#around
    const cwd = this.#worktree(assignment)
    const base = this.files.order()?.base ?? assignment.base ?? ''
    const { head, count } = await git.committed(cwd, base)
    if (count === 0) return { to: 'empty', facts } as const
    const who = { session: assignment.id, agent: agentOf(repo, assignment) }
    const remote = await git.push(cwd, assignment.branch, who)
    if (remote === head) return { to: 'succeeded', facts: { ...facts, commit: head } } as const
    const note = `the remote's ${assignment.branch} stands on ${remote}, not on ${head}`
    return { to: 'failed', facts: { ...facts, reason: 'push', note } } as const
  }

  async #keep(repo: Repo, assignment: Assignment, reason: string): Promise<string | null> {
    const root = this.#worktree(assignment)
    const of = { root, agent: agentOf(repo, assignment), session: assignment.id, reason }
    return this.#around.keepWork(repo, of)
  }

  /** It is over in the ledger, by its own end or by somebody who gave it up: nothing of it runs on or lies about. */
  async #clear(repo: Repo, assignment: Assignment): Promise<void> {
    const { files } = this
    if (this.isAtWork()) {
      this.#askToEnd()
      return
    }
    await this.#releaseClaims(repo, assignment)
    const root = this.#worktree(assignment)
    if (files.order() !== null || assignment.state === 'failed') {
      await this.#keep(repo, assignment, assignment.state)
      const clone = await this.#around.cloneOf(repo).catch(() => null)
      if (clone !== null) await this.#around.git.removeWorktree(clone.root, root)
      this.#around.forget(repo, root)
    }
    files.markDone()
  }

  /** What the worker claimed beside its task ends with its session. */
  async #releaseClaims(repo: Repo, { id, peer }: Assignment): Promise<void> {
    const { claims } = hostOf(repo).loop.view().state
    const own = [...claims.values()].filter(
      (claim) => claim.peer === peer && claim.session === asSessionId(id),
    )
    const ids = own.map((claim) => claim.id)
    if (ids.length > 0) await submit(hostOf(repo), { kind: 'end', ids, reason: 'session-ended' })
  }

  #reasonToEnd(repo: Repo, assignment: Assignment): 'stop' | 'claim' | null {
    if (assignment.stop !== null) return 'stop'
    return this.#hasClaim(repo, assignment) ? null : 'claim'
  }

  #hasClaim(repo: Repo, { claim, fence }: Assignment): boolean {
    return hostOf(repo).loop.view().state.claims.get(claim)?.fence === fence
  }

  #lives(identity: ProcessIdentity, boot: string): boolean {
    return boot === bootId() && isLiving(identity, systemProcesses())
  }

  /** Named by an id that was made here: no text of anybody is in it. */
  #worktree({ id }: Assignment): string {
    return path.join(this.#around.home, 'worktrees', id)
  }

  #fail(repo: Repo, assignment: Assignment, reason: AssignmentFailure, note: string) {
    return this.#move(repo, assignment, 'failed', { reason, note: bounded(note) })
  }

  async #move(
    repo: Repo,
    assignment: Assignment,
    to: AssignmentState,
    facts: AssignmentFacts = {},
  ): Promise<void> {
    await submit(hostOf(repo), { kind: 'move-assignment', id: assignment.id, to, facts })
    this.#around.note(assignment, 'a worker', { state: to, ...facts })
  }
}
