// GET /v1/events: events as they happen, as server-sent events, or a JSON object a line for whoever accepts NDJSON. A reader
// that comes back with the id of the last event it read (Last-Event-ID, or `since`) misses nothing.
import type { ServerResponse } from 'node:http'
import { eventLine, SkeinError, type AuditEvent } from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import type { HttpCall, Route } from './http-call.ts'

/** Each is a connection with its buffers. */
const STREAMS_MAX = 1_024
/** Proxies and clients give up on a silent connection after some 30 s. */
const HEARTBEAT_MS = 15_000
/** Texts that wait for a slow reader are memory. */
const WRITTEN_AT_ONCE = 256
/** Who takes nothing for so long is gone, or might as well be; it comes back behind what it has read. */
const STALLED_MS = 30_000
/** HTML standard, section 9.2: how long a browser waits before it comes back. */
const RETRY_MS = 1_000

/** The fields of the operation `events`, as texts. */
const QUERY = [
  { name: 'repo', help: 'repository id' },
  { name: 'since', help: 'how long ago (4h), a time, or the id of the last event seen' },
  { name: 'kinds', help: 'such as claim.granted,queue.*' },
  { name: 'of_agent', help: 'caused by this agent' },
  { name: 'about', help: 'an id or a name that the event tells of' },
  { name: 'all_repos', help: 'true: of every enrolled repository' },
]

export interface EventStreams {
  readonly routes: readonly Route[]
  /** How many are open. */
  readonly count: () => number
  /** Ends them all: whoever comes back goes on behind the last event. */
  readonly close: () => void
}

export function createEventStreams(operations: Operations): EventStreams {
  const open = new Set<ServerResponse>()
  return {
    count: () => open.size,
    close() {
      for (const response of open) response.destroy()
    },
    routes: [
      {
        method: 'GET',
        path: '/v1/events',
        access: 'token',
        about: {
          summary: 'Events as they happen: server-sent events, or NDJSON for whoever accepts it',
          tag: 'events',
          type: 'text/event-stream',
          query: QUERY,
        },
        async answer(call) {
          if (open.size >= STREAMS_MAX)
            throw new SkeinError('BUSY', `${String(STREAMS_MAX)} event streams are open`)
          open.add(call.response)
          try {
            await stream(operations, call)
          } finally {
            open.delete(call.response)
          }
          return null
        },
      },
    ],
  }
}

async function stream(operations: Operations, call: HttpCall): Promise<void> {
  const { request, response, context } = call
  const isLines = (request.headers.accept ?? '').includes('ndjson')
  const { batches, position } = await operations.follow(inputOf(call), context)
  response.writeHead(200, {
    'content-type': isLines ? 'application/x-ndjson' : 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  // An id without data is where a reader comes back to that has heard nothing yet.
  const place = position === null ? '' : `id: ${position}\n`
  if (!isLines) response.write(`retry: ${String(RETRY_MS)}\n${place}\n`)
  else response.flushHeaders()
  const heartbeat = setInterval(() => {
    if (!isLines && !response.writableNeedDrain) response.write(': still here\n\n')
  }, HEARTBEAT_MS)
  try {
    for await (const events of batches) {
      for (let at = 0; at < events.length && !response.destroyed; at += WRITTEN_AT_ONCE) {
        const some = events.slice(at, at + WRITTEN_AT_ONCE)
        if (!response.write(some.map(isLines ? lineOf : frameOf).join('')))
          await drained(response, context.signal)
      }
    }
  } catch (error) {
    // The head is out: the end of the stream is all that can be said.
    if (!(error instanceof SkeinError) && !context.signal.aborted) throw error
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}

/** The fields of the operation `events` as a query has them: texts, lists with commas, switches. */
function inputOf({ query, request }: HttpCall): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = {}
  for (const [key, value] of query) {
    if (key === 'kinds') input[key] = [...list(input[key]), ...value.split(',').filter(Boolean)]
    else input[key] = SWITCHES.has(key) ? isOn(value) : value
  }
  const lastSeen = request.headers['last-event-id']
  return typeof lastSeen === 'string' && lastSeen !== '' ? { ...input, since: lastSeen } : input
}

const SWITCHES = new Set(['all_repos'])

function isOn(value: string): unknown {
  if (value === '' || value === '1' || value === 'true') return true
  return value === '0' || value === 'false' ? false : value
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** As they stand in the log, so that readers can check hashes. Made once for all streams: an event never changes. */
const lines = new WeakMap<AuditEvent, string>()

function textOf(event: AuditEvent): string {
  let text = lines.get(event)
  if (text === undefined) {
    text = eventLine(event)
    lines.set(event, text)
  }
  return text
}

function frameOf(event: AuditEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${textOf(event)}\n\n`
}

function lineOf(event: AuditEvent): string {
  return `${textOf(event)}\n`
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      response.destroy()
    }, STALLED_MS)
    const settle = (): void => {
      clearTimeout(timer)
      response.off('drain', settle).off('close', settle)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    response.on('drain', settle).on('close', settle)
    signal.addEventListener('abort', settle, { once: true })
    if (signal.aborted) settle()
  })
}
