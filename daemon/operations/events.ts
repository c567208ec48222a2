// `events`: a page of what happened, out of the audit logs; and the log itself, line by line, for export.
import {
  SkeinError,
  tellEvent,
  type AuditEvent,
  type OperationInput,
  type OperationResult,
} from '../../protocol/index.ts'
import type { AuditCursor, AuditPort } from '../ports.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Handler } from './context.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'

const EVENTS_TOLD = 50
/** Lines of one page of an export. */
const LINES_TOLD = 1_000

export const events: Handler<OperationInput<'events'>> = async (parts, input, context) => {
  const query = await readEventQuery(parts, input, context)
  const limit = input.limit ?? EVENTS_TOLD
  const found: AuditEvent[] = []
  // One more than asked for tells that there are more.
  for (const repo of query.repos)
    found.push(...(await pageOf(repo, query, limit + 1, context.signal)))
  const inOrder = query.repos.length > 1 ? found.sort((a, b) => compare(a.at, b.at)) : found
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
  { host, id }: Repo,
  { since, filter }: EventQuery,
  limit: number,
  signal: AbortSignal,
): Promise<readonly AuditEvent[]> {
  if (host === null) return []
  const found: AuditEvent[] = []
  if (since === null) {
    const options = { newestFirst: true, limit, signal }
    for await (const event of host.audit.scan(filter, options)) found.push(event)
    return found.reverse()
  }
  const from = await startOf(host.audit, since, id, signal)
  const options = { limit, signal, ...(from === null ? {} : { from }) }
  for await (const event of host.audit.scan(filter, options)) found.push(event)
  return found
}

/**
 * Where a reader goes on; null: at the beginning of the log, for a moment before it.
 * @throws SkeinError EVENTS_GONE when the log does not hold the event that was seen last.
 */
export async function startOf(
  audit: AuditPort,
  since: NonNullable<EventQuery['since']>,
  repo: string,
  signal: AbortSignal,
): Promise<AuditCursor | null> {
  const cursor = await audit.seek(since, signal)
  if (cursor !== null || 'at' in since) return cursor
  throw new SkeinError('EVENTS_GONE', `the audit log of ${repo} does not hold ${since.id}`, {
    hint: 'What was before it may have been removed. Begin without it, or at a time: skein events --since 4h',
    data: { since: since.id },
  })
}

export const auditExport: Handler<OperationInput<'audit/export'>> = async (
  parts,
  input,
  context,
) => {
  const query = await readEventQuery(parts, input, context)
  const [repo] = query.repos
  if (repo === undefined) return { lines: [], next: null }
  const { audit } = hostOf(repo)
  const from =
    query.since === null ? null : await startOf(audit, query.since, repo.id, context.signal)
  const limit = input.limit ?? LINES_TOLD
  const lines: string[] = []
  for await (const group of audit.lines(from, context.signal)) {
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

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
