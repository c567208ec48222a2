// One repo's ledger: consensus below, judging above, joined without I/O. `stepEngine` takes whatever happened since the
// last call and returns the effects as data: persist, then send, then apply (`changes`), then reply. Nothing else calls
// the core.
//
// 1. A reply is given only for what is committed, or, when nothing changes, after leadership was confirmed and everything
//    that the judgement rested on is committed.
// 2. A request is decided at most once: by its id, on the path.
// 3. A request that was given up is never left with a grant: a Release follows it before anything else is told.
import {
  comparePositions,
  decodeState,
  encodeCheckpoint,
  encodeState,
  outcomeOf,
  type LedgerRecord,
  type PeerId,
  type Position,
  type RecordBody,
  type RequestId,
  type SessionId,
} from '../../protocol/index.ts'
import { decide } from './claims/decide.ts'
import type { Outcome } from './claims/command.ts'
import type { Request } from './claims/decision.ts'
import { tellOutcome } from './claims/tell.ts'
import {
  compact,
  createConsensus,
  stepConsensus,
  takeReady,
  type ConsensusInput,
} from './consensus/consensus.ts'
import { persist, persistSnapshot } from './consensus/durability.ts'
import { confirmLeadership, flush, isServing, propose } from './consensus/leader.ts'
import type { Consensus, ConsensusOptions, Envelope, PersistOrder } from './consensus/types.ts'
import type { Frame } from './frame.ts'
import {
  advanceLeases,
  createLeases,
  delaysNow,
  noteChange,
  noteRenewal,
  restartLeases,
  sweep,
  type Leases,
} from './leases.ts'
import { applyRecord, createView, viewOfPath, type AppliedChange, type View } from './view.ts'

export type EngineInput =
  | Exclude<ConsensusInput, { kind: 'tick' }>
  | {
      readonly kind: 'tick'
      readonly now: number
      readonly uptimeMs: number
      readonly wallMs: number
    }
  | { readonly kind: 'request'; readonly request: Request }
  /** The caller is gone or was told that there is no quorum. */
  | { readonly kind: 'abandon'; readonly rid: RequestId }
  /** Sessions of a peer that are alive. */
  | { readonly kind: 'alive'; readonly peer: PeerId; readonly sessions: readonly SessionId[] }
  /** The log has grown: write it anew. */
  | { readonly kind: 'rewrite-log' }

export interface EngineReady {
  readonly persist: readonly PersistOrder[]
  readonly send: readonly Envelope[]
  /** What became true, in order; `rebased` when it starts from a checkpoint instead of following what was there. */
  readonly changes: readonly AppliedChange[]
  readonly rebased: boolean
  readonly replies: readonly { readonly rid: RequestId; readonly outcome: Outcome }[]
  /** Abandoned requests that are durably so. */
  readonly abandoned: readonly RequestId[]
}

export interface EngineOptions extends ConsensusOptions {
  readonly caseExact: boolean
  /** A session's lease. */
  readonly leaseMs: number
  /** Records between checkpoints. */
  readonly checkpointRecords: number
}

export interface Engine {
  readonly options: EngineOptions
  readonly consensus: Consensus
  readonly incarnation: number
  /** What is committed. */
  committed: View
  /** A leader's: everything that it appended. */
  tail: View | null
  readonly leases: Leases
  readonly waiting: Map<RequestId, Request>
  readonly decided: Map<RequestId, Decided>
  readonly answers: Map<number, Answer>
  /** The requests in `answers`. */
  readonly answering: Set<RequestId>
  readonly abandoned: Set<RequestId>
  /** Marks taken back, until that is durable. */
  readonly lifted: Map<RequestId, { readonly request: Request; readonly position: number }>
  readonly abandonedAt: { readonly rid: RequestId; readonly position: number }[]
  servedTerm: number
  barrier: number
  uptimeMs: number | null
  /** Bytes and records since the last checkpoint, and that checkpoint's size. */
  sinceCheckpoint: { records: number; bytes: number; size: number }
  out: {
    changes: AppliedChange[]
    rebased: boolean
    replies: { rid: RequestId; outcome: Outcome }[]
    abandoned: RequestId[]
  }
}

/** A request whose records are appended and not committed yet. */
interface Decided {
  readonly request: Request
  readonly at: Position
  readonly warnings: readonly string[]
}

/** An answer that changes nothing, waiting for its round and for what it rests on. */
interface Answer {
  readonly request: Request
  readonly outcome: Outcome
  readonly restsOn: Position
  confirmed: boolean
}

/** A checkpoint at the latest when this many bytes have come since the last one. */
const CHECKPOINT_BYTES = 1_000_000

export function createEngine(options: EngineOptions): Engine {
  const consensus = createConsensus(options)
  const incarnation = incarnationOf(options.frames) + 1
  const abandoned = abandonedIn(options.frames)
  persist(consensus, [{ kind: 'meta', value: { incarnation } }])
  return {
    options,
    consensus,
    incarnation,
    committed: createView(options.caseExact),
    tail: null,
    leases: createLeases(),
    waiting: new Map(),
    decided: new Map(),
    answers: new Map(),
    answering: new Set(),
    abandoned,
    lifted: new Map(),
    abandonedAt: [],
    servedTerm: 0,
    barrier: 0,
    uptimeMs: null,
    sinceCheckpoint: { records: 0, bytes: 0, size: 0 },
    out: emptyOut(),
  }
}

export function stepEngine(engine: Engine, inputs: readonly EngineInput[]): EngineReady {
  const persisted: PersistOrder[] = []
  const sent: Envelope[] = []
  for (const input of inputs) {
    // Requests that arrive together are decided together: one transaction, one frame, one send.
    if (input.kind !== 'request') settle(engine, persisted, sent)
    takeInput(engine, input)
    if (input.kind !== 'request') settle(engine, persisted, sent)
  }
  lead(engine)
  settle(engine, persisted, sent)
  const { changes, rebased, replies, abandoned } = engine.out
  engine.out = emptyOut()
  return { persist: persisted, send: sent, changes, rebased, replies, abandoned }
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
    case 'abandon':
      abandon(engine, input.rid)
      return
    case 'alive':
      for (const session of input.sessions) noteRenewal(engine.leases, input.peer, session)
      return
    case 'rewrite-log':
      rewriteLog(engine)
      return
    case 'durable':
      stepConsensus(engine.consensus, input)
      noteAbandoned(engine)
      takeLifted(engine)
      return
    default:
      stepConsensus(engine.consensus, input)
  }
}

/** One that was given up and is wanted after all is decided only once a restart would know of it. */
function takeRequest(engine: Engine, request: Request): void {
  const { rid } = request
  if (engine.abandoned.delete(rid)) {
    flush(engine.consensus)
    const position = persist(engine.consensus, [{ kind: 'meta', value: { wanted: rid } }])
    engine.lifted.set(rid, { request, position })
  } else if (engine.lifted.has(rid) || engine.decided.has(rid) || engine.answering.has(rid)) {
    // Asked twice: deciding it again could give another answer.
    return
  } else if (isReady(engine)) decideRequest(engine, request)
  else engine.waiting.set(rid, request)
}

function takeLifted(engine: Engine): void {
  for (const [rid, { request, position }] of engine.lifted) {
    if (position > engine.consensus.durable) return
    engine.lifted.delete(rid)
    takeRequest(engine, request)
  }
}

function onTick(engine: Engine, input: Extract<EngineInput, { kind: 'tick' }>): void {
  const { consensus, leases } = engine
  const before = engine.uptimeMs ?? input.uptimeMs
  advanceLeases(
    leases,
    consensus.now === 0 ? 0 : input.now - consensus.now,
    input.uptimeMs - before,
  )
  engine.uptimeMs = input.uptimeMs
  stepConsensus(consensus, { kind: 'tick', now: input.now, wallMs: input.wallMs })
}

/** Takes the consensus core's effects and lets what they mean happen. */
function settle(engine: Engine, persisted: PersistOrder[], sent: Envelope[]): void {
  const ready = takeReady(engine.consensus)
  persisted.push(...ready.persist)
  sent.push(...ready.send)
  for (const commit of ready.commits) applyCommit(engine, commit.records, commit.rebase)
  for (const { id, ok } of ready.barriers) noteBarrier(engine, id, ok)
  if (ready.commits.length > 0 || ready.barriers.length > 0) tellCommitted(engine)
  if (engine.tail !== null && engine.consensus.role.kind !== 'leader') stopLeading(engine)
}

function applyCommit(engine: Engine, records: readonly LedgerRecord[], rebase: boolean): void {
  if (rebase) {
    const { view, changes } = viewOfPath(engine.options.caseExact, records)
    engine.committed = view
    engine.out.changes.push(...changes)
    engine.out.rebased = true
  } else {
    for (const record of records) engine.out.changes.push(...applyRecord(engine.committed, record))
  }
  for (const record of records) compactAfter(engine, record)
  releaseAbandoned(engine)
}

/** What a leader does of itself after each step. */
function lead(engine: Engine): void {
  if (!isServing(engine.consensus)) return
  const { role } = engine.consensus
  if (role.kind === 'leader' && engine.servedTerm !== role.term) startServing(engine, role.term)
  if (engine.tail === null) return
  const lapsed = sweep(engine.leases, engine.tail, engine.options.leaseMs)
  if (lapsed.length > 0) append(engine, lapsed)
  if (isCheckpointDue(engine)) {
    const parts = encodeCheckpoint(engine.tail.state)
    const records = append(engine, parts)
    const size = records.reduce((sum, record) => sum + record.bytes.length, 0)
    engine.sinceCheckpoint = { records: 0, bytes: 0, size }
  }
}

function startServing(engine: Engine, term: number): void {
  const head = engine.consensus.chain.head()
  if (head === null) return
  engine.servedTerm = term
  const path = engine.consensus.chain.pathFromBase(head)
  engine.tail = tailView(engine, head)
  restartLeases(engine.leases, engine.tail)
  const bytes = path.reduce((sum, record) => sum + record.bytes.length, 0)
  engine.sinceCheckpoint = { records: path.length, bytes, size: 0 }
  releaseAbandoned(engine)
  for (const request of engine.waiting.values()) decideRequest(engine, request)
  engine.waiting.clear()
}

/** The committed view and what this leader has appended beyond it. */
function tailView(engine: Engine, head: LedgerRecord): View {
  const { committed, consensus, options } = engine
  const beyond = consensus.chain.pathBetween(committed.state.applied, head)
  if (beyond === null) return viewOfPath(options.caseExact, consensus.chain.pathFromBase(head)).view
  const tail = createView(options.caseExact, decodeState(encodeState(committed.state)))
  for (const record of beyond) applyRecord(tail, record)
  return tail
}

function stopLeading(engine: Engine): void {
  engine.tail = null
  for (const { request } of engine.decided.values()) engine.waiting.set(request.rid, request)
  for (const { request } of engine.answers.values()) engine.waiting.set(request.rid, request)
  engine.decided.clear()
  engine.answers.clear()
  engine.answering.clear()
}

function isReady(engine: Engine): boolean {
  return engine.tail !== null && isServing(engine.consensus)
}

function decideRequest(engine: Engine, request: Request): void {
  const { tail, consensus } = engine
  if (tail === null) return
  const delays = delaysNow(engine.leases, engine.options.caseExact)
  const decision = decide(request, { view: tail, wallMs: consensus.wallMs, delays })
  switch (decision.kind) {
    case 'fail':
      awaitConfirmation(engine, request, { kind: 'failed', failure: decision.failure })
      return
    case 'answer':
      awaitConfirmation(engine, request, decision.outcome)
      return
    case 'append': {
      const last = append(engine, decision.bodies).at(-1)
      if (last === undefined) return
      engine.decided.set(request.rid, { request, at: last, warnings: decision.warnings })
    }
  }
}

function append(engine: Engine, bodies: readonly RecordBody[]): readonly LedgerRecord[] {
  const { tail, leases, sinceCheckpoint } = engine
  const records = propose(engine.consensus, bodies)
  for (const record of records) {
    if (tail !== null) for (const change of applyRecord(tail, record)) noteChange(leases, change)
    sinceCheckpoint.records++
    sinceCheckpoint.bytes += record.bytes.length
  }
  return records
}

function awaitConfirmation(engine: Engine, request: Request, outcome: Outcome): void {
  const head = engine.consensus.chain.head()
  if (head === null) return
  const id = ++engine.barrier
  engine.answers.set(id, { request, outcome, restsOn: head, confirmed: false })
  engine.answering.add(request.rid)
  confirmLeadership(engine.consensus, id)
}

function noteBarrier(engine: Engine, id: number, ok: boolean): void {
  const answer = engine.answers.get(id)
  if (answer === undefined) return
  if (ok) {
    answer.confirmed = true
    return
  }
  engine.answers.delete(id)
  engine.answering.delete(answer.request.rid)
  engine.waiting.set(answer.request.rid, answer.request)
}

/** Replies to everything whose records, or whose ground, are committed by now. */
function tellCommitted(engine: Engine): void {
  const { commit, role } = engine.consensus
  if (commit === null) return
  for (const [rid, { at, warnings }] of engine.decided) {
    if (comparePositions(at, commit) > 0) break
    const outcome = outcomeOf(engine.committed.state, rid)
    // Another leader's path went past it: it waits to be decided again.
    if (outcome === null) continue
    engine.decided.delete(rid)
    if (outcome !== 'forgotten') {
      reply(engine, rid, tellOutcome(engine.committed, outcome, warnings))
    }
  }
  // What an answer rests on may have been bypassed by whoever deposed this leader.
  if (role.kind !== 'leader') return
  for (const [id, answer] of engine.answers) {
    if (!answer.confirmed || comparePositions(answer.restsOn, commit) > 0) continue
    engine.answers.delete(id)
    engine.answering.delete(answer.request.rid)
    reply(engine, answer.request.rid, answer.outcome)
  }
}

function reply(engine: Engine, rid: RequestId, outcome: Outcome): void {
  engine.out.replies.push({ rid, outcome })
}

function abandon(engine: Engine, rid: RequestId): void {
  const { consensus } = engine
  engine.waiting.delete(rid)
  engine.lifted.delete(rid)
  for (const [id, answer] of engine.answers) {
    if (answer.request.rid === rid) engine.answers.delete(id)
  }
  engine.answering.delete(rid)
  engine.decided.delete(rid)
  engine.abandoned.add(rid)
  flush(consensus)
  const position = persist(consensus, [{ kind: 'meta', value: { abandoned: rid } }])
  engine.abandonedAt.push({ rid, position })
  releaseAbandoned(engine)
}

function noteAbandoned(engine: Engine): void {
  const { durable } = engine.consensus
  for (
    let next = engine.abandonedAt[0];
    next !== undefined && next.position <= durable;
    next = engine.abandonedAt[0]
  ) {
    engine.out.abandoned.push(next.rid)
    engine.abandonedAt.shift()
  }
}

/**
 * A grant that its caller was told not to have is given back at once. The mark goes when the path says so: the Release of
 * a leader that is deposed may come to nothing.
 */
function releaseAbandoned(engine: Engine): void {
  for (const rid of engine.abandoned) {
    if (isOver(engine.committed, rid)) engine.abandoned.delete(rid)
    else if (isReady(engine)) releaseGrant(engine, rid)
  }
}

function isOver(view: View, rid: RequestId): boolean {
  const outcome = outcomeOf(view.state, rid)
  if (outcome === null) return false
  if (outcome === 'forgotten' || outcome.kind !== 'granted') return true
  return !outcome.ids.some((id) => view.state.claims.has(id))
}

function releaseGrant(engine: Engine, rid: RequestId): void {
  const state = engine.tail?.state
  const outcome = state === undefined ? null : outcomeOf(state, rid)
  if (state === undefined || outcome === null || outcome === 'forgotten') return
  if (outcome.kind !== 'granted') return
  const ids = outcome.ids.filter((id) => state.claims.has(id))
  if (ids.length === 0) return
  append(engine, [{ kind: 'release', rid: null, ids, reason: 'abandoned', by: 'daemon' }])
}

/**
 * A checkpoint when 1,000 records have come and at least as many bytes as the last one took, so that a large state is
 * not written over and over for small changes; or when far more bytes have come.
 */
function isCheckpointDue(engine: Engine): boolean {
  const { records, bytes, size } = engine.sinceCheckpoint
  if (records >= engine.options.checkpointRecords && bytes >= size) return true
  return bytes >= Math.max(CHECKPOINT_BYTES, 2 * size)
}

function compactAfter(engine: Engine, record: LedgerRecord): void {
  const { body } = record
  if (body.kind !== 'checkpoint' || body.part !== body.parts) return
  const first = { term: record.term, index: record.index - body.parts + 1 }
  compact(engine.consensus, first, record)
}

function rewriteLog(engine: Engine): void {
  const abandoned = [...engine.abandoned].map((rid): Frame => ({
    kind: 'meta',
    value: { abandoned: rid },
  }))
  const { genesis } = engine.options
  const { term, index, hash, generation } = genesis
  const origin: Frame = { kind: 'meta', value: { genesis: { term, index, hash, generation } } }
  const incarnation: Frame = { kind: 'meta', value: { incarnation: engine.incarnation } }
  flush(engine.consensus)
  persistSnapshot(engine.consensus, [origin, incarnation, ...abandoned])
}

function incarnationOf(frames: readonly Frame[]): number {
  return frames.reduce((greatest, frame) => {
    if (frame.kind !== 'meta') return greatest
    const { incarnation } = frame.value
    return typeof incarnation === 'number' ? Math.max(greatest, incarnation) : greatest
  }, 0)
}

function abandonedIn(frames: readonly Frame[]): Set<RequestId> {
  const marked = new Set<RequestId>()
  for (const frame of frames) {
    if (frame.kind !== 'meta') continue
    const { abandoned, wanted } = frame.value
    if (typeof abandoned === 'string') marked.add(abandoned as RequestId)
    if (typeof wanted === 'string') marked.delete(wanted as RequestId)
  }
  return marked
}

function emptyOut(): Engine['out'] {
  return { changes: [], rebased: false, replies: [], abandoned: [] }
}
