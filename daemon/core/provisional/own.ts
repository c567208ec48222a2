// This machine's own provisional claims: in its log before anybody is told, across restarts, until the ledger has settled
// them. One that ended here is forgotten at once, unless a leader may have heard of it: then it stays, as ended, until the
// ledger has said so too, for a late copy of what was asked may still promote it.
import {
  knownClaim,
  listerOf,
  settledOf,
  type CarriedClaim,
  type ClaimId,
  type EndReason,
  type LedgerState,
  type PeerId,
  type ProvisionalClaim,
  type RequestId,
} from '../../../protocol/index.ts'
import { persist } from '../consensus/durability.ts'
import { flush } from '../consensus/leader.ts'
import type { Engine, OwnProvisional, Provisionals, SettledProvisional } from '../engine-state.ts'
import type { Frame } from '../frame.ts'

/** Live ones that are durable. */
export function ownProvisionals(engine: Engine): ProvisionalClaim[] {
  return durable(engine).flatMap(({ claim, ended }) => (ended === null ? [claim] : []))
}

/** Are there claims of another ledger that this one has not settled yet? */
export function isCarrying({ ownProvisionals: own }: Engine): boolean {
  return [...own.values()].some(({ claim }) => claim.base === null)
}

/** Those of which the log says so. */
function durable({ ownProvisionals, consensus }: Engine): OwnProvisional[] {
  return [...ownProvisionals.values()].filter(({ position }) => position <= consensus.durable)
}

/** Writes new ones down. @returns where they are durable. */
export function keep(engine: Engine, claims: readonly ProvisionalClaim[]): number {
  const position = write(engine, { provisionals: claims })
  for (const claim of claims) {
    const own = { claim, position, isAsked: false, ended: null }
    engine.ownProvisionals.set(claim.id, own)
    noteNumbers(engine.provisionals, claim)
  }
  return position
}

export function endProvisionals(engine: Engine, ids: readonly ClaimId[], reason: EndReason): void {
  const live = ids.flatMap((id) => {
    const own = engine.ownProvisionals.get(id)
    return own === undefined || own.ended !== null ? [] : [own]
  })
  const asked = live.filter(({ isAsked }) => isAsked)
  for (const own of asked) own.ended = reason
  if (asked.length > 0) write(engine, { endedProvisionals: asked.map(idOf), reason })
  forget(engine, live.filter(({ isAsked }) => !isAsked).map(idOf))
}

/** A call was given up: its caller was told that it got nothing. */
export function endProvisionalsOf(engine: Engine, rid: RequestId): void {
  const { provisionals } = engine
  provisionals.waiting = provisionals.waiting.filter((waiting) => waiting.rid !== rid)
  const ids = [...engine.ownProvisionals.values()]
    .filter(({ claim }) => claim.rid === rid)
    .map(idOf)
  if (ids.length > 0) endProvisionals(engine, ids, 'abandoned')
}

/** Lets go of what the ledger has settled; an ended one only once nothing lives that was made of it. */
export function forgetSettled(engine: Engine): void {
  if (engine.ownProvisionals.size === 0) return
  const { state } = engine.committed
  const upTo = settledOf(state, engine.consensus.self)
  const over = [...engine.ownProvisionals.values()].filter(
    ({ claim, ended }) => claim.n <= upTo && (ended === null || !state.claims.has(claim.id)),
  )
  for (const { claim, ended } of over)
    if (ended === null) engine.out.settled.push(whatBecameOf(state, claim))
  forget(engine, over.map(idOf))
}

/** One that lost so long ago that the ledger has forgotten to whom is told to have met nobody. */
function whatBecameOf(state: LedgerState, claim: ProvisionalClaim): SettledProvisional {
  if (knownClaim(state, claim.id) !== null) return { kind: 'promoted', claim }
  const rejected = state.rejected.find((lost) => lost.claim.id === claim.id)
  const met = rejected?.conflicts ?? []
  return { kind: 'rejected', claim, conflicts: met.flatMap((id) => knownClaim(state, id) ?? []) }
}

/** What has become durable may be told. */
export function noteProvisionals(engine: Engine): void {
  const { provisionals, consensus } = engine
  const { durable: upTo } = consensus
  const changed = provisionals.changesAt.filter((position) => position <= upTo)
  if (changed.length === 0) return
  provisionals.changes += changed.length
  provisionals.changesAt = provisionals.changesAt.filter((position) => position > upTo)
  for (const { rid, outcome, position } of provisionals.waiting) {
    if (position <= upTo) engine.out.replies.push({ rid, outcome })
  }
  provisionals.waiting = provisionals.waiting.filter(({ position }) => position > upTo)
}

/** The frames that a log written anew begins with. */
export function framesOf({ ownProvisionals, provisionals }: Engine): Frame[] {
  const { n } = provisionals
  if (ownProvisionals.size === 0) return []
  const own = [...ownProvisionals.values()]
  const claims = own.map(({ claim }) => claim)
  const ended = own.flatMap((one): Frame[] =>
    one.ended === null ? [] : [meta({ endedProvisionals: [one.claim.id], reason: one.ended })],
  )
  return [meta({ provisionals: claims, n }), ...ended]
}

/**
 * What the log of a ledger that is founded anew begins with: claims of the one before, of all machines, to be settled first of
 * all. Where they exclude each other, the one that comes first here stays.
 */
export function framesOfCarried(by: PeerId, claims: readonly CarriedClaim[]): Frame[] {
  if (claims.length === 0) return []
  const carried = claims.map((claim, at): ProvisionalClaim => ({
    ...claim,
    ...(claim.party.peer === by ? {} : { by }),
    ...{ rid: null, lamport: 0, n: at + 1, base: null },
  }))
  return [meta({ provisionals: carried, n: carried.length })]
}

/**
 * What the log says of provisional claims. All of it is durable, and any of it may have been asked about.
 * @param incarnation further ones are numbered from there, as requests are: the ledger may remember those of a log that is gone.
 */
export function loadProvisionals(
  frames: readonly Frame[],
  incarnation: number,
): {
  readonly own: Map<ClaimId, OwnProvisional>
  readonly provisionals: Provisionals
} {
  const own = new Map<ClaimId, OwnProvisional>()
  const provisionals = emptyProvisionals()
  for (const frame of frames) {
    if (frame.kind !== 'meta') continue
    const value = frame.value as Notes
    provisionals.n = Math.max(provisionals.n, value.n ?? 0)
    for (const claim of value.provisionals ?? []) {
      own.set(claim.id, { claim, position: 0, isAsked: true, ended: null })
      noteNumbers(provisionals, claim)
    }
    for (const id of value.endedProvisionals ?? []) {
      const ended = own.get(id)
      if (ended !== undefined) ended.ended = value.reason ?? 'released'
    }
    for (const id of value.settledProvisionals ?? []) own.delete(id)
  }
  if (provisionals.n > 0) provisionals.changes = 1
  provisionals.n = Math.max(provisionals.n, incarnation * 2 ** 32)
  return { own, provisionals }
}

/** Facts of the log, as this module writes them. */
interface Notes {
  readonly n?: number
  readonly provisionals?: readonly ProvisionalClaim[]
  readonly endedProvisionals?: readonly ClaimId[]
  readonly reason?: EndReason
  readonly settledProvisionals?: readonly ClaimId[]
}

function emptyProvisionals(): Provisionals {
  return {
    lamport: 0,
    n: 0,
    changes: 0,
    changesAt: [],
    waiting: [],
    told: { changes: 0, at: 0, again: 0 },
    asked: null,
    lastKnown: null,
  }
}

function forget(engine: Engine, ids: readonly ClaimId[]): void {
  if (ids.length === 0) return
  for (const id of ids) engine.ownProvisionals.delete(id)
  write(engine, { settledProvisionals: ids })
}

function write(engine: Engine, notes: Notes): number {
  flush(engine.consensus)
  const position = persist(engine.consensus, [meta(notes)])
  engine.provisionals.changesAt.push(position)
  return position
}

function meta(notes: Notes): Frame {
  return { kind: 'meta', value: { ...notes } }
}

function noteNumbers(
  provisionals: Provisionals,
  { n, lamport }: Pick<ProvisionalClaim, 'n' | 'lamport'>,
): void {
  provisionals.n = Math.max(provisionals.n, n)
  provisionals.lamport = Math.max(provisionals.lamport, lamport)
}

function idOf({ claim }: OwnProvisional): ClaimId {
  return claim.id
}

/** Does the claim stand in this machine's list? */
export function isOf(peer: PeerId, claim: ProvisionalClaim): boolean {
  return listerOf(claim) === peer
}
