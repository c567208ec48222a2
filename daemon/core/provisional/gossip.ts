// Machines tell each other of their provisional claims, so that those of one side of a partition know each other's. A list
// has one writer, and is always told whole: the higher version holds.
import { requestNumber, type PeerId } from '../../../protocol/index.ts'
import type { Engine } from '../engine-state.ts'
import { leaderOf, post } from '../forwarding.ts'
import { isReady } from '../leading.ts'
import type { ProvisionalsMessage } from '../messages.ts'
import { isOf, ownProvisionals } from './own.ts'

/** After a change it is told so often again, also to those who have a leader: a message may be lost. */
const AGAIN = 6

/** Tells everybody when something has changed, and now and then while there is no leader to settle it. */
export function tellProvisionals(engine: Engine): void {
  const { provisionals, consensus } = engine
  const { told, changes } = provisionals
  if (changes === 0) return
  const isNews = told.changes !== changes
  const isDetached = !isReady(engine) && leaderOf(engine) === null
  const isDue = consensus.now - told.at >= consensus.timing.electionMsMin
  if (!isNews && (!isDue || (told.again === 0 && !isDetached))) return
  const again = isNews || isDetached ? AGAIN : Math.max(0, told.again - 1)
  provisionals.told = { changes, at: consensus.now, again }
  for (const peer of others(engine)) post(engine, peer, listOf(engine))
}

/** A connection came about. */
export function tellProvisionalsTo(engine: Engine, peer: PeerId): void {
  if (engine.provisionals.changes > 0) post(engine, peer, listOf(engine))
}

export function hearProvisionals(engine: Engine, from: PeerId, message: ProvisionalsMessage): void {
  const { version, lamport } = message
  const { provisionals, foreignProvisionals, consensus } = engine
  provisionals.lamport = Math.max(provisionals.lamport, lamport)
  const known = foreignProvisionals.get(from)
  if (known !== undefined && known.version > version) return
  const heardAt = consensus.now
  const claims = message.claims.filter((claim) => isOf(from, claim))
  foreignProvisionals.set(from, { version, claims, heardAt })
}

function listOf(engine: Engine): ProvisionalsMessage {
  const { consensus, incarnation, provisionals } = engine
  const { changes: sequence, lamport } = provisionals
  const version = requestNumber({ peer: consensus.self, incarnation, sequence })
  return { kind: 'provisionals', version, lamport, claims: ownProvisionals(engine) }
}

function others({ consensus }: Engine): readonly PeerId[] {
  const { chain, self, learners } = consensus
  const head = chain.head()
  const voters = head === null ? [] : chain.votersAt(head)
  return [...new Set([...voters, ...learners])].filter((peer) => peer !== self)
}
