// How a term is won: ask without consequences first, then promise durably to oneself, then ask for votes.
import { assert, type PeerId, type RecordId } from '../../../protocol/index.ts'
import { ballotBytes } from './ballot.ts'
import { idOf, promiseTo, send, sendWhenDurable } from './durability.ts'
import { becomeFollower, headPosition, isBelievable, postponeElection } from './follower.ts'
import { becomeLeader } from './leader.ts'
import { isMajority } from './quorum.ts'
import type { Candidate, Consensus } from './types.ts'

/** The election timeout passed: sounds out the others, or campaigns at once when alone. */
export function onElectionTimeout(core: Consensus): void {
  postponeElection(core)
  const voters = votersAtHead(core)
  if (!voters.includes(core.self)) {
    becomeFollower(core, null)
    return
  }
  if (voters.length === 1) {
    campaign(core)
    return
  }
  const term = nextTerm(core)
  core.role = { kind: 'pre-candidate', term, granted: new Set([core.self]) }
  const { rotation } = core
  const stateVector = core.document.stateVector()
  for (const voter of others(core, voters)) {
    send(core, voter, { kind: 'pre-vote', term, head: headPosition(core), stateVector, rotation })
  }
}

export function onPreVoteResponse(
  core: Consensus,
  from: PeerId,
  term: number,
  granted: boolean,
): void {
  if (core.role.kind !== 'pre-candidate' || core.role.term !== term || !granted) return
  core.role.granted.add(from)
  const { granted: said } = core.role
  if (isMajority(votersAtHead(core), (voter) => said.has(voter))) campaign(core)
}

/** Stands for the next term on top of the present head. */
export function campaign(core: Consensus): void {
  const head = core.chain.head()
  assert(head !== null, 'a campaign without a genesis')
  // Asked to stand by a leader that did not know of its removal.
  if (!votersAtHead(core).includes(core.self)) return
  // Whoever followed a quiet leader has no time set at which a lost campaign would end.
  if (core.electionAt === Infinity) postponeElection(core)
  const term = nextTerm(core)
  const base = idOf(head)
  const promisedAt = promiseTo(core, { term, votedFor: core.self })
  core.role = { kind: 'candidate', term, base, promisedAt, votes: new Map() }
  for (const voter of others(core, votersAtHead(core))) {
    sendWhenDurable(core, voter, {
      kind: 'vote',
      term,
      head: { term: base.term, index: base.index },
    })
  }
}

export function onVoteResponse(
  core: Consensus,
  from: PeerId,
  term: number,
  signature: string,
): void {
  if (core.role.kind !== 'candidate' || core.role.term !== term) return
  const ballot = ballotBytes(core.genesisHash, term, core.self, core.role.base)
  if (!core.signer.verify(from, ballot, signature)) return
  core.role.votes.set(from, { voter: from, signature })
  countVotes(core, core.role)
}

/** Its own vote counts once the promise behind it is durable. */
export function onPromiseDurable(core: Consensus): void {
  const { role } = core
  if (role.kind !== 'candidate' || role.promisedAt > core.durable || role.votes.has(core.self))
    return
  const signature = core.signer.sign(ballotBytes(core.genesisHash, role.term, core.self, role.base))
  role.votes.set(core.self, { voter: core.self, signature })
  countVotes(core, role)
}

function countVotes(core: Consensus, role: Candidate): void {
  const isMine = core.promise.term === role.term && core.promise.votedFor === core.self
  if (!isMine) {
    becomeFollower(core, null)
    return
  }
  const voters = core.chain.votersAt(role.base)
  if (isMajority(voters, (voter) => role.votes.has(voter))) becomeLeader(core, role, voters)
}

function nextTerm(core: Consensus): number {
  return Math.max(core.promise.term, headPosition(core).term, core.heardTerm) + 1
}

/**
 * Somebody promised this term, and refuses what is not above it. Whoever has the newer records would ask in vain for ever
 * if its own terms stayed below those of a voter that it needs, who lacks the records to be elected.
 */
export function hearOfTerm(core: Consensus, term: number): void {
  if (term > core.heardTerm && isBelievable(core, term + 1)) core.heardTerm = term
}

function votersAtHead(core: Consensus): readonly PeerId[] {
  const head: RecordId | null = core.chain.head()
  return head === null ? [] : core.chain.votersAt(head)
}

function others(core: Consensus, voters: readonly PeerId[]): readonly PeerId[] {
  return voters.filter((voter) => voter !== core.self)
}
