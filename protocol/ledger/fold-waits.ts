// Places in the queue, and requests to holders.
import type { EndReason, LedgerClaim } from '../claim.ts'
import type { ClaimId, RequestedId } from '../ids.ts'
import type { QueueEntry } from '../queue.ts'
import type { AnsweredRequest, ClaimRequest, RequestEnd } from '../request.ts'
import type { Answer, Ask, Drop, Grant, Push } from './body.ts'
import type { Change } from './change.ts'
import { remember, rememberKey } from './fold-memory.ts'
import type { LedgerRecord } from './record.ts'
import { ANSWERED_REMEMBERED, type LedgerState, type RequestOutcome } from './state.ts'

export function leaveQueue(state: LedgerState, { from }: Grant): Change[] {
  const entry = from === null ? undefined : state.queue.get(from)
  if (entry === undefined) return []
  state.queue.delete(entry.id)
  state.pops++
  return [{ kind: 'popped', entry }]
}

export function push(state: LedgerState, record: LedgerRecord, body: Push): Change[] {
  const entry: QueueEntry = {
    ...body.entry,
    rid: body.rid,
    joinedAtMs: record.atMs,
    index: record.index,
  }
  state.queue.set(entry.id, entry)
  const outcome: RequestOutcome = { kind: 'queued', id: entry.id }
  remember(state, body.rid, outcome)
  rememberKey(state, record, entry.key, entry.party, outcome)
  return [{ kind: 'queued', entry }]
}

export function drop(state: LedgerState, record: LedgerRecord, body: Drop): Change[] {
  const { ids, reason, by, circle } = body
  remember(state, body.rid, { kind: 'cancelled', ids })
  return ids.flatMap((id): Change[] => {
    const entry = state.queue.get(id)
    if (entry === undefined) return []
    state.queue.delete(id)
    const outcome: RequestOutcome = { kind: 'dropped', id, reason }
    remember(state, entry.rid, outcome)
    rememberKey(state, record, entry.key, entry.party, outcome)
    return [{ kind: 'dropped', entry, reason, by, circle }]
  })
}

export function ask(state: LedgerState, record: LedgerRecord, body: Ask): Change[] {
  const request: ClaimRequest = { ...body.request, filedAtMs: record.atMs }
  state.asked.set(request.id, request)
  remember(state, body.rid, { kind: 'asked', id: request.id })
  const held = state.claims.get(request.claim)
  if (held === undefined) return [{ kind: 'asked', request }]
  const clamp = { request: request.id, seconds: body.clampSeconds, atMs: record.atMs }
  const claim: LedgerClaim = { ...held, clamps: [...held.clamps, clamp] }
  state.claims.set(claim.id, claim)
  return [
    { kind: 'asked', request },
    { kind: 'clamped', claim },
  ]
}

export function answer(state: LedgerState, record: LedgerRecord, body: Answer): Change[] {
  remember(state, body.rid, { kind: 'answered', ids: body.ids })
  return body.ids.flatMap((id) => closeRequest(state, record, id, body))
}

function closeRequest(
  state: LedgerState,
  record: LedgerRecord,
  id: RequestedId,
  { end, note, granted }: Pick<Answer, 'note' | 'granted'> & { readonly end: RequestEnd },
): Change[] {
  const request = state.asked.get(id)
  if (request === undefined) return []
  state.asked.delete(id)
  const answered: AnsweredRequest = { request, end, note, atMs: record.atMs, granted }
  state.answered.push(answered)
  if (state.answered.length > ANSWERED_REMEMBERED) state.answered.shift()
  // Silence has been punished by the clamp already; everything else gives the claim its time back, also where it was split.
  if (end === 'expired') return [{ kind: 'answered', answered }]
  const clamped = [...state.claims.values()].filter(({ clamps }) =>
    clamps.some((clamp) => clamp.request === id),
  )
  const freed = clamped.map((held): Change => {
    const claim: LedgerClaim = {
      ...held,
      clamps: held.clamps.filter(({ request: by }) => by !== id),
    }
    state.claims.set(claim.id, claim)
    return { kind: 'clamped', claim }
  })
  return [{ kind: 'answered', answered }, ...freed]
}

/** A claim that ended leaves nothing to ask for; where time ended it, nobody had answered in time. */
export function closeRequestsOf(
  state: LedgerState,
  record: LedgerRecord,
  id: ClaimId,
  reason: EndReason,
): Change[] {
  if (state.asked.size === 0) return []
  const open = [...state.asked.values()].filter((request) => request.claim === id)
  const isByTime = reason === 'ttl' || reason === 'lease'
  return open.flatMap((request) => {
    // Before that it ended by its own time, and parts of it that live get theirs back.
    const isOver = record.atMs - request.filedAtMs >= request.answerSeconds * 1000
    const end = isByTime && isOver ? 'expired' : 'resolved'
    return closeRequest(state, record, request.id, { end, note: '', granted: [] })
  })
}
