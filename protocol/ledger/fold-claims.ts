// Claims: granted, ended, renewed, narrowed.
import type { EndReason, LedgerClaim } from '../claim.ts'
import type { ClaimId } from '../ids.ts'
import type { Rename } from './body-rename.ts'
import type { Grant, Narrow, PartBeside, Renew } from './body.ts'
import type { Change } from './change.ts'
import { reopen, settle } from './fold-completed.ts'
import { endDelaysOf, noteForcedEnd } from './fold-forced.ts'
import { forgetKeysOf, remember, rememberKey } from './fold-memory.ts'
import { closeRequestsOf, leaveQueue } from './fold-waits.ts'
import { fenceOf, type LedgerRecord } from './record.ts'
import { ENDED_REMEMBERED, isForcedEnd, type LedgerState, type RequestOutcome } from './state.ts'

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
    endDelaysOf(state, claim)
    reopen(state, claim)
    if (body.provisional !== undefined) state.promoted.add(claim.id)
    const was = body.provisional === undefined ? {} : { was: 'provisional' as const }
    changes.push({ kind: 'granted', claim, rid: body.rid, ...was })
    for (const partner of claim.coexistsWith) {
      changes.push(...link(state, partner, claim, body.narrows.includes(partner)))
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

function link(state: LedgerState, id: ClaimId, partner: LedgerClaim, narrowed: boolean): Change[] {
  const holder = state.claims.get(id)
  if (holder === undefined || holder.coexistsWith.includes(partner.id)) return []
  const claim: LedgerClaim = {
    ...holder,
    coexistsWith: [...holder.coexistsWith, partner.id],
    narrowedBy: narrowed ? [...holder.narrowedBy, partner.id] : holder.narrowedBy,
  }
  state.claims.set(id, claim)
  return [{ kind: 'coexists', claim, partner, narrowed }]
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
    if (claim.mode === 'exclusive' && isForcedEnd(reason, by)) noteForcedEnd(state, claim)
    changes.push({ kind: 'ended', claim, reason, by, note })
    changes.push(...closeRequestsOf(state, record, id, reason))
  }
  if (reason === 'abandoned') forgetKeysOf(state, ids)
  return changes
}

function unlink(state: LedgerState, id: ClaimId, partner: ClaimId): void {
  replaceLink(state, id, partner, [])
}

/** Where a claim had a partner it has these now, in the same place. */
function replaceLink(
  state: LedgerState,
  id: ClaimId,
  partner: ClaimId,
  by: readonly ClaimId[],
): void {
  const claim = state.claims.get(id)
  if (claim === undefined) return
  const replace = (ids: readonly ClaimId[]): readonly ClaimId[] =>
    ids.flatMap((other) => (other === partner ? by : [other]))
  state.claims.set(id, {
    ...claim,
    coexistsWith: replace(claim.coexistsWith),
    narrowedBy: replace(claim.narrowedBy),
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
    const renewedBy = body.rid === null ? {} : { renewedBy: body.rid }
    const claim: LedgerClaim = { ...before, ttlSeconds, branch, stamp: body.stamp, ...renewedBy }
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
  const changes: Change[] = []
  const parts = [{ id: body.id, scope: body.scope }, ...body.more]
  parts.forEach(({ id, scope }, at) => {
    const { coexistsWith, narrowedBy } = besideOf(body, before, at)
    const isLive = (partner: ClaimId): boolean => state.claims.has(partner)
    const claim: LedgerClaim = {
      ...before,
      ...scope,
      id,
      narrowable: before.narrowable && scope.kind === 'file',
      coexistsWith: coexistsWith.filter(isLive),
      narrowedBy: narrowedBy.filter(isLive),
    }
    state.claims.set(id, claim)
    changes.push(
      at === 0 ? { kind: 'narrowed', before, claim } : { kind: 'granted', claim, rid: null },
    )
  })
  for (const partner of before.coexistsWith) {
    const beside = parts.filter((_, at) =>
      besideOf(body, before, at).coexistsWith.includes(partner),
    )
    replaceLink(
      state,
      partner,
      body.id,
      beside.map(({ id }) => id),
    )
  }
  return changes
}

/** Who stands beside the claim stays: both are about the same files. */
export function rename(state: LedgerState, body: Rename): Change[] {
  const { id, rid, renamed, symbols } = body
  const before = state.claims.get(id)
  remember(state, rid, { kind: 'renamed', ids: [id] })
  if (before === undefined) return []
  const claim: LedgerClaim = { ...before, symbols }
  state.claims.set(id, claim)
  return [{ kind: 'renamed', claim, renamed }]
}

function besideOf(body: Narrow, before: LedgerClaim, at: number): PartBeside {
  if (body.beside === undefined) return at === 0 ? before : NOBODY
  return body.beside[at] ?? NOBODY
}

const NOBODY: PartBeside = { coexistsWith: [], narrowedBy: [] }
