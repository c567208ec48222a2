// Answers on their way out: status, headers and body in one write.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SkeinError } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Reply } from './http-call.ts'

const JSON_TYPE = 'application/json'

export function sendReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  // The rest of a body that nobody read is not read now: the connection ends with the answer.
  if (!response.req.complete && hasBody(response.req)) response.shouldKeepAlive = false
  // As text, so that head and body leave in one write.
  const { status, type = JSON_TYPE, body, headers } = reply
  const text =
    body === undefined ? '' : typeof body === 'string' && type !== JSON_TYPE ? body : json(body)
  response.writeHead(status, {
    ...(text === '' ? {} : { 'content-type': type }),
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  })
  response.end(text)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

function json(body: unknown): string {
  return JSON.stringify(body)
}

/** A failure in skein's own form. */
export function errorReply(error: SkeinError): Reply {
  return {
    status: error.http,
    body: error,
    headers: {
      ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
      ...challenge(error.http),
      ...allowed(error),
    },
  }
}

/** RFC 9110, section 11.6.1: who is refused for want of credentials is told which are taken. */
export function challenge(status: number): Readonly<Record<string, string>> {
  return status === 401 ? { 'www-authenticate': 'Bearer realm="skein"' } : {}
}

/** What was thrown, as an error with a code; bugs are written down. */
export function knownError(log: Log, error: unknown): SkeinError {
  if (error instanceof SkeinError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  if (cause.message === 'aborted') return new SkeinError('INTERRUPTED', 'the caller is gone')
  log.error({ error: cause.message, stack: cause.stack }, 'a call failed: this is a bug')
  return new SkeinError('INTERNAL', `a bug in skein: ${cause.message}`, { cause })
}

/** RFC 9110, section 15.5.6: a refused method comes with those that are taken. */
function allowed({ code, data }: SkeinError): Readonly<Record<string, string>> {
  if (code !== 'METHOD_REFUSED' || typeof data !== 'object' || data === null) return {}
  return 'allowed' in data && Array.isArray(data.allowed) ? { allow: data.allowed.join(', ') } : {}
}
