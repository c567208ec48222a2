// A proposal: a task for a machine, thought of and not yet given. Whoever approves it gives the task; a later plan takes its place.
import type { AssignmentOrder } from './assignment.ts'
import type { AssignmentId, PeerId } from './ids.ts'

export interface Proposal {
  /** The assignment's, once it is approved: so approving it twice is approving it once. */
  readonly id: AssignmentId
  readonly order: AssignmentOrder
  readonly peer: PeerId
  readonly machine: string
  /** Why this task, and why there. */
  readonly rationale: string
  readonly by: string
  readonly atMs: number
}
