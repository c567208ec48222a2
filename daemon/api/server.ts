// HTTP, on the unix socket and on loopback TCP: decodes, bounds, authenticates, then believes; every operation of the
// table at POST /v1/<name>. The socket's mode is its guard; the port needs the token.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import {
  exitOfResult,
  httpOfExit,
  LIMITS,
  nearest,
  OPERATION_NAMES,
  OPERATIONS,
  SkeinError,
  type OperationName,
} from '../../protocol/index.ts'
import type { CallContext, ConnectionCaller, Operations } from '../client/operations.ts'
import type { Log } from '../log.ts'
import { requireOwnName, requireToken } from './auth.ts'

export interface ApiOptions {
  readonly operations: Operations
  readonly log: Log
  readonly token: string
  /** Facts that anybody on this machine may know. */
  readonly meta: () => { readonly name: string; readonly version: string }
  readonly isReady: () => boolean
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
const KEEP_ALIVE_MS = 65_000
/** Above it new connections are closed at once; those that talk go on. */
const CONNECTIONS_MAX = 4_096
const LOOPBACK = '127.0.0.1'
/** Of a wrong path, in an error. */
const PATH_SHOWN = 200

export function createApi(options: ApiOptions): Api {
  const servers = new Set<Server>()

  function open(door: 'socket' | 'tcp'): Server {
    const settings = {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    }
    const server = createServer(settings, (request, response) => {
      void answer(options, door, request, response)
    })
    server.maxConnections = CONNECTIONS_MAX
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

async function answer(
  options: ApiOptions,
  door: 'socket' | 'tcp',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const pathname = pathOf(request)
    if (door === 'tcp') requireOwnName(request, request.socket.localPort ?? 0)
    const open = openRoute(options, pathname)
    if (open !== null) {
      sendText(response, open.status, open.text)
      return
    }
    if (door === 'tcp') requireToken(request, options.token)
    const name = operationOf(request, pathname)
    const input = await readJson(request)
    const result = await options.operations.call(name, input, contextOf(door, request, response))
    sendJson(response, statusOf(name, result), result)
  } catch (error) {
    sendError(options, response, error)
  }
}

/** What answers without a token. */
function openRoute(options: ApiOptions, pathname: string): { status: number; text: string } | null {
  if (pathname === '/healthz' || pathname === '/health') return { status: 200, text: 'ok' }
  if (pathname === '/readyz') {
    return options.isReady() ? { status: 200, text: 'ready' } : { status: 503, text: 'not ready' }
  }
  return pathname === '/meta' ? { status: 200, text: JSON.stringify(options.meta()) } : null
}

/** Without the query. Not by URL, which throws at `//` and moves what `..` stands in. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}

function operationOf(request: IncomingMessage, pathname: string): OperationName {
  const name = pathname.startsWith('/v1/') ? pathname.slice('/v1/'.length) : null
  if (name === null || !Object.hasOwn(OPERATIONS, name)) {
    const near = name === null ? null : nearest(name, OPERATION_NAMES)
    throw new SkeinError('NOT_FOUND', `there is nothing at ${pathname.slice(0, PATH_SHOWN)}`, {
      hint:
        near === null
          ? 'Operations are at POST /v1/<name>; see docs/reference/operations.md.'
          : `Did you mean POST /v1/${near}?`,
    })
  }
  if (request.method !== 'POST') {
    throw new SkeinError(
      'NOT_FOUND',
      `${pathname} takes POST with a JSON object, not ${request.method ?? '?'}`,
    )
  }
  return name as OperationName
}

/** A check answers 200 whatever it says; every other status says what the exit code says. */
function statusOf(name: OperationName, result: unknown): number {
  return name === 'check' ? 200 : httpOfExit(exitOfResult(name, result))
}

/** By events, not by iteration: this stands on the path of every call. */
function readJson(request: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > LIMITS.inputBytesMax) {
        request.pause()
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    request.once('end', () => {
      resolve(size === 0 ? {} : Buffer.concat(chunks, size).toString('utf8'))
    })
    request.once('error', reject)
    request.once('close', () => {
      // It closes after every call; an error costs a walk up the stack.
      if (!request.complete) reject(new SkeinError('INTERRUPTED', 'the caller is gone'))
    })
  }).then((text) => (typeof text === 'string' ? parseObject(text) : text))
}

function tooLarge(): SkeinError {
  return new SkeinError(
    'INPUT_SIZE',
    `the body is larger than ${String(LIMITS.inputBytesMax)} bytes`,
  )
}

function parseObject(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SkeinError('INPUT_JSON', 'the body is not JSON', { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new SkeinError('INPUT_JSON', 'the body is not a JSON object')
}

function contextOf(
  door: 'socket' | 'tcp',
  request: IncomingMessage,
  response: ServerResponse,
): CallContext {
  let gone: AbortController | null = null
  response.once('close', () => {
    if (!response.writableFinished) gone?.abort()
  })
  return {
    door,
    caller: callerOf(request),
    // Few calls look at it: most are over before their caller could be.
    get signal() {
      if (gone === null) {
        gone = new AbortController()
        if (response.destroyed && !response.writableFinished) gone.abort()
      }
      return gone.signal
    },
  }
}

function callerOf(request: IncomingMessage): ConnectionCaller {
  const named = (header: string): string | undefined => {
    const value = request.headers[header]
    if (typeof value !== 'string' || value === '') return undefined
    return value.length <= LIMITS.nameCharactersMax ? value : undefined
  }
  const repo = named('skein-repo')
  const agent = named('skein-agent')
  const session = named('skein-session')
  return {
    ...(repo === undefined ? {} : { repo }),
    ...(agent === undefined ? {} : { agent }),
    ...(session === undefined ? {} : { session }),
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  retryAfter?: number,
): void {
  if (response.headersSent || response.destroyed) return
  // As text, so that head and body leave in one write.
  const body = JSON.stringify(value)
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  if (retryAfter !== undefined) headers['retry-after'] = retryAfter
  response.writeHead(status, headers)
  response.end(body)
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': text.startsWith('{') ? 'application/json' : 'text/plain',
  })
  response.end(text)
}

function sendError(options: ApiOptions, response: ServerResponse, error: unknown): void {
  const known = error instanceof SkeinError ? error : internal(options, error)
  // The rest of a body that was refused is not read: the connection ends with the answer.
  if (!response.req.complete) response.shouldKeepAlive = false
  sendJson(response, known.http, known, known.retryAfter)
}

function internal(options: ApiOptions, error: unknown): SkeinError {
  const cause = error instanceof Error ? error : new Error(String(error))
  if (cause.message === 'aborted') return new SkeinError('INTERRUPTED', 'the caller is gone')
  options.log.error({ error: cause.message, stack: cause.stack }, 'a call failed: this is a bug')
  return new SkeinError('INTERNAL', `a bug in skein: ${cause.message}`, { cause })
}

function refuseBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
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
