// A folded state with the index that judging needs. A daemon keeps one of what is committed; a leader keeps a second one
// of everything that it appended, for it judges against its whole own path.
import {
  createScopeIndex,
  emptyState,
  foldRecord,
  judgeable,
  restoreCheckpoint,
  type Change,
  type Checkpoint,
  type ClaimId,
  type JudgedScope,
  type LedgerClaim,
  type LedgerRecord,
  type LedgerState,
  type PeerId,
  type QueueEntry,
  type QueueId,
  type ScopeIndex,
  type SessionId,
} from '../../protocol/index.ts'
import { compileRules, inRuledModes, type Rules } from './policy/rules.ts'

export interface View {
  readonly state: LedgerState
  readonly index: ScopeIndex<ClaimId>
  readonly scopes: Map<ClaimId, JudgedScope>
  /** Live claims of each session, by `sessionKey`. */
  readonly sessions: Map<string, Set<ClaimId>>
  /** What is waited for: one place for each scope of each entry. */
  readonly waiters: ScopeIndex<WaitingPlace>
  readonly places: Map<QueueId, readonly WaitingPlace[]>
  /** Entries of each session, by `sessionKey`. */
  readonly waiting: Map<string, Set<QueueId>>
  /** The policy, compiled. */
  readonly rules: { now: Rules }
  readonly caseExact: boolean
}

export interface WaitingPlace {
  readonly id: QueueId
  readonly scope: JudgedScope
}

export interface AppliedChange {
  readonly record: LedgerRecord
  readonly change: Change
}

export function createView(caseExact: boolean, state: LedgerState = emptyState()): View {
  const view: View = {
    state,
    index: createScopeIndex(),
    scopes: new Map(),
    sessions: new Map(),
    waiters: createScopeIndex(),
    places: new Map(),
    waiting: new Map(),
    rules: { now: compileRules(state.policy, caseExact) },
    caseExact,
  }
  for (const id of state.claims.keys()) index(view, id)
  for (const entry of state.queue.values()) enterQueue(view, entry)
  return view
}

export function applyRecord(view: View, record: LedgerRecord): AppliedChange[] {
  return foldRecord(view.state, record).map((change) => {
    if (change.kind === 'granted' || change.kind === 'narrowed' || change.kind === 'renamed')
      index(view, change.claim.id)
    if (change.kind === 'queued') enterQueue(view, change.entry)
    if (change.kind === 'popped' || change.kind === 'dropped') leaveQueue(view, change.entry)
    if (change.kind === 'ended') forget(view, change.claim)
    if (isOfPolicy(change)) takeRules(view)
    return { record, change }
  })
}

/** Did it change what claims are granted as? */
export function isOfPolicy({ kind }: Change): boolean {
  return kind === 'policy' || kind === 'promoted' || kind === 'demoted'
}

/** Whoever waits stands before others as what it would be granted as now. */
function takeRules(view: View): void {
  view.rules.now = compileRules(view.state.policy, view.caseExact)
  for (const entry of view.state.queue.values()) {
    leaveQueue(view, entry)
    enterQueue(view, entry)
  }
}

/** A session's name across machines. */
export function sessionKey(peer: PeerId, session: SessionId): string {
  return `${peer}/${session}`
}

export function idsOfSession(view: View, peer: PeerId, session: SessionId): readonly ClaimId[] {
  return [...(view.sessions.get(sessionKey(peer, session)) ?? [])]
}

/** A view of a whole path that begins with the genesis or with a finished checkpoint. */
export function viewOfPath(
  caseExact: boolean,
  path: readonly LedgerRecord[],
): { view: View; changes: AppliedChange[] } {
  const parts = leadingCheckpoint(path)
  const state = parts.length === 0 ? emptyState() : restoreCheckpoint(parts)
  const changes = path
    .slice(parts.length)
    .flatMap((record) => foldRecord(state, record).map((change) => ({ record, change })))
  // Indexed once at the end: most claims of a history have ended.
  return { view: createView(caseExact, state), changes }
}

type CheckpointRecord = LedgerRecord & { readonly body: Checkpoint }

function leadingCheckpoint(path: readonly LedgerRecord[]): CheckpointRecord[] {
  const parts: CheckpointRecord[] = []
  for (const record of path) {
    if (!isCheckpoint(record)) return parts
    parts.push(record)
    if (record.body.part === record.body.parts) return parts
  }
  return parts
}

function isCheckpoint(record: LedgerRecord): record is CheckpointRecord {
  return record.body.kind === 'checkpoint'
}

function index(view: View, id: ClaimId): void {
  unindex(view, id)
  const claim = view.state.claims.get(id)
  if (claim === undefined) return
  const scope = judgeable(claim, view)
  view.scopes.set(id, scope)
  view.index.add(id, scope)
  const key = sessionKey(claim.peer, claim.session)
  const ids = view.sessions.get(key) ?? new Set()
  view.sessions.set(key, ids.add(id))
}

function unindex(view: View, id: ClaimId): void {
  if (view.scopes.delete(id)) view.index.remove(id)
}

function forget(view: View, claim: LedgerClaim): void {
  unindex(view, claim.id)
  const key = sessionKey(claim.peer, claim.session)
  const ids = view.sessions.get(key)
  ids?.delete(claim.id)
  if (ids?.size === 0) view.sessions.delete(key)
}

function enterQueue(view: View, entry: QueueEntry): void {
  const places = inRuledModes(view, entry.scopes).map((scope): WaitingPlace => ({
    id: entry.id,
    scope: judgeable(scope, view),
  }))
  view.places.set(entry.id, places)
  for (const place of places) view.waiters.add(place, place.scope)
  const key = sessionKey(entry.party.peer, entry.party.session)
  const ids = view.waiting.get(key) ?? new Set()
  view.waiting.set(key, ids.add(entry.id))
}

function leaveQueue(view: View, entry: QueueEntry): void {
  for (const place of view.places.get(entry.id) ?? []) view.waiters.remove(place)
  view.places.delete(entry.id)
  const key = sessionKey(entry.party.peer, entry.party.session)
  const ids = view.waiting.get(key)
  ids?.delete(entry.id)
  if (ids?.size === 0) view.waiting.delete(key)
}
