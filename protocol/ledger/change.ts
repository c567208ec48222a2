// What a record changed, as data: boards, waiters and the audit log live from it.
import type { Assignment } from '../assignment.ts'
import type { Proposal } from '../proposal.ts'
import type { Landing, Verdict } from '../verdict.ts'
import type { EndReason, LedgerClaim, Party, Renaming } from '../claim.ts'
import type { ClaimId, PeerId, RepoId, RequestId } from '../ids.ts'
import type { MemberRole } from '../member.ts'
import type { Approval, Policy, PolicySource, Promoted } from '../policy.ts'
import type { ProvisionalClaim } from '../provisional.ts'
import type { DropReason, QueueEntry } from '../queue.ts'
import type { AnsweredRequest, ClaimRequest } from '../request.ts'
import type { CompletedTask } from '../task.ts'
import type { Enrol } from './body.ts'
import type { LedgerRecord } from './record.ts'

/** A provisional claim that lost. */
export interface RejectedClaim {
  readonly claim: ProvisionalClaim
  /** What it met, as far as the ledger still knows it. */
  readonly conflicts: readonly LedgerClaim[]
}

export type Change =
  | { readonly kind: 'founded' }
  | { readonly kind: 'leader'; readonly leader: PeerId }
  | { readonly kind: 'voters'; readonly voters: readonly PeerId[] }
  | {
      readonly kind: 'granted'
      readonly claim: LedgerClaim
      readonly rid: RequestId | null
      /** What it was until now, when it was something. */
      readonly was?: 'provisional'
    }
  | { readonly kind: 'queued'; readonly entry: QueueEntry }
  | { readonly kind: 'popped'; readonly entry: QueueEntry }
  | {
      readonly kind: 'dropped'
      readonly entry: QueueEntry
      readonly reason: DropReason
      readonly by: string
      readonly circle: readonly string[]
    }
  | { readonly kind: 'asked'; readonly request: ClaimRequest }
  | { readonly kind: 'answered'; readonly answered: AnsweredRequest }
  /** The time of a claim got shorter, or was given back. */
  | { readonly kind: 'clamped'; readonly claim: LedgerClaim }
  | {
      readonly kind: 'denied'
      readonly body: Extract<LedgerRecord['body'], { kind: 'deny' }>
      /** What stood against it, in the order of the body's conflicts; null for what had ended. */
      readonly met: readonly (LedgerClaim | null)[]
    }
  | {
      readonly kind: 'ended'
      readonly claim: LedgerClaim
      readonly reason: EndReason
      readonly by: string
      readonly note: string
    }
  | { readonly kind: 'task-over'; readonly task: CompletedTask }
  /** It was given to a machine, moved, or ended. */
  | { readonly kind: 'assignment'; readonly assignment: Assignment; readonly by: string }
  | { readonly kind: 'assignment-stopping'; readonly assignment: Assignment }
  | { readonly kind: 'assignment-answered'; readonly assignment: Assignment }
  | {
      readonly kind: 'assignment-judged'
      readonly assignment: Assignment
      readonly verdict: Verdict
    }
  | {
      readonly kind: 'assignment-landing'
      readonly assignment: Assignment
      readonly landing: Landing
    }
  | { readonly kind: 'proposed'; readonly proposals: readonly Proposal[] }
  | { readonly kind: 'renewed'; readonly claim: LedgerClaim }
  | { readonly kind: 'narrowed'; readonly before: LedgerClaim; readonly claim: LedgerClaim }
  | {
      readonly kind: 'renamed'
      readonly claim: LedgerClaim
      readonly renamed: readonly Renaming[]
    }
  | {
      readonly kind: 'coexists'
      readonly claim: LedgerClaim
      readonly partner: LedgerClaim
      readonly narrowed: boolean
    }
  /** Provisional claims are settled; the grants of the promoted ones came before. */
  | {
      readonly kind: 'reconciled'
      readonly promoted: readonly ClaimId[]
      /** Whose sessions hold the promoted ones. */
      readonly holders: readonly Pick<Party, 'peer' | 'session'>[]
      readonly rejected: readonly RejectedClaim[]
    }
  | {
      readonly kind: 'member'
      readonly peer: PeerId
      readonly machine: string
      readonly role: MemberRole
      readonly isNew: boolean
    }
  | {
      readonly kind: 'member-gone'
      readonly peer: PeerId
      readonly machine: string
      readonly reason: 'removed' | 'left'
      readonly by: string
    }
  | {
      readonly kind: 'policy'
      readonly policy: Policy
      readonly source: PolicySource
      /** Whose caller, or which leader, decided it. */
      readonly peer: PeerId | null
    }
  | { readonly kind: 'approval'; readonly approval: Approval }
  | {
      readonly kind: 'promoted'
      readonly promoted: Promoted
      readonly replaces: readonly string[]
      readonly peer: PeerId | null
    }
  | {
      readonly kind: 'demoted'
      readonly pattern: string
      readonly by: string
      readonly isAuto: boolean
      readonly peer: PeerId | null
    }
  | { readonly kind: 'attached'; readonly repo: RepoId; readonly peer: PeerId }
  | { readonly kind: 'enrolled'; readonly body: Enrol }
