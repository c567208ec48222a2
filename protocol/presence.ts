// What boards see beside the ledgers: how far they are committed, who waits for what, how far workers are, what this machine knows of
// its own sessions and of the others. It is of now, told by one daemon as it sees things, and never enters a ledger. Each state replaces the one of
// the same kind.
import type { Claim, ClaimState } from './claim.ts'
import type { AssignmentId, ClaimId } from './ids.ts'
import type { RecordId } from './ledger/record.ts'
import type { OperationResult } from './operations/schemas.ts'
import type { WorkerNow } from './worker-now.ts'

/** On `presence:<repository>`. */
export type RepoPresence =
  /** Up to there the ledger is committed, as far as this daemon knows. */
  | ({ readonly kind: 'mark' } & RecordId)
  /** Null: this machine cannot serve the repository; `problem` says why. */
  | { readonly kind: 'repo'; readonly repo: RepoNow }
  | { readonly kind: 'queue'; readonly entries: OperationResult<'queue'>['entries'] }
  | ({ readonly kind: 'local' } & LocalClaims)
  | { readonly kind: 'workers'; readonly told: WorkersTold }

/** On `presence:mesh`. */
export type MeshPresence =
  | ({ readonly kind: 'mark' } & RecordId)
  | { readonly kind: 'daemon'; readonly status: OperationResult<'status'> }
  | { readonly kind: 'members'; readonly members: OperationResult<'members'> }
  | { readonly kind: 'peers'; readonly peers: OperationResult<'peers'>['peers'] }
  | { readonly kind: 'ledgers'; readonly ledgers: OperationResult<'leader'>['ledgers'] }

export type PresenceState = RepoPresence | MeshPresence
export type PresenceKind = PresenceState['kind']

export type RepoNow = OperationResult<'status'>['repos'][number] & {
  /** With a majority of the voters, as of now. */
  readonly attached: boolean
}

/** Of assignments that are not over: what their machines say; null: its machine cannot be asked. */
export type WorkersTold = Readonly<Partial<Record<AssignmentId, WorkerNow | null>>>

/** What this machine knows of claims and the ledger does not say. */
export interface LocalClaims {
  readonly provisional: readonly Claim[]
  /** Of live claims that are about to end here: given up, or lapsed while this machine was cut off. */
  readonly states: Readonly<Partial<Record<ClaimId, ClaimState>>>
  /** Milliseconds since 1970 of the last sign of its own sessions that hold something. */
  readonly activity: Readonly<Record<string, number>>
  /** This machine. */
  readonly peer: string
}

/** The number of each kind of state in the awareness of a presence document. */
export const PRESENCE_IDS: Readonly<Record<PresenceKind, number>> = {
  mark: 1,
  repo: 2,
  queue: 3,
  local: 4,
  daemon: 5,
  members: 6,
  peers: 7,
  ledgers: 8,
  workers: 9,
}

/** Codes with which `/sync` closes a socket (RFC 6455, 7.4.2: 4000-4999 are an application's own). */
export const SYNC_CLOSE = {
  /** The document was begun anew: drop the copy, and connect again. */
  anew: 4100,
  /** Not a message of this protocol. */
  malformed: 4400,
  /** The token with which it was opened has ended. */
  ended: 4401,
  /** Boards read; whoever wants to change something calls an operation. */
  readOnly: 4403,
  /** There is no such document, or not for this token. */
  unknown: 4404,
  /** Its reader took too little for too long. */
  slow: 4408,
  /** Too many sockets are open. */
  busy: 4429,
} as const

export const SYNC_LIMITS = {
  /** Each is a copy of a document in somebody's memory. */
  socketsMax: 32,
  /** A reader that is further behind is cut off and comes back for the whole. */
  bufferBytesMax: 8 * 1_048_576,
  /** State vectors: some ten bytes for each author that a document ever had. */
  messageBytesMax: 65_536,
  /** Clients of the protocol give up on a document that is silent for 30 s (y-websocket). */
  heartbeatMs: 15_000,
} as const

/** The WebSocket protocol's name; a browser sends its token as a second one, after the prefix. */
export const SYNC_PROTOCOL = 'skein.sync'
export const SYNC_TOKEN_PREFIX = 'skein.token.'
