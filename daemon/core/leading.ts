// What a leader does: decides requests against everything that it appended, ends what has run out, moves the queue, and
// takes a checkpoint when one is due.
import {
  decodeState,
  encodeCheckpoint,
  encodeState,
  outcomeOf,
  type LedgerRecord,
  type RecordBody,
  type RequestId,
} from '../../protocol/index.ts'
import type { Command } from './claims/command.ts'
import { decide } from './claims/decide.ts'
import type { Request, SettleRequest } from './claims/decision.ts'
import { postponeElection } from './consensus/follower.ts'
import { isServing, propose } from './consensus/leader.ts'
import type { Engine } from './engine-state.ts'
import { isOpenFor, isOver, unclaimed } from './abandoned.ts'
import {
  awaitedBy,
  delaysNow,
  isSessionAlive,
  noteChange,
  noteRenewal,
  restartLeases,
  sweep,
  type Leases,
} from './leases.ts'
import { isCheckpointDue } from './log-upkeep.ts'
import { stepAside, votersToPropose } from './membership.ts'
import { leaveLead, readable } from './newer.ts'
import { circleOf, pumpQueue } from './queue/pump.ts'
import { ageWaits, noteWaits, restartWaits } from './queue/waits.ts'
import { noteWork, quietenIfIdle } from './quiet.ts'
import { settle } from './provisional/settle.ts'
import { awaitConfirmation } from './replies.ts'
import { countRefusals } from './counting.ts'
import { noteRefusal, restartHotspots } from './policy/hotspots.ts'
import { failureOfVersion, mayWrite } from './version-gate.ts'
import {
  applyRecord,
  createView,
  sessionKey,
  viewOfPath,
  type AppliedChange,
  type View,
} from './view.ts'

/** Requests that wait for a term to begin: what fifty machines may have in their inboxes. */
const EARLY_MAX = 50_000

/** What a leader does of itself after each step. */
export function lead(engine: Engine): void {
  if (!isServing(engine.consensus)) return
  const { role } = engine.consensus
  if (role.kind === 'leader' && engine.servedTerm !== role.term) startServing(engine, role.term)
  if (engine.tail === null) return
  const gone = mayWrite(engine, 'assignment-move') ? (engine.members?.gone ?? []) : []
  const lapsed = sweep(engine.leases, engine.tail, engine.options.leaseMs, gone)
  if (lapsed.length > 0) append(engine, lapsed)
  settleDue(engine, engine.tail)
  moveQueue(engine, engine.tail)
  countRefusals(engine, engine.tail, (bodies) => void append(engine, bodies))
  const voters = votersToPropose(engine)
  if (voters !== null) append(engine, [{ kind: 'config', voters, asOf: engine.members?.asOf ?? 0 }])
  if (isCheckpointDue(engine)) {
    const parts = encodeCheckpoint(engine.tail.state)
    const records = append(engine, parts)
    const size = records.reduce((sum, record) => sum + record.bytes.length, 0)
    engine.sinceCheckpoint = { records: 0, bytes: 0, size }
  }
  quietenIfIdle(engine)
  stepAside(engine)
}

export function isReady(engine: Engine): boolean {
  return engine.tail !== null && isServing(engine.consensus)
}

/** Now, or when the term that was won has begun. Whoever finds no room until then sends again. */
export function takeToJudge(engine: Engine, request: Request): void {
  const { consensus, early } = engine
  if (isReady(engine)) decideRequest(engine, request)
  else if (consensus.role.kind === 'leader' && early.size < EARLY_MAX)
    early.set(request.rid, request)
}

function decideRequest(engine: Engine, request: Request): void {
  const { tail, consensus } = engine
  if (tail === null) return
  const { leases, waits } = engine
  noteSign(leases, tail, request.command)
  const delays = delaysNow(leases, engine.options.caseExact)
  const context = {
    view: tail,
    wallMs: consensus.wallMs,
    delays,
    waits,
    awaitedBy: awaitedBy(leases, tail),
    signer: consensus.signer,
    now: leases.elapsedMs,
  }
  const decision = decide(request, context)
  if (request.command.kind === 'claim')
    noteRefusal(engine.hotspots, request.command, decision, leases.elapsedMs)
  switch (decision.kind) {
    case 'fail':
      awaitConfirmation(engine, request, { kind: 'failed', failure: decision.failure })
      return
    case 'answer':
      awaitConfirmation(engine, request, decision.outcome)
      return
    case 'collect':
      collect(engine, decision.request)
      return
    case 'append': {
      const failure = failureOfVersion(engine, decision.bodies)
      if (failure !== null) {
        awaitConfirmation(engine, request, { kind: 'failed', failure })
        return
      }
      const last = append(engine, decision.bodies).at(-1)
      if (last === undefined) return
      const { warnings, told = null } = decision
      engine.decided.set(request.rid, { request, at: last, warnings, told })
    }
  }
}

/** Who asks for something lives: what its session is told to hold must not run out in the next moment. */
function noteSign(leases: Leases, { sessions }: View, command: Command): void {
  if (!('party' in command)) return
  const { peer, session } = command.party
  if (sessions.has(sessionKey(peer, session))) noteRenewal(leases, peer, session)
}

/** What was not told is asked again, by the machines of its callers, of whoever leads next. */
export function stopLeading(engine: Engine): void {
  // One that was deposed before its term began has taken requests, too, which are not for a later term of its own.
  if (engine.tail === null && engine.early.size === 0) return
  engine.tail = null
  engine.settling = null
  engine.early.clear()
  engine.replied.clear()
  engine.decided.clear()
  engine.answers.clear()
  engine.answering.clear()
}

/**
 * A grant, or a place in the queue, that its caller was told not to have is given back at once. The mark goes when the path
 * says so: the Release of a leader that is deposed may come to nothing.
 */
export function releaseAbandoned(engine: Engine): void {
  for (const rid of engine.abandoned) {
    if (isOver(engine.committed, rid)) engine.abandoned.delete(rid)
    else if (isReady(engine)) releaseGrant(engine, rid, engine.abandoned)
  }
}

/** @param abandoned every request of that machine which is known to be given up. */
export function releaseGrant(
  engine: Engine,
  rid: RequestId,
  abandoned: ReadonlySet<RequestId>,
): void {
  const state = engine.tail?.state
  const outcome = state === undefined ? null : outcomeOf(state, rid)
  if (state === undefined || engine.tail === null) return
  if (outcome === null || outcome === 'forgotten') return
  if (outcome.kind === 'queued' && state.queue.has(outcome.id)) {
    const reason = 'cancelled'
    append(engine, [
      { kind: 'drop', rid: null, ids: [outcome.id], reason, by: 'daemon', circle: [] },
    ])
  }
  if (outcome.kind === 'assigned' && isOpenFor(engine.tail, rid, outcome.id)) {
    const note = 'nobody was told of it'
    const move = { kind: 'assignment-move', rid: null, id: outcome.id, to: 'stopped' } as const
    append(engine, [{ ...move, facts: { note }, by: 'daemon', abandoned: true }])
  }
  if (outcome.kind !== 'granted') return
  const ids = unclaimed(engine.tail, outcome.ids, abandoned)
  if (ids.length === 0) return
  append(engine, [{ kind: 'release', rid: null, ids, reason: 'abandoned', by: 'daemon' }])
}

function startServing(engine: Engine, term: number): void {
  const head = engine.consensus.chain.head()
  if (head === null) return
  engine.servedTerm = term
  noteWork(engine)
  const path = engine.consensus.chain.pathFromBase(head)
  if (readable(engine, path).length < path.length) {
    leaveLead(engine)
    return
  }
  engine.tail = tailView(engine, head)
  restartLeases(engine.leases, engine.tail)
  restartWaits(engine.waits, engine.tail, engine.leases.elapsedMs)
  restartHotspots(engine.hotspots)
  const bytes = path.reduce((sum, record) => sum + record.bytes.length, 0)
  const checkpoint = path.filter(({ body }) => body.kind === 'checkpoint')
  const size = checkpoint.reduce((sum, record) => sum + record.bytes.length, 0)
  engine.sinceCheckpoint = { records: path.length, bytes: bytes - size, size }
  releaseAbandoned(engine)
  for (const { request } of engine.own.values()) decideRequest(engine, request)
  // Those of callers of this machine are among both: a second decision could be another one.
  for (const request of engine.early.values())
    if (!engine.own.has(request.rid)) decideRequest(engine, request)
  engine.early.clear()
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

/** Grants whoever fits after this step, and breaks circles that its grants closed. */
function moveQueue(engine: Engine, view: View): void {
  const { leases, waits, options } = engine
  if (view.state.queue.size === 0) {
    engine.grantedTo.clear()
    return
  }
  const now = leases.elapsedMs
  ageWaits(waits, view, now)
  const delays = delaysNow(leases, options.caseExact)
  const context = {
    waits,
    view,
    now,
    delays,
    awaitedBy: awaitedBy(leases, view),
    isAlive: ({ party }: Parameters<Parameters<typeof pumpQueue>[0]['isAlive']>[0]) =>
      isSessionAlive(leases, sessionKey(party.peer, party.session), options.leaseMs),
    wallMs: engine.consensus.wallMs,
    append: (bodies: readonly RecordBody[]) => void append(engine, bodies),
  }
  pumpQueue(context)
  for (let broken = circleOf(context, engine.grantedTo); broken !== null;) {
    append(engine, [broken])
    pumpQueue(context)
    broken = circleOf(context, engine.grantedTo)
  }
  engine.grantedTo.clear()
}

function collect(engine: Engine, request: SettleRequest): void {
  engine.settling ??= { since: engine.consensus.now, requests: new Map() }
  engine.settling.requests.set(request.rid, request)
}

/** No other machine has a copy of the ledger: nobody can come at about the same time. */
function isByItself({ consensus }: Engine): boolean {
  const { chain, learners, self } = consensus
  const head = chain.head()
  const others = [...learners, ...(head === null ? [] : chain.votersAt(head))]
  return others.every((peer) => peer === self)
}

/** Machines that come back at about the same time are settled together: among them the earlier claim wins. */
function settleDue(engine: Engine, view: View): void {
  const { settling, consensus, leases, options } = engine
  if (settling === null || !mayWrite(engine, 'reconcile')) return
  const isPatient = consensus.now - settling.since < consensus.timing.settleAfterMs
  if (isPatient && !isByItself(engine)) return
  engine.settling = null
  const requests = [...settling.requests.values()]
  const delays = delaysNow(leases, options.caseExact)
  const context = {
    view,
    delays,
    wallMs: consensus.wallMs,
    append: (bodies: readonly RecordBody[]) => void append(engine, bodies),
  }
  const outcomes = settle(context, requests)
  // Settled before: the ledger has the answer.
  if (outcomes.length === 0) {
    for (const request of requests) awaitConfirmation(engine, request, { kind: 'reconciled' })
    return
  }
  const rids = requests.map(({ rid }) => rid)
  for (const at of append(engine, [{ kind: 'reconcile', rids, outcomes }])) {
    for (const request of requests)
      engine.decided.set(request.rid, { request, at, warnings: [], told: null })
  }
}

function noteGrant(engine: Engine, { change }: AppliedChange): void {
  if (change.kind !== 'granted') return
  engine.grantedTo.add(sessionKey(change.claim.peer, change.claim.session))
}

function append(engine: Engine, bodies: readonly RecordBody[]): readonly LedgerRecord[] {
  const { tail, leases, waits, sinceCheckpoint } = engine
  const records = propose(engine.consensus, bodies)
  for (const record of records) {
    for (const applied of tail === null ? [] : applyRecord(tail, record)) {
      noteChange(leases, applied)
      noteWaits(waits, applied, leases.elapsedMs)
      noteGrant(engine, applied)
    }
    sinceCheckpoint.records++
    sinceCheckpoint.bytes += record.bytes.length
  }
  return records
}

/** Grants that nobody waits for any more. */
export function takeBack(engine: Engine, rids: ReadonlySet<RequestId>): void {
  if (isReady(engine)) for (const rid of rids) releaseGrant(engine, rid, rids)
}

/** The machine slept: others may lead by now, and holders could not renew. Nobody is judged by the time before. */
export function afterSuspend(engine: Engine): void {
  if (engine.tail !== null) restartLeases(engine.leases, engine.tail)
  if (engine.consensus.role.kind === 'follower') postponeElection(engine.consensus)
}
