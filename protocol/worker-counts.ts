// How many workers there are of each kind that a person looks for first.
import { isUnlanded, type Assignment } from './assignment.ts'

export interface WorkerCounts {
  /** Assigned, starting or running. */
  readonly running: number
  /** For a person. */
  readonly waiting: number
  /** Tasks whose last work failed, or was lost. */
  readonly failed: number
  /** Work that is pushed, and has not landed. */
  readonly unlanded: number
}

/** @param assignments in the ledger's order */
export function countWorkers(assignments: Iterable<Assignment>): WorkerCounts {
  const all = [...assignments]
  const last = new Map<string, Assignment>()
  for (const one of all)
    if (one.type === 'work') last.set(one.task, laterOf(last.get(one.task), one))
  const count = (is: (one: Assignment) => boolean): number => all.filter(is).length
  return {
    running: count(({ state }) => AT_WORK.has(state)),
    waiting: count(({ state }) => state === 'waiting'),
    failed: [...last.values()].filter(({ state }) => state === 'failed' || state === 'lost').length,
    unlanded: count(isUnlanded),
  }
}

const AT_WORK: ReadonlySet<string> = new Set(['assigned', 'starting', 'running'])

/** What ends is moved to the ledger's end, so the order there is none of beginnings. */
function laterOf(one: Assignment | undefined, other: Assignment): Assignment {
  return one !== undefined && one.assignedAtMs > other.assignedAtMs ? one : other
}
