// What the end of a run means: its work is brought to the remote, or its verdict to the ledger, and that alone is success.
import {
  FLEET_LIMITS,
  SkeinError,
  type AssignmentFacts,
  type AssignmentFailure,
  type AssignmentState,
  type AssignmentType,
  type VerdictKind,
} from '../../protocol/index.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import type { WorkerEnd, WorkerFiles } from './files.ts'
import { parentOf, type Job, type WorkerAround } from './job.ts'
import { tailOf, type LogReader } from './log-reader.ts'
import { usageLimitIn } from './limits/usage-limit.ts'
import { verdictIn, wordsIn } from './verdict-text.ts'
import { agentOf, bounded, CLAIM_GONE, exitWords, wordsOf, worktreeOf } from './worker-words.ts'

export interface Ended {
  readonly to: AssignmentState
  readonly facts: AssignmentFacts
}

export interface RunEnd {
  /** Null: nobody saw it. */
  readonly end: WorkerEnd | null
  /** What is known of it whatever it means. */
  readonly facts: AssignmentFacts
  /** Somebody, or the end of its claim, wanted it. */
  readonly why: 'stop' | 'claim' | null
  readonly reader: LogReader | null
}

/** What a log's end may say of the end of its run. */
const TAIL_BYTES = 512 * 1024

/** @throws SkeinError of the ledger: it is asked again */
export async function judgeEnd(
  around: WorkerAround,
  files: WorkerFiles,
  job: Job,
  run: RunEnd,
): Promise<Ended> {
  const { end, facts, why, reader } = run
  const failed = (reason: AssignmentFailure, note: string): Ended => ({
    to: 'failed',
    facts: { ...facts, reason, note: bounded(note) },
  })
  if (why === 'stop') return { to: 'stopped', facts }
  if (why === 'claim') return failed('claim', CLAIM_GONE)
  const cause = files.cause()
  if (cause !== null) return failed(cause.reason, cause.note)
  if (end === null) return { to: 'failed', facts }
  if (end.error !== null) return failed('launch', end.error)
  const { stuck, failure } = reader?.state ?? { stuck: null, failure: null }
  if (end.code !== 0 || failure !== null) {
    const limit = usageLimitIn(logEnd(files), around.wall())
    if (limit === null) return failed('exit', exitWords(end, reader))
    around.pause(job.assignment.launcher, limit.untilMs)
    return failed('limited', limit.note)
  }
  if (stuck !== null) return { to: 'waiting', facts: { ...facts, note: bounded(stuck) } }
  if (job.assignment.type !== 'work') return tellVerdict(around, files, job, facts)
  try {
    return await deliver(around, files, job, facts)
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    return failed('push', wordsOf(error))
  }
}

/** Success is what the remote says, not what git said here. */
async function deliver(
  { git, home }: WorkerAround,
  files: WorkerFiles,
  { repo, assignment }: Job,
  facts: AssignmentFacts,
): Promise<Ended> {
  const cwd = worktreeOf(home, assignment)
  const base = files.order()?.base ?? assignment.base ?? ''
  const { head, count } = await git.committed(cwd, base)
  if (count === 0) return { to: 'empty', facts }
  const who = { session: assignment.id, agent: agentOf(repo, assignment) }
  const remote = await git.push(cwd, assignment.branch, who)
  if (remote === head) return { to: 'succeeded', facts: { ...facts, commit: head } }
  const note = `the remote's ${assignment.branch} stands on ${remote}, not on ${head}`
  return { to: 'failed', facts: { ...facts, reason: 'push', note } }
}

/** What it found is in the ledger before it has ended: told by its tool, or read in its words. */
async function tellVerdict(
  around: WorkerAround,
  files: WorkerFiles,
  job: Job,
  facts: AssignmentFacts,
): Promise<Ended> {
  const { repo, assignment } = job
  const parent = parentOf(job)
  const isTold = Object.values(parent?.verdicts ?? {}).some(({ from }) => from === assignment.id)
  if (isTold) return { to: 'succeeded', facts }
  const empty = (note: string): Ended => ({ to: 'empty', facts: { ...facts, note } })
  const kind = kindOf(assignment.type)
  const found = verdictIn(assignment.type, sayings(files))
  if (kind === null || found === null) return empty('it ended without a verdict that can be read')
  if (parent === null) return empty('what it looked at is not remembered any more')
  const commit = files.order()?.base ?? assignment.base ?? ''
  const verdict = {
    ...{
      kind,
      outcome: found.outcome,
      commit,
      note: bounded(found.note, FLEET_LIMITS.verdictCharactersMax),
    },
    ...{ by: agentOf(repo, assignment), machine: around.machine, from: assignment.id },
  }
  await submit(hostOf(repo), { kind: 'judge-assignment', id: parent.id, verdict })
  return { to: 'succeeded', facts }
}

function kindOf(type: AssignmentType): VerdictKind | null {
  return type === 'work' ? null : type
}

/** What this run said last. */
function sayings(files: WorkerFiles): string {
  return wordsIn(logEnd(files), files.order()?.kind === 'command')
}

function logEnd(files: WorkerFiles): string {
  return tailOf(files.log, files.order()?.logFrom ?? 0, TAIL_BYTES)
}
