// Where a reader of events goes on, in each repository that it reads.
import { SkeinError, timeOfId, iso } from '../../protocol/index.ts'
import type { AuditCursor, AuditFilter } from '../ports.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Mark } from './event-mark.ts'
import type { EventQuery } from './event-query.ts'

export interface Start {
  readonly repo: Repo
  /** Null: at the beginning of the log. */
  readonly from: AuditCursor | null
  readonly filter: AuditFilter
}

/**
 * An event stands in one log. Readers of several go on in the others a little before it: they may hear an event twice, whose
 * id tells, and miss none, though clocks of machines differ.
 */
const OVERLAP_MS = 10_000

/** @throws SkeinError EVENTS_GONE when a log does not hold the event that was seen last in it. */
export async function startsOf(query: EventQuery, signal: AbortSignal): Promise<readonly Start[]> {
  const { repos, since } = query
  if (since !== null && 'seen' in since) {
    const { first, seen } = since
    return Promise.all(
      repos.map(async (repo) => {
        const id = seen.get(repo.id)
        if (id === undefined) return startIn(repo, query, first, signal)
        const from = await hostOf(repo).audit.seek({ id }, signal)
        if (from === null) throw gone(id, [repo])
        return { repo, from, filter: query.filter }
      }),
    )
  }
  const starts = await Promise.all(repos.map((repo) => startIn(repo, query, since, signal)))
  if (since === null || 'at' in since || starts.some(({ isHere }) => isHere)) return starts
  throw gone(since.id, repos)
}

async function startIn(
  repo: Repo,
  { filter }: EventQuery,
  since: Mark | null,
  signal: AbortSignal,
): Promise<Start & { readonly isHere: boolean }> {
  if (since === null) return { repo, from: null, filter, isHere: true }
  const { audit } = hostOf(repo)
  const found = await audit.seek(since, signal)
  if ('at' in since)
    return { repo, from: found, filter: { ...filter, since: since.at }, isHere: true }
  if (found !== null) return { repo, from: found, filter, isHere: true }
  const at = iso(timeOfId(since.id) - OVERLAP_MS)
  return {
    repo,
    from: await audit.seek({ at }, signal),
    filter: { ...filter, since: at },
    isHere: false,
  }
}

function gone(id: string, repos: readonly Repo[]): SkeinError {
  const logs = repos.map((repo) => repo.id).join(', ')
  return new SkeinError('EVENTS_GONE', `the audit log of ${logs} does not hold ${id}`, {
    hint: 'What was before it may have been removed. Begin without it, or at a time: skein events --since 4h',
    data: { since: id },
  })
}
