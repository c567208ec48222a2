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

/**
 * Why a task is not proposed. Of its own past: it is `done`, its work has not landed (`unlanded`), somebody has it (`assigned`,
 * `claimed`), it failed too often (`attempts`), a person `stopped` it. Of what it needs first: it waits for itself (`cycle`), for a task
 * that is not complete (`dependency`), or whose work has not landed (`dependency-unlanded`), for a `repository`. Of its files: they
 * cannot be read (`files`), or `overlap`. Of machines: none takes it (`machine`), has the `launcher` or a `capability`, is awake
 * (`quiet`), or has a free slot (`slots`). `limit`: enough are proposed.
 */
export const LEFT_KINDS = [
  'done',
  'unlanded',
  'assigned',
  'claimed',
  'attempts',
  'stopped',
  'cycle',
  'dependency',
  'dependency-unlanded',
  'repository',
  'files',
  'overlap',
  'machine',
  'launcher',
  'capability',
  'quiet',
  'slots',
  'limit',
] as const
export type LeftKind = (typeof LEFT_KINDS)[number]
