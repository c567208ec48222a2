// What can be asked of a repository's assignments.
import type {
  Assignment,
  AssignmentFacts,
  AssignmentId,
  AssignmentOrder,
  AssignmentState,
  ClaimTerms,
  Key,
  Landing,
  Party,
  PeerId,
  Proposal,
  Stamp,
  Verdict,
} from '../../../protocol/index.ts'

export type FleetCommand =
  | AssignCommand
  | MoveCommand
  | StopCommand
  | AnswerCommand
  | VerdictCommand
  | LandCommand
  | ProposeCommand

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
  /** It approves this proposal, and gets its id; null: a person names the task. */
  readonly proposal: AssignmentId | null
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

/** A person's word to an assignment that waits for one. */
export interface AnswerCommand {
  readonly kind: 'answer-assignment'
  readonly party: Party
  readonly id: AssignmentId
  readonly note: string
}

/** What was found of an assignment's work. */
export interface VerdictCommand {
  readonly kind: 'judge-assignment'
  readonly id: AssignmentId
  readonly verdict: Omit<Verdict, 'atMs'>
}

/** How its way to the target went. */
export interface LandCommand {
  readonly kind: 'land-assignment'
  readonly id: AssignmentId
  readonly landing: Omit<Landing, 'atMs'>
  /** Of the claim of the target's landing; null: a person drops it. */
  readonly fence: number | null
}

/** What might be assigned, in the place of what was proposed before. */
export interface ProposeCommand {
  readonly kind: 'propose'
  readonly proposals: readonly Omit<Proposal, 'atMs'>[]
}

export interface Assigned {
  readonly kind: 'assigned'
  readonly assignment: Assignment
  /** It was so before: nothing was changed. */
  readonly already: boolean
}
