// The consensus core of one ledger, for any number of voters: events in, effects out, no I/O, no clock, no chance but
// what is handed in. Raft's rules choose a path through a tree of records that a merge can only grow; why that is safe
// stands in docs/GUARANTEES.md.
import {
  comparePositions,
  createChain,
  type PeerId,
  type Position,
  SkeinError,
  type RecordId,
} from '../../../protocol/index.ts'
import { isTermWon } from './ballot.ts'
import {
  campaign,
  hearOfTerm,
  onElectionTimeout,
  onPreVoteResponse,
  onPromiseDurable,
  onVoteResponse,
} from './candidate.ts'
import { noteDurable, persist } from './durability.ts'
import { rotationIn } from './rotation-frame.ts'
import { inMyDocument, rotateIfDue } from './rotation.ts'
import {
  acknowledge,
  becomeFollower,
  leaveLeader,
  onAppend,
  onCommit,
  onPreVote,
  onVote,
  postponeElection,
  sendMissing,
  takeRecord,
  takeUpdate,
} from './follower.ts'
import {
  advanceCommit,
  broadcast,
  flush,
  greet,
  onAppendResponse,
  onLeaderTick,
  tellCommit,
  wake,
} from './leader.ts'
import {
  DEFAULT_ROTATION,
  type Consensus,
  type ConsensusMessage,
  type ConsensusOptions,
  type ConsensusReady,
  type Follower,
} from './types.ts'

export type ConsensusInput =
  | { readonly kind: 'tick'; readonly now: number; readonly wallMs: number }
  | { readonly kind: 'receive'; readonly from: PeerId; readonly message: ConsensusMessage }
  | { readonly kind: 'durable'; readonly position: number }
  /** A peer's connection was refused or reset: if it leads, the others need not wait out their patience. */
  | { readonly kind: 'unreachable'; readonly peer: PeerId }
  /** A connection to a peer came about: a leader makes itself known, and without one there may be one now. */
  | { readonly kind: 'reachable'; readonly peer: PeerId }
  /** A peer asks who leads: it does not. */
  | { readonly kind: 'sought'; readonly by: PeerId }

/** Rebuilds the core from its durable log, whose frames must hold the genesis. */
export function createConsensus(options: ConsensusOptions): Consensus {
  const { genesis, signer } = options
  const core: Consensus = {
    ...options,
    document: options.createDocument(),
    rotateAbove: options.rotateAbove ?? DEFAULT_ROTATION,
    rotation: 0,
    generation: genesis.generation,
    genesisHash: genesis.hash,
    chain: createChain((record, voters) => isTermWon(record, voters, genesis.hash, signer)),
    leaders: new Map(),
    learners: [],
    promise: { term: 0, votedFor: null },
    promisedAt: 0,
    role: { kind: 'follower', leader: null, heardAt: -Infinity, isQuiet: false },
    now: 0,
    wallMs: 0,
    electionAt: 0,
    heardTerm: 0,
    position: 0,
    durable: 0,
    durableHead: null,
    headMarks: [],
    lacking: new Map(),
    held: [],
    commit: null,
    forgetBelow: null,
    refusedRecords: 0,
    lastAck: null,
    heardRound: 0,
    out: emptyReady(),
  }
  loadFrames(core, options.frames)
  const head = core.chain.head()
  core.durableHead = head
  requireReadable(core, head)
  if (head !== null && head.term > core.promise.term) {
    // The log's tail tore between a record and the promise that follows from it: the record proves that its term was won.
    core.promise = { term: head.term, votedFor: core.leaders.get(head.term) ?? null }
  }
  return core
}

/**
 * What a voter that is alone wrote it must be able to read: going on without it would lose what was acknowledged. Others
 * may have stored a bad peer's record, which counts for nothing.
 */
function requireReadable(core: Consensus, head: RecordId | null): void {
  const unreadable = core.refusedRecords + core.chain.rejected()
  if (unreadable === 0 || (head !== null && core.chain.votersAt(head).length > 1)) return
  throw new SkeinError('LEDGER_DAMAGED', `the log holds ${String(unreadable)} unreadable records`, {
    hint: 'Restore the log from a backup, or: skein recover --accept-loss',
  })
}

export function stepConsensus(core: Consensus, input: ConsensusInput): void {
  flush(core)
  switch (input.kind) {
    case 'tick':
      onTick(core, input.now, input.wallMs)
      return
    case 'receive':
      receive(core, input.from, input.message)
      return
    case 'durable':
      onDurable(core, input.position)
      return
    case 'unreachable':
      if (core.role.kind === 'follower' && core.role.leader === input.peer)
        loseLeader(core, core.role)
      return
    case 'reachable':
      onReachable(core, input.peer)
      return
    case 'sought':
      leaveLeader(core, input.by)
      onReachable(core, input.by)
      return
  }
}

/** Hands over the effects since the last call. */
export function takeReady(core: Consensus): ConsensusReady {
  flush(core)
  tellCommit(core)
  const ready = core.out
  core.out = emptyReady()
  return ready
}

/** After a committed checkpoint: the leader deletes what it supersedes, everyone forgets it once the checkpoint is durable. */
export function compact(core: Consensus, below: Position, checkpoint: Position): void {
  flush(core)
  core.forgetBelow = { below, durableAt: checkpoint }
  if (core.role.kind === 'leader') {
    const update = core.document.prune(below)
    if (update !== null) {
      persist(core, [{ kind: 'update', bytes: update }])
      broadcast(core, core.role, update)
    }
  }
  forgetWhenDurable(core)
  rotateIfDue(core, below)
}

function onTick(core: Consensus, now: number, wallMs: number): void {
  const isFirst = core.electionAt === 0
  core.now = now
  core.wallMs = wallMs
  if (core.role.kind === 'leader') {
    onLeaderTick(core)
    return
  }
  if (isFirst) {
    const head = core.chain.head()
    const isAlone = head !== null && core.chain.votersAt(head).length === 1
    if (!isAlone) postponeElection(core)
  }
  if (now >= core.electionAt && core.role.kind !== 'candidate') onElectionTimeout(core)
  else if (now >= core.electionAt && core.role.kind === 'candidate') restartElection(core)
}

function onReachable(core: Consensus, peer: PeerId): void {
  const { role } = core
  if (role.kind === 'leader') {
    wake(core, role)
    greet(core, role, peer)
  } else if (role.kind === 'follower' && role.leader === null) hastenElection(core, null)
}

/** Its leader's process is gone: somebody else may ask for votes soon. */
function loseLeader(core: Consensus, role: Follower): void {
  core.role = { ...role, heardAt: -Infinity, isQuiet: false }
  hastenElection(core, role.leader)
}

/**
 * Voters that lose a leader lose it at the same moment, and with one of three gone each needs the vote of the other: they
 * stand one after another, so far apart that a vote fits between.
 */
function hastenElection(core: Consensus, lost: PeerId | null): void {
  const head = core.chain.head()
  const left = (head === null ? [] : core.chain.votersAt(head)).filter((voter) => voter !== lost)
  const turn = Math.max(0, left.indexOf(core.self)) + core.random() / 2
  core.electionAt = Math.min(core.electionAt, core.now + turn * (core.timing.heartbeatMs / 2))
}

/** A split vote: starts over from the question without consequences. */
function restartElection(core: Consensus): void {
  becomeFollower(core, null)
  onElectionTimeout(core)
}

function receive(core: Consensus, from: PeerId, received: ConsensusMessage): void {
  const message = inMyDocument(core, received)
  switch (message.kind) {
    case 'pre-vote':
      onPreVote(core, from, message)
      // Whoever asks has not heard of its leader, who may be a quiet one.
      if (core.role.kind === 'leader') greet(core, core.role, from)
      return
    case 'pre-vote-response':
      hearOfTerm(core, message.promised)
      onPreVoteResponse(core, from, message.term, message.granted)
      return
    case 'vote':
      onVote(core, from, message)
      return
    case 'vote-response':
      hearOfTerm(core, message.promised)
      if (message.granted) onVoteResponse(core, from, message.term, message.signature)
      // The votes are split, perhaps: a next round need not wait for as long as a silent leader is waited for.
      else if (core.role.kind === 'candidate' && core.role.term === message.term)
        hastenElection(core, null)
      return
    case 'append':
      onAppend(core, from, message)
      return
    case 'commit':
      onCommit(core, from, message)
      return
    case 'append-response':
      hearOfTerm(core, message.promised)
      if (core.role.kind === 'leader' && message.promised > core.role.term)
        becomeFollower(core, null)
      onAppendResponse(core, from, message)
      return
    case 'sync':
      sendMissing(core, from, message.stateVector)
      return
    case 'sync-response':
      takeUpdate(core, message.update)
      return
    case 'timeout-now':
      if (core.leaders.get(message.term) === from && core.promise.term === message.term)
        campaign(core)
      return
  }
}

function onDurable(core: Consensus, position: number): void {
  noteDurable(core, position)
  onPromiseDurable(core)
  acknowledge(core)
  advanceCommit(core)
  forgetWhenDurable(core)
}

function forgetWhenDurable(core: Consensus): void {
  const { forgetBelow, durableHead } = core
  if (forgetBelow === null || durableHead === null) return
  if (comparePositions(durableHead, forgetBelow.durableAt) < 0) return
  core.chain.forget(forgetBelow.below)
  core.forgetBelow = null
}

/** Frames in the order of events; runs of updates are merged together. */
function loadFrames(core: Consensus, frames: ConsensusOptions['frames']): void {
  let updates: Uint8Array[] = []
  const mergeUpdates = (): void => {
    for (const bytes of core.document.mergeAll(updates)) takeRecord(core, bytes)
    updates = []
  }
  for (const frame of frames) {
    if (frame.kind === 'update') updates.push(frame.bytes)
    else if (frame.kind === 'promise') {
      core.promise = { term: frame.term, votedFor: frame.votedFor }
    } else if (frame.kind === 'record') {
      mergeUpdates()
      takeRecord(core, frame.bytes)
    } else if (rotationIn(frame) !== null) {
      mergeUpdates()
      core.rotation = rotationIn(frame) ?? core.rotation
      core.document = core.createDocument()
    }
  }
  mergeUpdates()
}

function emptyReady(): ConsensusReady {
  return { persist: [], send: [], commits: [], barriers: [] }
}
