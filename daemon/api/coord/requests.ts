// Coord's routes on requests to holders, and on places in the queue, which it keeps under the same path.
import type { OperationInput, OperationResult } from '../../../protocol/index.ts'
import type { Reply, Route } from '../http-call.ts'
import {
  coordRoute,
  firstKnowing,
  inEach,
  isIdOf,
  notFound,
  ok,
  requireWho,
  whoOf,
  type CoordCall,
  type CoordDaemon,
} from './call.ts'
import { requestEvents } from './history.ts'
import {
  readBody,
  readQuery,
  REQUEST_BODY,
  REQUESTS_QUERY,
  RESPOND_BODY,
  WHO_QUERY,
  parametersOf,
} from './input.ts'
import { hasCode, textOf } from './refusal.ts'
import { queuedRow, requestRow } from './rows.ts'

type Request = OperationResult<'requests'>['requests'][number]

export function requestRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      { method: 'POST', path: '/requests', summary: 'Ask a holder to give way' },
      fileRequest,
    ),
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/requests',
        summary: 'List requests, or places in the queue',
        query: parametersOf(REQUESTS_QUERY),
      },
      listRequests,
    ),
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/requests/{id}',
        summary: 'A request as it stands',
        query: parametersOf(WHO_QUERY),
      },
      showRequest,
    ),
    coordRoute(
      daemon,
      {
        method: 'DELETE',
        path: '/requests/{id}',
        summary: 'Give up a place in the queue',
        query: parametersOf(WHO_QUERY),
      },
      cancelPlace,
    ),
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/requests/{id}/events',
        summary: 'What happened with a request',
        query: parametersOf(WHO_QUERY),
      },
      showEvents,
    ),
    coordRoute(
      daemon,
      { method: 'POST', path: '/requests/{id}/respond', summary: 'Answer a request' },
      respond,
    ),
  ]
}

/** How long a requester waits for an answer when it does not say. */
const WAIT_SECONDS = 60

async function fileRequest(call: CoordCall): Promise<Reply> {
  const body = readBody(REQUEST_BODY, call.body)
  const { claim_id: claim } = body
  if (!isIdOf('clm', claim)) return notFound(`no claim ${claim} is known here`)
  const asking = {
    agent: body.requester,
    session: body.session_id,
    claim,
    // The holder is shown one.
    reason: body.reason ?? 'no reason given',
    urgency: body.urgency,
    scope: body.requested_scope,
    wait_s: body.wait_seconds ?? WAIT_SECONDS,
  }
  try {
    return await firstKnowing(call.reposOf(body.repo), ['CLAIM_UNKNOWN'], async (repo) => {
      const { request } = await call.ask('request', { ...asking, repo })
      return ok(requestRow(request, null))
    })
  } catch (error) {
    if (!hasCode(error, ['CLAIM_ENDED'])) throw error
    return { status: 409, body: { detail: textOf(error) } }
  }
}

const DECISIONS: ReadonlyMap<string, OperationInput<'respond'>['decision']> = new Map([
  ['approved', 'approve'],
  ['denied', 'deny'],
  ['narrowed', 'narrow'],
  ['coexist', 'coexist'],
] as const)

async function respond(call: CoordCall): Promise<Reply> {
  const body = readBody(RESPOND_BODY, call.body)
  const id = call.params['id'] ?? ''
  const decision = DECISIONS.get(body.decision)
  if (decision === undefined) {
    return bad(`decision is one of ${[...DECISIONS.keys()].join(', ')}, not '${body.decision}'`)
  }
  const { narrowed_pattern: kept, coexist_pattern: given, coexist_symbols: symbols } = body
  if (decision === 'narrow' && kept === undefined)
    return bad("decision 'narrowed' needs `narrowed_pattern`: what the holder keeps")
  if (decision === 'coexist' && given === undefined && symbols === undefined)
    return bad("decision 'coexist' needs `coexist_pattern` or `coexist_symbols`: what is shared")
  const who = whoOf({ ...body, engineer: body.engineer ?? call.engineer })
  requireWho(call, who)
  if (!isIdOf('req', id)) return notFound(`no request ${id} is known here`)
  const pattern = decision === 'narrow' ? kept : decision === 'coexist' ? given : undefined
  const answer = {
    ...who,
    request: id,
    decision,
    patterns: pattern === undefined ? undefined : [pattern],
    symbols: decision === 'coexist' ? symbols : undefined,
    note: body.note,
  }
  return firstKnowing(call.reposOf(body.repo), ['REQUEST_UNKNOWN'], async (repo) => {
    const { request } = await call.ask('respond', { ...answer, repo })
    return ok(requestRow(request, null))
  })
}

function bad(detail: string): Reply {
  return { status: 400, body: { detail } }
}

async function listRequests(call: CoordCall): Promise<Reply> {
  const query = readQuery(REQUESTS_QUERY, call.query)
  const repos = query.all_repos === true ? call.reposOf(undefined) : [call.repoOf(query.repo)]
  if (query.queued === true) return listPlaces(call, repos)
  const { requester, claim_id: claim, decision } = query
  const isWanted = (request: Request): boolean =>
    (requester === undefined || request.requester === requester) &&
    (claim === undefined || request.claim === claim) &&
    (decision === undefined || request.decision === decision)
  const found = await inEach(repos, async (repo) => {
    const { requests } = await call.ask('requests', { repo })
    return requests.filter(isWanted).map((request) => requestRow(request, repo ?? null))
  })
  const requests = found.flat()
  return ok({ requests, count: requests.length })
}

/** A place that is over is no longer in the queue: there are only those that wait. */
async function listPlaces(call: CoordCall, repos: readonly (string | undefined)[]): Promise<Reply> {
  const { requester, session_id: session, state } = readQuery(REQUESTS_QUERY, call.query)
  const isAnybody = requester === undefined && session === undefined
  const isWaiting = state === undefined || state === 'waiting'
  const found = await inEach(isWaiting ? repos : [], async (repo) => {
    const { entries } = await call.ask('queue', { repo })
    return entries
      .filter((entry) => isAnybody || entry.agent === requester || entry.session === session)
      .map(queuedRow)
  })
  const requests = found.flat()
  return ok({ requests, count: requests.length, queued: true })
}

async function showRequest(call: CoordCall): Promise<Reply> {
  const id = call.params['id'] ?? ''
  if (!isIdOf('req', id)) return notFound(`no request ${id} is known here`)
  const { repo: named } = readQuery(WHO_QUERY, call.query)
  return firstKnowing(call.reposOf(named), ['REQUEST_UNKNOWN'], async (repo) => {
    const { requests } = await call.ask('requests', { repo, ids: [id] })
    const [request] = requests
    if (request === undefined) return notFound(`no request ${id} is known here`)
    return ok(requestRow(request, repo ?? null))
  })
}

async function showEvents(call: CoordCall): Promise<Reply> {
  const id = call.params['id'] ?? ''
  const { repo } = readQuery(WHO_QUERY, call.query)
  const found = isIdOf('req', id)
    ? await inEach(call.reposOf(repo), (each) => requestEvents(call, each, id))
    : []
  const events = found.flat()
  if (events.length === 0) return notFound(`no request ${id} is known here`)
  return ok({ events, count: events.length })
}

/** Whose place it is not, cancels nothing. */
async function cancelPlace(call: CoordCall): Promise<Reply> {
  const id = call.params['id'] ?? ''
  const query = readQuery(WHO_QUERY, call.query)
  const who = whoOf({ ...query, engineer: query.engineer ?? call.engineer })
  requireWho(call, who)
  const ended = await inEach(isIdOf('que', id) ? call.reposOf(who.repo) : [], (repo) =>
    cancelIn(call, { ...who, repo, ids: [id] }),
  )
  return ok({ ok: true, cancelled: ended.includes(true), queue_id: id })
}

async function cancelIn(call: CoordCall, input: OperationInput<'cancel'>): Promise<boolean> {
  try {
    return (await call.ask('cancel', input)).cancelled.length > 0
  } catch (error) {
    if (hasCode(error, ['QUEUE_NOT_YOURS'])) return false
    throw error
  }
}
