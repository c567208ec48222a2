// A task: an entry of a plan file, known to the ledger by its id alone. One session works on it at a time, a session works
// on one at a time, and that it is done is remembered for those whose checkout does not say so yet.
import type { EndReason, LedgerClaim, Party, TaskFacts } from './claim.ts'
import type { ClaimId, PeerId, SessionId } from './ids.ts'

/** What a task asks for beyond other claims: kept with a waiter until it is granted. */
export interface TaskTerms extends TaskFacts {
  readonly ttlSeconds: number
  /** Tasks that stand before it and are not complete by its plan. */
  readonly needs: readonly string[]
}

/** How a task's claim came to be told among the completed: by its session, by the end of its branch, by an operator. */
export type TaskEnd = 'client_completed' | 'branch_removed' | 'timed_out'

/** A task that is over, as it is told for a while. */
export interface CompletedTask extends TaskFacts {
  readonly task: string
  readonly claim: ClaimId
  readonly agent: string
  readonly session: SessionId
  readonly peer: PeerId
  readonly machine: string
  readonly branch: string | null
  readonly reason: TaskEnd
  readonly by: string
  readonly note: string
  readonly atMs: number
  /** Of the record that says so. */
  readonly index: number
  /** The live claim that does it anew: then it is not over. */
  readonly reopened: ClaimId | null
}

/** What the end of a task is to its claim. */
export const CLAIM_END_OF: Readonly<Record<TaskEnd, EndReason>> = {
  client_completed: 'completed',
  branch_removed: 'branch-gone',
  timed_out: 'task-expired',
}

/** Letters, digits, dots, dashes and underscores: an id is a word of a command line, and names a branch well. */
export function isTaskId(text: string): boolean {
  return text.length <= TASK_ID_CHARACTERS_MAX && TASK_ID.test(text)
}

const TASK_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/
/** It stands in names of branches and folders. */
const TASK_ID_CHARACTERS_MAX = 100

/** Is the work done? What an operator ended is not, nor what somebody does anew. */
export function isDone(over: Pick<CompletedTask, 'reason' | 'reopened'>): boolean {
  return over.reason !== 'timed_out' && over.reopened === null
}

/** One run of one agent on one machine. */
export function isSameSession(
  a: Pick<Party, 'peer' | 'session'>,
  b: Pick<Party, 'peer' | 'session'>,
): boolean {
  return a.session === b.session && a.peer === b.peer
}

/** How the end of a claim is remembered. */
export function completedOf(
  claim: LedgerClaim,
  how: Pick<CompletedTask, 'reason' | 'by' | 'note' | 'atMs' | 'index'>,
): CompletedTask {
  const { id, pattern, agent, session, peer, machine, branch } = claim
  const { plan, token } = claim.task ?? { plan: null, token: null }
  const who = { agent, session, peer, machine, branch }
  return { task: pattern, claim: id, ...who, plan, token, ...how, reopened: null }
}
