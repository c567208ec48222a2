// A leader moves its ledger's voters towards those that are wanted: one at a time, only ones that have caught up, and never
// to an even number that it could not leave again, nor to voters of whom no majority is heard.
import { chooseVoters, comparePositions, type PeerId } from '../../protocol/index.ts'
import { stepConsensus } from './consensus/consensus.ts'
import { becomeFollower, headPosition } from './consensus/follower.ts'
import { flush, mayChangeVoters, transferTo } from './consensus/leader.ts'
import { isMajority } from './consensus/quorum.ts'
import type { Consensus, Leader } from './consensus/types.ts'
import type { Engine, LedgerMembers } from './engine-state.ts'
import { leaderOf, post } from './forwarding.ts'
import type { PeerMessage } from './messages.ts'

/** A new voter may lack at most so many records. */
const CAUGHT_UP_RECORDS = 100

/** What the mesh says of this ledger. What a machine without a copy said last is never settled, and stands in nobody's way. */
export function setMembers(engine: Engine, members: LedgerMembers): void {
  const { copies } = members
  engine.members = members
  engine.consensus.learners = copies
  for (const peer of engine.foreignProvisionals.keys())
    if (!copies.includes(peer)) engine.foreignProvisionals.delete(peer)
  // It may have said that it falls silent, and nobody would ever wait in vain for it.
  const leader = leaderOf(engine)
  if (leader !== null && !copies.includes(leader))
    stepConsensus(engine.consensus, { kind: 'unreachable', peer: leader })
}

/**
 * May this machine ask what it asks? To lead may ask whoever votes by what is known here, or may vote by the mesh's wish: the
 * news of its vote may be on its way. Nobody else moves a term.
 */
export function mayAsk(
  { consensus, members, newer }: Engine,
  peer: PeerId,
  { kind }: PeerMessage,
): boolean {
  if (kind === 'timeout-now') return newer === null
  if (kind !== 'vote' && kind !== 'pre-vote') return true
  if (members === null || members.willing.includes(peer)) return true
  const head = consensus.chain.head()
  return head === null || consensus.chain.votersAt(head).includes(peer)
}

/**
 * It votes by records that are not here: with the vote of this machine nobody may ever lead before it has them, and those
 * whom it asks itself may be gone.
 */
export function learnFrom(engine: Engine, peer: PeerId, message: PeerMessage): void {
  const { document, rotation, learners } = engine.consensus
  if (message.kind !== 'pre-vote' || !learners.includes(peer)) return
  if (comparePositions(message.head, headPosition(engine.consensus)) <= 0) return
  post(engine, peer, { kind: 'sync', stateVector: document.stateVector(), rotation })
}

/** The next voters on the way to the wanted ones; null when there is no step to take now. */
export function nextVoters(
  consensus: Consensus,
  wanted: readonly PeerId[],
  isCopy: boolean,
): PeerId[] | null {
  const { role, chain } = consensus
  const head = chain.head()
  if (role.kind !== 'leader' || head === null) return null
  const present = chain.votersAt(head)
  const missing = wanted.filter((peer) => !present.includes(peer))
  const extra = present.filter((peer) => !wanted.includes(peer))
  const ready = missing.filter((peer) => hasCaughtUp(consensus, role, peer))
  const [next] = ready
  const leavesEven = present.length % 2 === 1
  const goesOn = ready.length + extra.length > 1
  if (next !== undefined && (!leavesEven || goesOn)) return [...present, next]
  if (missing.length > 0 && present.length <= wanted.length) return null
  const gone = firstToGo(consensus, role, { extra, isCopy })
  if (gone === undefined) return null
  const rest = present.filter((peer) => peer !== gone)
  return isMajority(rest, (peer) => isThere(consensus, role, peer)) ? rest : null
}

/**
 * Whoever cannot help to commit what follows goes first; the leader itself last: it has to lead the other changes. But one that
 * was removed goes before all: members cut it off as they learn of that, and fewer voters would need its word for ever.
 */
function firstToGo(
  consensus: Consensus,
  role: Leader,
  { extra, isCopy }: { readonly extra: readonly PeerId[]; readonly isCopy: boolean },
): PeerId | undefined {
  if (!isCopy && extra.includes(consensus.self)) return consensus.self
  const others = extra.filter((peer) => peer !== consensus.self)
  return others.find((peer) => !isThere(consensus, role, peer)) ?? others[0] ?? extra[0]
}

/** The step to take now, if it is allowed. */
export function votersToPropose({ consensus, members, tail }: Engine): PeerId[] | null {
  const head = consensus.chain.head()
  if (members === null || head === null || tail === null) return null
  // Back from a crash it may know an older mesh than the last leader went by, and wish for a machine that is gone.
  if (members.asOf < tail.state.votersAsOf) return null
  const { chain } = consensus
  const wanted = chooseVoters(members.willing, chain.votersAt(head))
  const next = nextVoters(consensus, wanted, members.isCopy)
  return next !== null && mayChangeVoters(consensus, next) ? next : null
}

/** A leader whose removal is committed leads no more. */
export function stepAside(engine: Engine): void {
  const { consensus } = engine
  const { role, commit, chain } = consensus
  if (role.kind !== 'leader' || commit === null) return
  if (chain.votersAt(commit).includes(consensus.self)) return
  // What was appended in this very step is in the index already: it has to reach the log, too.
  flush(consensus)
  handOver(consensus)
  becomeFollower(consensus, null)
}

/** Asks the voter that has most of the records to stand. */
export function handOver(consensus: Consensus): void {
  const { role, chain } = consensus
  const head = chain.head()
  if (role.kind !== 'leader' || head === null) return
  const ackOf = (peer: PeerId): number => role.progress.get(peer)?.ack?.index ?? -1
  const [best] = chain
    .votersAt(head)
    .filter((peer) => peer !== consensus.self && isHeard(consensus, role, peer))
    .sort((a, b) => ackOf(b) - ackOf(a))
  if (best !== undefined) transferTo(consensus, best)
}

function hasCaughtUp(consensus: Consensus, role: Leader, peer: PeerId): boolean {
  const head = consensus.chain.head()
  const ack = role.progress.get(peer)?.ack
  if (head === null || ack?.term !== role.term) return false
  return head.index - ack.index <= CAUGHT_UP_RECORDS && isHeard(consensus, role, peer)
}

/** A machine without a copy is heard no more, though it was a moment ago. */
function isThere(consensus: Consensus, role: Leader, peer: PeerId): boolean {
  if (peer === consensus.self) return true
  return consensus.learners.includes(peer) && isHeard(consensus, role, peer)
}

function isHeard({ now, timing }: Consensus, role: Leader, peer: PeerId): boolean {
  const progress = role.progress.get(peer)
  if (progress === undefined || progress.round < 0) return false
  return role.isQuiet || now - progress.heardAt <= timing.quorumCheckMs
}
