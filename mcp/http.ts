// MCP over Streamable HTTP, both eras at one address. A request of 2026-07-28 stands for itself and has a server of its own; one
// of the 2025 era belongs to a session. Who may call at all (token, Host, Origin) was judged before.
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createMcpHandler,
  InMemoryServerEventBus,
  isLegacyRequest,
  ProtocolError,
  type McpHttpHandler,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { LIMITS, OPERATIONS, SkeinError } from '../protocol/index.ts'
import { withCall, type ConnectionCaller, type Operations } from '../daemon/client/operations.ts'
import { createGate, createSeal, type Client, type McpOptions } from './client.ts'
import {
  errorResponse,
  goneOf,
  readBody,
  toWebRequest,
  writeWebResponse,
  type Body,
} from './http/exchange.ts'
import { NOBODY, Sessions, type Callers } from './http/sessions.ts'
import { makeServer } from './make-server.ts'
import { INVALID_REQUEST, PARSE_ERROR } from './opening.ts'
import { mayHearOf } from './resources/allowed.ts'
import { listenedTo, refuseListen } from './resources/listens.ts'
import { Subscriptions, SUBSCRIPTIONS_MAX } from './resources/subscriptions.ts'
import { quote } from './text.ts'

export interface McpHttpDoor {
  /** Answers one HTTP request to /mcp. `caller` is what the headers Skein-Repo, Skein-Agent, Skein-Session said. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: ConnectionCaller,
  ): Promise<void>
  /** Ends all sessions and streams, and aborts what runs. */
  close(): Promise<void>
}

/** Calls without a session that run at once; they wait in the daemon, which has bounds of its own. */
const CALLS_MAX = 256
/** Streams of `subscriptions/listen`. */
const LISTENS_MAX = 256

export function serveMcpHttp(operations: Operations, options: McpOptions): McpHttpDoor {
  return new Door(operations, options)
}

class Door implements McpHttpDoor {
  readonly #options: McpOptions
  readonly #callers: Callers = new WeakMap()
  readonly #sessions: Sessions
  readonly #bus: InMemoryServerEventBus
  readonly #subscriptions: Subscriptions
  readonly #stateless: McpHttpHandler
  #listens = 0
  #isClosed = false

  constructor(operations: Operations, options: McpOptions) {
    this.#options = options
    this.#sessions = new Sessions(operations, options, this.#callers)
    this.#bus = new InMemoryServerEventBus(this.#report)
    this.#subscriptions = new Subscriptions({
      operations,
      everyMs: options.updateMs,
      max: LISTENS_MAX * SUBSCRIPTIONS_MAX,
      send: (uri) => {
        this.#bus.publish({ kind: 'resource_updated', uri })
        return true
      },
    })
    const callerOf = ({ http }: ServerContext): ConnectionCaller =>
      (http?.req === undefined ? undefined : this.#callers.get(http.req)) ?? NOBODY
    const client: Client = {
      operations: withNamedSession(operations),
      options,
      callerOf,
      memory: null,
      gate: createGate(CALLS_MAX),
      seal: createSeal(callerOf),
      subscriptions: null,
    }
    this.#stateless = createMcpHandler(() => makeServer(client, 'modern'), {
      legacy: 'reject',
      bus: this.#bus,
      maxSubscriptions: LISTENS_MAX,
      maxRequestBodySize: LIMITS.inputBytesMax,
      onerror: this.#report,
    })
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: ConnectionCaller,
  ): Promise<void> {
    try {
      await writeWebResponse(response, await this.#answer(request, response, caller))
    } catch (error) {
      // Who is gone needs no answer; what else breaks here is ours.
      if (request.destroyed && response.destroyed) return
      this.#options.onError?.(error instanceof Error ? error : new Error(String(error)))
      if (response.headersSent) response.destroy()
      else await writeWebResponse(response, errorResponse(500, INTERNAL, 'Internal server error'))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#subscriptions.close()
    await Promise.all([this.#sessions.close(), this.#stateless.close()])
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    caller: ConnectionCaller,
  ): Promise<Response> {
    if (this.#isClosed) return errorResponse(503, INTERNAL, 'The daemon is ending.')
    const { method = '' } = request
    if (!METHODS.has(method)) return methodNotAllowed()
    const body: Body =
      method === 'POST' ? await readBody(request) : { kind: 'json', value: undefined }
    if (body.kind === 'refused') {
      const code = body.status === 413 ? INVALID_REQUEST : PARSE_ERROR
      return errorResponse(body.status, code, body.message)
    }
    const web = toWebRequest(request, goneOf(response))
    this.#callers.set(web, caller)
    const { value } = body
    if (method !== 'POST' || (await isLegacyRequest(web, value)))
      return this.#sessions.handle({ request: web, body: value, response })
    const uris = listenedTo(value)
    if (uris === null) return this.#stateless.fetch(web, { parsedBody: value })
    const foreign = uris.find((uri) => !mayHearOf(uri, caller.grant))
    if (foreign !== undefined)
      return errorResponse(
        403,
        INVALID_REQUEST,
        `The token may not listen to ${quote(foreign, 200)}.`,
      )
    return this.#listen(web, value, uris, response)
  }

  async #listen(
    web: Request,
    body: unknown,
    uris: readonly string[],
    response: ServerResponse,
  ): Promise<Response> {
    const refusal = refuseListen(body, uris, { size: 0 })
    if (refusal !== null) return Response.json(refusal)
    const answer = await this.#stateless.fetch(web, { parsedBody: body })
    if (answer.headers.get('content-type') !== 'text/event-stream') return answer
    this.#listens += 1
    const id = `listen ${String(this.#listens)}`
    this.#subscriptions.add(id, uris)
    const end = (): void => {
      this.#subscriptions.remove(id)
    }
    if (response.destroyed) end()
    else response.once('close', end)
    return answer
  }

  /** A client's mistake is its own; it was told. */
  readonly #report = (error: Error): void => {
    const isMistake = error instanceof ProtocolError || MISTAKES.test(error.message)
    if (!isMistake) this.#options.onError?.(error)
  }
}

const METHODS: ReadonlySet<string> = new Set(['POST', 'GET', 'DELETE'])
const INTERNAL = -32_603
const MISTAKES = /^(?:Rejected|Unsupported|requestState|subscriptions\/listen refused)/

function methodNotAllowed(): Response {
  const answer = errorResponse(405, INVALID_REQUEST, 'Method not allowed.')
  answer.headers.set('allow', 'POST, GET, DELETE')
  return answer
}

/** Nothing but the call itself can say for which session something is changed where there are no connections. */
function withNamedSession(operations: Operations): Operations {
  return withCall(operations, async (name, input, context) => {
    if (OPERATIONS[name].writes && !isNamed(input) && !isNamed(context.caller))
      throw new SkeinError(
        'INPUT_SCHEMA',
        'This call changes something and does not say for which session; over HTTP each call says so.',
        {
          hint: 'pass `session`: a name of your own that you keep for the whole run, the same in every call (or send the header Skein-Session).',
        },
      )
    return operations.call(name, input, context)
  })
}

function isNamed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { session, agent } = value as ConnectionCaller
  return session !== undefined || agent !== undefined
}
