// HTTP, on the unix socket and on loopback TCP: bounds, authenticates, finds the route, answers. What the routes do stands in
// their own files. The socket's mode is its guard; the port needs the token.
import { chmodSync, rmSync } from 'node:fs'
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SkeinError } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { AccessTokens } from '../access/tokens.ts'
import type { Grant } from '../client/operations.ts'
import { SYNC_PATH, type SyncDoor } from '../sync/door.ts'
import { authenticate, bearerIn, requireOwnName, withOfferedToken } from './auth.ts'
import { boundHttp } from './connections.ts'
import { openCall, requestIdOf } from './context.ts'
import type { HttpCall, Reply, Route } from './http-call.ts'
import { errorReply, knownError, sendReply } from './reply.ts'
import { createRouting, type Routing } from './routing.ts'

export interface ApiOptions {
  readonly routes: readonly Route[]
  readonly log: Log
  readonly token: string
  readonly tokens: Pick<AccessTokens, 'grantOf'>
  /** Is it the pass of a checkout's hooks? It opens their routes and no other. */
  readonly isPass: (text: string) => boolean
  /** Hears of every answer: the route's pattern (or null where there is none), and how long it took. */
  readonly onAnswer?: (answered: Answered) => void
  readonly sync: Pick<SyncDoor, 'upgrade'>
}

export interface Answered {
  /** As in `x-request-id` of the answer. */
  readonly request: string
  readonly method: string
  readonly route: string | null
  /** 499 where nobody was left to answer. */
  readonly status: number
  readonly seconds: number
}

export interface Api {
  listenOnSocket(file: string): Promise<void>
  /** @returns the port. @throws SkeinError PORT_TAKEN when the port is taken and was explicit. */
  listenOnPort(port: number, isExplicit: boolean): Promise<number>
  /** Stops taking connections, lets running calls finish for at most this long, then cuts. */
  close(graceMs: number): Promise<void>
}

const HEADER_BYTES_MAX = 16_384
const HEADERS_TIMEOUT_MS = 10_000
/** A body has to arrive within this; an answer may take longer. */
const REQUEST_TIMEOUT_MS = 30_000
/** How often node:http looks for heads and bodies that are late. */
const TIMEOUT_LOOK_MS = 2_000
const KEEP_ALIVE_MS = 65_000
/** Above it the one that was idle longest is closed. */
const CONNECTIONS_MAX = 4_096
const LOOPBACK = '127.0.0.1'

export function createApi(options: ApiOptions): Api {
  const servers = new Set<Server>()
  const routing = createRouting(options.routes)

  function open(door: 'socket' | 'tcp'): Server {
    const settings = {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_LOOK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    }
    const server = createServer(settings, (request, response) => {
      void serve(options, routing, door, request, response)
    })
    boundHttp(server, CONNECTIONS_MAX)
    server.on('upgrade', (request, socket, head) => {
      upgrade(options, door, request, socket, head)
    })
    server.on('clientError', refuseBadRequest)
    servers.add(server)
    return server
  }

  return {
    async listenOnSocket(file) {
      rmSync(file, { force: true })
      await listen(open('socket'), { path: file })
      chmodSync(file, 0o600)
    },
    async listenOnPort(port, isExplicit) {
      const server = open('tcp')
      try {
        await listen(server, { port, host: LOOPBACK })
      } catch (error) {
        if (!isTaken(error)) throw error
        if (isExplicit) {
          throw new SkeinError('PORT_TAKEN', `port ${String(port)} of ${LOOPBACK} is taken`, {
            cause: error,
          })
        }
        options.log.warn({ port }, 'the default port is taken; a free one is used')
        await listen(server, { port: 0, host: LOOPBACK })
      }
      return (server.address() as AddressInfo).port
    },
    async close(graceMs) {
      await Promise.all([...servers].map((server) => closeServer(server, graceMs)))
    },
  }
}

async function serve(
  options: ApiOptions,
  routing: Routing,
  door: 'socket' | 'tcp',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now()
  const method = request.method ?? 'GET'
  const id = requestIdOf(request)
  response.setHeader('x-request-id', id)
  let route: Route | null = null
  try {
    const path = pathOf(request)
    if (door === 'tcp') requireOwnName(request, request.socket.localPort ?? 0)
    const found = routing.find(method, path)
    route = found.route
    const grant = door === 'tcp' ? grantFor(route, request, options) : null
    const call = openCall({ door, grant }, request, response, path, found.params)
    const reply = await answer(options.log, route, call)
    if (reply !== null) sendReply(response, reply)
  } catch (error) {
    refuse(options, door, request, response, route, error)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const status = statusOf(response)
  options.onAnswer?.({ request: id, method, route: route?.path ?? null, status, seconds })
}

/** Null: everything is allowed, or nothing needs to be. @throws SkeinError UNAUTHENTICATED, FORBIDDEN */
function grantFor(route: Route, request: IncomingMessage, options: ApiOptions): Grant | null {
  if (route.access === 'open') return null
  if (route.access === 'hooks' && options.isPass(bearerIn(request.headers.authorization)))
    return null
  const grant = authenticate(request, options)
  if (grant === null || route.access === 'token') return grant
  throw new SkeinError('FORBIDDEN', `${route.path} needs the home's own token`)
}

/** A board wants a copy of a document; nothing else may leave HTTP. */
function upgrade(
  options: ApiOptions,
  door: 'socket' | 'tcp',
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on('error', () => socket.destroy())
  try {
    if (door === 'tcp') requireOwnName(request, request.socket.localPort ?? 0)
    const grant = door === 'tcp' ? authenticate(withOfferedToken(request), options) : null
    if (!pathOf(request).startsWith(SYNC_PATH))
      throw new SkeinError('NOT_FOUND', `there is nothing to upgrade at ${pathOf(request)}`)
    options.sync.upgrade(request, socket, head, grant)
  } catch (error) {
    const { status, body } = errorReply(knownError(options.log, error))
    const text = JSON.stringify(body)
    socket.end(
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\n` +
        `content-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
    )
  }
}

/** As nginx writes it down: whoever asked was gone before there was an answer. */
const CLIENT_GONE = 499

function statusOf({ destroyed, headersSent, statusCode }: ServerResponse): number {
  return destroyed && !headersSent ? CLIENT_GONE : statusCode
}

async function answer(log: Log, route: Route, call: HttpCall): Promise<Reply | null> {
  try {
    return await route.answer(call)
  } catch (error) {
    const refused = route.refuse?.(knownError(log, error))
    if (refused == null) throw error
    return refused
  }
}

/** A stranger without the token learns only that one is needed, not what there is. */
function refuse(
  options: ApiOptions,
  door: 'socket' | 'tcp',
  request: IncomingMessage,
  response: ServerResponse,
  route: Route | null,
  thrown: unknown,
): void {
  let error = thrown
  if (route === null && door === 'tcp' && !isHostRefusal(thrown)) {
    try {
      authenticate(request, options)
    } catch (refused) {
      error = refused
    }
  }
  const known = knownError(options.log, error)
  sendReply(response, route?.refuse?.(known) ?? errorReply(known))
}

function isHostRefusal(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'HOST_REFUSED'
}

/** Without the query. Not by URL, which throws at `//` and moves what `..` stands in. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}

/** What node:http could not read as a request. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function refuseBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = STATUS_LINES[error.code ?? ''] ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function listen(
  server: Server,
  where: { path: string } | { port: number; host: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Node's own 511 are soon full when hundreds of agents start at once, and a unix socket then refuses with EAGAIN.
    server.listen({ ...where, backlog: CONNECTIONS_MAX }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections()
    }, graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
