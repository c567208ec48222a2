// Asking a holder to give way: a request stands against one claim until its holder answers, its time is over, or the
// claim ends by itself.
import type { Party } from './claim.ts'
import type { ClaimId, RequestedId } from './ids.ts'
import type { Urgency } from './queue.ts'

export type Decision = 'approved' | 'denied' | 'narrowed' | 'coexist'

/** How a request ended: by its holder's word, by silence, or because the claim had ended. */
export type RequestEnd = Decision | 'expired' | 'resolved'

export interface ClaimRequest {
  readonly id: RequestedId
  readonly claim: ClaimId
  /** What the claim was about when it was asked for. */
  readonly pattern?: string
  readonly holder: Party
  readonly requester: Party
  readonly reason: string
  readonly urgency: Urgency
  /** What the requester really needs, when that is less than the claim; canonical. */
  readonly wanted: string | null
  readonly filedAtMs: number
  readonly answerSeconds: number
  /** How long the requester waits for the answer, from the filing; 0 or nothing: it does not. */
  readonly waitSeconds?: number
}

/** A request that ended, as it is told for a while. */
export interface AnsweredRequest {
  readonly request: ClaimRequest
  readonly end: RequestEnd
  readonly note: string
  readonly atMs: number
  /** Claims that the requester got by a `coexist`. */
  readonly granted: readonly ClaimId[]
}
