// What a webhook is sent: the event as it stands in the audit log, signed. Where coord had an event for the same, its names and
// fields are there too, so that what listened to coord goes on listening.
import { createHmac } from 'node:crypto'
import type { AuditEvent } from '../../protocol/index.ts'
import { VERSION } from '../version.ts'

export interface Message {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** @param delivery stays the same when the event is sent again, so that receivers can tell. */
export function messageOf(
  event: AuditEvent | TestEvent,
  delivery: string,
  secret: string | null,
): Message {
  const coord = coordName(event)
  const asCoord =
    coord === null ? {} : { event_type: coord, timestamp: event.at, detail: event.data }
  const body = JSON.stringify({ ...event, ...asCoord })
  const signature =
    secret === null ? null : createHmac('sha256', secret).update(body, 'utf8').digest('hex')
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': `skein/${VERSION}`,
      'x-skein-event': event.kind,
      'x-skein-delivery': delivery,
      ...(signature === null ? {} : { 'x-skein-signature': `sha256=${signature}` }),
      ...(coord === null ? {} : { 'x-coord-event-type': coord, 'x-coord-delivery-id': delivery }),
      ...(coord === null || signature === null ? {} : { 'x-coord-signature': signature }),
    },
  }
}

/** What `skein webhooks test` sends: no event of any ledger. */
export interface TestEvent {
  readonly id: string
  readonly kind: 'webhook.test'
  readonly at: string
  readonly machine: string
  readonly data: Readonly<Record<string, unknown>>
}

const COORD_NAMES: Readonly<Record<string, string>> = {
  'claim.granted': 'claim_granted',
  'queue.granted': 'queue_grant',
  'queue.cancelled': 'queue_cancel',
  'owners.promoted': 'auto-promote',
  'owners.demoted': 'auto-demote',
  'symbol.renamed': 'symbol_renamed',
}

function coordName({
  kind,
  data,
}: Pick<AuditEvent, 'data'> & { readonly kind: string }): string | null {
  if (kind === 'claim.coexist') return data['narrowed'] === true ? 'auto-narrow' : 'auto-coexist'
  return COORD_NAMES[kind] ?? null
}
