// Coord's routes about ownership and hot spots. What changes something is a person's act here: by the home's token, where
// config.yml trusts scripts.
import { z } from 'zod'
import { SkeinError } from '../../../protocol/index.ts'
import { readText } from '../body.ts'
import type { Reply, Route } from '../http-call.ts'
import { coordRoute, inEach, ok, type CoordCall, type CoordDaemon } from './call.ts'
import { HOTSPOTS_QUERY, parametersOf, readBody, readQuery, WHO_QUERY } from './input.ts'

/** Coord's defaults. */
const DAYS = 30
const DAYS_MAX = 30
const ATTEMPTS_MIN = 5
const LISTED = 20

export function policyRoutes(daemon: CoordDaemon): readonly Route[] {
  const ownership = '/config/ownership'
  const hotspots = '/metrics/hotspots'
  return [
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: ownership,
        summary: 'The policy of a repository, as YAML',
        query: WHO,
      },
      showOwnership,
    ),
    coordRoute(
      daemon,
      {
        ...{ method: 'POST', path: ownership, summary: 'Set the policy of a repository, as YAML' },
        ...{ query: WHO, isText: true },
      },
      setOwnership,
    ),
    coordRoute(
      daemon,
      {
        ...{ method: 'GET', path: hotspots, summary: 'Where claims meet' },
        query: parametersOf(HOTSPOTS_QUERY),
      },
      listHotspots,
    ),
    coordRoute(
      daemon,
      {
        ...{ method: 'POST', path: `${hotspots}/promote` },
        summary: 'Let claims of a pattern be shared from now on',
      },
      promote,
    ),
  ]
}

const WHO = parametersOf(WHO_QUERY)

async function showOwnership(call: CoordCall): Promise<Reply> {
  const { repo } = readQuery(WHO_QUERY, call.query)
  const { text } = await call.ask('owners/export', { repo: call.repoOf(repo) })
  return text === '' ? { status: 204 } : { status: 200, body: text, type: 'application/yaml' }
}

async function setOwnership(call: CoordCall): Promise<Reply> {
  const { repo, engineer } = readQuery(WHO_QUERY, call.query)
  const text = await readText(call.request)
  const agent = engineer ?? call.engineer ?? OPERATOR
  const asked = { repo: call.repoOf(repo), agent, text, yes: true }
  const { areas } = await call.ask('owners/set', asked)
  return ok({ ok: true, rules: areas.length })
}

/** Who calls by the home's token and names nobody. */
const OPERATOR = 'operator'

async function listHotspots(call: CoordCall): Promise<Reply> {
  const query = readQuery(HOTSPOTS_QUERY, call.query)
  const { days = DAYS, min_attempts: min = ATTEMPTS_MIN, limit = LISTED } = query
  const repos = query.all_repos === 'true' ? call.allRepos() : [call.repoOf(query.repo)]
  const rows = await inEach(repos, async (repo) => {
    const told = await call.ask('hotspots', { repo, days: Math.min(days, DAYS_MAX), min, limit })
    return told.hotspots.map((one) => ({
      repo: repo ?? null,
      pattern: one.pattern,
      attempts: one.refused,
      distinct_attempters: one.agents.length,
      first_seen: `${one.first_seen}T00:00:00Z`,
      last_seen: `${one.last_seen}T00:00:00Z`,
      suggested_action: ACTIONS[one.suggestion],
    }))
  })
  const hotspots = rows
    .flat()
    .toSorted((a, b) => b.attempts - a.attempts)
    .slice(0, limit)
  return ok({ hotspots, days, count: hotspots.length })
}

const ACTIONS = {
  split: 'split',
  promote: 'shared_file',
  monitor: 'monitor',
  shared: 'monitor',
} as const

const PROMOTE_BODY = z.object({
  action: z.string(),
  pattern: z.string(),
  repo: z.string().optional(),
})

async function promote(call: CoordCall): Promise<Reply> {
  const { action, pattern, repo } = readBody(PROMOTE_BODY, call.body)
  if (action !== 'shared_file') {
    throw new SkeinError('INPUT_USAGE', `skein writes no '${action}'`, {
      hint: 'Promote it with `shared_file`, or split the file by hand.',
    })
  }
  const named = call.repoOf(repo)
  const agent = call.engineer ?? OPERATOR
  await call.ask('promote', { repo: named, agent, pattern, yes: true })
  const { text } = await call.ask('owners/export', { repo: named })
  return ok({ ok: true, action, pattern, patched_yaml: text })
}
