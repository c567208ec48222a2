// What can be asked of a repository's policy.
import type { Approval, Party, Policy, PolicySource, RequestedId } from '../../../protocol/index.ts'

export type PolicyCommand =
  SetPolicyCommand | AnswerApprovalCommand | PromoteCommand | DemoteCommand

/** What the default branch says, by a daemon; or what a person says. */
export interface SetPolicyCommand {
  readonly kind: 'set-policy'
  readonly policy: Policy
  readonly source: PolicySource
}

/** An owner lets a party claim in hard areas, or does not. */
export interface AnswerApprovalCommand {
  readonly kind: 'answer-approval'
  readonly party: Party
  readonly id: RequestedId
  readonly state: Exclude<Approval['state'], 'asked'>
  readonly note: string
  readonly seconds: number
}

/** Claims of a pattern are shared from now on. */
export interface PromoteCommand {
  readonly kind: 'promote'
  readonly party: Party
  readonly pattern: string
  readonly isPinned: boolean
}

export interface DemoteCommand {
  readonly kind: 'demote'
  readonly party: Party
  readonly pattern: string
}
