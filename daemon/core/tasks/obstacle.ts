// What stands against a session's taking a task, beside its being held by somebody else: the session's own task, and the
// task's own past.
import {
  DEFAULTS,
  isDone,
  type CompletedTask,
  type LedgerClaim,
  type Party,
  type QueueEntry,
  type Scope,
} from '../../../protocol/index.ts'
import type { Failure } from '../claims/command.ts'
import { idsOfSession, sessionKey, type View } from '../view.ts'
import type { Unmet } from './needs.ts'

/** Who asks for which scopes; `again` for a task that is known to be completed. */
export interface Asking {
  readonly party: Party
  readonly scopes: readonly Scope[]
  readonly again?: boolean
}

/** Null where no task is asked for, or nothing is against it. @param wallMs by the leader's wall clock. */
export function taskObstacle(asking: Asking, view: View, wallMs: number): Failure | null {
  const { party, scopes, again = false } = asking
  const tasks = scopes.filter(({ kind }) => kind === 'task')
  const [first] = tasks
  if (first === undefined) return null
  if (tasks.length > 1) {
    return heldFailure('a session works on one task at a time', { asked: tasks.length })
  }
  const held = taskOfSession(view, party)
  if (held !== null) return holds(held)
  const waiting = waitOfSession(view, party)
  if (waiting !== null) return waits(waiting)
  const over = view.state.completed.get(first.pattern)
  return over === undefined || again || !isTold(over, wallMs) ? null : completedFailure(over)
}

/** Is the task done, so lately that a checkout may not know of it? */
export function isTold(over: CompletedTask, wallMs: number): boolean {
  return isDone(over) && wallMs - over.atMs < DEFAULTS.completedToldSeconds * 1000
}

export function completedFailure(over: CompletedTask): Failure {
  const { task, agent, machine, branch, reason, atMs } = over
  const where = branch === null ? '' : ` on branch ${branch}`
  const how =
    reason === 'branch_removed'
      ? `the branch of ${agent}, ${branch ?? 'unknown'}, is gone from the remote`
      : `${agent} completed it${where}`
  return {
    code: 'TASK_COMPLETED',
    message: `task ${task} is complete: ${how}`,
    hint: `skein task list --free (to do it anew: skein task claim ${task} --again)`,
    data: { task, agent, machine, branch, reason, at_ms: atMs },
  }
}

export function blockedFailure(task: string, unmet: readonly Unmet[]): Failure {
  const names = unmet.map(({ task: before, holder }) =>
    holder === null ? `${before} (nobody works on it)` : `${before} (${holder.agent} works on it)`,
  )
  const free = unmet.find(({ holder }) => holder === null)
  return {
    code: 'TASK_BLOCKED',
    message: `task ${task} waits for ${names.join(', ')}`,
    hint:
      free === undefined
        ? `skein task list --free (to wait: skein task claim ${task} --wait 10m)`
        : `skein task claim ${free.task}`,
    data: { task, blocked_by: unmet.map(({ task: before }) => before) },
  }
}

/** The task that a session works on. */
export function taskOfSession(view: View, { peer, session }: Party): LedgerClaim | null {
  for (const id of idsOfSession(view, peer, session)) {
    const claim = view.state.claims.get(id)
    if (claim?.kind === 'task') return claim
  }
  return null
}

function waitOfSession(view: View, { peer, session }: Party): QueueEntry | null {
  for (const id of view.waiting.get(sessionKey(peer, session)) ?? []) {
    const entry = view.state.queue.get(id)
    if (entry?.scopes.some(({ kind }) => kind === 'task') === true) return entry
  }
  return null
}

function holds({ pattern, id, grantedAtMs }: LedgerClaim): Failure {
  return heldFailure(
    `this session works on task ${pattern} already`,
    { task: pattern, claim: id, at_ms: grantedAtMs },
    `skein task complete ${pattern} (to give it back undone: skein release ${id})`,
  )
}

function waits({ id, scopes }: QueueEntry): Failure {
  const task = scopes.find(({ kind }) => kind === 'task')?.pattern ?? ''
  return heldFailure(
    `this session waits for task ${task} already, at ${id}`,
    { task, queue: id },
    `skein task claim ${task} --wait 10m (to wait no more: skein cancel ${id})`,
  )
}

function heldFailure(message: string, data: unknown, hint?: string): Failure {
  return { code: 'TASK_HELD', message, data, ...(hint === undefined ? {} : { hint }) }
}
