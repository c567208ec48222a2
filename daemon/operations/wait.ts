// `wait`: until a place in the queue is granted or gone, for whoever looks after the session that waits there. Asking gives
// nothing up and takes nothing: the place is its session's.
import {
  asAssignmentId,
  asQueueId,
  SkeinError,
  timeOfId,
  type AuditEvent,
  type ClaimId,
  type OperationInput,
  type OperationResult,
  type QueueId,
  claimJson,
  iso,
} from '../../protocol/index.ts'
import { placeJson } from '../json.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { hostOf } from '../repos.ts'
import type { Place } from '../callers.ts'
import { claimContext, type Handler, type Parts } from './context.ts'
import { waitForWorker } from './fleet.ts'
import { standingIn } from './queue.ts'

type Result = OperationResult<'wait'>

export const wait: Handler<OperationInput<'wait'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  if (input.id.startsWith('asg_'))
    return waitForWorker(parts, place, asAssignmentId(input.id), input.wait_s, context.signal)
  const id = asQueueId(input.id)
  const entry = host.loop.view().state.queue.get(id)
  if (entry === undefined) return ended(parts, place, id, context.signal)
  const end = await host.waiting.wait(id, (input.wait_s ?? 0) * 1000, context.signal)
  const { session } = entry.party
  if (end.kind === 'granted') return granted(parts, place, id, session, entry.claimIds)
  if (end.kind === 'dropped') return lost(id, session, end.reason)
  const told = placeJson(entry, standingIn(host, entry).ahead, null)
  const result: Result = {
    status: 'waiting',
    id,
    place: told,
    worker: null,
    claims: [],
    reason: null,
    session,
  }
  return result
}

/** What is over is told by the audit log. @throws SkeinError QUEUE_UNKNOWN */
async function ended(
  parts: Parts,
  place: Place,
  id: QueueId,
  signal: AbortSignal,
): Promise<Result> {
  const event = await endOf(hostOf(place.repo), id, signal)
  if (event === null) throw new SkeinError('QUEUE_UNKNOWN', `no place ${id} is known here`)
  const { kind, data } = event
  const session = typeof data['session'] === 'string' ? data['session'] : ''
  const claims = Array.isArray(data['claims']) ? (data['claims'] as readonly ClaimId[]) : []
  if (kind === 'queue.granted') return granted(parts, place, id, session, claims)
  return lost(id, session, typeof data['reason'] === 'string' ? data['reason'] : kind)
}

/** Looked for no further back than the place itself reaches: an id says when it was made. */
async function endOf(
  { audit }: LedgerHost,
  id: QueueId,
  signal: AbortSignal,
): Promise<AuditEvent | null> {
  const since = iso(Math.max(0, timeOfId(id) - CLOCKS_APART_MS))
  const isEnd = ({ kind, data }: AuditEvent): boolean => ENDS.has(kind) && data['queue'] === id
  const filter = { where: (event: AuditEvent) => isEnd(event) || event.at < since }
  for await (const event of audit.scan(filter, { newestFirst: true, limit: 1, signal }))
    return isEnd(event) ? event : null
  return null
}

const ENDS = new Set(['queue.granted', 'queue.cancelled', 'queue.expired', 'deadlock.broken'])
/** Machines whose clocks differ by more have other troubles first. */
const CLOCKS_APART_MS = 86_400_000

function granted(
  parts: Parts,
  place: Place,
  id: QueueId,
  session: string,
  ids: readonly ClaimId[],
): Result {
  const { state } = hostOf(place.repo).loop.view()
  const told = claimContext(parts, place)
  const live = ids.flatMap((claim) => state.claims.get(claim) ?? [])
  const claims = live.map((claim) => claimJson(told, claim))
  return { status: 'granted', id, place: null, worker: null, claims, reason: null, session }
}

function lost(id: QueueId, session: string, reason: string): Result {
  return { status: 'lost', id, place: null, worker: null, claims: [], reason, session }
}
