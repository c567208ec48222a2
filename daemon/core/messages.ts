// What the machines of one ledger say to each other: consensus, and what a follower asks of its leader.
import type {
  PeerId,
  Position,
  ProvisionalClaim,
  RequestId,
  SessionId,
} from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import type { ConsensusMessage } from './consensus/types.ts'

export type PeerMessage =
  | ConsensusMessage
  | RequestMessage
  | ReplyMessage
  | AliveMessage
  | AliveConfirmed
  | GiveBack
  | Seek
  | ProvisionalsMessage

/** Who leads? A leader makes itself known. */
export interface Seek {
  readonly kind: 'seek'
}

export interface Addressed {
  readonly to: PeerId
  readonly message: PeerMessage
}

/** A caller's request, for whoever leads. Sent again until it is answered; decided once, by its id. */
export interface RequestMessage {
  readonly kind: 'request'
  /**
   * The leader's that is asked. A late copy must not be decided in another one: where an answer left no record, only the
   * leader of its own term knows it.
   */
  readonly term?: number
  readonly request: Request
}

/** `at`: what must be committed where it is told, so that its caller finds in the ledger what it was told. */
export interface ReplyMessage {
  readonly kind: 'reply'
  readonly term: number
  readonly rid: RequestId
  readonly outcome: Outcome
  readonly at: Position
}

/** Sessions of the sender that are alive. */
export interface AliveMessage {
  readonly kind: 'alive'
  readonly id: number
  readonly sessions: readonly SessionId[]
}

/**
 * A round that began after these came confirmed the leader: their leases are renewed. `at`: what the leader had appended by
 * then, for the end of a claim may be in it.
 */
export interface AliveConfirmed {
  readonly kind: 'alive-confirmed'
  readonly id: number
  readonly at: Position
}

/** All provisional claims of the sender; the highest version is what holds. */
export interface ProvisionalsMessage {
  readonly kind: 'provisionals'
  readonly version: number
  /** The greatest that the sender has seen. */
  readonly lamport: number
  readonly claims: readonly ProvisionalClaim[]
}

/** Requests of the sender that were given up there, and granted all the same. */
export interface GiveBack {
  readonly kind: 'give-back'
  readonly rids: readonly RequestId[]
}
