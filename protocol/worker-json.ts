// Assignments as every door and every board tells them: what the ledger has, and how far the worker is by its own machine's word.
import { isAssignmentOver, type Assignment } from './assignment.ts'
import { iso } from './claim-json.ts'
import type { OperationResult } from './operations/schemas.ts'
import type { Verdict } from './verdict.ts'
import { blockerOf, type BlockerSaid } from './worker-blocker.ts'

export type WorkerJson = OperationResult<'stop'>['worker']
export type ProgressJson = NonNullable<WorkerJson['progress']>

/** What a machine says of a worker of its own. */
export interface WorkerSaid<Progress> {
  readonly progress: Progress | null
  readonly blocker: BlockerSaid | null
}

/** @param said `unknown`: its machine cannot be asked. */
export function workerJson<Progress>(
  repo: string,
  assignment: Assignment,
  said: WorkerSaid<Progress> | 'unknown',
): Omit<WorkerJson, 'progress'> & { readonly progress: Progress | null } {
  const { id, task, title, machine, launcher, state, branch, claim, fence, operator } = assignment
  const { base, reason, note, exit, commit, wip, startedAtMs } = assignment
  const { type, of, attempt, model, costUsd, answer } = assignment
  const isUnknown = said === 'unknown'
  return {
    ...{ type, of, attempt, model, cost_usd: costUsd ?? null },
    ...{ id, repo, task, title, machine, launcher, branch, claim, fence },
    state: isUnknown ? 'unknown' : state,
    last_state: state,
    ...{ base: base ?? null, operator: operator.agent, operator_machine: operator.machine },
    assigned_at: iso(assignment.assignedAtMs),
    started_at: startedAtMs === null ? null : iso(startedAtMs),
    state_at: iso(assignment.stateAtMs),
    stopping: assignment.stop !== null && !isAssignmentOver(state),
    ...{ reason: reason ?? null, note: note ?? null, exit: exit ?? null },
    ...{ commit: commit ?? null, wip: wip ?? null },
    answer: answer === null ? null : { by: answer.by, note: answer.note, at: iso(answer.atMs) },
    verdicts: Object.values(assignment.verdicts).map((verdict) => verdictJson(verdict, commit)),
    landing: landingJson(assignment),
    blocker: blockerOf(assignment, isUnknown ? said : said.blocker),
    progress: isUnknown ? null : said.progress,
  }
}

/** @param pushed the commit that the remote has */
export function verdictJson({ atMs, ...verdict }: Verdict, pushed: string | undefined) {
  return { ...verdict, stale: verdict.commit !== pushed, at: iso(atMs) }
}

function landingJson({ landing }: Assignment): WorkerJson['landing'] {
  if (landing === null) return null
  const { atMs, ...told } = landing
  return { ...told, at: iso(atMs) }
}
