// What a record changed, as data: boards, waiters and the audit log live from it.
import type { EndReason, LedgerClaim } from '../claim.ts'
import type { PeerId, RepoId, RequestId } from '../ids.ts'
import type { MemberRole } from '../member.ts'
import type { DropReason, QueueEntry } from '../queue.ts'
import type { AnsweredRequest, ClaimRequest } from '../request.ts'
import type { CompletedTask } from '../task.ts'
import type { Enrol } from './body.ts'
import type { LedgerRecord } from './record.ts'

export type Change =
  | { readonly kind: 'founded' }
  | { readonly kind: 'leader'; readonly leader: PeerId }
  | { readonly kind: 'voters'; readonly voters: readonly PeerId[] }
  | { readonly kind: 'granted'; readonly claim: LedgerClaim; readonly rid: RequestId | null }
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
  | { readonly kind: 'renewed'; readonly claim: LedgerClaim }
  | { readonly kind: 'narrowed'; readonly before: LedgerClaim; readonly claim: LedgerClaim }
  | {
      readonly kind: 'coexists'
      readonly claim: LedgerClaim
      readonly partner: LedgerClaim
      readonly narrowed: boolean
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
  | { readonly kind: 'attached'; readonly repo: RepoId; readonly peer: PeerId }
  | { readonly kind: 'enrolled'; readonly body: Enrol }
