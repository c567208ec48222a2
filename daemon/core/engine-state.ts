// What an engine holds, what comes in and what goes out.
import type { PeerId, Position, RecordId, RequestId, SessionId } from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import type { ConsensusInput } from './consensus/consensus.ts'
import type { Consensus, ConsensusOptions, PersistOrder } from './consensus/types.ts'
import type { Leases } from './leases.ts'
import type { Addressed, PeerMessage, ReplyMessage } from './messages.ts'
import type { Waits } from './queue/waits.ts'
import type { AppliedChange, View } from './view.ts'

export type EngineInput =
  | Exclude<ConsensusInput, { kind: 'tick' | 'receive' }>
  | { readonly kind: 'receive'; readonly from: PeerId; readonly message: PeerMessage }
  | {
      readonly kind: 'tick'
      readonly now: number
      readonly uptimeMs: number
      readonly wallMs: number
    }
  | { readonly kind: 'request'; readonly request: Request }
  /** The caller is gone or was told that there is no quorum. */
  | { readonly kind: 'abandon'; readonly rid: RequestId }
  /** Sessions of this machine that are alive. */
  | { readonly kind: 'alive'; readonly sessions: readonly SessionId[] }
  /** Who may vote here, and who has a copy. */
  | {
      readonly kind: 'members'
      readonly willing: readonly PeerId[]
      readonly copies: readonly PeerId[]
    }
  /** This machine is about to stop: somebody else had better lead. */
  | { readonly kind: 'hand-over' }
  /** The log has grown: write it anew. */
  | { readonly kind: 'rewrite-log' }

export interface EngineReady {
  readonly persist: readonly PersistOrder[]
  readonly send: readonly Addressed[]
  /** What became true, in order; `rebased` when it starts from a checkpoint instead of following what was there. */
  readonly changes: readonly AppliedChange[]
  readonly rebased: boolean
  readonly replies: readonly { readonly rid: RequestId; readonly outcome: Outcome }[]
  /** Abandoned requests that are durably so. */
  readonly abandoned: readonly RequestId[]
}

export interface EngineOptions extends ConsensusOptions {
  readonly caseExact: boolean
  /** A session's lease. */
  readonly leaseMs: number
  /** Records between checkpoints. */
  readonly checkpointRecords: number
}

export interface Engine {
  readonly options: EngineOptions
  readonly consensus: Consensus
  readonly incarnation: number
  /** What is committed. */
  committed: View
  /** A leader's: everything that it appended. */
  tail: View | null
  readonly leases: Leases
  /** A leader's: who waits for what. */
  readonly waits: Waits
  /** Sessions that were granted something in this step. */
  readonly grantedTo: Set<string>
  /** Requests of this machine's callers that have no answer yet. */
  readonly own: Map<RequestId, OwnRequest>
  /** Those with an answer that speaks of what is not committed here yet. */
  toTell: OwnRequest[]
  /** Requests that came before this leader may decide. */
  readonly early: Map<RequestId, Request>
  readonly decided: Map<RequestId, Decided>
  readonly answers: Map<number, Answer>
  /** The requests in `answers`. */
  readonly answering: Set<RequestId>
  /** What a leader told other machines in its term, the last ones. */
  readonly replied: Map<RequestId, ReplyMessage>
  readonly abandoned: Set<RequestId>
  readonly abandonedAt: { readonly rid: RequestId; readonly position: number }[]
  readonly renewals: Renewals
  /** Who may vote in this ledger, as the mesh has it, by age; null: nobody has said. */
  willing: readonly PeerId[] | null
  /** The leader that own requests were sent to, and when they were looked at last. */
  follows: PeerId | null
  resentAt: number
  gaveBackAt: number
  /** When the voters were last asked who leads. */
  soughtAt: number
  /** When there was last something to do. */
  workedAt: number
  /** The commit that the log knows of, and since when. */
  marked: RecordId | null
  markedAt: number
  /** When this machine last led, or heard its leader. */
  attachedAt: number
  servedTerm: number
  barrier: number
  uptimeMs: number | null
  /** Bytes and records since the last checkpoint, and that checkpoint's size. */
  sinceCheckpoint: { records: number; bytes: number; size: number }
  out: {
    send: Addressed[]
    changes: AppliedChange[]
    rebased: boolean
    replies: { rid: RequestId; outcome: Outcome }[]
    abandoned: RequestId[]
  }
}

/** A request whose records are appended and not committed yet. */
export interface Decided {
  readonly request: Request
  readonly at: Position
  readonly warnings: readonly string[]
  readonly told: Outcome | null
}

/** An answer that changes nothing, waiting for its round and for what it rests on. */
export interface Answer {
  readonly request: Request
  readonly outcome: Outcome
  readonly restsOn: Position
  confirmed: boolean
}

/** A request of a caller of this machine, until it is answered. */
export interface OwnRequest {
  readonly request: Request
  /** The leader asked last, in which term, when, and how often it was asked. */
  askedOf: PeerId | null
  term: number
  sentAt: number
  sent: number
  told: { readonly outcome: Outcome; readonly at: Position } | null
}

/** One moment by all clocks of a machine, in milliseconds. */
export interface Instant {
  readonly monotonicMs: number
  readonly uptimeMs: number
  readonly wallMs: number
}

export interface Renewals {
  sequence: number
  readonly sent: Map<number, { readonly sessions: readonly SessionId[]; readonly sentAt: Instant }>
  /** When the last confirmed renewal of a session was sent. */
  readonly confirmed: Map<SessionId, Instant>
  /** A leader's: what its rounds confirm, by barrier. */
  readonly rounds: Map<
    number,
    { readonly peer: PeerId; readonly id: number; readonly at: Position }
  >
  /** Confirmed, but what they rest on is not committed here yet. */
  resting: { readonly id: number; readonly at: Position }[]
}
