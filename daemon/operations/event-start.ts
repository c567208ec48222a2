// Where a reader of events goes on, in each repository that it reads.
import { SkeinError, timeOfId } from '../../protocol/index.ts'
import { iso } from '../json.ts'
import type { AuditCursor, AuditFilter } from '../ports.ts'
import { hostOf, type Repo } from '../repos.ts'
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

/** @throws SkeinError EVENTS_GONE when no log holds the event that was seen last. */
export async function startsOf(query: EventQuery, signal: AbortSignal): Promise<readonly Start[]> {
  const { repos, since, filter } = query
  if (since === null) return repos.map((repo) => ({ repo, from: null, filter }))
  const found = await Promise.all(
    repos.map(async (repo) => ({ repo, from: await hostOf(repo).audit.seek(since, signal) })),
  )
  if ('at' in since) return found.map((start) => ({ ...start, filter }))
  if (found.every(({ from }) => from === null)) throw gone(since.id, repos)
  const at = iso(timeOfId(since.id) - OVERLAP_MS)
  return Promise.all(
    found.map(async ({ repo, from }) => {
      if (from !== null) return { repo, from, filter }
      const before = await hostOf(repo).audit.seek({ at }, signal)
      return { repo, from: before, filter: { ...filter, since: at } }
    }),
  )
}

function gone(id: string, repos: readonly Repo[]): SkeinError {
  const logs = repos.map((repo) => repo.id).join(', ')
  return new SkeinError('EVENTS_GONE', `the audit log of ${logs} does not hold ${id}`, {
    hint: 'What was before it may have been removed. Begin without it, or at a time: skein events --since 4h',
    data: { since: id },
  })
}
