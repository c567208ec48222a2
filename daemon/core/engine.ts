// One repo's ledger: consensus below, judging above, joined without I/O. `stepEngine` takes whatever happened since the
// last call and returns the effects as data: persist, then send, then apply (`changes`), then reply. Nothing else calls
// the core.
//
// 1. A reply is given only for what is committed, or, when nothing changes, after leadership was confirmed and everything
//    that the judgement rested on is committed.
// 2. A request is decided at most once: by its id, on the path.
// 3. A request that was given up is never left with a grant: a Release follows it before anything else is told.
import { type LedgerRecord } from '../../protocol/index.ts'
import { createConsensus, stepConsensus, takeReady } from './consensus/consensus.ts'
import { persist } from './consensus/durability.ts'
import { isServing } from './consensus/leader.ts'
import type { Request } from './claims/decision.ts'
import type { Envelope, PersistOrder } from './consensus/types.ts'
import type { Engine, EngineInput, EngineOptions, EngineReady } from './engine-state.ts'
import { decideRequest, isReady, lead, releaseAbandoned, stopLeading } from './leading.ts'
import { advanceLeases, createLeases, noteRenewal } from './leases.ts'
import { abandonedIn, compactAfter, incarnationOf, rewriteLog } from './log-upkeep.ts'
import { createWaits } from './queue/waits.ts'
import { abandon, noteAbandoned, noteBarrier, tellCommitted } from './replies.ts'
import { applyRecord, createView, viewOfPath } from './view.ts'

export type { Engine, EngineInput, EngineOptions, EngineReady } from './engine-state.ts'

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
    waits: createWaits(),
    grantedTo: new Set(),
    waiting: new Map(),
    decided: new Map(),
    answers: new Map(),
    answering: new Set(),
    abandoned,
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
      releaseAbandoned(engine)
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
      return
    default:
      stepConsensus(engine.consensus, input)
  }
}

function takeRequest(engine: Engine, request: Request): void {
  const { rid } = request
  // A late copy of one that was given up: its caller was told that nothing was granted.
  if (engine.abandoned.has(rid)) return
  // Asked twice: deciding it again could give another answer.
  if (engine.decided.has(rid) || engine.answering.has(rid)) return
  if (isReady(engine)) decideRequest(engine, request)
  else engine.waiting.set(rid, request)
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

function emptyOut(): Engine['out'] {
  return { changes: [], rebased: false, replies: [], abandoned: [] }
}
