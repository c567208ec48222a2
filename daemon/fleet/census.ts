// What there is of a machine's workers, for whoever would start beside them.
import { isAssignmentOver, type AssignmentId, type PeerId } from '../../protocol/index.ts'
import type { Job } from './job.ts'

export interface Census {
  readonly atWork: number
  /** Assignments that are over, and whose worktrees still have a branch, by that. */
  readonly clearing: ReadonlyMap<string, AssignmentId>
}

/** What a machine has of one worker. */
interface Known {
  readonly worker: { isAtWork(): boolean }
  readonly isCleared: boolean
}

const AT_WORK: ReadonlySet<string> = new Set(['starting', 'running'])

export function censusOf(
  jobs: readonly Job[],
  self: PeerId,
  entries: ReadonlyMap<AssignmentId, Known>,
): Census {
  let atWork = 0
  const clearing = new Map<string, AssignmentId>()
  for (const job of jobs) {
    const { id, peer, state } = job.assignment
    if (peer !== self) continue
    const entry = entries.get(id)
    if (isAssignmentOver(state)) {
      if (entry?.isCleared === false) clearing.set(branchOf(job), id)
    } else if (AT_WORK.has(state) || (state === 'waiting' && entry?.worker.isAtWork() === true))
      atWork++
  }
  return { atWork, clearing }
}

/** Names a branch among those of all repositories. */
export function branchOf({ repo, assignment }: Job): string {
  return `${repo.id} ${assignment.branch}`
}
