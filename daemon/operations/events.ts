// `events`: a page of what happened, out of the audit logs; and the log itself, line by line, for export.
import {
  tellEvent,
  timeOfId,
  type AuditEvent,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import { iso } from '../json.ts'
import { hostOf } from '../repos.ts'
import type { Handler } from './context.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'
import { startsOf, type Start } from './event-start.ts'

const EVENTS_TOLD = 50
/** Lines of one page of an export. */
const LINES_TOLD = 1_000

export const events: Handler<OperationInput<'events'>> = async (parts, input, context) => {
  const query = await readEventQuery(parts, input, context)
  const limit = input.limit ?? EVENTS_TOLD
  const found: AuditEvent[] = []
  // One more than asked for tells that there are more.
  for (const start of await pageStarts(query, context.signal))
    found.push(...(await pageOf(start, query.since !== null, limit + 1, context.signal)))
  const inOrder =
    query.repos.length > 1 ? found.sort((a, b) => compare(orderOf(a), orderOf(b))) : found
  const more = inOrder.length > limit
  const told = query.since === null ? inOrder.slice(-limit) : inOrder.slice(0, limit)
  const result: OperationResult<'events'> = {
    events: told,
    summary: told.map(tellEvent),
    more,
    next: told.at(-1)?.id ?? null,
  }
  return result
}

/** From a place on the first ones, else the last ones; oldest first either way. */
async function pageOf(
  { repo, from, filter }: Start,
  isForward: boolean,
  limit: number,
  signal: AbortSignal,
): Promise<readonly AuditEvent[]> {
  const { audit } = hostOf(repo)
  const found: AuditEvent[] = []
  const where = from === null || !isForward ? {} : { from }
  const options = { newestFirst: !isForward, limit, signal, ...where }
  for await (const event of audit.scan(filter, options)) found.push(event)
  return isForward ? found : found.reverse()
}

export const auditExport: Handler<OperationInput<'audit/export'>> = async (
  parts,
  input,
  context,
) => {
  const query = await readEventQuery(parts, input, context)
  const [start] = await startsOf(query, context.signal)
  if (start === undefined) return { lines: [], next: null }
  const limit = input.limit ?? LINES_TOLD
  const lines: string[] = []
  for await (const group of hostOf(start.repo).audit.lines(start.from, context.signal)) {
    lines.push(...group.slice(0, limit - lines.length).map((line) => line.toString('utf8')))
    if (lines.length >= limit) break
  }
  const result: OperationResult<'audit/export'> = { lines, next: nextOf(lines, limit) }
  return result
}

/** The id on the last line, when there may be more behind it. */
function nextOf(lines: readonly string[], limit: number): string | null {
  if (lines.length < limit) return null
  return /^\{"id":"(evt_[0-9A-Z]{26})"/.exec(lines.at(-1) ?? '')?.[1] ?? null
}

/**
 * Pages of several logs are by time, then by id, and go on strictly behind the event that was seen, wherever it stands: so they
 * come to an end, and tell nothing twice.
 */
async function pageStarts(query: EventQuery, signal: AbortSignal): Promise<readonly Start[]> {
  const { since, repos, filter } = query
  const starts = await startsOf(query, signal)
  if (repos.length === 1 || since === null || 'at' in since) return starts
  const at = iso(timeOfId(since.id))
  const seen = orderOf({ at, id: since.id })
  const where = (event: AuditEvent): boolean =>
    orderOf(event) > seen && (filter.where === undefined || filter.where(event))
  return Promise.all(
    repos.map(async (repo) => ({
      repo,
      from: await hostOf(repo).audit.seek({ at }, signal),
      filter: { ...filter, where },
    })),
  )
}

function orderOf({ at, id }: Pick<AuditEvent, 'at' | 'id'>): string {
  return `${at} ${id}`
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
