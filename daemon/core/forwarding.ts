// What a machine does for the requests of its own callers while another one leads: sends them there, again and again until
// they are answered, and answers from the ledger when the leader died between the commit and the reply.
//
// An answer is told only when what it speaks of is committed here too.
import {
  comparePositions,
  outcomeOf,
  parseRequestId,
  type PeerId,
  type RequestId,
} from '../../protocol/index.ts'
import type { Outcome } from './claims/command.ts'
import { abandon, givenBackWith, isLive } from './abandoned.ts'
import type { Request } from './claims/decision.ts'
import { tellOutcome } from './claims/tell.ts'
import { endQuiet } from './consensus/follower.ts'
import type { Engine, OwnRequest } from './engine-state.ts'
import type { GiveBack, PeerMessage, ReplyMessage, RequestMessage } from './messages.ts'

/** Sent so often without an answer, a quiet leader counts as silent. */
const SENT_IN_VAIN = 2

/** The leader that this machine follows; null when it knows none, or leads itself. */
export function leaderOf(engine: Engine): PeerId | null {
  const { role } = engine.consensus
  return role.kind === 'follower' ? role.leader : null
}

/** Is the request of a caller of this machine? */
export function isOwn(engine: Engine, rid: RequestId): boolean {
  return parseRequestId(rid).peer === engine.consensus.self
}

export function takeOwn(engine: Engine, request: Request): void {
  if (engine.own.has(request.rid)) return
  const own: OwnRequest = {
    request,
    askedOf: null,
    term: 0,
    sentAt: -Infinity,
    sent: 0,
    told: null,
  }
  engine.own.set(request.rid, own)
  send(engine, own, leaderOf(engine))
}

/** A new leader is asked at once; one that does not answer is asked again. */
export function resend(engine: Engine): void {
  const leader = leaderOf(engine)
  // Who leads and has not committed anything yet asks nobody: the others take whoever asks for none that leads.
  if (leader === null && engine.consensus.role.kind !== 'leader') seek(engine)
  const isNew = leader !== engine.follows
  engine.follows = leader
  if (engine.own.size === 0) return
  const { now, timing } = engine.consensus
  if (!isNew && now - engine.resentAt < timing.heartbeatMs) return
  engine.resentAt = now
  for (const own of engine.own.values()) {
    if (own.told !== null || (!isNew && now - own.sentAt < timing.heartbeatMs)) continue
    if (tellFromLedger(engine, own)) continue
    if (own.sent >= SENT_IN_VAIN) endQuiet(engine.consensus)
    send(engine, own, leader)
  }
}

/** A copy that was for the leader of another term is none for this one; its machine asks whoever leads now by itself. */
export function isMeantFor({ consensus }: Engine, { term }: RequestMessage): boolean {
  return term === undefined || term === consensus.promise.term
}

export function onReply(engine: Engine, from: PeerId, message: ReplyMessage): void {
  const own = engine.own.get(message.rid)
  // An answer of an earlier leader may have been overtaken by what the present one decides.
  if (own === undefined || own.askedOf !== from || message.term < own.term) return
  own.told = { outcome: message.outcome, at: message.at, term: message.term }
  engine.toTell.push(own)
  tellCaughtUp(engine)
}

/** Tells the answers whose ground has come here. */
export function tellCaughtUp(engine: Engine): void {
  const { commit, promise } = engine.consensus
  if (engine.toTell.length === 0 || commit === null) return
  engine.toTell = engine.toTell.filter(({ request: { rid }, told }) => {
    const own = engine.own.get(rid)
    if (told === null || own === undefined) return false
    // Whoever leads now may have decided it otherwise meanwhile: that is asked for.
    if (told.term < promise.term && leavesNoRecord(told.outcome)) {
      own.told = null
      return false
    }
    if (comparePositions(told.at, commit) > 0) return true
    tellOwn(engine, rid, told.outcome)
    return false
  })
}

/**
 * Tells a caller of this machine, if one waits: what the engine asked of itself is answered by the ledger. What was sent to
 * another one may still be on its way there, and a refusal leaves no record that would stop a late copy: whatever that
 * brings is given back.
 */
export function tellOwn(engine: Engine, rid: RequestId, outcome: Outcome): void {
  const own = engine.own.get(rid)
  engine.own.delete(rid)
  if (engine.inner.delete(rid) || own === undefined) return
  engine.out.replies.push({ rid, outcome })
  const mayGrant = own.request.command.kind === 'claim' || own.request.command.kind === 'assign'
  if (leavesNoRecord(outcome) && mayGrant && own.askedOf !== null) abandon(engine, rid)
}

/** Only its leader knows of it, then, and forgets it with its term. */
function leavesNoRecord({ kind }: Outcome): boolean {
  return kind === 'refused' || kind === 'failed'
}

/**
 * Nobody led when this machine looked last: asks the voters. Who has no record yet, or only knows voters that are gone, asks
 * everybody: a quiet leader does not speak first.
 */
function seek(engine: Engine): void {
  const { now, timing, chain, self, learners } = engine.consensus
  const patience = engine.own.size > 0 ? timing.heartbeatMs : timing.electionMsMin
  if (now - engine.soughtAt < patience) return
  engine.soughtAt = now
  const head = chain.head()
  const voters = head === null ? [] : chain.votersAt(head)
  const isKnown = engine.members === null || voters.some((peer) => learners.includes(peer))
  for (const peer of isKnown ? voters : learners)
    if (peer !== self) post(engine, peer, { kind: 'seek' })
}

/** Grants and places of requests that were given up here are taken back by the leader. */
export function giveBack(engine: Engine): void {
  const leader = leaderOf(engine)
  const { now, timing } = engine.consensus
  if (engine.abandoned.size === 0 || leader === null) return
  if (now - engine.gaveBackAt < timing.heartbeatMs) return
  engine.gaveBackAt = now
  const live = [...engine.abandoned].filter((rid) =>
    isLive(engine.committed, rid, engine.abandoned),
  )
  const named = live.flatMap((rid) => givenBackWith(engine.committed, rid))
  const rids = [...new Set(named)].filter((rid) => engine.abandoned.has(rid))
  if (rids.length > 0) post(engine, leader, { kind: 'give-back', rids })
}

/** Only its own machine may give a request back. */
export function ownedBy({ rids }: GiveBack, peer: PeerId): readonly RequestId[] {
  return rids.filter((rid) => parseRequestId(rid).peer === peer)
}

export function post(engine: Engine, to: PeerId, message: PeerMessage): void {
  engine.out.send.push({ to, message })
}

function tellFromLedger(engine: Engine, own: OwnRequest): boolean {
  const { rid } = own.request
  const outcome = outcomeOf(engine.committed.state, rid)
  if (outcome === null || outcome === 'forgotten') return false
  tellOwn(engine, rid, tellOutcome(engine.committed, outcome, []))
  return true
}

function send(engine: Engine, own: OwnRequest, leader: PeerId | null): void {
  if (leader === null) return
  const { now, promise } = engine.consensus
  own.sent = own.askedOf === leader ? own.sent + 1 : 1
  own.askedOf = leader
  own.term = promise.term
  own.sentAt = now
  post(engine, leader, { kind: 'request', term: promise.term, request: own.request })
}
