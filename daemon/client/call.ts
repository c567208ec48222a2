// One operation, one POST over the daemon's unix socket. Every way in which the socket can fail becomes an error that says
// whether something may have happened: DAEMON_DOWN (nothing did) or UNCERTAIN (ask again before you write).
// node:http costs a process no more than node:net does [measured: 3.4 and 3.3 ms over an empty one], so no parser of ours.
import http from 'node:http'
import net from 'node:net'
import { ERROR_CATALOGUE, OPERATIONS, SkeinError } from '../../protocol/index.ts'
import type { ErrorCode, OperationName } from '../../protocol/index.ts'

export interface CallOptions {
  /** The daemon's `api.sock`. */
  readonly socket: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** The largest answer, 10,000 claims with all their texts, has some 20 MB. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/**
 * Calls an operation and returns its result; a refused claim is a result.
 * @throws SkeinError what the daemon answered; DAEMON_DOWN when none listens; UNCERTAIN when it fell silent after it had been
 * asked to change something; INTERRUPTED when the signal came.
 */
export async function callOperation(
  name: OperationName,
  input: unknown,
  options: CallOptions,
): Promise<unknown> {
  if (options.signal?.aborted === true) throw interrupted(name, false)
  const body = Buffer.from(JSON.stringify(input))
  const { text, status } = await exchange(name, body, options)
  const answer = parse(text)
  if (answer === undefined) throw notJson(name, status, options.socket)
  const error = errorIn(answer)
  if (error !== null) throw error
  return answer
}

/** HTTP status of a GET, as of `/readyz`; null when nobody answers in time. */
export function probe(path: string, options: Omit<CallOptions, 'signal'>): Promise<number | null> {
  return new Promise((resolve) => {
    const request = http.get({ ...connection(options.socket), path })
    const settle = (status: number | null): void => {
      clearTimeout(timer)
      resolve(status)
      request.destroy()
    }
    const timer = setTimeout(settle, options.timeoutMs, null)
    // Also what follows from destroying it.
    request.on('error', () => {
      settle(null)
    })
    request.once('response', (response) => {
      settle(response.statusCode ?? null)
    })
  })
}

/** A connection of its own for each request, without an agent: those cost a process 4 ms for what nobody needs here. */
function connection(socket: string): http.RequestOptions {
  return { createConnection: () => net.connect(socket) }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function exchange(name: OperationName, body: Buffer, options: CallOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isConnected = false
    const request = http.request({
      ...connection(options.socket),
      path: `/v1/${name}`,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    })
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', interrupt)
      act()
      request.destroy()
    }
    const fail = (cause: unknown): void => {
      settle(() => {
        reject(isConnected ? silent(name, options, cause) : unreachable(options.socket, cause))
      })
    }
    const interrupt = (): void => {
      settle(() => {
        reject(interrupted(name, isConnected))
      })
    }
    const timer = setTimeout(() => {
      fail(new Error(`no answer in ${String(options.timeoutMs / 1000)} s`))
    }, options.timeoutMs)
    options.signal?.addEventListener('abort', interrupt, { once: true })
    request.once('socket', (socket) => socket.once('connect', () => (isConnected = true)))
    request.on('error', fail)
    request.once('response', (response) => {
      const done = (text: string): void => {
        settle(() => {
          resolve({ status: response.statusCode ?? 0, text })
        })
      }
      readAll(response).then(done, fail)
    })
    request.end(body)
  })
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > ANSWER_BYTES_MAX) throw new Error(`an answer over ${String(ANSWER_BYTES_MAX)} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** `{error: {…}}` as the error that it was in the daemon; null for any other answer. */
export function errorIn(answer: unknown): SkeinError | null {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null
  const { code, message, hint, data } = (answer.error ?? {}) as Readonly<Record<string, unknown>>
  const details = { ...(typeof hint === 'string' ? { hint } : {}), data }
  const text = typeof message === 'string' ? message : 'The daemon failed and does not say how.'
  // A newer daemon may know errors that this client does not.
  if (!isErrorCode(code)) return new SkeinError('INTERNAL', `${text} (${String(code)})`, details)
  return new SkeinError(code, text, details)
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CATALOGUE, code)
}

/** Before the connection stood: the daemon has heard nothing. */
function unreachable(socket: string, cause: unknown): SkeinError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `${socket} belongs to somebody else, or its folder is closed to you.`
    return new SkeinError('HOME_UNUSABLE', message, { cause, data: { socket } })
  }
  if (code === 'EAGAIN') {
    return new SkeinError('BUSY', 'Too many callers wait for the daemon.', { cause })
  }
  return new SkeinError('DAEMON_DOWN', 'No daemon answers on this machine.', {
    cause,
    data: { socket },
  })
}

/** After it stood: the daemon may have heard all of it. */
function silent(name: OperationName, options: CallOptions, cause: unknown): SkeinError {
  const { socket } = options
  const why = cause instanceof Error ? cause.message : String(cause)
  const data = { socket, why }
  if (!OPERATIONS[name].writes) {
    return new SkeinError('DAEMON_DOWN', 'The daemon stopped answering.', { cause, data })
  }
  const message = 'The daemon stopped answering before it told the outcome; nothing is confirmed.'
  return new SkeinError('UNCERTAIN', message, { cause, data })
}

function interrupted(name: OperationName, isConnected: boolean): SkeinError {
  if (OPERATIONS[name].writes && isConnected) {
    return new SkeinError('INTERRUPTED', 'Interrupted before the outcome was known.')
  }
  const hint = 'Run it again when you like.'
  return new SkeinError('INTERRUPTED', 'Interrupted; nothing was changed.', { hint })
}

function notJson(name: OperationName, status: number, socket: string): SkeinError {
  const message = `The daemon answered ${name} with something that is not JSON (HTTP ${String(status)}).`
  return new SkeinError('INTERNAL', message, {
    hint: 'skein down && skein up --background',
    data: { socket },
  })
}
