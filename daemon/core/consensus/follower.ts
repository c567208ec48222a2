// What every machine does, whatever its role: votes, takes records in, acknowledges what is durable.
import {
  comparePositions,
  decodeRecord,
  SkeinError,
  type LedgerRecord,
  type PeerId,
  type Position,
  type RecordId,
} from '../../../protocol/index.ts'
import { ballotBytes } from './ballot.ts'
import { ackNow, persist, promiseTo, send, sendWhenDurable } from './durability.ts'
import { isStuck, republishLost } from './repair.ts'
import type { Consensus, ConsensusMessage, Lacking } from './types.ts'

type Message<Kind extends ConsensusMessage['kind']> = Extract<ConsensusMessage, { kind: Kind }>

/** A message of a term this far above everything known is not believed. */
export const TERM_STEP_MAX = 1_000

/** Would I vote for you? Changes nothing here, so a machine that woke up deposes nobody. */
export function onPreVote(core: Consensus, from: PeerId, message: Message<'pre-vote'>): void {
  const head = headPosition(core)
  const behind = comparePositions(message.head, head) < 0
  leaveLeader(core, from)
  const granted = message.term > core.promise.term && !behind && !hearsLeader(core)
  const { term } = message
  send(core, from, { kind: 'pre-vote-response', term, granted, promised: core.promise.term })
  if (!behind) return
  // Nobody may lead before it has what is here, and only leaders look after what their document has lost.
  if (isStuck(lackingOf(core, from), message.head)) republishLost(core)
  sendMissing(core, from, message.stateVector)
}

function lackingOf({ lacking }: Consensus, peer: PeerId): Lacking {
  const known = lacking.get(peer) ?? { stuck: { head: null, times: 0 } }
  lacking.set(peer, known)
  return known
}

export function onVote(core: Consensus, from: PeerId, message: Message<'vote'>): void {
  const { term, head } = message
  const free =
    term > core.promise.term || (term === core.promise.term && core.promise.votedFor === from)
  const granted =
    free && comparePositions(head, headPosition(core)) >= 0 && isBelievable(core, term)
  const response = { kind: 'vote-response', term, granted } as const
  if (!granted) {
    send(core, from, { ...response, promised: core.promise.term, signature: '' })
    return
  }
  if (term > core.promise.term) {
    becomeFollower(core, null)
    promiseTo(core, { term, votedFor: from })
  }
  postponeElection(core)
  const signature = core.signer.sign(ballotBytes(core.genesisHash, term, from, head))
  sendWhenDurable(core, from, { ...response, promised: term, signature })
}

export function onAppend(core: Consensus, from: PeerId, message: Message<'append'>): void {
  takeUpdate(core, message.update)
  if (message.term < core.promise.term) {
    respond(core, from, message, null)
    return
  }
  if (core.leaders.get(message.term) !== from) {
    // Its TermStart is not complete here: not believed yet, but told what is missing.
    respond(core, from, message, core.document.stateVector())
    return
  }
  if (message.term > core.promise.term) promiseTo(core, { term: message.term, votedFor: from })
  // A leader that said so long ago has new records since: its silence is a sign of its death again.
  const isQuiet = message.quiet && comparePositions(message.upto, headPosition(core)) >= 0
  becomeFollower(core, from, isQuiet)
  if (isQuiet) core.electionAt = Infinity
  else postponeElection(core)
  if (message.commit !== null) learnCommit(core, message.commit)
  const missing = comparePositions(headPosition(core), message.upto) < 0
  if (!missing && message.update.length > 0 && isAckOnItsWay(core)) {
    core.heardRound = message.round
    return
  }
  respond(core, from, message, missing ? core.document.stateVector() : null)
}

/** A head of this term waits for its sync, whose acknowledgement is answer enough: `acknowledge` sends it. */
function isAckOnItsWay(core: Consensus): boolean {
  const head = core.chain.head()
  if (head === null || head.term !== core.promise.term) return false
  return core.durableHead === null || comparePositions(core.durableHead, head) < 0
}

export function onCommit(core: Consensus, from: PeerId, message: Message<'commit'>): void {
  if (message.term < core.promise.term || core.leaders.get(message.term) !== from) return
  learnCommit(core, message.commit)
}

/** Answers a peer's state vector with what it lacks. */
export function sendMissing(core: Consensus, to: PeerId, stateVector: Uint8Array): void {
  const { document, rotation } = core
  const update = believing(core, () => document.diff(stateVector))
  if (update !== null) send(core, to, { kind: 'sync-response', update, rotation })
}

/** What a peer's bytes are good for; what are none cost a count, never the process. */
export function believing<Value>(core: Consensus, read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error
    core.refusedRecords++
    return null
  }
}

/** Merges an update, from whomever it comes, and hands what is new to the log. */
export function takeUpdate(core: Consensus, update: Uint8Array): void {
  if (update.length === 0) return
  const merged = believing(core, () => core.document.merge(update))
  if (merged === null) return
  const { records, change } = merged
  const completed = records.flatMap((bytes) => takeRecord(core, bytes))
  if (change !== null) persist(core, [{ kind: 'update', bytes: change }])
  followRecords(core, completed)
}

/** Takes one record into the index; returns the records that it made complete. */
export function takeRecord(core: Consensus, bytes: Uint8Array): readonly LedgerRecord[] {
  const record = tryDecode(core, bytes)
  if (record === null) return []
  const completed = core.chain.add(record)
  for (const { body, term } of completed) {
    if (body.kind !== 'term-start' && body.kind !== 'checkpoint') continue
    // A checkpoint only repeats what its term's TermStart, which carries the votes, has said.
    if (body.leader === null || (body.kind === 'checkpoint' && core.leaders.has(term))) continue
    core.leaders.set(term, body.leader)
  }
  return completed
}

/** Says to the leader of the durable head that it is durable; raises the promise to its term first. */
export function acknowledge(core: Consensus): void {
  const head = core.durableHead
  if (head === null || core.promise.term > head.term) return
  const leader = core.leaders.get(head.term)
  if (leader === undefined || leader === core.self) return
  const ack = ackNow(core)
  if (ack === null || isSameAck(core.lastAck, ack)) return
  core.lastAck = ack
  send(core, leader, {
    kind: 'append-response',
    promised: core.promise.term,
    ack,
    round: core.heardRound,
    head: headPosition(core),
    stateVector: null,
    rotation: core.rotation,
  })
}

export function becomeFollower(core: Consensus, leader: PeerId | null, isQuiet = false): void {
  if (core.role.kind === 'leader') failBarriers(core)
  const heardAt = leader === null ? -Infinity : core.now
  core.role = { kind: 'follower', leader, heardAt, isQuiet }
}

/** This peer asks for votes, or who leads: it does not, whatever was heard of it before. */
export function leaveLeader(core: Consensus, peer: PeerId): void {
  if (core.role.kind !== 'follower' || core.role.leader !== peer) return
  becomeFollower(core, null)
  postponeElection(core)
}

/** A quiet leader does not answer: from now on its silence counts. */
export function endQuiet(core: Consensus): void {
  if (core.role.kind !== 'follower' || !core.role.isQuiet) return
  core.role = { ...core.role, isQuiet: false }
  postponeElection(core)
}

export function postponeElection(core: Consensus): void {
  const { electionMsMin, electionMsMax } = core.timing
  core.electionAt = core.now + electionMsMin + core.random() * (electionMsMax - electionMsMin)
}

/** Moves the commit watermark forward to a record whose ancestry is here. */
export function learnCommit(core: Consensus, id: RecordId): void {
  if (!core.chain.isComplete(id)) return
  if (core.commit !== null && comparePositions(id, core.commit) <= 0) return
  const path = core.commit === null ? null : core.chain.pathBetween(core.commit, id)
  const commit =
    path === null
      ? { records: core.chain.pathFromBase(id), rebase: true }
      : { records: path, rebase: false }
  core.commit = { term: id.term, index: id.index, hash: id.hash }
  core.out.commits.push(commit)
}

export function headPosition(core: Consensus): Position {
  const head = core.chain.head()
  // Not the record itself: positions go over the wire.
  return head === null ? { term: 0, index: -1 } : { term: head.term, index: head.index }
}

export function isBelievable(core: Consensus, term: number): boolean {
  return term <= Math.max(core.promise.term, headPosition(core).term) + TERM_STEP_MAX
}

function respond(
  core: Consensus,
  from: PeerId,
  message: Message<'append'>,
  stateVector: Uint8Array | null,
): void {
  if (message.term === core.promise.term) core.heardRound = message.round
  const ack = core.promise.term === message.term ? ackNow(core) : null
  if (ack !== null) core.lastAck = ack
  const { round } = message
  send(core, from, {
    kind: 'append-response',
    promised: core.promise.term,
    ack,
    round,
    head: headPosition(core),
    stateVector,
    rotation: core.rotation,
  })
}

/** Records of a higher term prove that it was won: the promise follows them, and any older role ends. */
function followRecords(core: Consensus, completed: readonly LedgerRecord[]): void {
  const head = core.chain.head()
  if (completed.length === 0 || head === null || head.term <= core.promise.term) return
  const leader = core.leaders.get(head.term) ?? null
  becomeFollower(core, leader)
  promiseTo(core, { term: head.term, votedFor: leader })
  postponeElection(core)
}

function tryDecode(core: Consensus, bytes: Uint8Array): LedgerRecord | null {
  const record = believing(core, () => decodeRecord(bytes))
  if (record === null || record.generation === core.generation) return record
  core.refusedRecords++
  return null
}

function hearsLeader(core: Consensus): boolean {
  const { role } = core
  if (role.kind === 'leader') return true
  if (role.kind !== 'follower') return false
  return role.isQuiet || core.now - role.heardAt < core.timing.quorumCheckMs
}

function failBarriers(core: Consensus): void {
  if (core.role.kind !== 'leader') return
  for (const barrier of core.role.barriers) core.out.barriers.push({ id: barrier.id, ok: false })
}

function isSameAck(a: Position | null, b: Position): boolean {
  return a !== null && comparePositions(a, b) === 0
}
