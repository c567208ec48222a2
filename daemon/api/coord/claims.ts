// Coord's routes on claims that there are: list, extend, release.
import type { Reply, Route } from '../http-call.ts'
import {
  coordRoute,
  firstKnowing,
  inEach,
  isIdOf,
  notFound,
  ok,
  requireWho,
  sum,
  whoOf,
  type CoordCall,
  type CoordDaemon,
  type Who,
} from './call.ts'
import {
  CLAIMS_QUERY,
  EXTEND_BODY,
  readBody,
  readQuery,
  RELEASE_BODY,
  WHO_QUERY,
  parametersOf,
} from './input.ts'
import { hasCode, textOf } from './refusal.ts'
import { claimRow, seconds } from './rows.ts'

export function claimRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      { method: 'GET', path: '/claims', summary: 'List claims', query: parametersOf(CLAIMS_QUERY) },
      listClaims,
    ),
    coordRoute(
      daemon,
      { method: 'POST', path: '/claims/release', summary: 'Give claims back' },
      releaseClaims,
    ),
    coordRoute(
      daemon,
      {
        method: 'DELETE',
        path: '/claims/{id}',
        summary: 'Give one claim back',
        query: parametersOf(WHO_QUERY),
      },
      releaseOne,
    ),
    coordRoute(
      daemon,
      { method: 'POST', path: '/claims/{id}/extend', summary: 'Give a claim more time' },
      extendClaim,
    ),
  ]
}

/** Ended claims that coord would list with the live ones. */
const LISTED_MAX = 200

async function listClaims(call: CoordCall): Promise<Reply> {
  const query = readQuery(CLAIMS_QUERY, call.query)
  const isRecent = query.active_only === false
  const { claims, recent } = await call.ask('claims', {
    repo: query.repo,
    agent: call.engineer,
    // A sign of life of that session, and no filter.
    session: query.session_id,
    of_agent: query.engineer,
    all_repos: query.all_repos,
    recent: isRecent,
  })
  const { module: part, engineer } = query
  const ended = recent.filter(({ claim }) => engineer === undefined || claim.agent === engineer)
  const found = [
    ...claims.map((claim) => ({ claim, end: null })),
    ...ended.map((end) => ({ claim: end.claim, end })),
  ].filter(({ claim }) => part === undefined || claim.pattern.includes(part))
  const newest = isRecent
    ? found
        .toSorted((a, b) => b.claim.granted_at.localeCompare(a.claim.granted_at))
        .slice(0, LISTED_MAX)
    : found
  return ok({
    claims: newest.map(({ claim, end }) => claimRow(claim, end)),
    count: newest.length,
  })
}

async function releaseClaims(call: CoordCall): Promise<Reply> {
  const body = readBody(RELEASE_BODY, call.body)
  return released(
    call,
    body.claim_ids,
    whoOf({ ...body, engineer: body.engineer ?? call.engineer }),
  )
}

async function releaseOne(call: CoordCall): Promise<Reply> {
  const query = readQuery(WHO_QUERY, call.query)
  const who = whoOf({ ...query, engineer: query.engineer ?? call.engineer })
  return released(call, [call.params['id'] ?? ''], who)
}

async function released(call: CoordCall, given: readonly string[], who: Who): Promise<Reply> {
  requireWho(call, who)
  const ids = given.filter((id) => isIdOf('clm', id))
  if (ids.length === 0) return ok({ released: 0 })
  const counts = await inEach(call.reposOf(who.repo), (repo) =>
    releaseOwn(call, ids, { ...who, repo }),
  )
  return ok({ released: sum(counts) })
}

/** The ledger names what it does not know and what is another's; the rest is asked for again. */
async function releaseOwn(call: CoordCall, given: readonly string[], who: Who): Promise<number> {
  let ids = [...new Set(given)]
  while (ids.length > 0) {
    try {
      const result = await call.ask('release', { ...who, ids })
      return result.released.length
    } catch (error) {
      if (!hasCode(error, ['CLAIM_UNKNOWN', 'CLAIM_NOT_YOURS'])) throw error
      const others = new Set(idsIn(error.data))
      const left = ids.filter((id) => !others.has(id))
      // Each round leaves fewer, or it would have no end.
      if (left.length === ids.length) throw error
      ids = left
    }
  }
  return 0
}

function idsIn(data: unknown): readonly unknown[] {
  if (typeof data !== 'object' || data === null || !('ids' in data)) return []
  return Array.isArray(data.ids) ? data.ids : []
}

const NOT_OWNED = ['CLAIM_UNKNOWN', 'CLAIM_ENDED', 'CLAIM_NOT_YOURS'] as const
/** What an extension gives when it does not say. */
const EXTEND_HOURS = 2

async function extendClaim(call: CoordCall): Promise<Reply> {
  const body = readBody(EXTEND_BODY, call.body)
  const id = call.params['id'] ?? ''
  const ttl_s = (body.ttl_hours ?? EXTEND_HOURS) * 3600
  const who = whoOf(body)
  if (!isIdOf('clm', id)) return notFound(`no claim ${id} is known here`)
  try {
    const { claims } = await firstKnowing(call.reposOf(body.repo), ['CLAIM_UNKNOWN'], (repo) =>
      call.ask('renew', { ...who, repo, ids: [id], ttl_s }),
    )
    const [claim] = claims
    const end = claim === undefined ? null : seconds(claim.expires_at)
    return ok({ ok: true, claim_id: id, expires_at: end })
  } catch (error) {
    if (hasCode(error, NOT_OWNED)) return notFound(textOf(error))
    throw error
  }
}
