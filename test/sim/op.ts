// A call of a session or of a daemon, as the outside knows it.
import type { ClaimId, Party, RequestId } from '../../protocol/index.ts'
import type { Command } from '../../daemon/core/claims/command.ts'
import type { Instant } from './clock.ts'

export type OpState =
  /** Sent, no answer yet. */
  | 'pending'
  /** Told to have a place in the queue. */
  | 'waiting'
  | 'answered'
  /** Given up; the daemon is making that durable. */
  | 'abandoning'
  /** The caller was told that nothing was granted. */
  | 'abandoned'
  /** The caller's daemon died: nobody knows. */
  | 'lost'

export interface Op {
  readonly rid: RequestId
  /** Number of the machine whose daemon sent it. */
  readonly home: number
  readonly session: number | null
  /** Asked for without quorum. */
  readonly isProvisional: boolean
  readonly command: Command
  readonly entropy: Uint8Array
  /** Last index that was committed anywhere when it was first sent. */
  readonly floor: number
  readonly sentAt: Instant
  state: OpState
  /** It was given up once: its id is never used again. */
  isMarked: boolean
  /** Claims that the caller was told to hold. */
  told: readonly ClaimId[]
  /** The caller was told that it got nothing. */
  isRefused: boolean
  /** What it was granted all the same has since been renewed for its session, and told so. */
  isTakenUp: boolean
}

export function isSamePartyOutside(a: Party, b: Party): boolean {
  const sameSession = a.peer === b.peer && a.session === b.session
  return sameSession || (a.agentGiven && b.agentGiven && a.agent === b.agent)
}
