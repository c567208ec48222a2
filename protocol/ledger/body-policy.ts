// The kinds of records that say what a repository wants of claims in it.
import type { RequestedId, RequestId } from '../ids.ts'
import type { Approval, Policy, PolicySource, RefusalCount } from '../policy.ts'

interface Answers {
  readonly rid: RequestId | null
}

/** The whole policy, in place of the one before. */
export interface Owners extends Answers {
  readonly kind: 'owners'
  readonly policy: Policy
  readonly source: PolicySource
}

/** A claim in a hard area was refused: its owners are asked. */
export interface AskApproval extends Answers {
  readonly kind: 'ask-approval'
  readonly approval: Omit<Approval, 'askedAtMs' | 'state' | 'by' | 'note' | 'untilMs'>
}

/** An owner's answer. */
export interface AnswerApproval extends Answers {
  readonly kind: 'answer-approval'
  readonly id: RequestedId
  readonly state: Exclude<Approval['state'], 'asked'>
  readonly by: string
  readonly note: string
  readonly seconds: number
}

/** Claims of this pattern are shared from now on. */
export interface Promote extends Answers {
  readonly kind: 'promote'
  readonly pattern: string
  readonly by: string
  readonly isAuto: boolean
  readonly isPinned: boolean
  /** Promoted patterns that it comes in place of. */
  readonly replaces: readonly string[]
}

export interface Demote extends Answers {
  readonly kind: 'demote'
  readonly patterns: readonly string[]
  readonly by: string
  readonly isAuto: boolean
}

/** How often claims of these patterns were refused since the last such record. */
export interface Refusals {
  readonly kind: 'refusals'
  readonly day: number
  readonly counts: readonly RefusalCount[]
}

export type PolicyBody = Owners | AskApproval | AnswerApproval | Promote | Demote | Refusals

export const POLICY_KINDS: Readonly<Record<PolicyBody['kind'], number>> = {
  owners: 3,
  'ask-approval': 3,
  'answer-approval': 3,
  promote: 3,
  demote: 3,
  refusals: 3,
}

export function isPolicyBody(body: { readonly kind: string }): body is PolicyBody {
  return Object.hasOwn(POLICY_KINDS, body.kind)
}
