// The words of the consensus core: messages between voters, what comes in, what goes out, and the state in between.
import type {
  Chain,
  LedgerDocument,
  LedgerRecord,
  PeerId,
  Position,
  RecordId,
  SignedVote,
} from '../../../protocol/index.ts'
import type { Frame } from '../frame.ts'

/**
 * Between the peers of one ledger. Votes and acknowledgements are lasting facts: late, doubled or relayed, they hold. Updates and
 * state vectors are those of the sender's document, which `rotation` names.
 */
export type ConsensusMessage =
  | {
      readonly kind: 'pre-vote'
      readonly term: number
      readonly head: Position
      readonly stateVector: Uint8Array
      readonly rotation: number
    }
  | {
      readonly kind: 'pre-vote-response'
      readonly term: number
      readonly granted: boolean
      readonly promised: number
    }
  | { readonly kind: 'vote'; readonly term: number; readonly head: Position }
  | {
      readonly kind: 'vote-response'
      readonly term: number
      readonly granted: boolean
      readonly promised: number
      readonly signature: string
    }
  | {
      readonly kind: 'append'
      readonly term: number
      /** Empty for a heartbeat. */
      readonly update: Uint8Array
      readonly rotation: number
      readonly upto: Position
      readonly commit: RecordId | null
      readonly round: number
      /** The leader has nothing to do: it keeps its term in silence until somebody asks. */
      readonly quiet: boolean
    }
  /** The watermark moved; wants no answer. */
  | { readonly kind: 'commit'; readonly term: number; readonly commit: RecordId }
  | {
      readonly kind: 'append-response'
      readonly promised: number
      /** The greatest record that is durable here with its whole ancestry, if nothing higher was promised. */
      readonly ack: Position | null
      readonly round: number
      readonly head: Position
      /** Sent when records are missing here: the leader answers with what this vector lacks. */
      readonly stateVector: Uint8Array | null
      readonly rotation: number
    }
  | { readonly kind: 'sync'; readonly stateVector: Uint8Array; readonly rotation: number }
  | { readonly kind: 'sync-response'; readonly update: Uint8Array; readonly rotation: number }
  | { readonly kind: 'timeout-now'; readonly term: number }

export interface Envelope {
  readonly to: PeerId
  readonly message: ConsensusMessage
}

/** Milliseconds. */
export interface Timing {
  readonly heartbeatMs: number
  /** A voter that heard its leader within this refuses to help depose it; a leader steps down after as long a silence. */
  readonly quorumCheckMs: number
  readonly electionMsMin: number
  readonly electionMsMax: number
  /** A ledger without work for so long falls quiet. */
  readonly quietAfterMs: number
  /** Without a word from a leader for so long, a machine counts itself as cut off. */
  readonly detachedAfterMs: number
  /** A leader settles what machines ask within so long of each other together. */
  readonly settleAfterMs: number
}

export const DEFAULT_TIMING: Timing = {
  heartbeatMs: 500,
  quorumCheckMs: 3_000,
  electionMsMin: 3_000,
  electionMsMax: 6_000,
  quietAfterMs: 60_000,
  detachedAfterMs: 10_000,
  settleAfterMs: 2_000,
}

/** Ed25519 of this machine's key; deterministic, so the core stays replayable. */
export interface Signer {
  sign(bytes: Uint8Array): string
  verify(peer: PeerId, bytes: Uint8Array, signature: string): boolean
}

/** The highest term promised, and the vote given in it. */
export interface VotePromise {
  readonly term: number
  readonly votedFor: PeerId | null
}

/** Records that became committed, in order. `rebase`: fold them into an empty state, not into the one before. */
export interface Commit {
  readonly records: readonly LedgerRecord[]
  readonly rebase: boolean
}

export type PersistOrder =
  | { readonly kind: 'append'; readonly frames: Frame[] }
  | { readonly kind: 'replace'; readonly frames: readonly Frame[] }

/** Effects as data. Order is contract: persist, then send, then apply, then reply. */
export interface ConsensusReady {
  readonly persist: PersistOrder[]
  readonly send: Envelope[]
  readonly commits: Commit[]
  /** Rounds of `confirmLeadership` that ended. */
  readonly barriers: { readonly id: number; readonly ok: boolean }[]
}

export interface Follower {
  readonly kind: 'follower'
  readonly leader: PeerId | null
  readonly heardAt: number
  /** Its leader said that it falls silent: silence is no sign of its death. */
  readonly isQuiet: boolean
}

export interface PreCandidate {
  readonly kind: 'pre-candidate'
  readonly term: number
  readonly granted: Set<PeerId>
}

export interface Candidate {
  readonly kind: 'candidate'
  readonly term: number
  readonly base: RecordId
  /** The promise to itself is durable from this position on; its own vote counts only then. */
  readonly promisedAt: number
  readonly votes: Map<PeerId, SignedVote>
}

export interface Leader {
  readonly kind: 'leader'
  readonly term: number
  readonly termStart: RecordId
  readonly progress: Map<PeerId, Progress>
  /** Records appended in this step, not yet in the document. */
  readonly unsent: Uint8Array[]
  round: number
  heartbeatAt: number
  isQuiet: boolean
  /** The commit that the others were last told. */
  toldCommit: RecordId | null
  barriers: { readonly id: number; readonly round: number }[]
}

/** A peer that asks for what it lacks. */
export interface Lacking {
  /** Where its head was when it was last sent that, and how often in a row it was found there. */
  stuck: { readonly head: Position | null; readonly times: number }
}

/** What a leader knows of one peer. */
export interface Progress extends Lacking {
  ack: Position | null
  round: number
  heardAt: number
  /** When it was last sent what it lacks. */
  repairedMs: number
}

export type Role = Follower | PreCandidate | Candidate | Leader

/** A document that costs more than this to keep is begun anew, without what its checkpoint stands for. */
export interface Rotation {
  readonly arraysMax: number
  readonly bytesMax: number
}

/**
 * An array for each term; deletions leave their traces. 4,000 terms of 100 records, all pruned, are 39 kB and took 0.2 s to load
 * on a loaded machine; 10,000 are 99 kB and took 1.2 s.
 */
export const DEFAULT_ROTATION: Rotation = { arraysMax: 4_000, bytesMax: 50_000_000 }

export interface ConsensusOptions {
  readonly self: PeerId
  /** An empty document, with an author's id of its own. */
  readonly createDocument: () => LedgerDocument
  readonly rotateAbove?: Rotation
  readonly signer: Signer
  /** Uniform in [0, 1), from a seeded generator. */
  readonly random: () => number
  readonly timing: Timing
  readonly frames: readonly Frame[]
  /** Of the genesis, which every vote is bound to. */
  readonly genesis: RecordId & { readonly generation: number }
}

/**
 * 1. Nothing is sent that rests on a promise or a record which is not durable yet.
 * 2. `promise.term` never decreases; a role of a lower term is dropped in the step that raises it.
 * 3. `chain.head()` never decreases; `commit` never leaves its path.
 */
export interface Consensus {
  readonly self: PeerId
  readonly createDocument: () => LedgerDocument
  readonly rotateAbove: Rotation
  document: LedgerDocument
  /** How often the ledger's document was begun anew. */
  rotation: number
  readonly chain: Chain
  readonly signer: Signer
  readonly random: () => number
  readonly timing: Timing
  readonly generation: number
  readonly genesisHash: string
  /** Records that were no records, of another generation, or in a place that was taken. */
  refusedRecords: number
  /** The last acknowledgement sent, and the last round heard of in the promised term. */
  lastAck: Position | null
  heardRound: number
  /** Leader of each term whose TermStart, or a checkpoint of which, is complete here. */
  readonly leaders: Map<number, PeerId>
  learners: readonly PeerId[]
  promise: VotePromise
  /** The position of the promise's frame. */
  promisedAt: number
  role: Role
  /** Monotonic milliseconds, and the wall clock for the stamps that people read. */
  now: number
  wallMs: number
  /** When to campaign; 0 before the first tick. */
  electionAt: number
  /** The highest term that anybody said to have promised; a matter of asking well, not of safety, so it is not durable. */
  heardTerm: number
  /** Frames handed out so far; those up to `durable` are synced. */
  position: number
  durable: number
  durableHead: RecordId | null
  /** Peers that asked for votes with an older head. */
  readonly lacking: Map<PeerId, Lacking>
  /** Which head becomes durable at which position, rising. */
  readonly headMarks: { readonly position: number; readonly head: RecordId }[]
  /** Sends that wait for a position; dropped when the promise has moved on. */
  held: { readonly after: number; readonly term: number; readonly envelope: Envelope }[]
  commit: RecordId | null
  /** A record below which the index may be forgotten, once it is durable here. */
  forgetBelow: { readonly below: Position; readonly durableAt: Position } | null
  out: ConsensusReady
}
