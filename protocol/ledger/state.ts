// What the committed path says, folded: the same on every replica. Bounded in everything but live claims.
import type { Assignment } from '../assignment.ts'
import type { Proposal } from '../proposal.ts'
import type { EndReason, LedgerClaim } from '../claim.ts'
import type {
  AssignmentId,
  ClaimId,
  InvitationId,
  PeerId,
  QueueId,
  RepoId,
  RequestedId,
  RequestId,
} from '../ids.ts'
import type { InvitationState, MemberState } from '../member.ts'
import { NO_POLICY, type Approval, type PolicyState, type RefusalDay } from '../policy.ts'
import type { ProvisionalClaim } from '../provisional.ts'
import type { DropReason, QueueEntry } from '../queue.ts'
import type { AnsweredRequest, ClaimRequest } from '../request.ts'
import type { CompletedTask } from '../task.ts'
import type { DeniedBy } from './body.ts'
import type { RecordId } from './record.ts'

export interface LedgerState {
  ledger: 'repo' | 'mesh'
  mesh: string
  name: string
  generation: number
  genesisHash: string
  /** Who began it; null in checkpoints of the first version. */
  founder: PeerId | null
  /** The last record folded in. */
  applied: RecordId
  leader: PeerId | null
  voters: readonly PeerId[]
  /** The index of the mesh ledger that the voters were last changed by; 0: by none. */
  votersAsOf: number
  readonly claims: Map<ClaimId, LedgerClaim>
  /** Waiting claims, oldest first. */
  readonly queue: Map<QueueId, QueueEntry>
  /** Grants from the queue so far: every so many go to the oldest. */
  pops: number
  /** Requests without an answer, oldest first. */
  readonly asked: Map<RequestedId, ClaimRequest>
  /** Requests that ended lately, oldest first. */
  readonly answered: AnsweredRequest[]
  /** Claims that ended lately, oldest first. */
  readonly ended: EndedClaim[]
  /** Exclusive claims that ended by force lately and that nobody else followed since, oldest first: for lock-delays. */
  readonly forced: ForcedEnd[]
  /** How much time the path shows to have passed; see fold-forced.ts. */
  pathTime: PathTime
  /** Tasks that are over by their id, oldest first. */
  readonly completed: Map<string, CompletedTask>
  /** The last answered requests of each peer. */
  readonly requests: Map<PeerId, RequestWindow>
  /** Outcomes by session and idempotency key, oldest first. */
  readonly keys: Map<string, KeyedOutcome>
  /** In the order in which they joined. */
  readonly members: Map<PeerId, MemberState>
  /** The record that last changed who is a member, or may vote. */
  membersAt: number
  readonly invitations: Map<InvitationId, InvitationState>
  /** Machines that were members once, the last ones. */
  removed: readonly PeerId[]
  /** Index of the last removal; 0: nobody was removed yet. */
  removedAt: number
  readonly repos: Map<RepoId, RepoState>
  /** Provisional claims of each peer up to this `n` are settled. */
  readonly settled: Map<PeerId, number>
  /** Provisional claims that were granted by a leader whose Reconcile did not come to be. */
  readonly promoted: Set<ClaimId>
  /** Provisional claims that lost lately, oldest first. */
  readonly rejected: RejectedProvisional[]
  /** What the repository wants of claims in it. */
  policy: PolicyState
  /** Asked for and answered, oldest first. */
  approvals: readonly Approval[]
  /** How often claims met, by day, oldest first. */
  refusals: readonly RefusalDay[]
  /** Of the fleet: the open ones as they came, and the last ones that are over as they ended. */
  readonly assignments: Map<AssignmentId, Assignment>
  /** Of the last plan, those that were not approved. */
  proposals: readonly Proposal[]
}

export interface ForcedEnd extends LedgerClaim {
  /** By `pathTime.passedMs`. */
  readonly endedAt: number
}

export interface PathTime {
  /** Of the last record that counted. */
  readonly term: number
  readonly atMs: number
  readonly passedMs: number
}

export interface RejectedProvisional {
  readonly claim: ProvisionalClaim
  readonly conflicts: readonly ClaimId[]
  readonly atMs: number
  readonly term: number
  readonly index: number
}

/** Who ends claims whose time is over. */
export const BY_LEADER = 'leader'

/** What its own daemon ended is over; what a leader or a person ended may still be in its holder's hands. */
export function isForcedEnd(reason: EndReason, by: string): boolean {
  return reason === 'revoked' || by === BY_LEADER
}

export interface EndedClaim {
  readonly claim: LedgerClaim
  readonly reason: EndReason
  readonly atMs: number
  readonly by: string
  readonly term: number
  readonly index: number
}

/** Requests are known here by `requestNumber`. */
export interface RequestWindow {
  /** The highest that answered one; what an earlier one left undecided is not decided any more. */
  incarnation: number
  /** Requests below it are answered and forgotten. */
  floor: number
  readonly outcomes: Map<number, RequestOutcome>
}

/** What the ledger decided about a request; claims are looked up when it is told, so that it is told as it is now. */
export type RequestOutcome =
  | { readonly kind: 'granted'; readonly ids: readonly ClaimId[]; readonly fence: number }
  | {
      readonly kind: 'denied'
      readonly conflicts: readonly DeniedBy[]
      readonly circle?: readonly string[]
    }
  | { readonly kind: 'queued'; readonly id: QueueId }
  | { readonly kind: 'dropped'; readonly id: QueueId; readonly reason: DropReason }
  | { readonly kind: 'cancelled'; readonly ids: readonly QueueId[] }
  | { readonly kind: 'asked'; readonly id: RequestedId }
  | { readonly kind: 'answered'; readonly ids: readonly RequestedId[] }
  | { readonly kind: 'ended'; readonly ids: readonly ClaimId[] }
  | { readonly kind: 'renewed'; readonly ids: readonly ClaimId[] }
  | { readonly kind: 'narrowed'; readonly ids: readonly ClaimId[] }
  | { readonly kind: 'renamed'; readonly ids: readonly ClaimId[] }
  | { readonly kind: 'task-over'; readonly tasks: readonly CompletedTask[] }
  | { readonly kind: 'enrolled'; readonly repo: RepoId }
  | { readonly kind: 'unapproved'; readonly id: RequestedId }
  | { readonly kind: 'assigned'; readonly id: AssignmentId }
  | { readonly kind: 'reconciled' }
  | { readonly kind: 'done' }

export interface KeyedOutcome {
  readonly digest: string
  readonly atMs: number
  readonly outcome: RequestOutcome
}

export interface RepoState {
  readonly repo: RepoId
  readonly generation: number
  readonly founder: PeerId
  readonly voters: readonly PeerId[]
  readonly roots: readonly string[]
  readonly genesis: string
  readonly machines: readonly PeerId[]
  /** The record that last changed which machines have it. */
  readonly machinesAt?: number
}

/** Answered requests remembered for each peer: more than a daemon has in flight. */
export const REQUESTS_REMEMBERED = 1_024
export const KEYS_REMEMBERED = 10_000
export const KEY_LIFE_MS = 24 * 3_600_000
export const ENDED_REMEMBERED = 64
/**
 * More claims than this, ended by force, do not keep their lock-delay over a change of leaders. As many as one Expire may
 * end; a state of some 200 kB.
 */
export const FORCED_REMEMBERED = 500
export const ANSWERED_REMEMBERED = 64
export const REJECTED_REMEMBERED = 64
/**
 * Completed tasks are told for a day (DEFAULTS.completedToldSeconds). What waits for one may need to know for longer:
 * until the plan that says so has come to every checkout.
 */
export const COMPLETED_LIFE_MS = 30 * 24 * 3_600_000
export const COMPLETED_REMEMBERED = 1_000

export function emptyState(): LedgerState {
  return {
    ledger: 'repo',
    mesh: '',
    name: '',
    generation: 0,
    genesisHash: '',
    founder: null,
    applied: { term: 0, index: 0, hash: '' },
    leader: null,
    voters: [],
    votersAsOf: 0,
    claims: new Map(),
    queue: new Map(),
    pops: 0,
    asked: new Map(),
    answered: [],
    ended: [],
    forced: [],
    pathTime: { term: 0, atMs: 0, passedMs: 0 },
    completed: new Map(),
    requests: new Map(),
    keys: new Map(),
    members: new Map(),
    membersAt: 0,
    invitations: new Map(),
    removed: [],
    removedAt: 0,
    repos: new Map(),
    settled: new Map(),
    promoted: new Set(),
    rejected: [],
    policy: { policy: NO_POLICY, source: null, promoted: [] },
    approvals: [],
    refusals: [],
    assignments: new Map(),
    proposals: [],
  }
}

/** A request's id names its peer, the incarnation of that peer's daemon, and its sequence number within it. */
export interface RequestName {
  readonly peer: PeerId
  readonly incarnation: number
  readonly sequence: number
}

export function formatRequestId(name: RequestName): RequestId {
  return `${name.peer}.${String(name.incarnation)}.${String(name.sequence)}` as RequestId
}

export function parseRequestId(rid: RequestId): RequestName {
  const [peer = '', incarnation = '0', sequence = '0'] = rid.split('.')
  return { peer: peer as PeerId, incarnation: Number(incarnation), sequence: Number(sequence) }
}

/** The machine whose caller asked. */
export function peerOf(rid: RequestId): PeerId {
  return parseRequestId(rid).peer
}

/** Rises over the life of a peer. Exact below incarnation 2^21. */
export function requestNumber({ incarnation, sequence }: RequestName): number {
  return incarnation * 2 ** 32 + sequence
}

/**
 * `forgotten`: too old to be known; the caller has long been told. A request of an earlier incarnation is remembered as
 * long as any, for whoever gave it up must still find what came of it.
 */
export function outcomeOf(state: LedgerState, rid: RequestId): RequestOutcome | 'forgotten' | null {
  const name = parseRequestId(rid)
  const window = state.requests.get(name.peer)
  if (window === undefined) return null
  const number = requestNumber(name)
  const known = window.outcomes.get(number)
  if (known !== undefined) return known
  return number < window.floor || name.incarnation < window.incarnation ? 'forgotten' : null
}

export function keyName(peer: PeerId, session: string, key: string): string {
  return JSON.stringify([peer, session, key])
}
