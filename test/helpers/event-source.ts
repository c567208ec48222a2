// A reader of server-sent events as a stranger writes it: node:http and the HTML standard's text format, nothing of skein's.
import http from 'node:http'
import type { AuditEvent } from '../../protocol/index.ts'
import type { Where } from './api.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { until } from './poll.ts'

export interface EventSource {
  readonly status: number
  readonly type: string
  /** Events so far, in order. */
  readonly events: readonly AuditEvent[]
  /** What stood in the `id:` line of the last one. */
  lastId(): string
  /** What is not an event: comments, `retry:`. */
  readonly other: readonly string[]
  readonly ended: Promise<void>
  /** The first event of this kind; waits for it. */
  next(kind: string): Promise<AuditEvent>
  close(): void
}

/** @param path with its query */
export function openEvents(
  cleaner: Cleaner,
  where: Where,
  path: string,
  headers: http.OutgoingHttpHeaders = {},
): Promise<EventSource> {
  const place =
    'socket' in where ? { socketPath: where.socket } : { host: '127.0.0.1', port: where.port }
  const token = 'token' in where ? { authorization: `Bearer ${where.token}` } : {}
  return new Promise((resolve, reject) => {
    const request = http.get({ ...place, path, headers: { ...token, ...headers } })
    onCleanup(cleaner, () => void request.destroy())
    request.once('error', reject)
    request.once('response', (response) => {
      request.off('error', reject)
      request.on('error', () => undefined)
      resolve(read(request, response))
    })
  })
}

function read(request: http.ClientRequest, response: http.IncomingMessage): EventSource {
  const events: AuditEvent[] = []
  const other: string[] = []
  let rest = ''
  let last = ''
  response.setEncoding('utf8')
  response.on('error', () => undefined)
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => splitAt(line, line.indexOf(':'))))
      const data = fields.get('data')
      if (data === undefined) other.push(block)
      else {
        events.push(JSON.parse(data) as AuditEvent)
        last = fields.get('id') ?? last
      }
    }
  })
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    events,
    other,
    lastId: () => last,
    ended: new Promise((resolve) => {
      response.once('close', () => {
        resolve()
      })
    }),
    next: (kind) =>
      until(`an event ${kind}`, () => events.find((event) => event.kind === kind) ?? null),
    close() {
      request.destroy()
    },
  }
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1).trimStart()]
}
