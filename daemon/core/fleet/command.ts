// What can be asked of a repository's assignments.
import type {
  Assignment,
  AssignmentFacts,
  AssignmentId,
  AssignmentOrder,
  AssignmentState,
  ClaimTerms,
  Key,
  Party,
  PeerId,
  Stamp,
} from '../../../protocol/index.ts'

export type FleetCommand = AssignCommand | MoveCommand | StopCommand

/** A task for a machine's worker. */
export interface AssignCommand {
  readonly kind: 'assign'
  /** Who dispatches. */
  readonly party: Party
  readonly worker: { readonly peer: PeerId; readonly machine: string }
  readonly order: AssignmentOrder
  readonly terms: ClaimTerms
  readonly stamp: Stamp
  readonly key: Key | null
  /** Although the task was completed lately. */
  readonly again: boolean
}

/** What became of an assignment of its own: a daemon's word. */
export interface MoveCommand {
  readonly kind: 'move-assignment'
  readonly id: AssignmentId
  readonly to: AssignmentState
  readonly facts: AssignmentFacts
}

/** Somebody wants it to end; `lost`: a person who knows that its machine is gone for good. */
export interface StopCommand {
  readonly kind: 'stop-assignment'
  readonly party: Party
  readonly id: AssignmentId
  readonly note: string
  readonly lost: boolean
}

export interface Assigned {
  readonly kind: 'assigned'
  readonly assignment: Assignment
  /** It was so before: nothing was changed. */
  readonly already: boolean
}
