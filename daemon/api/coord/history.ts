// What happened, for coord's routes that tell it: read from the audit log by the operation `events`.
import type { OperationResult } from '../../../protocol/index.ts'
import type { CoordCall } from './call.ts'
import { seconds, sessionOf } from './rows.ts'

/** As the operation tells it. */
export type Event = OperationResult<'events'>['events'][number]

interface Asked {
  readonly repo: string | undefined
  readonly kinds: string[]
}

const PAGE = 1_000
/** Half a million events, months of a busy repository: what lies beyond is not counted. */
const PAGES_MAX = 500

/** All events since a time (ISO 8601), oldest first. */
export async function eventsSince(
  call: CoordCall,
  asked: Asked & { readonly since: string },
): Promise<readonly Event[]> {
  const found: Event[] = []
  let { since } = asked
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { events, more, next } = await call.ask('events', { ...asked, since, limit: PAGE })
    found.push(...events)
    if (!more || next === null) break
    since = next
  }
  return found
}

/** The last ones, oldest first: one page, read from the end of the log. */
export async function latestEvents(
  call: CoordCall,
  asked: Asked & { readonly about?: string; readonly limit: number },
): Promise<readonly Event[]> {
  return (await call.ask('events', asked)).events
}

/** The trail of one request, in coord's words. */
export async function requestEvents(
  call: CoordCall,
  repo: string | undefined,
  id: string,
): Promise<readonly object[]> {
  const events = await latestEvents(call, { repo, kinds: ['request.*'], about: id, limit: PAGE })
  return events.map((event) => ({
    id: event.id,
    request_id: id,
    event_type: typeOf(event),
    actor_engineer: event.actor,
    actor_session_id: actorSession(event),
    // A JSON text, as coord's clients parse it.
    detail: JSON.stringify(detailOf(event)),
    created_at: seconds(event.at),
  }))
}

function typeOf({ kind, data }: Event): string {
  if (kind === 'request.filed') return 'filed'
  if (kind === 'request.expired') return 'expired'
  return data['end'] === 'resolved' ? 'resolved' : 'responded'
}

function actorSession({ kind, actor, data }: Event): string | null {
  const session = kind === 'request.answered' ? data['holder_session'] : data['requester_session']
  return typeof session === 'string' ? sessionOf(session, actor) : null
}

function detailOf({ kind, data }: Event): object {
  const { claim, pattern, holder, requester, reason, urgency, wanted, end, note, granted } = data
  const what = { claim_id: claim, pattern, holder_engineer: holder, requester_engineer: requester }
  if (kind === 'request.filed') return { ...what, reason, urgency, requested_scope: wanted }
  return { ...what, decision: end, note, granted_claim_ids: granted }
}
