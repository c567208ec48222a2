// One call of a coord client: who it says that it is, which repositories it may mean, and the operations in its name. The
// routes beside this file only shape inputs and results.
import type { OperationInput, OperationName, OperationResult } from '../../../protocol/index.ts'
import { SkeinError } from '../../../protocol/index.ts'
import type { CallContext, Operations } from '../../client/operations.ts'
import { readJson } from '../body.ts'
import type { HttpCall, Method, Reply, Route, RouteAbout } from '../http-call.ts'
import { badInput, hasCode, refusal } from './refusal.ts'

/** What these routes need of the daemon beside its operations. */
export interface CoordDaemon {
  readonly operations: Operations
  /** Ids of the enrolled repositories. */
  readonly repoIds: () => readonly string[]
  /** Places in the queue that an agent has, in all repositories. */
  readonly placesOf: (agent: string) => number
  /** Counts a session as alive. */
  readonly noteSession: (session: string) => void
}

export interface CoordCall {
  readonly params: HttpCall['params']
  readonly query: URLSearchParams
  /** An empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>
  readonly request: HttpCall['request']
  readonly context: CallContext
  /** Who asks, by the header; what a body or query says of itself counts more. */
  readonly engineer: string | undefined
  ask<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationResult<Name>>
  /** The one that is named, else all: for what is named by an id, which only one of them knows. */
  reposOf(named: string | undefined): readonly (string | undefined)[]
  /** The one that is named, else the only one; else nothing, which the operation refuses with what there is. */
  repoOf(named: string | undefined): string | undefined
  allRepos(): readonly string[]
}

type Answer = (call: CoordCall) => Promise<Reply>

interface CoordPath {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly query?: RouteAbout['query']
  /** The body is no JSON: the answer reads it. */
  readonly isText?: true
}

/** A route of coord: failures in its form, and how many places its engineer has in the queue. */
export function coordRoute(
  daemon: CoordDaemon,
  { method, path, summary, query = [], isText }: CoordPath,
  answer: Answer,
): Route {
  return {
    method,
    path,
    access: 'token',
    about: { summary, tag: 'coord', query },
    async answer(http) {
      let call = openCall(daemon, http, {})
      let reply: Reply
      try {
        if (method === 'POST' && isText !== true)
          call = openCall(daemon, http, await readJson(http.request))
        reply = await answer(call)
      } catch (error) {
        const refused = refusal(error)
        if (refused === null) throw error
        reply = refused
      }
      return withDepth(daemon, call, reply)
    },
    refuse: refusal,
  }
}

export function ok(body: object): Reply {
  return { status: 200, body }
}

const UNAVAILABLE = ['LEDGER_DAMAGED', 'LEDGER_NEWER'] as const

/** Asks the repositories one by one until one of them knows what is named; the last one's word when none does. */
export async function firstKnowing<T>(
  repos: readonly (string | undefined)[],
  unknown: readonly SkeinError['code'][],
  ask: (repo: string | undefined) => Promise<T>,
): Promise<T> {
  let unavailable: SkeinError | null = null
  let last: SkeinError | null = null
  for (const repo of repos) {
    try {
      return await ask(repo)
    } catch (error) {
      // It may be the one that knows: then nobody can say that it is unknown.
      if (repo !== undefined && hasCode(error, UNAVAILABLE)) unavailable = error
      else if (hasCode(error, unknown)) last = error
      else throw error
    }
  }
  throw unavailable ?? last ?? new SkeinError('NOT_FOUND', 'no repository is enrolled')
}

/** Asks all of them. One that is not served does not stop what the others can do, unless it is the only one. */
export async function inEach<Repo extends string | undefined, T>(
  repos: readonly Repo[],
  ask: (repo: Repo) => Promise<T>,
): Promise<readonly T[]> {
  const found: T[] = []
  for (const repo of repos) {
    try {
      found.push(await ask(repo))
    } catch (error) {
      if (repos.length === 1 || !hasCode(error, UNAVAILABLE)) throw error
    }
  }
  return found
}

export interface Who {
  readonly repo: string | undefined
  readonly agent: string | undefined
  readonly session: string | undefined
}

/** Coord's names of who asks, in skein's. */
export function whoOf(given: {
  readonly engineer?: string | undefined
  readonly session_id?: string | undefined
  readonly repo?: string | undefined
}): Who {
  return { repo: given.repo, agent: given.engineer, session: given.session_id }
}

/** Nobody gives up what is another's, so it must be said whose it is. @throws SkeinError INPUT_SCHEMA */
export function requireWho({ context }: CoordCall, { agent, session }: Who): void {
  const known = [agent, session, context.caller.agent, context.caller.session]
  if (known.some((name) => name !== undefined)) return
  const msg = 'say who asks: `engineer`, `session_id`, or the header X-Coord-Engineer'
  throw badInput([{ type: 'missing', loc: ['engineer'], msg }])
}

export function notFound(detail: string): Reply {
  return { status: 404, body: { detail } }
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** An id of the caller's, of which it only knows that it is one: of another form it names nothing here. */
export function isIdOf(prefix: 'clm' | 'req' | 'que', text: string): boolean {
  return text.startsWith(`${prefix}_`) && ID_REST.test(text.slice(prefix.length + 1))
}

const ID_REST = /^[0-9A-HJKMNP-TV-Z]{26}$/

function openCall(
  daemon: CoordDaemon,
  { request, query, params, context }: HttpCall,
  body: CoordCall['body'],
): CoordCall {
  const { operations } = daemon
  const { grant } = context.caller
  // The bearer of a token for some repositories sees no others.
  const repoIds = (): readonly string[] => {
    const all = daemon.repoIds()
    return grant === undefined || grant.repos === null
      ? all
      : all.filter((id) => grant.repos?.includes(id))
  }
  return {
    params,
    query,
    body,
    request,
    context,
    engineer: headerOf(request),
    async ask(name, input) {
      return (await operations.call(name, input, context)) as OperationResult<typeof name>
    },
    reposOf(named) {
      const one = named ?? context.caller.repo
      if (one !== undefined) return [one]
      const ids = repoIds()
      // That there is none is told by the operation.
      return ids.length === 0 ? [undefined] : ids
    },
    repoOf(named) {
      const one = named ?? context.caller.repo
      if (one !== undefined) return one
      const [only, ...others] = repoIds()
      return others.length === 0 ? only : undefined
    },
    allRepos: repoIds,
  }
}

function headerOf(request: HttpCall['request']): string | undefined {
  const value = request.headers['x-coord-engineer']
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function withDepth({ placesOf }: CoordDaemon, call: CoordCall, reply: Reply): Reply {
  const { body, query, engineer, context } = call
  const { grant } = context.caller
  // It is counted over all repositories.
  if (grant !== undefined && grant.repos !== null) return reply
  const named = [engineer, query.get('engineer'), body['engineer'], body['requester']].find(
    (value) => typeof value === 'string' && value !== '',
  )
  if (typeof named !== 'string') return reply
  return {
    ...reply,
    headers: { ...reply.headers, 'x-coord-queue-depth': String(placesOf(named)) },
  }
}
