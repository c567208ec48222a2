// Coord's routes on sessions. A session here is a name that calls carry: it is open as long as somebody uses it, and what
// is true of it is what it holds.
import type { OperationResult } from '../../../protocol/index.ts'
import type { Reply, Route } from '../http-call.ts'
import { coordRoute, inEach, ok, sum, type CoordCall, type CoordDaemon } from './call.ts'
import { latestEvents, type Event } from './history.ts'
import { PLACE_BODY, readBody, readQuery, WHO_QUERY, parametersOf } from './input.ts'
import { claimRow, requestRow, seconds, sessionOf } from './rows.ts'

type Claim = OperationResult<'claims'>['claims'][number]
type Inbox = OperationResult<'inbox'>

export function sessionRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      {
        method: 'POST',
        path: '/sessions/{id}/release',
        summary: 'Give back all that a session holds',
        query: parametersOf(WHO_QUERY),
      },
      releaseSession,
    ),
    coordRoute(
      daemon,
      {
        method: 'POST',
        path: '/sessions/{id}/open',
        summary: 'A session and what it holds',
        query: parametersOf(WHO_QUERY),
      },
      showSession,
    ),
    coordRoute(
      daemon,
      {
        method: 'POST',
        path: '/sessions/{id}/check',
        summary: 'A session and what it holds',
        query: parametersOf(WHO_QUERY),
      },
      showSession,
    ),
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/sessions/{id}/pending_requests',
        summary: 'What others ask of a session',
        query: parametersOf(WHO_QUERY),
      },
      showInbox,
    ),
  ]
}

async function releaseSession(call: CoordCall): Promise<Reply> {
  const session = call.params['id']
  const counts = await inEach(reposOf(call), async (repo) => {
    const { released } = await call.ask('release', { repo, session, this_session: true })
    return released.length
  })
  return ok({ released: sum(counts) })
}

async function showSession(call: CoordCall): Promise<Reply> {
  const session = call.params['id']
  const claims = (await inEach(reposOf(call), (repo) => claimsOf(call, repo, { session }))).flat()
  return ok({
    session_id: session,
    state: 'open',
    engineers: [...new Set(claims.map(({ agent }) => agent))],
    claims: claims.map((claim) => claimRow(claim)),
    count: claims.length,
  })
}

/** A monitor polls it: to look is no sign of life of the session, or a dead one would keep its claims for ever. */
async function showInbox(call: CoordCall): Promise<Reply> {
  const session = call.params['id']
  const rows = await inEach(reposOf(call), async (repo) => {
    const inbox = await call.ask('inbox', { repo, of_session: session })
    const claims = await claimsOf(call, repo)
    return [
      ...inbox.requests.map((request) => ({ kind: 'request', ...requestRow(request, null) })),
      ...(await refusedRows(call, repo, claims)),
      ...inbox.narrowed.flatMap(narrowedRows),
    ]
  })
  const pending = rows.flat()
  return ok({ pending, count: pending.length })
}

/** Coord's answers show so many attempts of others, newest first. */
const ATTEMPTS_SHOWN = 50
/** Refusals of a whole repository among which they are looked for: clients poll this. */
const ATTEMPTS_READ = 500

/** Attempts of others that claims of this session refused. */
async function refusedRows(
  call: CoordCall,
  repo: string | undefined,
  claims: readonly Claim[],
): Promise<readonly object[]> {
  if (claims.length === 0) return []
  const held = new Map(claims.map((claim) => [claim.id, claim]))
  const asked = { repo, kinds: ['claim.refused'], limit: ATTEMPTS_READ }
  const events = await latestEvents(call, asked)
  const rows = events.flatMap((event) => attemptsIn(event, held))
  return rows.toReversed().slice(0, ATTEMPTS_SHOWN)
}

function attemptsIn(event: Event, held: ReadonlyMap<string, Claim>): readonly object[] {
  const { conflicts, session } = event.data
  if (!Array.isArray(conflicts)) return []
  return conflicts.flatMap((conflict: unknown) => {
    const { claim: id, pattern } = fieldsOf(conflict)
    const claim = typeof id === 'string' ? held.get(id) : undefined
    if (claim === undefined) return []
    return {
      kind: 'auto-conflict',
      id: event.id,
      claim_id: claim.id,
      attempted_by: event.actor,
      attempted_pattern: pattern,
      attempted_session_id: typeof session === 'string' ? sessionOf(session, event.actor) : null,
      created_at: seconds(event.at),
      holder_pattern: claim.pattern,
      holder_engineer: claim.agent,
    }
  })
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Symbols that others were granted out of a claim. */
function narrowedRows({ claim, pattern, by }: Inbox['narrowed'][number]): readonly object[] {
  return by.map((partner) => ({
    kind: 'auto-narrow-notice',
    id: partner.id,
    claim_id: claim,
    holder_pattern: pattern,
    partner_claim_id: partner.id,
    partner_engineer: partner.agent,
    partner_pattern: partner.pattern,
    symbols: partner.symbols,
    created_at: seconds(partner.granted_at),
  }))
}

async function claimsOf(
  call: CoordCall,
  repo: string | undefined,
  caller: { readonly session?: string | undefined } = {},
): Promise<readonly Claim[]> {
  return (await call.ask('claims', { repo, ...caller, of_session: call.params['id'] })).claims
}

function reposOf(call: CoordCall): readonly (string | undefined)[] {
  const { repo } = readQuery(WHO_QUERY, call.query)
  return call.reposOf(repo ?? readBody(PLACE_BODY, call.body).repo)
}
