// One repo's ledger: consensus below, judging above, joined without I/O. `stepEngine` takes whatever happened since the
// last call and returns the effects as data: persist, then send, then apply (`changes`), then reply. Nothing else calls
// the core.
//
// 1. A reply is given only for what is committed, or, when nothing changes, after leadership was confirmed and everything
//    that the judgement rested on is committed.
// 2. A request is decided at most once: by its id, on the path.
// 3. A request that was given up is never left with a grant: a Release follows it before anything else is told.
import {
  parseRequestId,
  type ClaimId,
  type EndReason,
  type LedgerRecord,
  type PeerId,
} from '../../protocol/index.ts'
import { abandon, noteAbandoned } from './abandoned.ts'
import type { Request } from './claims/decision.ts'
import { createConsensus, stepConsensus, takeReady } from './consensus/consensus.ts'
import { persist } from './consensus/durability.ts'
import { learnCommit } from './consensus/follower.ts'
import { isServing } from './consensus/leader.ts'
import type { PersistOrder } from './consensus/types.ts'
import { emptyOut } from './engine-state.ts'
import type { Engine, EngineInput, EngineOptions, EngineReady } from './engine-state.ts'
import {
  giveBack,
  isMeantFor,
  isOwn,
  onReply,
  ownedBy,
  post,
  resend,
  takeOwn,
  tellCaughtUp,
} from './forwarding.ts'
import {
  isReady,
  lead,
  releaseAbandoned,
  afterSuspend,
  stopLeading,
  takeBack,
  takeToJudge,
} from './leading.ts'
import { advanceLeases, createLeases } from './leases.ts'
import {
  abandonedIn,
  commitIn,
  compactAfter,
  markCommit,
  incarnationOf,
  rewriteLog,
} from './log-upkeep.ts'
import { noteAttachment } from './attachment.ts'
import { handOver, learnFrom, mayAsk, setMembers } from './membership.ts'
import type { PeerMessage } from './messages.ts'
import { leaveLead, readable, refuseOutdated, refuseUnread } from './newer.ts'
import { noteWork } from './quiet.ts'
import { innerRequest, nextSettle, notePromoted } from './provisional/ask.ts'
import { hearProvisionals, tellProvisionals, tellProvisionalsTo } from './provisional/gossip.ts'
import { carry, takeProvisional } from './provisional/note.ts'
import {
  endProvisionals,
  endProvisionalsOf,
  forgetSettled,
  loadProvisionals,
  noteProvisionals,
} from './provisional/own.ts'
import { createHotspots } from './policy/hotspots.ts'
import { createWaits } from './queue/waits.ts'
import {
  createRenewals,
  noteConfirmed,
  noteRound,
  renewOwn,
  settleRenewals,
  takeAlive,
} from './renewals.ts'
import { noteBarrier, tellCommitted } from './replies.ts'
import { applyRecord, createView, viewOfPath, type AppliedChange } from './view.ts'

/** Uptime counts a suspend and the monotonic clock does not: a greater difference in one step was one. */
const SUSPEND_MS = 1_000

export type { Engine, EngineInput, EngineOptions, EngineReady } from './engine-state.ts'

export function createEngine(options: EngineOptions): Engine {
  const consensus = createConsensus(options)
  const incarnation = Math.max(incarnationOf(options.frames) + 1, options.starts ?? 0)
  const abandoned = abandonedIn(options.frames)
  const incarnationAt = persist(consensus, [{ kind: 'meta', value: { incarnation } }])
  const { own, provisionals } = loadProvisionals(options.frames, incarnation)
  const known = commitIn(options.frames)
  if (known !== null) learnCommit(consensus, known)
  return {
    options,
    consensus,
    incarnation,
    incarnationAt,
    sequence: 0,
    committed: createView(options.caseExact),
    tail: null,
    leases: createLeases(),
    waits: createWaits(),
    hotspots: createHotspots(),
    grantedTo: new Set(),
    own: new Map(),
    inner: new Set(),
    toTell: [],
    early: new Map(),
    decided: new Map(),
    answers: new Map(),
    answering: new Set(),
    replied: new Map(),
    abandoned,
    abandonedAt: [],
    renewals: createRenewals(),
    members: null,
    ownProvisionals: own,
    foreignProvisionals: new Map(),
    provisionals,
    settling: null,
    follows: null,
    resentAt: 0,
    gaveBackAt: 0,
    soughtAt: 0,
    workedAt: 0,
    attachedAt: 0,
    marked: null,
    markedAt: 0,
    servedTerm: 0,
    ...{ newer: null, barrier: 0, uptimeMs: null },
    sinceCheckpoint: { records: 0, bytes: 0, size: 0 },
    out: emptyOut(),
  }
}

export function stepEngine(engine: Engine, inputs: readonly EngineInput[]): EngineReady {
  const persisted: PersistOrder[] = []
  for (const input of inputs) {
    // Requests that arrive together are decided together: one transaction, one frame, one send.
    const joins = isRequest(input)
    if (!joins) settle(engine, persisted)
    takeInput(engine, input)
    if (!joins) settle(engine, persisted)
  }
  const toSettle = nextSettle(engine)
  if (toSettle !== null) takeRequest(engine, toSettle)
  lead(engine)
  settle(engine, persisted)
  tellProvisionals(engine)
  if (!isReady(engine)) {
    resend(engine)
    giveBack(engine)
  }
  const ready = { persist: persisted, ...engine.out }
  engine.out = emptyOut()
  return ready
}

function isRequest(input: EngineInput): boolean {
  return input.kind === 'request' || (input.kind === 'receive' && input.message.kind === 'request')
}

export function isLeading(engine: Engine): boolean {
  return isServing(engine.consensus)
}

function takeInput(engine: Engine, input: EngineInput): void {
  switch (input.kind) {
    case 'tick':
      onTick(engine, input)
      return
    case 'request':
      takeRequest(engine, input.request)
      return
    case 'provisional':
      if (!refuseUnread(engine, input.request.rid)) takeProvisional(engine, input.request)
      return
    case 'carry':
      carry(engine, input.rid, input.claims)
      return
    case 'end-provisional':
      endProvisionals(engine, input.ids, input.reason)
      endPromoted(engine, input.ids, input.reason)
      return
    case 'abandon':
      abandon(engine, input.rid)
      endProvisionalsOf(engine, input.rid)
      releaseAbandoned(engine)
      return
    case 'receive':
      receive(engine, input.from, input.message)
      return
    case 'alive':
      renewOwn(engine, input.sessions)
      return
    case 'members':
      setMembers(engine, input.members)
      return
    case 'hand-over':
      handOver(engine.consensus)
      return
    case 'reachable':
      noteWork(engine)
      stepConsensus(engine.consensus, input)
      tellProvisionalsTo(engine, input.peer)
      return
    case 'rewrite-log':
      rewriteLog(engine)
      return
    case 'durable':
      stepConsensus(engine.consensus, input)
      noteAbandoned(engine)
      noteProvisionals(engine)
      return
    default:
      stepConsensus(engine.consensus, input)
  }
}

/** They became claims just before their end was heard of here. */
function endPromoted(engine: Engine, asked: readonly ClaimId[], reason: EndReason): void {
  const { claims } = engine.committed.state
  const ids = asked.filter((id) => claims.get(id)?.peer === engine.consensus.self)
  const own = ids.filter((id) => !engine.ownProvisionals.has(id))
  if (own.length > 0) takeRequest(engine, innerRequest(engine, { kind: 'end', ids: own, reason }))
}

function receive(engine: Engine, from: PeerId, message: PeerMessage): void {
  switch (message.kind) {
    case 'request':
      if (isMeantFor(engine, message)) takeRequest(engine, message.request)
      return
    case 'reply':
      onReply(engine, from, message)
      return
    case 'alive':
      takeAlive(engine, from, message)
      return
    case 'alive-confirmed':
      noteConfirmed(engine, message)
      return
    case 'seek':
      noteWork(engine)
      stepConsensus(engine.consensus, { kind: 'sought', by: from })
      return
    case 'provisionals':
      hearProvisionals(engine, from, message)
      return
    case 'give-back':
      takeBack(engine, new Set(ownedBy(message, from)))
      return
    default:
      if (mayAsk(engine, from, message))
        stepConsensus(engine.consensus, { kind: 'receive', from, message })
      else learnFrom(engine, from, message)
  }
}

function takeRequest(engine: Engine, request: Request): void {
  const { rid } = request
  // A late copy of one that was given up: its caller was told that nothing was granted.
  if (engine.abandoned.has(rid)) return
  // Asked twice: deciding it again could give another answer.
  if (engine.decided.has(rid) || engine.answering.has(rid)) return
  if (engine.settling?.requests.has(rid) === true) return
  const told = engine.replied.get(rid)
  if (told !== undefined) {
    post(engine, parseRequestId(rid).peer, told)
    return
  }
  if (refuseUnread(engine, rid) || refuseOutdated(engine, request)) return
  noteWork(engine)
  if (isOwn(engine, rid)) takeOwn(engine, request)
  takeToJudge(engine, request)
}

function onTick(engine: Engine, input: Extract<EngineInput, { kind: 'tick' }>): void {
  const { consensus, leases } = engine
  const before = engine.uptimeMs ?? input.uptimeMs
  const passedMs = consensus.now === 0 ? 0 : input.now - consensus.now
  advanceLeases(leases, passedMs, input.uptimeMs - before)
  if (input.uptimeMs - before - passedMs > SUSPEND_MS) afterSuspend(engine)
  engine.uptimeMs = input.uptimeMs
  leaveLead(engine)
  stepConsensus(consensus, { kind: 'tick', now: input.now, wallMs: input.wallMs })
  noteAttachment(engine)
  markCommit(engine)
}

/** Takes the consensus core's effects and lets what they mean happen. */
function settle(engine: Engine, persisted: PersistOrder[]): void {
  const ready = takeReady(engine.consensus)
  persisted.push(...ready.persist)
  engine.out.send.push(...ready.send)
  for (const commit of ready.commits) applyCommit(engine, commit.records, commit.rebase)
  for (const { id, ok } of ready.barriers) {
    noteBarrier(engine, id, ok)
    noteRound(engine, id, ok)
  }
  if (ready.commits.length > 0 || ready.barriers.length > 0) tellCommitted(engine)
  if (ready.commits.length > 0) {
    tellCaughtUp(engine)
    settleRenewals(engine)
    forgetSettled(engine)
  }
  if (engine.consensus.role.kind !== 'leader') stopLeading(engine)
}

function applyCommit(engine: Engine, all: readonly LedgerRecord[], rebase: boolean): void {
  const records = readable(engine, all)
  if (rebase && records.length > 0) {
    const { view, changes } = viewOfPath(engine.options.caseExact, records)
    engine.committed = view
    engine.out.rebased = true
    noteChanges(engine, changes)
  } else {
    for (const record of records) noteChanges(engine, applyRecord(engine.committed, record))
  }
  for (const record of all) compactAfter(engine, record)
  releaseAbandoned(engine)
}

function noteChanges(engine: Engine, changes: readonly AppliedChange[]): void {
  for (const applied of changes) notePromoted(engine, applied)
  engine.out.changes.push(...changes)
}
