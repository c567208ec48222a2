// What the bridge must remember of a client's talk with the daemon so that another daemon can take it up: the handshake of
// the 2025 era, what the client subscribed to, and which requests have no answer yet. Pure: lines in, verdicts out.

type Message = Readonly<Record<string, unknown>>
type RequestId = string | number

/** Answered when it ends, and asked of a new daemon as it was: the 2026 era's way to subscribe. */
const LISTEN = 'subscriptions/listen'

/** Opens a talk and changes nothing, so it may be asked again; any other request may have been carried out. */
const REPEATABLE: ReadonlySet<unknown> = new Set(['initialize', 'server/discover', LISTEN])

/** Never a client's id, so that its answer can be told from the client's own. */
const REPLAY_ID = 'skein:replay'

/** More than a daemon lets a client have. */
const SUBSCRIBED_MAX = 256

export interface Lost {
  /** Requests whose outcome nobody knows. */
  readonly failed: readonly RequestId[]
  /** Lines to send to the next daemon. */
  readonly repeat: readonly Buffer[]
}

/** Lines of a talk that goes on with another daemon. */
export interface Replay {
  readonly initialize: string
  readonly initialized: Buffer | null
  readonly subscribe: readonly string[]
  /** For the client: what it subscribed to may have changed while nobody told it. */
  readonly updated: readonly string[]
}

export class Conversation {
  /** Requests without an answer; with their line where it may be sent again. */
  readonly #inFlight = new Map<RequestId, Buffer | null>()
  #initialize: { readonly message: Message; readonly id: RequestId } | null = null
  #isInitialized = false
  #initializedLine: Buffer | null = null
  /** Requests that are answered when their subscription ends, which nobody waits for. */
  readonly #listens = new Set<RequestId>()
  /** Addresses that the client subscribed to by a request of the 2025 era. */
  readonly #subscribed = new Set<string>()

  get isIdle(): boolean {
    return this.#inFlight.size === this.#listens.size
  }

  /** Notes a line that goes to the daemon. */
  sees(line: Buffer): void {
    const message = parseMessage(line)
    if (message === null) return
    const { method, id } = message
    if (isId(id) && typeof method === 'string') {
      this.#inFlight.set(id, REPEATABLE.has(method) ? line : null)
      if (method === LISTEN) this.#listens.add(id)
      if (method === 'initialize') {
        this.#initialize = { message, id }
        this.#isInitialized = false
      }
      this.#noteSubscription(method, message['params'])
    } else if (method === 'notifications/initialized') this.#initializedLine = line
    else if (method === 'notifications/cancelled') this.#forget(message['params'])
  }

  /** Notes a line of the daemon. True when it is the client's; false for the answer to a replayed handshake. */
  hears(line: Buffer): boolean {
    const message = parseMessage(line)
    if (message === null || 'method' in message || !isId(message['id'])) return true
    const { id } = message
    if (id === REPLAY_ID) return false
    this.#inFlight.delete(id)
    this.#listens.delete(id)
    if (id === this.#initialize?.id && 'result' in message) this.#isInitialized = true
    return true
  }

  /** The daemon is gone. */
  loses(): Lost {
    const all = [...this.#inFlight]
    for (const [id, line] of all) if (line === null) this.#inFlight.delete(id)
    return {
      failed: all.filter(([, line]) => line === null).map(([id]) => id),
      repeat: all.map(([, line]) => line).filter((line) => line !== null),
    }
  }

  /** What opens the talk with a new daemon in place of the client; null when there is nothing to repeat. */
  replay(): Replay | null {
    if (this.#initialize === null || !this.#isInitialized) return null
    const initialize = JSON.stringify({ ...this.#initialize.message, id: REPLAY_ID })
    const uris = [...this.#subscribed]
    return {
      initialize,
      initialized: this.#initializedLine,
      subscribe: uris.map((uri) =>
        request('resources/subscribe', { id: REPLAY_ID, params: { uri } }),
      ),
      updated: uris.map((uri) => request('notifications/resources/updated', { params: { uri } })),
    }
  }

  /** No daemon will answer these: they are the bridge's to refuse. */
  abandons(): readonly RequestId[] {
    const ids = [...this.#inFlight.keys()]
    this.#inFlight.clear()
    this.#listens.clear()
    return ids
  }

  #noteSubscription(method: string, params: unknown): void {
    const isObject = typeof params === 'object' && params !== null
    const uri = isObject && 'uri' in params ? params.uri : null
    if (typeof uri !== 'string') return
    if (method === 'resources/unsubscribe') this.#subscribed.delete(uri)
    // One that was refused is refused again, in silence.
    if (method === 'resources/subscribe' && this.#subscribed.size < SUBSCRIBED_MAX)
      this.#subscribed.add(uri)
  }

  #forget(params: unknown): void {
    const isObject = typeof params === 'object' && params !== null
    const id = isObject && 'requestId' in params ? params.requestId : null
    if (!isId(id)) return
    this.#inFlight.delete(id)
    this.#listens.delete(id)
  }
}

function request(method: string, fields: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, ...fields })
}

/** The id of a request; null for anything else. */
export function requestIdOf(line: Buffer): RequestId | null {
  const message = parseMessage(line)
  const id = message?.['id']
  return isId(id) && typeof message?.['method'] === 'string' ? id : null
}

export function errorAnswer(id: RequestId | null, message: string, code: string): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, error: failureOf(message, code) })}\n`
}

/** There is no result to carry it: nobody knows how the call ended. */
export function failureOf(
  message: string,
  code: string,
): { code: number; message: string; data: { code: string; exit: 2 } } {
  return { code: SERVER_ERROR, message, data: { code, exit: 2 } }
}

/** JSON-RPC 2.0, section 5.1: -32000 to -32099 are the server's own. */
const SERVER_ERROR = -32000

function parseMessage(line: Buffer): Message | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    // Whoever reads it next says so.
    return null
  }
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number'
}
