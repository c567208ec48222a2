// The kinds of records of the fleet.
import type { AssignmentFacts, AssignmentOrder, AssignmentState } from '../assignment.ts'
import type { Key, Party } from '../claim.ts'
import type { AssignmentId } from '../ids.ts'
import type { Proposal } from '../proposal.ts'
import type { Landing, Verdict } from '../verdict.ts'
import type { Answers, Grant } from './body-grant.ts'

/** A task is given to a machine: the assignment, and the claim that it holds under this record's fence. */
export interface Assign extends Answers {
  readonly kind: 'assign'
  readonly id: AssignmentId
  readonly order: AssignmentOrder
  readonly operator: Pick<Party, 'agent' | 'session' | 'peer' | 'machine'>
  /** To the worker's session; answers no request by itself. */
  readonly grant: Grant
  readonly key: Key | null
}

/** An assignment is further, or over: then its claim ends with it. */
export interface AssignmentMove extends Answers {
  readonly kind: 'assignment-move'
  readonly id: AssignmentId
  readonly to: AssignmentState
  readonly facts: AssignmentFacts
  readonly by: string
  /** Its operator was told that there is none. */
  readonly abandoned?: true
}

/** Its machine shall end it. */
export interface AssignmentStop extends Answers {
  readonly kind: 'assignment-stop'
  readonly id: AssignmentId
  readonly by: string
  readonly note: string
}

/** A person's word to what it asked. */
export interface AssignmentAnswer extends Answers {
  readonly kind: 'assignment-answer'
  readonly id: AssignmentId
  readonly by: string
  readonly note: string
}

/** What was found of its work; of the same kind the last one counts. */
export interface AssignmentVerdict extends Answers {
  readonly kind: 'assignment-verdict'
  readonly id: AssignmentId
  readonly verdict: Omit<Verdict, 'atMs'>
}

/** How its way to the target went. */
export interface AssignmentLanding extends Answers {
  readonly kind: 'assignment-landing'
  readonly id: AssignmentId
  readonly landing: Omit<Landing, 'atMs'>
}

/** In the place of all proposals that were there. */
export interface Propose extends Answers {
  readonly kind: 'propose'
  readonly proposals: readonly Omit<Proposal, 'atMs'>[]
}

export type FleetBody =
  | Assign
  | AssignmentMove
  | AssignmentStop
  | AssignmentAnswer
  | AssignmentVerdict
  | AssignmentLanding
  | Propose

export const FLEET_KINDS: Readonly<Record<FleetBody['kind'], number>> = {
  assign: 4,
  'assignment-move': 4,
  'assignment-stop': 4,
  'assignment-answer': 4,
  'assignment-verdict': 4,
  'assignment-landing': 4,
  propose: 4,
}

export function isFleetBody(body: { readonly kind: string }): body is FleetBody {
  return Object.hasOwn(FLEET_KINDS, body.kind)
}
