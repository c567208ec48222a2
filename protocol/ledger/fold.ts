// Committed records -> state. Applies verbatim what the leader decided; judges nothing. Each record also yields the
// changes that it made, from which boards, waiters and the audit log live.
import { assert } from '../assert.ts'
import { SkeinError } from '../errors.ts'
import type { EndReason, LedgerClaim, Party } from '../claim.ts'
import type { ClaimId, PeerId, RequestId } from '../ids.ts'
import type { Checkpoint, Enrol, Genesis, Grant, Key, Member, Narrow, Renew } from './body.ts'
import { decodeState } from './checkpoint.ts'
import { fenceOf, type LedgerRecord } from './record.ts'
import {
  ENDED_REMEMBERED,
  KEY_LIFE_MS,
  KEYS_REMEMBERED,
  keyName,
  parseRequestId,
  REQUESTS_REMEMBERED,
  requestNumber,
  type LedgerState,
  type RequestOutcome,
} from './state.ts'

export type Change =
  | { readonly kind: 'founded' }
  | { readonly kind: 'leader'; readonly leader: PeerId }
  | { readonly kind: 'voters'; readonly voters: readonly PeerId[] }
  | { readonly kind: 'granted'; readonly claim: LedgerClaim; readonly rid: RequestId | null }
  | { readonly kind: 'denied'; readonly body: Extract<LedgerRecord['body'], { kind: 'deny' }> }
  | {
      readonly kind: 'ended'
      readonly claim: LedgerClaim
      readonly reason: EndReason
      readonly by: string
      readonly note: string
    }
  | { readonly kind: 'renewed'; readonly claim: LedgerClaim }
  | { readonly kind: 'narrowed'; readonly before: LedgerClaim; readonly claim: LedgerClaim }
  | { readonly kind: 'coexists'; readonly claim: LedgerClaim; readonly narrowed: boolean }
  | { readonly kind: 'member'; readonly peer: PeerId }
  | { readonly kind: 'enrolled'; readonly body: Enrol }

/** Folds one record, which must be the next on the path, or a part of a checkpoint. */
export function foldRecord(state: LedgerState, record: LedgerRecord): readonly Change[] {
  const changes = applyBody(state, record)
  state.applied = { term: record.term, index: record.index, hash: record.hash }
  return changes
}

function applyBody(state: LedgerState, record: LedgerRecord): readonly Change[] {
  const { body } = record
  switch (body.kind) {
    case 'genesis':
      return found(state, record, body)
    case 'term-start':
      state.leader = body.leader
      state.voters = body.voters
      return [{ kind: 'leader', leader: body.leader }]
    case 'config':
      state.voters = body.voters
      return [{ kind: 'voters', voters: body.voters }]
    case 'checkpoint':
      return []
    case 'grant':
      return grant(state, record, body)
    case 'deny':
      remember(state, body.rid, { kind: 'denied', conflicts: body.conflicts })
      rememberKey(state, record, body.key, body.party, {
        kind: 'denied',
        conflicts: body.conflicts,
      })
      return [{ kind: 'denied', body }]
    case 'release':
      remember(state, body.rid, { kind: 'ended', ids: body.ids })
      return end(state, record, body.ids, body.reason, body.by, '')
    case 'expire':
      return end(state, record, body.ids, body.reason, 'leader', '')
    case 'revoke':
      remember(state, body.rid, { kind: 'ended', ids: body.ids })
      return end(state, record, body.ids, 'revoked', body.by, body.note)
    case 'renew':
      return renew(state, record, body)
    case 'narrow':
      return narrow(state, body)
    case 'member':
      return member(state, body)
    case 'enrol':
      return enrol(state, body)
    case 'attach':
      attach(state, body.repo, body.peer)
      remember(state, body.rid, { kind: 'enrolled', repo: body.repo })
      return []
    default:
      throw newer(body)
  }
}

/** Puts a finished checkpoint's state in place of `state`; the fold of everything before it is the same. */
export function restoreCheckpoint(
  parts: readonly (LedgerRecord & { body: Checkpoint })[],
): LedgerState {
  const last = parts.at(-1)
  assert(last !== undefined && last.body.parts === parts.length, 'a checkpoint with parts missing')
  const state = decodeState(parts.map((part) => part.body.data).join(''))
  state.applied = { term: last.term, index: last.index, hash: last.hash }
  return state
}

function newer(body: never): SkeinError {
  const kind = String((body as { kind: unknown }).kind)
  return new SkeinError('LEDGER_NEWER', `the ledger holds a record of the unknown kind '${kind}'`)
}

function found(state: LedgerState, record: LedgerRecord, body: Genesis): Change[] {
  state.ledger = body.ledger
  state.mesh = body.mesh
  state.name = body.name
  state.generation = record.generation
  state.genesisHash = record.hash
  state.voters = body.voters
  return [{ kind: 'founded' }]
}

function grant(state: LedgerState, record: LedgerRecord, body: Grant): Change[] {
  const fence = fenceOf(record.generation, record.index)
  const changes: Change[] = []
  for (const granted of body.claims) {
    const claim: LedgerClaim = {
      ...granted,
      ...body.party,
      fence,
      grantedAtMs: record.atMs,
      narrowedBy: [],
    }
    state.claims.set(claim.id, claim)
    changes.push({ kind: 'granted', claim, rid: body.rid })
    for (const partner of claim.coexistsWith) {
      changes.push(...link(state, partner, claim.id, body.narrows.includes(partner)))
    }
  }
  const outcome: RequestOutcome = {
    kind: 'granted',
    ids: body.claims.map((claim) => claim.id),
    fence,
  }
  remember(state, body.rid, outcome)
  rememberKey(state, record, body.key, body.party, outcome)
  return changes
}

function link(state: LedgerState, id: ClaimId, partner: ClaimId, narrowed: boolean): Change[] {
  const holder = state.claims.get(id)
  if (holder === undefined || holder.coexistsWith.includes(partner)) return []
  const claim: LedgerClaim = {
    ...holder,
    coexistsWith: [...holder.coexistsWith, partner],
    narrowedBy: narrowed ? [...holder.narrowedBy, partner] : holder.narrowedBy,
  }
  state.claims.set(id, claim)
  return [{ kind: 'coexists', claim, narrowed }]
}

function end(
  state: LedgerState,
  record: LedgerRecord,
  ids: readonly ClaimId[],
  reason: EndReason,
  by: string,
  note: string,
): Change[] {
  const changes: Change[] = []
  for (const id of ids) {
    const claim = state.claims.get(id)
    if (claim === undefined) continue
    state.claims.delete(id)
    for (const partner of claim.coexistsWith) unlink(state, partner, id)
    state.ended.push({
      claim,
      reason,
      atMs: record.atMs,
      by,
      term: record.term,
      index: record.index,
    })
    if (state.ended.length > ENDED_REMEMBERED) state.ended.shift()
    changes.push({ kind: 'ended', claim, reason, by, note })
  }
  if (reason === 'abandoned') forgetKeysOf(state, ids)
  return changes
}

/** A grant that its caller was told not to have: the same key may try anew. */
function forgetKeysOf(state: LedgerState, ids: readonly ClaimId[]): void {
  for (const [name, { outcome }] of state.keys) {
    if (outcome.kind === 'granted' && outcome.ids.some((id) => ids.includes(id)))
      state.keys.delete(name)
  }
}

function unlink(state: LedgerState, id: ClaimId, partner: ClaimId): void {
  const claim = state.claims.get(id)
  if (claim === undefined) return
  state.claims.set(id, {
    ...claim,
    coexistsWith: claim.coexistsWith.filter((other) => other !== partner),
    narrowedBy: claim.narrowedBy.filter((other) => other !== partner),
  })
}

function renew(state: LedgerState, record: LedgerRecord, body: Renew): Change[] {
  const outcome: RequestOutcome = { kind: 'renewed', ids: body.ids }
  remember(state, body.rid, outcome)
  if (body.key !== null) rememberKey(state, record, body.key, body.key, outcome)
  return body.ids.flatMap((id): Change[] => {
    const before = state.claims.get(id)
    if (before === undefined) return []
    const claim: LedgerClaim = { ...before, ttlSeconds: body.ttlSeconds, stamp: body.stamp }
    state.claims.set(id, claim)
    return [{ kind: 'renewed', claim }]
  })
}

function narrow(state: LedgerState, body: Narrow): Change[] {
  const before = state.claims.get(body.id)
  remember(state, body.rid, {
    kind: 'narrowed',
    ids: [body.id, ...body.more.map((part) => part.id)],
  })
  if (before === undefined) return []
  const claim: LedgerClaim = { ...before, ...body.scope }
  state.claims.set(claim.id, claim)
  const changes: Change[] = [{ kind: 'narrowed', before, claim }]
  for (const part of body.more) {
    const split: LedgerClaim = {
      ...before,
      ...part.scope,
      id: part.id,
      coexistsWith: [],
      narrowedBy: [],
    }
    state.claims.set(split.id, split)
    changes.push({ kind: 'granted', claim: split, rid: null })
  }
  return changes
}

function member(state: LedgerState, body: Member): Change[] {
  const { peer, machine, role, addresses } = body
  remember(state, body.rid, { kind: 'done' })
  state.members.set(peer, { peer, machine, role, addresses })
  return [{ kind: 'member', peer }]
}

function enrol(state: LedgerState, body: Enrol): Change[] {
  const { repo, generation, founder, voters, roots, genesis } = body
  remember(state, body.rid, { kind: 'enrolled', repo })
  state.repos.set(repo, { repo, generation, founder, voters, roots, genesis, machines: [founder] })
  return [{ kind: 'enrolled', body }]
}

function attach(state: LedgerState, repo: Enrol['repo'], peer: PeerId): void {
  const known = state.repos.get(repo)
  if (known === undefined || known.machines.includes(peer)) return
  state.repos.set(repo, { ...known, machines: [...known.machines, peer] })
}

function remember(state: LedgerState, rid: RequestId | null, outcome: RequestOutcome): void {
  if (rid === null) return
  const name = parseRequestId(rid)
  const { peer, incarnation } = name
  const window = state.requests.get(peer) ?? { incarnation, floor: 0, outcomes: new Map() }
  state.requests.set(peer, window)
  window.incarnation = Math.max(window.incarnation, incarnation)
  window.outcomes.set(requestNumber(name), outcome)
  while (window.outcomes.size > REQUESTS_REMEMBERED) {
    const oldest = window.outcomes.keys().next().value ?? 0
    window.outcomes.delete(oldest)
    window.floor = Math.max(window.floor, oldest + 1)
  }
}

function rememberKey(
  state: LedgerState,
  record: LedgerRecord,
  key: Key | null,
  party: Pick<Party, 'peer' | 'session'>,
  outcome: RequestOutcome,
): void {
  if (key === null) return
  const name = keyName(party.peer, party.session, key.key)
  state.keys.delete(name)
  state.keys.set(name, { digest: key.digest, atMs: record.atMs, outcome })
  for (const [oldest, kept] of state.keys) {
    const isOld = record.atMs - kept.atMs > KEY_LIFE_MS
    if (!isOld && state.keys.size <= KEYS_REMEMBERED) return
    state.keys.delete(oldest)
  }
}
