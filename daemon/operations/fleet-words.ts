// Asks machines how far their workers are, for what is told of assignments.
import {
  isAssignmentOver,
  SkeinError,
  workerJson,
  type Assignment,
  type AssignmentId,
  type PeerId,
  type ProgressJson,
  type WorkerJson,
  type WorkerSaid,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { Outcome } from '../core/claims/command.ts'
import type { Assigned } from '../core/fleet/command.ts'
import { askProgress, type WorkerTold } from '../mesh/fleet-questions.ts'
import type { WorkerProgress } from '../ports-fleet.ts'
import type { Parts } from './context.ts'

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
    if (ofMachine === null) return workerJson(repo.id, assignment, 'unknown')
    const told = ofMachine?.get(assignment.id) ?? ownTold(parts, assignment.id)
    return workerJson(repo.id, assignment, cleanTold(told))
  })
}

/** Of a worker of this machine. */
export function ownTold({ fleet, landing }: Parts, id: AssignmentId): WorkerTold {
  const blocker = fleet.blocker(id) ?? landing.queue.blocker(id)
  return { progress: fleet.progress(id), blocker }
}

/** A worker's words are a stranger's. */
export function cleanTold({ progress, blocker }: WorkerTold): WorkerSaid<ProgressJson> {
  return {
    progress: progress === null ? null : cleanProgress(progress),
    blocker: blocker === null ? null : { ...blocker, note: clean(blocker.note) },
  }
}

function cleanProgress(progress: WorkerProgress): ProgressJson {
  const { model, last, files, updates, stuck, warnings } = progress
  return {
    ...progress,
    model: model === null ? null : clean(model),
    last: last === null ? null : clean(last),
    files: files.map(clean),
    updates: updates.map(clean),
    stuck: stuck === null ? null : clean(stuck),
    warnings: warnings.map(clean),
  }
}
