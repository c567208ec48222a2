// GET /v1/events over the daemon's socket: events as they happen, a JSON object a line. After a break it goes on behind the
// last one that it told, as soon as a daemon listens again.
import http from 'node:http'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import { errorIn } from './call.ts'

export interface EventStreamOptions {
  /** Asked before each connection: a daemon that starts anew may choose another place. */
  readonly socket: () => string
  /** Fields of the operation `events`. */
  readonly query: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Told when the daemon is gone, and when one is back. */
  readonly onBreak: (isBack: boolean) => void
}

const RETRY_MS = 500
/** A line is one event; the largest record has some hundred kilobytes. */
const LINE_BYTES_MAX = 4 * 1024 * 1024

/** @throws SkeinError what the daemon answered, and DAEMON_DOWN when none listens at the first try. */
export async function* followEvents(options: EventStreamOptions): AsyncGenerator<AuditEvent> {
  let since: string | undefined = options.query['since']
  let isFirst = true
  let isBroken = false
  const isOver = (): boolean => options.signal.aborted
  while (!isOver()) {
    try {
      const query = since === undefined ? options.query : { ...options.query, since }
      const openedAt = new Date().toISOString()
      const response = await open(options, query)
      // Whoever has heard nothing yet goes on where it began.
      since ??= openedAt
      if (isBroken) options.onBreak(true)
      isFirst = false
      isBroken = false
      for await (const event of eventsIn(response)) {
        since = event.id
        yield event
      }
    } catch (error) {
      if (isOver()) return
      if (error instanceof SkeinError && (isFirst || error.code !== 'DAEMON_DOWN')) throw error
    }
    if (isOver()) return
    if (!isBroken) options.onBreak(false)
    isBroken = true
    await delay(RETRY_MS, undefined, { signal: options.signal }).catch(() => undefined)
  }
}

function open(
  { socket, signal }: EventStreamOptions,
  query: Readonly<Record<string, string>>,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.get({
      createConnection: () => net.connect(socket()),
      path: `/v1/events?${new URLSearchParams(query).toString()}`,
      headers: { accept: 'application/x-ndjson' },
      signal,
    })
    request.once('error', (cause) => {
      reject(new SkeinError('DAEMON_DOWN', 'No daemon answers on this machine.', { cause }))
    })
    request.once('response', (response) => {
      // After the answer began, errors are those of its body.
      request.on('error', () => undefined)
      if (response.statusCode === 200) {
        resolve(response)
        return
      }
      textOf(response).then((text) => {
        reject(errorOf(text, response.statusCode ?? 0))
      }, reject)
    })
  })
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString('utf8')
  return text
}

function errorOf(text: string, status: number): SkeinError {
  try {
    const error = errorIn(JSON.parse(text))
    if (error !== null) return error
  } catch {
    // Said below.
  }
  return new SkeinError('INTERNAL', `The daemon answered with HTTP ${String(status)}.`)
}

async function* eventsIn(response: http.IncomingMessage): AsyncGenerator<AuditEvent> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_BYTES_MAX) throw new Error('an event of more than 4 MiB')
    for (const line of lines) if (line !== '') yield JSON.parse(line) as AuditEvent
  }
}
