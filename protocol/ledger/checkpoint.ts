// The whole folded state as records' bodies: what everything before it may be forgotten for. Plain JSON in numbered
// parts, so that no record is large.
import { SkeinError } from '../errors.ts'
import type { Assignment } from '../assignment.ts'
import type { LedgerClaim } from '../claim.ts'
import type { ClaimId, PeerId } from '../ids.ts'
import type { InvitationState, MemberState } from '../member.ts'
import type { QueueEntry } from '../queue.ts'
import type { ClaimRequest } from '../request.ts'
import type { CompletedTask } from '../task.ts'
import type { Checkpoint } from './body.ts'
import {
  emptyState,
  isForcedEnd,
  type ForcedEnd,
  type KeyedOutcome,
  type LedgerState,
  type PathTime,
  type RepoState,
  type RequestOutcome,
} from './state.ts'

/** Characters in one part: at most 64 kB, since a character of this JSON is mostly one byte. */
const PART_CHARACTERS = 60_000

export function encodeCheckpoint(state: LedgerState): Checkpoint[] {
  const text = encodeState(state)
  const parts = Math.max(1, Math.ceil(text.length / PART_CHARACTERS))
  return Array.from({ length: parts }, (_, i) => ({
    kind: 'checkpoint',
    part: i + 1,
    parts,
    voters: state.voters,
    leader: state.leader,
    data: text.slice(i * PART_CHARACTERS, (i + 1) * PART_CHARACTERS),
  }))
}

/** The same text for the same state: maps in their order of insertion. */
export function encodeState(state: LedgerState): string {
  const encoded: EncodedState = {
    ...state,
    claims: [...state.claims.values()],
    queue: [...state.queue.values()],
    asked: [...state.asked.values()],
    completed: [...state.completed.values()],
    requests: [...state.requests].map(([peer, window]) => [
      peer,
      { ...window, outcomes: [...window.outcomes] },
    ]),
    keys: [...state.keys],
    members: [...state.members.values()],
    invitations: [...state.invitations.values()],
    repos: [...state.repos.values()],
    settled: [...state.settled],
    promoted: [...state.promoted],
    assignments: [...state.assignments.values()],
  }
  return JSON.stringify(encoded)
}

/** The state with its maps as lists. */
type EncodedState = Omit<
  LedgerState,
  | 'claims'
  | 'queue'
  | 'asked'
  | 'completed'
  | 'requests'
  | 'keys'
  | 'members'
  | 'invitations'
  | 'repos'
  | 'settled'
  | 'promoted'
  | 'forced'
  | 'assignments'
> & {
  readonly claims: readonly LedgerClaim[]
  readonly queue: readonly QueueEntry[]
  readonly asked: readonly ClaimRequest[]
  /** Not there in checkpoints from before there were tasks. */
  readonly completed?: readonly CompletedTask[]
  readonly requests: readonly (readonly [PeerId, EncodedWindow])[]
  readonly keys: readonly (readonly [string, KeyedOutcome])[]
  readonly members: readonly MemberState[]
  /** Not there in checkpoints from before there were several machines. */
  readonly invitations?: readonly InvitationState[]
  readonly repos: readonly RepoState[]
  /** Not there in checkpoints from before there were provisional claims. */
  readonly settled?: readonly (readonly [PeerId, number])[]
  readonly promoted?: readonly ClaimId[]
  /** Not there in checkpoints from before it was kept by itself. */
  readonly forced?: readonly (LedgerClaim | ForcedEnd)[]
  /** Not there in checkpoints from before there was a fleet. */
  readonly assignments?: readonly Assignment[]
}

/** What members of the first version did not say. */
const FIRST_MEMBERS = { version: 1 }

interface EncodedWindow {
  readonly incarnation: number
  readonly floor: number
  readonly outcomes: readonly (readonly [number, RequestOutcome])[]
}

export function decodeState(text: string): LedgerState {
  const {
    claims,
    queue,
    asked,
    completed = [],
    requests,
    keys,
    members,
    invitations = [],
    repos,
    settled = [],
    promoted = [],
    forced,
    assignments = [],
    ...rest
  } = parseState(text)
  // For its order of fields: the same state must give the same text again.
  const state = { ...emptyState(), ...rest }
  return {
    ...state,
    claims: new Map(claims.map((claim) => [claim.id, claim])),
    asked: new Map(asked.map((request) => [request.id, request])),
    completed: new Map(completed.map((over) => [over.task, over])),
    queue: new Map(queue.map((entry) => [entry.id, entry])),
    requests: new Map(
      requests.map(([peer, window]) => [peer, { ...window, outcomes: new Map(window.outcomes) }]),
    ),
    keys: new Map(keys),
    members: new Map(members.map((member) => [member.peer, { ...FIRST_MEMBERS, ...member }])),
    invitations: new Map(invitations.map((invitation) => [invitation.id, invitation])),
    repos: new Map(repos.map((repo) => [repo.repo, repo])),
    settled: new Map(settled),
    promoted: new Set(promoted),
    assignments: new Map(assignments.map((assignment) => [assignment.id, assignment])),
    forced: (forced ?? forcedIn(rest.ended)).map((claim) => endedBy(claim, state.pathTime)),
  }
}

/** In checkpoints from before it was counted it ended just now. */
function endedBy(claim: LedgerClaim | ForcedEnd, { passedMs }: PathTime): ForcedEnd {
  return 'endedAt' in claim ? claim : { ...claim, endedAt: passedMs }
}

function forcedIn(ended: LedgerState['ended']): readonly LedgerClaim[] {
  const forced = ended.filter(({ reason, by }) => isForcedEnd(reason, by))
  return forced.map(({ claim }) => claim).filter(({ mode }) => mode === 'exclusive')
}

function parseState(text: string): EncodedState {
  try {
    return JSON.parse(text) as EncodedState
  } catch (cause) {
    throw new SkeinError('LEDGER_DAMAGED', 'a checkpoint that is not JSON', { cause })
  }
}
