// `subscriptions/listen` of 2026-07-28 is answered by the SDK, which filters but tells nobody what is wanted. Seen from beside
// the wire here: what was acknowledged is subscribed to until the client cancels it, and too much is refused before.
import {
  SUBSCRIPTION_ID_META_KEY,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { LineMonitor } from '../line-transport.ts'
import { SUBSCRIPTIONS_MAX, type Subscriptions } from './subscriptions.ts'

const id = z.union([z.string(), z.number()])
const wanted = z.object({ resourceSubscriptions: z.array(z.string()).optional() })
const LISTEN = z.object({
  id,
  method: z.literal('subscriptions/listen'),
  params: z.object({ notifications: wanted }),
})
const ACKNOWLEDGED = z.object({
  method: z.literal('notifications/subscriptions/acknowledged'),
  params: z.object({
    notifications: wanted,
    _meta: z.object({ [SUBSCRIPTION_ID_META_KEY]: id }),
  }),
})
const CANCELLED = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: id }),
})

/** JSON-RPC 2.0, section 5.1. */
const INVALID_PARAMS = -32602

/** Of a request to listen: the addresses that it names; null for any other message. */
export function listenedTo(message: unknown): readonly string[] | null {
  if (!isMethod(message, 'subscriptions/listen')) return null
  const listen = LISTEN.safeParse(message)
  return listen.success ? (listen.data.params.notifications.resourceSubscriptions ?? []) : null
}

/** Refuses to listen to more than a client may. */
export function refuseListen(
  message: unknown,
  uris: readonly string[],
  { size }: Pick<Subscriptions, 'size'>,
  max = SUBSCRIPTIONS_MAX,
): JSONRPCErrorResponse | null {
  if (size + new Set(uris).size <= max) return null
  const listen = LISTEN.parse(message)
  const error = {
    code: INVALID_PARAMS,
    message: `at most ${String(max)} resources can be subscribed to at once`,
  }
  return { jsonrpc: '2.0', id: listen.id, error }
}

/** One connection's listening, on the wire that it shares with everything else. */
export class ListenNotes implements LineMonitor {
  readonly #subscriptions: Subscriptions

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions
  }

  judge(message: JSONRPCMessage): JSONRPCMessage | null {
    const uris = listenedTo(message)
    if (uris !== null) return refuseListen(message, uris, this.#subscriptions)
    if (isMethod(message, 'notifications/cancelled')) {
      const cancelled = CANCELLED.safeParse(message)
      if (cancelled.success) this.#subscriptions.remove(nameOf(cancelled.data.params.requestId))
    }
    return null
  }

  onSent(message: JSONRPCMessage): void {
    if (!isMethod(message, 'notifications/subscriptions/acknowledged')) return
    const acknowledged = ACKNOWLEDGED.safeParse(message)
    if (!acknowledged.success) return
    const { notifications, _meta } = acknowledged.data.params
    const listen = nameOf(_meta[SUBSCRIPTION_ID_META_KEY])
    this.#subscriptions.add(listen, notifications.resourceSubscriptions ?? [])
  }
}

/** Not the address of a resource, by which the 2025 era subscribes; 1 and "1" are two ids. */
function nameOf(listen: string | number): string {
  return `listen ${JSON.stringify(listen)}`
}

function isMethod(message: unknown, method: string): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'method' in message &&
    message.method === method
  )
}
