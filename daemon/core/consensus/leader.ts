// What only a leader does: appends to its own term, ships, counts acknowledgements of that term, confirms that it still
// leads, and steps down.
import {
  assert,
  comparePositions,
  encodeRecord,
  type LedgerRecord,
  type PeerId,
  type Position,
  type RecordBody,
} from '../../../protocol/index.ts'
import { ackNow, idOf, persist, send } from './durability.ts'
import { becomeFollower, believing, learnCommit } from './follower.ts'
import { isMajority, reachedByMajority } from './quorum.ts'
import { isRepairDue, isStuck, republishLost } from './repair.ts'
import type { Candidate, Consensus, ConsensusMessage, Leader, Progress } from './types.ts'

/** Opens the won term. No request is answered before this TermStart is committed. */
export function becomeLeader(core: Consensus, won: Candidate, voters: readonly PeerId[]): void {
  const head = { term: won.base.term, index: won.base.index }
  const votes = [...won.votes.values()]
  const draft = { kind: 'term-start', leader: core.self, voters, votes, head } as const
  const record = encodeRecord({
    generation: core.generation,
    term: won.term,
    index: won.base.index + 1,
    parent: won.base,
    atMs: core.wallMs,
    body: draft,
  })
  const completed = core.chain.add(record)
  assert(completed.length > 0, 'the TermStart of a won term is complete')
  core.leaders.set(won.term, core.self)
  core.role = {
    kind: 'leader',
    term: won.term,
    termStart: idOf(record),
    progress: new Map(),
    unsent: [record.bytes],
    round: 0,
    heartbeatAt: core.now + core.timing.heartbeatMs,
    isQuiet: false,
    toldCommit: core.commit,
    barriers: [],
  }
  flush(core)
}

/** Appends decisions after the last record of this term; they leave with the next `flush`. */
export function propose(core: Consensus, bodies: readonly RecordBody[]): readonly LedgerRecord[] {
  const { role } = core
  assert(role.kind === 'leader' && core.promise.term === role.term, 'a proposal by no leader')
  return bodies.map((body) => {
    const last = core.chain.head()
    assert(last?.term === role.term, "a leader's head lies in its own term")
    const record = encodeRecord({
      generation: core.generation,
      term: role.term,
      index: last.index + 1,
      parent: idOf(last),
      atMs: core.wallMs,
      body,
    })
    core.chain.add(record)
    role.unsent.push(record.bytes)
    return record
  })
}

/** Says how far the commit has come, if nothing else did since it moved. */
export function tellCommit(core: Consensus): void {
  const { role, commit } = core
  if (role.kind !== 'leader' || commit === null || commit === role.toldCommit) return
  role.toldCommit = commit
  for (const to of peers(core)) send(core, to, { kind: 'commit', term: role.term, commit })
}

/** Makes itself known to one peer, which may lack anything. */
export function greet(core: Consensus, role: Leader, peer: PeerId): void {
  if (peers(core).includes(peer)) sendAppend(core, role, peer, new Uint8Array())
}

/** Nothing to do: the others are told once not to mind the silence. Ends with the next round. */
export function fallQuiet(core: Consensus, role: Leader): void {
  if (role.isQuiet) return
  role.isQuiet = true
  role.round++
  broadcast(core, role, new Uint8Array())
}

/** One transaction, one frame and one send to each peer for everything appended in this step. */
export function flush(core: Consensus): void {
  const { role } = core
  if (role.kind !== 'leader' || role.unsent.length === 0) return
  wake(core, role)
  const update = core.document.append(role.term, role.unsent.splice(0))
  persist(core, [{ kind: 'update', bytes: update }])
  broadcast(core, role, update)
}

/** May voters be changed now? Only over a committed TermStart, one change at a time, by one member. */
export function mayChangeVoters(core: Consensus, voters: readonly PeerId[]): boolean {
  const { role, commit } = core
  const head = core.chain.head()
  if (role.kind !== 'leader' || head === null || !isServing(core)) return false
  const present = core.chain.votersAt(head)
  if (commit === null || !isSameList(core.chain.votersAt(commit), present)) return false
  const added = voters.filter((voter) => !present.includes(voter)).length
  const removed = present.filter((voter) => !voters.includes(voter)).length
  return voters.length > 0 && added + removed === 1
}

export function onAppendResponse(
  core: Consensus,
  from: PeerId,
  message: Extract<ConsensusMessage, { kind: 'append-response' }>,
): void {
  const { role } = core
  if (role.kind !== 'leader') return
  if (message.promised > role.term) return
  const progress = progressOf(core, role, from)
  progress.heardAt = core.now
  // Rounds are counted anew in each term: one answered under another promise confirms nothing.
  if (message.promised === role.term) progress.round = Math.max(progress.round, message.round)
  if (message.ack?.term === role.term && !isBefore(message.ack, progress.ack))
    progress.ack = message.ack
  const { stateVector } = message
  if (stateVector !== null && isRepairDue(core, progress)) {
    if (isStuck(progress, message.head)) broadcast(core, role, republishLost(core))
    const missing = believing(core, () => core.document.diff(stateVector))
    if (missing !== null) sendAppend(core, role, from, missing)
  }
  settleBarriers(core, role)
  advanceCommit(core)
}

/**
 * The greatest index of this very term that a majority holds durably. Records of older terms commit with it and are
 * never counted themselves (Raft, figure 8).
 */
export function advanceCommit(core: Consensus): void {
  const { role } = core
  const head = core.chain.head()
  if (role.kind !== 'leader' || head === null || core.promise.term !== role.term) return
  const reached = reachedByMajority(core.chain.votersAt(head), (voter) =>
    ackedIndex(core, role, voter),
  )
  if (reached < role.termStart.index) return
  const record = core.chain.get({ term: role.term, index: reached })
  if (record === null || (core.commit !== null && comparePositions(record, core.commit) <= 0))
    return
  learnCommit(core, idOf(record))
  settleBarriers(core, role)
}

/** Asks for one round of answers from a majority; the outcome comes as a barrier of this id. */
export function confirmLeadership(core: Consensus, id: number): void {
  const { role } = core
  if (role.kind !== 'leader') {
    core.out.barriers.push({ id, ok: false })
    return
  }
  wake(core, role)
  role.round++
  role.barriers.push({ id, round: role.round })
  settleBarriers(core, role)
  if (role.barriers.length > 0) heartbeat(core, role)
}

export function onLeaderTick(core: Consensus): void {
  const { role } = core
  if (role.kind !== 'leader' || role.isQuiet) return
  if (core.now >= role.heartbeatAt) {
    role.round++
    heartbeat(core, role)
  }
  if (!hearsMajority(core, role)) becomeFollower(core, null)
}

/** Leads, and everything before its term is committed. */
export function isServing(core: Consensus): boolean {
  const { role, commit } = core
  return role.kind === 'leader' && commit !== null && comparePositions(commit, role.termStart) >= 0
}

/** Hands leadership to a voter that has everything. */
export function transferTo(core: Consensus, peer: PeerId): void {
  if (core.role.kind === 'leader') send(core, peer, { kind: 'timeout-now', term: core.role.term })
}

/** Rounds go on: nobody could answer while there were none. */
export function wake(core: Consensus, role: Leader): void {
  if (!role.isQuiet) return
  role.isQuiet = false
  for (const progress of role.progress.values()) progress.heardAt = core.now
}

function heartbeat(core: Consensus, role: Leader): void {
  role.heartbeatAt = core.now + core.timing.heartbeatMs
  broadcast(core, role, new Uint8Array())
}

export function broadcast(core: Consensus, role: Leader, update: Uint8Array): void {
  role.toldCommit = core.commit
  for (const peer of peers(core)) sendAppend(core, role, peer, update)
}

function sendAppend(core: Consensus, role: Leader, peer: PeerId, update: Uint8Array): void {
  const head = core.chain.head()
  assert(head !== null, 'a leader has a head')
  progressOf(core, role, peer)
  send(core, peer, {
    kind: 'append',
    term: role.term,
    update,
    rotation: core.rotation,
    upto: { term: head.term, index: head.index },
    commit: core.commit,
    round: role.round,
    quiet: role.isQuiet,
  })
}

function settleBarriers(core: Consensus, role: Leader): void {
  if (role.barriers.length === 0 || !isServing(core)) return
  const head = core.chain.head()
  if (head === null) return
  const voters = core.chain.votersAt(head)
  const confirmed = reachedByMajority(voters, (voter) =>
    voter === core.self ? role.round : (role.progress.get(voter)?.round ?? -1),
  )
  const settled = role.barriers.filter((barrier) => barrier.round <= confirmed)
  role.barriers = role.barriers.filter((barrier) => barrier.round > confirmed)
  for (const barrier of settled) core.out.barriers.push({ id: barrier.id, ok: true })
}

function hearsMajority(core: Consensus, role: Leader): boolean {
  const head = core.chain.head()
  if (head === null) return false
  return isMajority(core.chain.votersAt(head), (voter) => {
    if (voter === core.self) return true
    return core.now - progressOf(core, role, voter).heardAt <= core.timing.quorumCheckMs
  })
}

function ackedIndex(core: Consensus, role: Leader, voter: PeerId): number {
  const ack = voter === core.self ? ackNow(core) : (role.progress.get(voter)?.ack ?? null)
  return ack?.term === role.term ? ack.index : -1
}

function progressOf(core: Consensus, role: Leader, peer: PeerId): Progress {
  const known = role.progress.get(peer)
  if (known !== undefined) return known
  const progress: Progress = {
    ack: null,
    round: -1,
    heardAt: core.now,
    repairedMs: -Infinity,
    stuck: { head: null, times: 0 },
  }
  role.progress.set(peer, progress)
  return progress
}

function peers(core: Consensus): readonly PeerId[] {
  const head = core.chain.head()
  const voters = head === null ? [] : core.chain.votersAt(head)
  return [...new Set([...voters, ...core.learners])].filter((peer) => peer !== core.self)
}

function isBefore(a: Position, b: Position | null): boolean {
  return b !== null && comparePositions(a, b) < 0
}

function isSameList(a: readonly PeerId[], b: readonly PeerId[]): boolean {
  return a.length === b.length && a.every((voter) => b.includes(voter))
}
