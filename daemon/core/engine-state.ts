// What an engine holds, what comes in and what goes out.
import type { PeerId, Position, RequestId, SessionId } from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import type { ConsensusInput } from './consensus/consensus.ts'
import type { Consensus, ConsensusOptions, Envelope, PersistOrder } from './consensus/types.ts'
import type { Leases } from './leases.ts'
import type { Waits } from './queue/waits.ts'
import type { AppliedChange, View } from './view.ts'

export type EngineInput =
  | Exclude<ConsensusInput, { kind: 'tick' }>
  | {
      readonly kind: 'tick'
      readonly now: number
      readonly uptimeMs: number
      readonly wallMs: number
    }
  | { readonly kind: 'request'; readonly request: Request }
  /** The caller is gone or was told that there is no quorum. */
  | { readonly kind: 'abandon'; readonly rid: RequestId }
  /** Sessions of a peer that are alive. */
  | { readonly kind: 'alive'; readonly peer: PeerId; readonly sessions: readonly SessionId[] }
  /** The log has grown: write it anew. */
  | { readonly kind: 'rewrite-log' }

export interface EngineReady {
  readonly persist: readonly PersistOrder[]
  readonly send: readonly Envelope[]
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
  readonly waiting: Map<RequestId, Request>
  readonly decided: Map<RequestId, Decided>
  readonly answers: Map<number, Answer>
  /** The requests in `answers`. */
  readonly answering: Set<RequestId>
  readonly abandoned: Set<RequestId>
  readonly abandonedAt: { readonly rid: RequestId; readonly position: number }[]
  servedTerm: number
  barrier: number
  uptimeMs: number | null
  /** Bytes and records since the last checkpoint, and that checkpoint's size. */
  sinceCheckpoint: { records: number; bytes: number; size: number }
  out: {
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
