// Between node:http and the web's requests and responses, which the SDK speaks. Bodies are bounded, a client that went away
// aborts its request, and one that does not read its stream is cut off.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LIMITS } from '../../protocol/index.ts'

export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly message: string }

/** How long a stream may wait for its reader. */
const STALL_MS = 30_000

/** Rejects when the client goes away in the middle. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const max = LIMITS.inputBytesMax
  if (Number(request.headers['content-length'] ?? 0) > max) return tooLarge(max)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > max) return tooLarge(max)
    chunks.push(chunk)
  }
  try {
    return { kind: 'json', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return { kind: 'refused', status: 400, message: 'Parse error: the body is not JSON' }
  }
}

function tooLarge(max: number): Body {
  const message = `Payload Too Large: a body has at most ${String(max)} bytes`
  return { kind: 'refused', status: 413, message }
}

/** The body is passed beside it: it was read already. */
export function toWebRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers.set(name, value)
    else for (const each of value ?? []) headers.append(name, each)
  }
  // Host and path were judged before; nothing reads them from here.
  return new Request('http://localhost/mcp', { method: request.method ?? 'GET', headers, signal })
}

/** Aborts when the client goes away before its answer is whole. */
export function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  const onClose = (): void => {
    if (!response.writableFinished) gone.abort()
  }
  if (response.destroyed) onClose()
  else response.once('close', onClose)
  return gone.signal
}

/** Resolves when the last byte is written, or the client is gone. */
export async function writeWebResponse(response: ServerResponse, answer: Response): Promise<void> {
  const { body, headers, status } = answer
  if (response.destroyed) {
    await body?.cancel()
    return
  }
  if (body === null || headers.get('content-type') !== 'text/event-stream') {
    const bytes = Buffer.from(await answer.arrayBuffer())
    response.writeHead(status, { ...Object.fromEntries(headers), 'content-length': bytes.length })
    response.end(bytes)
    return
  }
  response.writeHead(status, Object.fromEntries(headers))
  // A stream that is silent for a while is open all the same.
  response.flushHeaders()
  await pump(body.getReader(), response)
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  response: ServerResponse,
): Promise<void> {
  const onClose = (): void => {
    // What follows is that the SDK lets go of the stream; it does not fail.
    reader.cancel().catch(() => undefined)
  }
  response.once('close', onClose)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!response.write(value) && !(await isDrained(response))) {
      response.destroy()
      break
    }
  }
  response.off('close', onClose)
  if (!response.destroyed) response.end()
}

/** False when the client does not read in time, or is gone. */
function isDrained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isRead: boolean): void => {
      clearTimeout(timer)
      response.off('drain', onDrain).off('close', onClose)
      resolve(isRead)
    }
    const onDrain = (): void => {
      settle(true)
    }
    const onClose = (): void => {
      settle(false)
    }
    const timer = setTimeout(onClose, STALL_MS).unref()
    response.on('drain', onDrain).on('close', onClose)
  })
}

/** An error of the transport, before there is a call to answer. */
export function errorResponse(status: number, code: number, message: string): Response {
  const headers = status === 413 ? { connection: 'close' } : {}
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status, headers })
}
