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
  type ScopeIndex,
  type SessionId,
} from '../../protocol/index.ts'

export interface View {
  readonly state: LedgerState
  readonly index: ScopeIndex<ClaimId>
  readonly scopes: Map<ClaimId, JudgedScope>
  /** Live claims of each session, by `sessionKey`. */
  readonly sessions: Map<string, Set<ClaimId>>
  readonly caseExact: boolean
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
    caseExact,
  }
  for (const id of state.claims.keys()) index(view, id)
  return view
}

export function applyRecord(view: View, record: LedgerRecord): AppliedChange[] {
  return foldRecord(view.state, record).map((change) => {
    if (change.kind === 'granted' || change.kind === 'narrowed') index(view, change.claim.id)
    if (change.kind === 'ended') forget(view, change.claim)
    return { record, change }
  })
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
  const view = createView(caseExact, parts.length === 0 ? emptyState() : restoreCheckpoint(parts))
  const changes = path.slice(parts.length).flatMap((record) => applyRecord(view, record))
  return { view, changes }
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
