// Sessions of Streamable HTTP, which the 2025 era has and the 2026 era has not: each is a server of its own, with its
// subscriptions and its memory, found by the header Mcp-Session-Id. Bounded in number; one without a sign of life ends.
import { randomBytes, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { isInitializeRequest, type ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { LIMITS } from '../../protocol/index.ts'
import type { ConnectionCaller, Operations } from '../../daemon/client/operations.ts'
import { createGate, createSeal, type McpOptions } from '../client.ts'
import { makeServer, type Server } from '../make-server.ts'
import { Subscriptions } from '../resources/subscriptions.ts'
import { errorResponse } from './exchange.ts'
import { SessionTransport } from './session-transport.ts'

/** A harness opens one a session, and not each of them says good-bye. */
const SESSIONS_MAX = 256
const IDLE_MS = 30 * 60_000
/** Calls of one session that run at once; harnesses run a handful. */
const CALLS_MAX = 64

export interface Exchange {
  readonly request: Request
  readonly body: unknown
  readonly response: ServerResponse
}

/** What the headers of a request said of its caller. */
export type Callers = WeakMap<Request, ConnectionCaller>

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #operations: Operations
  readonly #options: McpOptions
  readonly #callers: Callers

  constructor(operations: Operations, options: McpOptions, callers: Callers) {
    this.#operations = operations
    this.#options = options
    this.#callers = callers
  }

  get size(): number {
    return this.#sessions.size
  }

  async handle(exchange: Exchange): Promise<Response> {
    const { request, body } = exchange
    const id = request.headers.get('mcp-session-id')
    if (id !== null) {
      const session = this.#sessions.get(id)
      if (session !== undefined) return session.handle(exchange)
      return errorResponse(404, NOT_FOUND, 'Session not found: it ended; initialize a new one.')
    }
    if (request.method !== 'POST' || !isOpening(body))
      return errorResponse(400, REFUSED, 'Bad Request: the header Mcp-Session-Id is required.')
    if (!this.#makeRoom())
      return errorResponse(503, REFUSED, 'Too many sessions are open; end one and try again.')
    return this.#open(exchange)
  }

  /** The daemon ends, and says so to whoever waits for an answer. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.abandon()))
  }

  async #open(exchange: Exchange): Promise<Response> {
    const id = randomUUID()
    const session = new Session(id, this.#operations, this.#options, this.#callers, () =>
      this.#sessions.delete(id),
    )
    this.#sessions.set(id, session)
    await session.start()
    const answer = await session.handle(exchange)
    if (!answer.ok) await session.close()
    return answer
  }

  /** Ends the one that was silent longest, where there are too many. */
  #makeRoom(): boolean {
    if (this.#sessions.size < SESSIONS_MAX) return true
    const idle = [...this.#sessions.values()].filter((session) => session.isIdle)
    const [oldest] = idle.sort((a, b) => a.lastUsedMs - b.lastUsedMs)
    void oldest?.close()
    return oldest !== undefined
  }
}

/** Of JSON-RPC's range for servers, as the SDK uses them. */
const REFUSED = -32_000
const NOT_FOUND = -32_001

function isOpening(body: unknown): boolean {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  return messages.some((message) => isInitializeRequest(message))
}

const CANCELLED = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
})

/** A request that was let in by nobody may do nothing: what a token allows is known of each by itself. */
export const NOBODY: ConnectionCaller = { grant: { name: 'nobody', agent: 'nobody', repos: [] } }

class Session {
  lastUsedMs = performance.now()
  readonly #transport: SessionTransport
  readonly #server: Server
  readonly #subscriptions: Subscriptions
  readonly #idleTimer: NodeJS.Timeout
  /** Requests without a whole answer, open streams among them. */
  #active = 0
  /** Streams for what the server says of itself: one, while it lasts. */
  #streams = 0

  constructor(
    id: string,
    operations: Operations,
    options: McpOptions,
    callers: Callers,
    onEnd: () => void,
  ) {
    // The one is a secret between client and server, the other is shown to everybody.
    const session = `mcp_${randomBytes(8).toString('hex')}`
    const callerOf = ({ http }: ServerContext): ConnectionCaller => {
      const said = http?.req === undefined ? undefined : callers.get(http.req)
      return { session, ...(said ?? NOBODY) }
    }
    this.#subscriptions = new Subscriptions({
      operations,
      everyMs: options.updateMs,
      send: (uri) => this.#tell(uri),
    })
    this.#transport = new SessionTransport({
      sessionIdGenerator: () => id,
      maxRequestBodySize: LIMITS.inputBytesMax,
    })
    const client = {
      operations,
      options,
      callerOf,
      memory: { repo: null },
      gate: createGate(CALLS_MAX),
      seal: createSeal(callerOf),
      subscriptions: this.#subscriptions,
    }
    this.#server = makeServer(client, 'legacy')
    this.#server.onclose = () => {
      clearInterval(this.#idleTimer)
      this.#subscriptions.close()
      onEnd()
    }
    const idleMs = options.idleMs ?? IDLE_MS
    this.#idleTimer = setInterval(() => {
      if (this.isIdle && performance.now() - this.lastUsedMs >= idleMs) void this.close()
    }, idleMs).unref()
  }

  get isIdle(): boolean {
    return this.#active === 0
  }

  start(): Promise<void> {
    return this.#server.connect(this.#transport)
  }

  async handle({ request, body, response }: Exchange): Promise<Response> {
    this.#active += 1
    this.lastUsedMs = performance.now()
    response.once('close', () => {
      this.#active -= 1
      this.lastUsedMs = performance.now()
    })
    this.#transport.expect(body, response)
    const parsed = body === undefined ? {} : { parsedBody: body }
    const answer = await this.#transport.handleRequest(request, parsed)
    if (request.method === 'GET' && answer.ok) this.#noteStream(response)
    const cancelled = CANCELLED.safeParse(body)
    // The SDK answers a cancelled call no more, and would keep its stream open for ever.
    if (cancelled.success) this.#transport.closeSSEStream(cancelled.data.params.requestId)
    return answer
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  async abandon(): Promise<void> {
    await this.#transport.failOpen('The daemon ended before it answered.', 'DAEMON_DOWN')
    await this.close()
  }

  #noteStream(response: ServerResponse): void {
    this.#streams += 1
    response.once('close', () => {
      this.#streams -= 1
    })
    // What changed while there was no stream is told now.
    this.#subscriptions.flush()
  }

  #tell(uri: string): boolean {
    if (this.#streams === 0) return false
    // A client that is gone ends its stream by itself.
    this.#server.sendResourceUpdated({ uri }).catch(() => undefined)
    return true
  }
}
