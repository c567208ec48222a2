// `events`: a page of what happened, out of the audit logs; and the log itself, line by line, for export. A page is bounded in
// events and in bytes: what does not fit is on the next one.
import {
  eventLine,
  SkeinError,
  tellEvent,
  type AuditEvent,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { isMatch } from '../audit-filter.ts'
import type { AuditCursor } from '../ports.ts'
import { hostOf } from '../repos.ts'
import type { Handler } from './context.ts'
import { compareTimes, mergeLogs } from './event-merge.ts'
import { writeSeen } from './event-mark.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'
import { startsOf } from './event-start.ts'

const EVENTS_TOLD = 50
/** Lines of one page of an export. */
const LINES_TOLD = 1_000
/** An event may have some hundred kilobytes, and an answer is one text. */
const PAGE_BYTES_MAX = 4 * 1_048_576

interface Page {
  /** Oldest first. */
  readonly events: readonly AuditEvent[]
  readonly more: boolean
  readonly next: string | null
}

export const events: Handler<OperationInput<'events'>> = async (parts, input, context) => {
  const query = await readEventQuery(parts, input, context)
  const limit = input.limit ?? EVENTS_TOLD
  const { signal } = context
  const page =
    query.since === null
      ? await newest(query, limit, signal)
      : await following(query, limit, signal)
  const result: OperationResult<'events'> = {
    events: page.events,
    summary: page.events.map(tellEvent),
    more: page.more,
    next: page.next,
  }
  return result
}

/** The last ones of all logs together. */
async function newest(
  { repos, filter }: EventQuery,
  limit: number,
  signal: AbortSignal,
): Promise<Page> {
  const found: AuditEvent[] = []
  const seen = new Map<string, string>()
  for (const repo of repos) {
    const { audit } = hostOf(repo)
    const last = audit.last()
    if (last !== null) seen.set(repo.id, last.id)
    const room = new Room(limit + 1)
    for await (const event of audit.scan(filter, { newestFirst: true, signal })) {
      if (!room.takes(event)) break
      found.push(event)
    }
  }
  const inOrder = found.reverse().sort((a, b) => compareTimes(a.at, b.at))
  const told = inOrder.slice(-limit)
  const next = repos.length === 1 ? (told.at(-1)?.id ?? null) : writeSeen(null, seen)
  return { events: told, more: inOrder.length > limit, next }
}

/** The first ones behind what was seen. */
async function following(query: EventQuery, limit: number, signal: AbortSignal): Promise<Page> {
  const { since, repos } = query
  const isTold = since !== null && 'seen' in since
  const seen = new Map(isTold ? since.seen : [])
  const told: AuditEvent[] = []
  const room = new Room(limit)
  let more = false
  const read = async (): Promise<void> => {
    for await (const batch of mergeLogs(await startsOf(query, signal), signal)) {
      for (const event of batch.events) {
        if (isMatch(event, batch.filter)) {
          if (!room.takes(event)) {
            more = true
            return
          }
          told.push(event)
        }
        seen.set(event.repo, event.id)
      }
    }
  }
  await read()
  const first = isTold ? since.first : since
  const next = repos.length === 1 ? (told.at(-1)?.id ?? null) : writeSeen(first, seen)
  return { events: told, more, next }
}

/** Of one page; the first event always fits. */
class Room {
  #events: number
  #bytes = PAGE_BYTES_MAX
  #isEmpty = true

  constructor(events: number) {
    this.#events = events
  }

  takes(event: AuditEvent): boolean {
    return this.takesBytes(Buffer.byteLength(eventLine(event)))
  }

  takesBytes(bytes: number): boolean {
    const isTaken = this.#isEmpty || (this.#events > 0 && this.#bytes >= bytes)
    if (isTaken) {
      this.#isEmpty = false
      this.#events -= 1
      this.#bytes -= bytes
    }
    return isTaken
  }
}

const POSITION = /^pos_(\d{1,9})_(\d{1,15})$/

export const auditExport: Handler<OperationInput<'audit/export'>> = async (
  parts,
  input,
  context,
) => {
  const { signal } = context
  const position = POSITION.exec(input.since ?? '')
  const asked = position === null ? input : { ...input, since: undefined }
  const [start] = await startsOf(await readEventQuery(parts, asked, context), signal)
  if (start === undefined) throw new SkeinError('INTERNAL', 'an export of no repository')
  const from: AuditCursor | null =
    position === null ? start.from : { segment: Number(position[1]), offset: Number(position[2]) }
  const room = new Room(input.limit ?? LINES_TOLD)
  const lines: string[] = []
  for await (const group of hostOf(start.repo).audit.lines(from, signal)) {
    let { offset } = group
    for (const line of group.lines) {
      if (!room.takesBytes(line.length))
        return { lines, next: `pos_${String(group.segment)}_${String(offset)}` }
      lines.push(line.toString('utf8'))
      offset += line.length + 1
    }
  }
  const result: OperationResult<'audit/export'> = { lines, next: null }
  return result
}
