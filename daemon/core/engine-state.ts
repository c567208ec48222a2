// What an engine holds, what comes in and what goes out.
import type {
  CarriedClaim,
  ClaimId,
  EndReason,
  PeerId,
  Position,
  ProvisionalClaim,
  RecordId,
  RejectedClaim,
  RequestId,
  SessionId,
} from '../../protocol/index.ts'
import type { Failure, Outcome } from './claims/command.ts'
import type { ProvisionalRequest, Request, SettleRequest } from './claims/decision.ts'
import type { ConsensusInput } from './consensus/consensus.ts'
import type { Consensus, ConsensusOptions, PersistOrder } from './consensus/types.ts'
import type { Leases } from './leases.ts'
import type { Addressed, PeerMessage, ReplyMessage } from './messages.ts'
import type { Hotspots } from './policy/hotspots.ts'
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
  /** A claim for which there is no quorum: noted here, and settled later. */
  | { readonly kind: 'provisional'; readonly request: ProvisionalRequest }
  /** Claims of another ledger that this one shall take over; under the ids that they have, so asking twice is asking once. */
  | { readonly kind: 'carry'; readonly rid: RequestId; readonly claims: readonly CarriedClaim[] }
  /** Provisional claims of this machine are over. */
  | {
      readonly kind: 'end-provisional'
      readonly ids: readonly ClaimId[]
      readonly reason: EndReason
    }
  /** The caller is gone or was told that there is no quorum. */
  | { readonly kind: 'abandon'; readonly rid: RequestId }
  /** Sessions of this machine that are alive. */
  | { readonly kind: 'alive'; readonly sessions: readonly SessionId[] }
  /** Who may vote here, and who has a copy. */
  | { readonly kind: 'members'; readonly members: LedgerMembers }
  /** This machine is about to stop: somebody else had better lead. */
  | { readonly kind: 'hand-over' }
  /** The log has grown: write it anew. */
  | { readonly kind: 'rewrite-log' }

/** What the mesh says of a ledger. */
export interface LedgerMembers {
  /** Who may vote, by age. */
  readonly willing: readonly PeerId[]
  /** The other machines that have a copy. */
  readonly copies: readonly PeerId[]
  /** Machines that have left the mesh, or were removed from it; missing: nobody. */
  readonly gone?: readonly PeerId[]
  /** Is this machine one that has a copy? Whoever knows that it is not cuts it off. */
  readonly isCopy: boolean
  /** The mesh ledger's record that last changed any of this. */
  readonly asOf: number
  /** The ledger version that all of them speak. */
  readonly version: number
}

export interface EngineReady {
  readonly persist: readonly PersistOrder[]
  readonly send: readonly Addressed[]
  /** What became true, in order; `rebased` when it starts from a checkpoint instead of following what was there. */
  readonly changes: readonly AppliedChange[]
  readonly rebased: boolean
  readonly replies: readonly { readonly rid: RequestId; readonly outcome: Outcome }[]
  /** Abandoned requests that are durably so. */
  readonly abandoned: readonly RequestId[]
  /**
   * Provisional claims of this machine that the ledger has settled, also where the record that says so has been compacted
   * away. One may come again after a crash.
   */
  readonly settled: readonly SettledProvisional[]
}

export type SettledProvisional =
  | { readonly kind: 'promoted'; readonly claim: ProvisionalClaim }
  | ({ readonly kind: 'rejected' } & RejectedClaim)

export interface EngineOptions extends ConsensusOptions {
  readonly caseExact: boolean
  /** A session's lease. */
  readonly leaseMs: number
  /** Records between checkpoints. */
  readonly checkpointRecords: number
  /** Starts of this machine so far: request ids of a log that was begun anew must not repeat those of the one before. */
  readonly starts?: number
  /** Of this machine's present boot: what was stamped in it is counted by its clocks. Without it no stamp counts. */
  readonly boot?: string
}

export interface Engine {
  readonly options: EngineOptions
  readonly consensus: Consensus
  readonly incarnation: number
  /** From this position on the incarnation is durable. */
  readonly incarnationAt: number
  /** The next request of this machine, of a caller or of the engine itself. */
  sequence: number
  /** What is committed. */
  committed: View
  /** A leader's: everything that it appended. */
  tail: View | null
  readonly leases: Leases
  /** A leader's: who waits for what. */
  readonly waits: Waits
  /** A leader's: where claims meet. */
  readonly hotspots: Hotspots
  /** Sessions that were granted something in this step. */
  readonly grantedTo: Set<string>
  /** Requests of this machine's callers that have no answer yet. */
  readonly own: Map<RequestId, OwnRequest>
  /** Of them, and of those before: what the engine asks of itself. Nobody is told the answer. */
  readonly inner: Set<RequestId>
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
  /** As the mesh has it; null: nobody has said. */
  members: LedgerMembers | null
  /** Provisional claims of this machine, in the order of their `n`. */
  readonly ownProvisionals: Map<ClaimId, OwnProvisional>
  /** What the other machines last said of theirs. */
  readonly foreignProvisionals: Map<
    PeerId,
    {
      readonly version: number
      readonly claims: readonly ProvisionalClaim[]
      readonly heardAt: number
    }
  >
  readonly provisionals: Provisionals
  /** A leader's: what machines ask to be settled, until those that come at about the same time are here too. */
  settling: { readonly since: number; readonly requests: Map<RequestId, SettleRequest> } | null
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
  /** Why this machine folds no further: what its callers are told. */
  newer: Failure | null
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
    settled: SettledProvisional[]
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
  told: { readonly outcome: Outcome; readonly at: Position; readonly term: number } | null
}

export interface OwnProvisional {
  readonly claim: ProvisionalClaim
  /** Durable from this position on. */
  readonly position: number
  /** A leader may have heard of it: the ledger has the last word on it, also when it has ended here. */
  isAsked: boolean
  ended: EndReason | null
}

/** What a machine keeps beside its provisional claims and those of others. */
export interface Provisionals {
  /** The greatest seen, and the last `n` used. */
  lamport: number
  n: number
  /** Rises with every change of the own ones that is durable. */
  changes: number
  /** Positions at which such changes become durable. */
  changesAt: number[]
  /** Answers that wait for the log. */
  waiting: { readonly rid: RequestId; readonly outcome: Outcome; readonly position: number }[]
  /** What the others were last told, when, and how often it will be said again. */
  told: { changes: number; at: number; again: number }
  /** The own request to settle that is under way, or was last. */
  asked: { readonly rid: RequestId; readonly changes: number; readonly at: Instant } | null
  /** What was last known of the ledger, where nothing is known to be committed since the start. */
  lastKnown: { readonly head: RecordId; readonly view: View } | null
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

/** Before anything has happened in a step. */
export function emptyOut(): Engine['out'] {
  return { send: [], changes: [], rebased: false, replies: [], abandoned: [], settled: [] }
}
