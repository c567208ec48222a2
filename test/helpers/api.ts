// Clients of the daemon's HTTP doors as strangers write them: node:http and raw bytes, nothing of skein's own client.
import http from 'node:http'
import net from 'node:net'
import type {
  ErrorCode,
  OperationName,
  OperationResult,
  SkeinErrorJson,
} from '../../protocol/index.ts'

/** A claim as the doors show it. */
export type ClaimJson = OperationResult<'claims'>['claims'][number]

export type Failure = SkeinErrorJson['error'] & { readonly code: ErrorCode }

export interface Answer<Result> {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** The result; null when the answer is an error. */
  readonly result: Result | null
  readonly error: Failure | null
}

export interface RawAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface RequestSpec {
  readonly method?: string
  readonly path: string
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: string | Buffer | readonly (string | Buffer)[]
  readonly timeoutMs?: number
  /** Of an answer that goes on and on. */
  readonly totalMs?: number
}

export interface ApiClient {
  /** Any operation with any input: the input is what tests are about. */
  call<Name extends OperationName>(
    name: Name,
    input: unknown,
    headers?: http.OutgoingHttpHeaders,
  ): Promise<Answer<OperationResult<Name>>>
  /** The result of a call that has to succeed; a refused claim is a result. @throws Error that shows the answer. */
  must<Name extends OperationName>(name: Name, input: unknown): Promise<OperationResult<Name>>
  /** The error of a call that has to fail. */
  fails(name: OperationName, input: unknown, headers?: http.OutgoingHttpHeaders): Promise<Failure>
  request(spec: RequestSpec): Promise<RawAnswer>
  close(): void
}

export type Where = { readonly socket: string } | { readonly port: number; readonly token?: string }

const TIMEOUT_MS = 20_000

/** Keeps its connections open between calls. */
export function createClient(where: Where, { connections = 4 } = {}): ApiClient {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections, noDelay: true })
  const request = (spec: RequestSpec): Promise<RawAnswer> => send(where, agent, spec)
  const call: ApiClient['call'] = async (name, input, headers = {}) => {
    const body = typeof input === 'string' ? input : JSON.stringify(input)
    const spec = {
      method: 'POST',
      path: `/v1/${name}`,
      body,
      headers: { ...JSON_TYPE, ...headers },
    }
    return decode(await request(spec))
  }
  return {
    call,
    request,
    async must(name, input) {
      const { result, error, status } = await call(name, input)
      if (result !== null) return result
      throw new Error(`${name} ended with ${String(status)} ${JSON.stringify(error)}`)
    },
    async fails(name, input, headers) {
      const { result, error, status } = await call(name, input, headers)
      if (error !== null) return error
      throw new Error(`${name} did not fail: ${String(status)} ${JSON.stringify(result)}`)
    },
    close() {
      agent.destroy()
    },
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function decode<Result>({ status, headers, body }: RawAnswer): Answer<Result> {
  const value: unknown = JSON.parse(body)
  const isError = typeof value === 'object' && value !== null && 'error' in value
  return {
    status,
    headers,
    result: isError ? null : (value as Result),
    error: isError ? (value.error as Failure) : null,
  }
}

function send(where: Where, agent: http.Agent, spec: RequestSpec): Promise<RawAnswer> {
  const { method = 'GET', path, body, timeoutMs = TIMEOUT_MS } = spec
  const parts = body === undefined ? [] : isOne(body) ? [body] : body
  return new Promise((resolve, reject) => {
    const request = http.request(
      { ...address(where), agent, method, path, headers: headersOf(where, spec) },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const { statusCode = 0, headers } = response
          resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') })
        })
      },
    )
    request.setTimeout(timeoutMs, () => {
      request.destroy(new Error(`no answer to ${method} ${path} within ${String(timeoutMs)} ms`))
    })
    request.once('error', reject)
    if (spec.totalMs !== undefined) {
      const timer = setTimeout(() => {
        request.destroy(new Error('the answer does not end'))
      }, spec.totalMs)
      request.once('close', () => {
        clearTimeout(timer)
      })
    }
    for (const part of parts.slice(0, -1)) request.write(part)
    request.end(parts.at(-1))
  })
}

function isOne(body: NonNullable<RequestSpec['body']>): body is string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body)
}

function address(where: Where): http.RequestOptions {
  if ('socket' in where) return { socketPath: where.socket }
  return { host: '127.0.0.1', port: where.port }
}

function headersOf(where: Where, { headers = {}, body }: RequestSpec): http.OutgoingHttpHeaders {
  const token = 'token' in where ? { authorization: `Bearer ${where.token}` } : {}
  const length =
    body !== undefined && isOne(body) ? { 'content-length': Buffer.byteLength(body) } : {}
  return { ...token, ...length, ...headers }
}

/** A connection that says what no client says. */
export interface RawConnection {
  readonly socket: net.Socket
  /** Everything received so far. */
  received(): string
  /** Resolves when the other side has ended. */
  readonly closed: Promise<void>
}

export async function connect(where: Where): Promise<RawConnection> {
  // A listener that has not come to its queue yet says EAGAIN on a unix socket.
  for (;;) {
    const connection = await tryConnect(where)
    if (connection !== null) return connection
    await new Promise(setImmediate)
  }
}

function tryConnect(where: Where): Promise<RawConnection | null> {
  const socket =
    'socket' in where ? net.connect(where.socket) : net.connect(where.port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve()
    })
  })
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EAGAIN') resolve(null)
      else reject(error)
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      socket.off('error', onError)
      socket.on('error', () => undefined)
      resolve({ socket, closed, received: () => Buffer.concat(chunks).toString('latin1') })
    })
  })
}

/** Is a daemon there, and does it call itself ready, or at least healthy? */
export async function isReady(socket: string, path = '/readyz'): Promise<boolean> {
  try {
    const agent = new http.Agent()
    return (await send({ socket }, agent, { path, timeoutMs: 2_000 })).status === 200
  } catch {
    return false
  }
}
