// Coord's routes that ask whether a claim would be granted. What they say is the claim's own judgement, symbols included.
import type { OperationInput, OperationResult } from '../../../protocol/index.ts'
import type { Reply, Route } from '../http-call.ts'
import { coordRoute, ok, type CoordCall, type CoordDaemon } from './call.ts'
import { BATCH_BODY, CONFLICTS_QUERY, readBody, readQuery, parametersOf } from './input.ts'
import { checkedRow } from './rows.ts'

type Checked = OperationResult<'check'>
type GivenScope = OperationInput<'check'>['scopes'][number]

export function conflictRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      {
        method: 'GET',
        path: '/conflicts',
        summary: 'Ask whether patterns could be claimed',
        query: parametersOf(CONFLICTS_QUERY),
      },
      (call) => checkOnes(daemon, call),
    ),
    coordRoute(
      daemon,
      { method: 'POST', path: '/conflicts/batch', summary: 'Ask for many patterns at once' },
      (call) => checkBatch(daemon, call),
    ),
  ]
}

async function checkOnes(daemon: CoordDaemon, call: CoordCall): Promise<Reply> {
  const query = readQuery(CONFLICTS_QUERY, call.query)
  const { pattern: patterns = [], symbol: symbols = [] } = query
  if (patterns.length === 0) return noPatterns('`pattern` parameter')
  const scopes = patterns.map((pattern): GivenScope => ({ kind: 'file', pattern, symbols }))
  return checkIn(daemon, call, { ...query, sessions: query.session_id ?? [], scopes })
}

async function checkBatch(daemon: CoordDaemon, call: CoordCall): Promise<Reply> {
  const body = readBody(BATCH_BODY, call.body)
  const { patterns = [], symbols = {} } = body
  const named = Object.entries(symbols)
  if (patterns.length === 0 && named.length === 0) return noPatterns('entry of `patterns`')
  // A file that is named with symbols is meant by them.
  const whole = patterns.filter((pattern) => !(pattern in symbols))
  const scopes = [
    ...whole.map((pattern): GivenScope => ({ kind: 'file', pattern })),
    ...named.map(([pattern, names]): GivenScope => ({ kind: 'symbol', pattern, symbols: names })),
  ]
  return checkIn(daemon, call, { ...body, sessions: body.session_ids ?? [], scopes })
}

interface Asked {
  readonly engineer: string
  readonly sessions: readonly string[]
  readonly scopes: GivenScope[]
  readonly repo?: string | undefined
  readonly all_repos?: boolean | undefined
  readonly branch?: string | undefined
}

async function checkIn(daemon: CoordDaemon, call: CoordCall, asked: Asked): Promise<Reply> {
  const repos = asked.all_repos === true ? call.reposOf(undefined) : [asked.repo]
  const [session, ...others] = asked.sessions
  const found: Checked[] = []
  for (const repo of repos) {
    const { scopes, branch, engineer: agent } = asked
    const checked = await call.ask('check', { repo, agent, session, branch, scopes })
    found.push(withoutSessions(checked, new Set(others)))
  }
  // Coord counts each session that a check names as alive.
  // The bearer of a token names sessions of its own only.
  if (call.context.caller.grant === undefined) for (const other of others) daemon.noteSession(other)
  return ok(answerOf(found))
}

/** A caller may name several sessions as its own; the judgement knows one. */
function withoutSessions(checked: Checked, own: ReadonlySet<string>): Checked {
  if (own.size === 0) return checked
  const conflicts = checked.conflicts.filter(({ claim }) => !own.has(claim.session))
  const waiters = checked.waiters.filter(({ session }) => !own.has(session))
  const isFree = conflicts.length === 0 && waiters.length === 0 && checked.more_conflicts === 0
  return { ...checked, conflicts, waiters, safe: checked.safe || isFree }
}

function answerOf(found: readonly Checked[]): object {
  const safe = found.every((checked) => checked.safe)
  const conflicts = found.flatMap((checked) => checked.conflicts)
  const waiters = found.flatMap((checked) => checked.waiters)
  const more = found.reduce((sum, checked) => sum + checked.more_conflicts, 0)
  return {
    // What is held by others; what they only wait for makes it unsafe as well, but can be no conflict of an edit.
    has_conflicts: conflicts.length > 0 || more > 0,
    conflicts: conflicts.map(checkedRow),
    safe_to_proceed: safe,
    safe,
    suggestion: safe ? null : suggestionOf(conflicts, waiters, more),
    warnings: found.flatMap((checked) => checked.warnings),
  }
}

function suggestionOf(
  [first]: Checked['conflicts'],
  waiters: Checked['waiters'],
  more: number,
): string {
  const wait = 'wait for it with POST /claims and `wait_seconds`'
  if (first !== undefined) {
    const { claim } = first
    return `${claim.agent} holds ${claim.pattern}: ${wait}, or ask for it with POST /requests and claim_id ${claim.id}`
  }
  const [before] = waiters
  if (before !== undefined) {
    return `${before.agent} waits for ${before.patterns.join(', ')} before you: ${wait}`
  }
  return more === 0 ? wait : `${String(more)} conflicts are not listed: check fewer patterns`
}

function noPatterns(what: string): Reply {
  return { status: 400, body: { detail: `nothing to check: pass at least one ${what}` } }
}
