// The kinds of records: a versioned table. The leader decides and records carry the decision; replicas apply them
// verbatim, so that daemons of different versions cannot disagree about an overlap.
import type { EndReason, Key, Party, Scope, Stamp } from '../claim.ts'
import type {
  ClaimId,
  InvitationId,
  PeerId,
  QueueId,
  RepoId,
  RequestedId,
  RequestId,
  SessionId,
} from '../ids.ts'
import type { InvitationState, MemberRole } from '../member.ts'
import type { ProvisionalClaim, ProvisionalOrder } from '../provisional.ts'
import type { DropReason, QueueEntry } from '../queue.ts'
import type { ClaimRequest, RequestEnd } from '../request.ts'
import type { TaskEnd } from '../task.ts'
import type { Rename } from './body-rename.ts'
import { FLEET_KINDS, type FleetBody } from './body-fleet.ts'
import type { Answers, Grant } from './body-grant.ts'
import { POLICY_KINDS, type PolicyBody } from './body-policy.ts'

export type { Answers, Grant, GrantedClaim } from './body-grant.ts'

/** First record of a ledger; fixes what the ledger is about and who votes at first. */
export interface Genesis {
  readonly kind: 'genesis'
  readonly ledger: 'repo' | 'mesh'
  readonly mesh: string
  /** The repository's id, or the mesh id again for the mesh ledger. */
  readonly name: string
  readonly founder: PeerId
  readonly voters: readonly PeerId[]
  readonly version: number
}

/** A vote, signed by the voter over (genesis hash, term, candidate, head). */
export interface SignedVote {
  readonly voter: PeerId
  /** Base 64. */
  readonly signature: string
}

/** First record of a won term; its parent is the head that the majority voted for. */
export interface TermStart {
  readonly kind: 'term-start'
  readonly leader: PeerId
  readonly voters: readonly PeerId[]
  readonly votes: readonly SignedVote[]
  readonly head: { readonly term: number; readonly index: number }
}

/** A change of voters by one member; effective as soon as it is appended. */
export interface Config {
  readonly kind: 'config'
  readonly voters: readonly PeerId[]
  /** The mesh ledger's index that it rests on: no later leader goes by an older state of the mesh. */
  readonly asOf?: number
}

/** Part `part` of `parts` (from 1) of the whole folded state; the last one supersedes every record before the first. */
export interface Checkpoint {
  readonly kind: 'checkpoint'
  readonly part: number
  readonly parts: number
  readonly voters: readonly PeerId[]
  /** Of the term that the record is in: whoever gets the checkpoint instead of that term's TermStart follows it. */
  readonly leader: PeerId | null
  readonly data: string
}

/**
 * Provisional claims are settled: what stands here of each is decided for ever, and answers every request in `rids`. The
 * grants of the promoted ones, under the ids that they have, stand before it.
 */
export interface Reconcile {
  readonly kind: 'reconcile'
  readonly rids: readonly RequestId[]
  /** In the order in which they were judged, each against everything before it. */
  readonly outcomes: readonly Settlement[]
}

export type Settlement = SettledOne &
  (
    | { readonly kind: 'promoted' }
    | {
        readonly kind: 'rejected'
        readonly claim: ProvisionalClaim
        /** What it met: live claims, those promoted before it, or a task that is done. */
        readonly conflicts: readonly ClaimId[]
      }
    /** Its holder had given it up: whatever was made of it is gone, too. */
    | { readonly kind: 'ended'; readonly reason: EndReason }
  )

export interface SettledOne extends ProvisionalOrder {
  readonly id: ClaimId
  readonly peer: PeerId
}

/** A claim joins the queue. */
export interface Push extends Answers {
  readonly kind: 'push'
  readonly entry: Omit<QueueEntry, 'rid' | 'joinedAtMs' | 'index'>
}

/** Places are given up, or taken away. */
export interface Drop extends Answers {
  readonly kind: 'drop'
  readonly ids: readonly QueueId[]
  readonly reason: DropReason
  readonly by: string
  /** For a broken circle of waits: the sessions in it, in order. */
  readonly circle: readonly string[]
}

/** A refusal that must be repeated word for word: one whose call carried an idempotency key. */
export interface Deny extends Answers {
  readonly kind: 'deny'
  readonly party: Party
  readonly conflicts: readonly DeniedBy[]
  readonly key: Key
  /** The agents of the circle that the wait would have closed. */
  readonly circle?: readonly string[]
}

export interface DeniedBy {
  readonly scope: Scope
  readonly claim: ClaimId
}

/** A request to a holder. */
export interface Ask extends Answers {
  readonly kind: 'ask'
  readonly request: Omit<ClaimRequest, 'filedAtMs'>
  readonly clampSeconds: number
}

/** A request ends, by its holder's answer or by silence. What the answer does to claims stands in the same record. */
export interface Answer extends Answers {
  readonly kind: 'answer'
  readonly ids: readonly RequestedId[]
  readonly end: Exclude<RequestEnd, 'resolved'>
  readonly by: string
  readonly note: string
  /** Denials that lift their clamps; everything else that an answer does are records beside it. */
  readonly granted: readonly ClaimId[]
}

/** Claims given up by their holder or by the holder's daemon. */
export interface Release extends Answers {
  readonly kind: 'release'
  readonly ids: readonly ClaimId[]
  readonly reason: EndReason
  readonly by: string
}

/** Claims ended by the leader because their holder's lease or time ran out. */
export interface Expire {
  readonly kind: 'expire'
  readonly ids: readonly ClaimId[]
  readonly reason: 'lease' | 'ttl'
}

/** Claims ended by a person against their holder's will. */
export interface Revoke extends Answers {
  readonly kind: 'revoke'
  readonly ids: readonly ClaimId[]
  readonly by: string
  readonly note: string
}

export interface Renew extends Answers {
  readonly kind: 'renew'
  readonly ids: readonly ClaimId[]
  /** Null: each claim's own time again. */
  readonly ttlSeconds: number | null
  readonly stamp: Stamp
  /** Set when a claim with an idempotency key asked again for what its session held. */
  readonly key: (Key & { readonly peer: PeerId; readonly session: SessionId }) | null
  /** Where the work goes on now; the claims' own branch when left out. */
  readonly branch?: string
}

/** A claim that keeps its id and fence and covers less. */
export interface Narrow extends Answers {
  readonly kind: 'narrow'
  readonly id: ClaimId
  readonly scope: Scope
  /** Claims split off when one pattern becomes several; same fence, same end. */
  readonly more: readonly { readonly id: ClaimId; readonly scope: Scope }[]
  /** Which of the claim's partners stay beside each part, the kept one first. Absent in old records: all, beside the first. */
  readonly beside?: readonly PartBeside[]
}

export interface PartBeside {
  readonly coexistsWith: readonly ClaimId[]
  /** Of those, whose symbols are no longer covered. */
  readonly narrowedBy: readonly ClaimId[]
}

/** Tasks are over: their claims end, and for a while everybody is told that they were completed, or timed out. */
export interface Task extends Answers {
  readonly kind: 'task'
  readonly ids: readonly ClaimId[]
  readonly reason: TaskEnd
  readonly by: string
  readonly note: string
}

/** Mesh ledger: a machine of the mesh. */
export interface Member extends Answers {
  readonly kind: 'member'
  readonly peer: PeerId
  readonly machine: string
  readonly role: MemberRole
  readonly addresses: readonly string[]
  /** The ledger version that it speaks; absent in records from before there were several machines. */
  readonly version?: number
  /** The invitation that it came with, which ends with it. */
  readonly invitation?: InvitationId
}

/** Mesh ledger: a machine is no member any more. */
export interface RemoveMember extends Answers {
  readonly kind: 'remove-member'
  readonly peer: PeerId
  readonly reason: 'removed' | 'left'
  readonly by: string
}

/** Mesh ledger: whoever has the one-time key may join once. */
export interface Invite extends Answers {
  readonly kind: 'invite'
  readonly invitation: InvitationState
}

/** Mesh ledger: invitations that nobody may use any more. */
export interface Uninvite extends Answers {
  readonly kind: 'uninvite'
  readonly ids: readonly InvitationId[]
  readonly reason: 'revoked' | 'expired'
}

/** Mesh ledger: a repository and the genesis of its ledger, so that one mesh never has two ledgers of one repository. */
export interface Enrol extends Answers {
  readonly kind: 'enrol'
  readonly repo: RepoId
  readonly generation: number
  readonly founder: PeerId
  readonly voters: readonly PeerId[]
  readonly roots: readonly string[]
  /** Hash of the ledger's genesis: a ledger of this repository with another one is not this mesh's. */
  readonly genesis: string
}

/** Mesh ledger: a machine has the repository and gets its ledger. */
export interface Attach extends Answers {
  readonly kind: 'attach'
  readonly repo: RepoId
  readonly peer: PeerId
}

export type RecordBody =
  | Genesis
  | TermStart
  | Config
  | Checkpoint
  | Grant
  | Deny
  | Push
  | Drop
  | Ask
  | Answer
  | Release
  | Expire
  | Revoke
  | Renew
  | Narrow
  | Rename
  | Reconcile
  | Task
  | Member
  | RemoveMember
  | Invite
  | Uninvite
  | Enrol
  | Attach
  | PolicyBody
  | FleetBody

export type RecordKind = RecordBody['kind']

/** Each kind with the ledger version that brought it. */
export const RECORD_KINDS: Readonly<Record<RecordKind, number>> = {
  genesis: 1,
  'term-start': 1,
  config: 1,
  checkpoint: 1,
  grant: 1,
  deny: 1,
  push: 1,
  drop: 1,
  ask: 1,
  answer: 1,
  release: 1,
  expire: 1,
  revoke: 1,
  renew: 1,
  narrow: 1,
  rename: 3,
  reconcile: 2,
  task: 1,
  member: 1,
  'remove-member': 2,
  invite: 2,
  uninvite: 2,
  enrol: 1,
  attach: 1,
  ...POLICY_KINDS,
  ...FLEET_KINDS,
}

export function isKnownKind(kind: string): kind is RecordKind {
  return Object.hasOwn(RECORD_KINDS, kind)
}
