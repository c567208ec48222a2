// The kind of record that gives claims, and what every record that decides a request says.
import type { Key, LedgerClaim, Party } from '../claim.ts'
import type { ClaimId, QueueId, RequestId } from '../ids.ts'

/** Which request a record answers: for de-duplication, also after the loss of a leader. */
export interface Answers {
  readonly rid: RequestId | null
}

export type GrantedClaim = Omit<
  LedgerClaim,
  'fence' | 'grantedAtMs' | 'narrowedBy' | 'clamps' | 'renewedBy' | keyof Party
>

/** Claims granted to one party by one call, all under the fence of this record. */
export interface Grant extends Answers {
  readonly kind: 'grant'
  readonly party: Party
  readonly claims: readonly GrantedClaim[]
  /** Holders' claims that this grant narrows: their files stay theirs but for the symbols granted here. */
  readonly narrows: readonly ClaimId[]
  readonly key: Key | null
  /** The place in the queue that this grant fills. */
  readonly from: QueueId | null
  /** Set when the claim was provisional: the call that it was noted for. Its Reconcile follows. */
  readonly provisional?: Answers
}
