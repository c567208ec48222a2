// Assignments as every door tells them: what the ledger has, and how far the worker is by its own machine's word.
import {
  isAssignmentOver,
  iso,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type OperationResult,
  type PeerId,
  type Verdict,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { Outcome } from '../core/claims/command.ts'
import type { Assigned } from '../core/fleet/command.ts'
import { askProgress, type WorkerTold } from '../mesh/fleet-questions.ts'
import type { WorkerProgress } from '../ports-fleet.ts'
import type { Parts } from './context.ts'
import { blockerOf } from './fleet-blockers.ts'

type WorkerJson = OperationResult<'stop'>['worker']
type Known = ReadonlyMap<AssignmentId, WorkerTold>

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
    if (peer === parts.mesh.self) return [peer, new Map(ids.map((id) => [id, ownTold(parts, id)]))]
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
    const told = ofMachine?.get(assignment.id) ?? ownTold(parts, assignment.id)
    return workerJson(repo.id, assignment, told, ofMachine === null)
  })
}

function ownTold({ fleet, landing }: Parts, id: AssignmentId): WorkerTold {
  const blocker = fleet.blocker(id) ?? landing.queue.blocker(id)
  return { progress: fleet.progress(id), blocker }
}

function workerJson(
  repo: string,
  assignment: Assignment,
  { progress, blocker }: WorkerTold,
  isUnknown: boolean,
): WorkerJson {
  const { id, task, title, machine, launcher, state, branch, claim, fence, operator } = assignment
  const { base, reason, note, exit, commit, wip, startedAtMs } = assignment
  const { type, of, attempt, model, costUsd, answer } = assignment
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
    blocker: blockerOf(assignment, isUnknown ? 'unknown' : blocker),
    progress: progress === null ? null : cleanProgress(progress),
  }
}

function verdictJson({ atMs, ...verdict }: Verdict, pushed: string | undefined) {
  return { ...verdict, stale: verdict.commit !== pushed, at: iso(atMs) }
}

function landingJson({ landing }: Assignment): WorkerJson['landing'] {
  if (landing === null) return null
  const { atMs, ...told } = landing
  return { ...told, at: iso(atMs) }
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
