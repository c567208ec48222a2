// Claims: granted, ended, renewed, narrowed.
import type { EndReason, LedgerClaim } from '../claim.ts'
import type { ClaimId } from '../ids.ts'
import type { Grant, Narrow, Renew } from './body.ts'
import type { Change } from './change.ts'
import { reopen, settle } from './fold-completed.ts'
import { forgetKeysOf, remember, rememberKey } from './fold-memory.ts'
import { leaveQueue, resolveRequests } from './fold-waits.ts'
import { fenceOf, type LedgerRecord } from './record.ts'
import { ENDED_REMEMBERED, type LedgerState, type RequestOutcome } from './state.ts'

export function grant(state: LedgerState, record: LedgerRecord, body: Grant): Change[] {
  const fence = fenceOf(record.generation, record.index)
  const changes: Change[] = leaveQueue(state, body)
  for (const granted of body.claims) {
    const claim: LedgerClaim = {
      ...granted,
      ...body.party,
      fence,
      grantedAtMs: record.atMs,
      narrowedBy: [],
      clamps: [],
    }
    state.claims.set(claim.id, claim)
    reopen(state, claim)
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

export function end(
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
    settle(state, claim, reason)
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
    changes.push(...resolveRequests(state, record, id))
  }
  if (reason === 'abandoned') forgetKeysOf(state, ids)
  return changes
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

export function renew(state: LedgerState, record: LedgerRecord, body: Renew): Change[] {
  const outcome: RequestOutcome = { kind: 'renewed', ids: body.ids }
  remember(state, body.rid, outcome)
  if (body.key !== null) rememberKey(state, record, body.key, body.key, outcome)
  return body.ids.flatMap((id): Change[] => {
    const before = state.claims.get(id)
    if (before === undefined) return []
    const ttlSeconds = body.ttlSeconds ?? before.ttlSeconds
    const branch = body.branch ?? before.branch
    const claim: LedgerClaim = { ...before, ttlSeconds, branch, stamp: body.stamp }
    state.claims.set(id, claim)
    return [{ kind: 'renewed', claim }]
  })
}

export function narrow(state: LedgerState, body: Narrow): Change[] {
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
