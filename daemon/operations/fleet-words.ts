// Assignments as every door tells them: what the ledger has, and how far the worker is by its own machine's word.
import {
  isAssignmentOver,
  iso,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type OperationResult,
  type PeerId,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { Outcome } from '../core/claims/command.ts'
import type { Assigned } from '../core/fleet/command.ts'
import { askProgress } from '../mesh/fleet-questions.ts'
import type { WorkerProgress } from '../ports-fleet.ts'
import type { Parts } from './context.ts'

type WorkerJson = OperationResult<'stop'>['worker']
type Known = ReadonlyMap<AssignmentId, WorkerProgress | null>

export function assignedOf(outcome: Exclude<Outcome, { kind: 'failed' }>): Assigned {
  if (outcome.kind === 'assigned') return outcome
  throw new SkeinError('INTERNAL', `an assignment ended as ${outcome.kind}`)
}

/** Each machine is asked once; of one that does not answer nobody knows how its workers are. */
export async function tellWorkers(
  parts: Parts,
  { repo }: Pick<Place, 'repo'>,
  assignments: readonly Assignment[],
): Promise<WorkerJson[]> {
  const open = assignments.filter(({ state }) => !isAssignmentOver(state))
  const peers = [...new Set(open.map(({ peer }) => peer))]
  const asked = peers.map(async (peer): Promise<readonly [PeerId, Known | null]> => {
    const ids = open.filter((one) => one.peer === peer).map(({ id }) => id)
    if (peer === parts.mesh.self)
      return [peer, new Map(ids.map((id) => [id, parts.fleet.progress(id)]))]
    try {
      return [peer, await askProgress(parts.mesh, peer, { repo: repo.id, ids })]
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error
      return [peer, null]
    }
  })
  const known = new Map(await Promise.all(asked))
  return assignments.map((assignment) => {
    const ofMachine = known.get(assignment.peer)
    const progress = ofMachine?.get(assignment.id) ?? parts.fleet.progress(assignment.id)
    return workerJson(repo.id, assignment, progress, ofMachine === null)
  })
}

function workerJson(
  repo: string,
  assignment: Assignment,
  progress: WorkerProgress | null,
  isUnknown: boolean,
): WorkerJson {
  const { id, task, title, machine, launcher, state, branch, claim, fence, operator } = assignment
  const { base, reason, note, exit, commit, wip, startedAtMs } = assignment
  return {
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
    progress: progress === null ? null : cleanProgress(progress),
  }
}

/** A worker's words are a stranger's. */
function cleanProgress(progress: WorkerProgress): NonNullable<WorkerJson['progress']> {
  const { model, last, files, updates, stuck, warnings } = progress
  return {
    ...progress,
    model: model === null ? null : clean(model),
    last: last === null ? null : clean(last),
    files: files.map(clean),
    updates: updates.map(clean),
    stuck: stuck === null ? null : clean(stuck),
    warnings: [...warnings],
  }
}
