// Coord's routes that tell of the whole: who the caller is, what the repositories did of late, how often symbols let two work
// on one file.
import type { Reply, Route } from '../http-call.ts'
import { coordRoute, inEach, ok, type CoordCall, type CoordDaemon } from './call.ts'
import { eventsSince, type Event } from './history.ts'
import { DAYS_QUERY, readQuery, parametersOf } from './input.ts'
import { seconds } from './rows.ts'

const DAY_MS = 86_400_000
const DAYS = 30

export function insightRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      { method: 'GET', path: '/whoami', summary: 'Whom the token names' },
      tellCaller,
    ),
    coordRoute(
      daemon,
      { method: 'GET', path: '/repos', summary: 'Repositories and what they did of late' },
      listRepos,
    ),
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/metrics/auto-resolutions',
        summary: 'How often symbols let two work on one file',
        query: parametersOf(DAYS_QUERY),
      },
      countResolutions,
    ),
  ]
}

/** The home's own token names nobody, and speaks of every repository. */
function tellCaller({ context }: CoordCall): Promise<Reply> {
  const { grant } = context.caller
  if (grant === undefined) {
    const auth_kind = context.door === 'tcp' ? 'shared' : 'none'
    return Promise.resolve(ok({ auth_kind, engineer: null, repo_scope: null, scoped: false }))
  }
  const { agent, repos } = grant
  const [only] = repos ?? []
  const repo_scope = repos?.length === 1 ? only : null
  return Promise.resolve(
    ok({ auth_kind: 'engineer', engineer: agent, repo_scope, scoped: repos !== null }),
  )
}

async function listRepos(call: CoordCall): Promise<Reply> {
  const since = sinceDays(1)
  const repos = await inEach(call.allRepos(), async (repo) => {
    const { claims, recent } = await call.ask('claims', { repo, recent: true })
    const granted = await eventsSince(call, { repo, kinds: ['claim.granted'], since })
    const seen = [
      ...granted.map(({ at }) => at),
      ...claims.map((claim) => claim.last_activity),
      ...recent.map(({ at }) => at),
    ]
    return {
      repo,
      active_claims: claims.length,
      claims_24h: granted.length,
      engineers_24h: new Set(granted.map(({ actor }) => actor)).size,
      last_activity: seen.length === 0 ? null : seconds(seen.reduce((a, b) => (a > b ? a : b))),
      auto_resolutions_24h: countsOf(await resolutionsOf(call, repo, since)),
    }
  })
  return ok({ repos, count: repos.length })
}

async function countResolutions(call: CoordCall): Promise<Reply> {
  const { days = DAYS, repo: named } = readQuery(DAYS_QUERY, call.query)
  const repos = named === undefined ? call.allRepos() : [named]
  const rows = await inEach(repos, async (repo) => {
    const byDate = new Map<string, Event[]>()
    for (const event of await resolutionsOf(call, repo, sinceDays(days))) {
      const date = event.at.slice(0, 'YYYY-MM-DD'.length)
      const known = byDate.get(date)
      if (known === undefined) byDate.set(date, [event])
      else known.push(event)
    }
    return [...byDate].map(([date, events]) => ({ repo, date, ...countsOf(events) }))
  })
  const series = rows.flat().toSorted((a, b) => a.date.localeCompare(b.date))
  return ok({ series, days, count: series.length })
}

/** Claims that came to stand beside another by themselves: not those that a holder let in. */
async function resolutionsOf(
  call: CoordCall,
  repo: string,
  since: string,
): Promise<readonly Event[]> {
  const kinds = ['claim.coexist', 'request.answered']
  const events = await eventsSince(call, { repo, kinds, since })
  const letIn = new Set(events.flatMap(({ data }) => listOf(data['granted'])))
  return events.filter(({ kind, data }) => kind === 'claim.coexist' && !letIn.has(data['partner']))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function countsOf(events: readonly Event[]): {
  readonly auto_coexist: number
  readonly auto_narrow: number
} {
  const narrow = events.filter(({ data }) => data['narrowed'] === true).length
  return { auto_coexist: events.length - narrow, auto_narrow: narrow }
}

function sinceDays(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString()
}
