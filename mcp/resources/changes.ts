// Which resources an event changes. An update too many costs a client one reading; one too few leaves it with what is no
// longer true.
import type { AuditEvent } from '../../protocol/index.ts'
import type { Resource } from './uri.ts'

export function isChanged(resource: Resource, event: AuditEvent): boolean {
  switch (resource.kind) {
    case 'board':
      return OF_CLAIMS.test(event.kind) || OF_QUEUE.test(event.kind) || OF_BOARD.test(event.kind)
    case 'claims':
      return event.repo === resource.repo && OF_CLAIMS.test(event.kind)
    case 'queue':
      return event.repo === resource.repo && OF_QUEUE.test(event.kind)
    case 'inbox':
      return isInInbox(resource.session, event)
  }
}

/** A refusal changes nothing that is held. */
const OF_CLAIMS = /^(?:claim\.(?!refused$)|task\.completed$|symbol\.renamed$)/
const OF_QUEUE = /^(?:queue\.|deadlock\.broken$)/
const OF_BOARD = /^(?:leader|member|partition)\./
const OF_INBOX = /^(?:claim\.(?:coexist|narrowed|released|expired|superseded)|queue\.|deadlock\.)/

function isInInbox(session: string, { kind, data }: AuditEvent): boolean {
  if (kind.startsWith('request.')) return isPartOf(session, data)
  // Claims that end take the requests against them along.
  return OF_INBOX.test(kind) && data['session'] === session
}

/** Where the event does not say whose sessions take part, it may be anybody's. */
function isPartOf(session: string, data: AuditEvent['data']): boolean {
  const { holder_session: holder, requester_session: requester } = data
  if (holder === undefined && requester === undefined) return true
  return holder === session || requester === session
}
