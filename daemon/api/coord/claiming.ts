// POST /claims: claim, wait for what is held, or hear who holds it and what can be done.
import { SkeinError, type OperationInput, type OperationResult } from '../../../protocol/index.ts'
import type { Reply, Route } from '../http-call.ts'
import { coordRoute, ok, whoOf, type CoordCall, type CoordDaemon } from './call.ts'
import { CLAIM_BODY, readBody, type ClaimBody } from './input.ts'
import { hasCode, refusal, textOf } from './refusal.ts'
import { refusedRow } from './rows.ts'

type Result = OperationResult<'claim'>
type GivenScope = OperationInput<'claim'>['scopes'][number]

export function claimingRoutes(daemon: CoordDaemon): readonly Route[] {
  return [
    coordRoute(
      daemon,
      { method: 'POST', path: '/claims', summary: 'Claim files, or wait for what others hold' },
      makeClaims,
    ),
  ]
}

async function makeClaims(call: CoordCall): Promise<Reply> {
  const body = readBody(CLAIM_BODY, call.body)
  const { scopes, narrowable, ttlSeconds, notes } = readItems(body)
  const key = call.request.headers['idempotency-key']
  const input: OperationInput<'claim'> = {
    ...whoOf(body),
    branch: body.branch,
    description: body.description,
    scopes,
    narrowable,
    ttl_s: ttlSeconds,
    wait_s: body.wait_seconds,
    urgency: body.urgency,
    idempotency_key: typeof key === 'string' && key !== '' ? key : undefined,
  }
  try {
    return claimReply(await call.ask('claim', input), notes)
  } catch (error) {
    return notClaimed(error)
  }
}

/** A claim that cannot be is data to coord's clients: no ids, and why, beside the detail. */
function notClaimed(error: unknown): Reply {
  const refused = refusal(error)
  if (refused === null || (refused.status !== 400 && refused.status !== 409)) throw error
  const told = error instanceof SkeinError ? textOf(error) : ''
  const isNarrowing = hasCode(error, [
    'INPUT_TOO_WIDE',
    'SYMBOL_UNKNOWN',
    'SYMBOL_UNSUPPORTED',
    'SYMBOL_UNREADABLE',
  ])
  const options = isNarrowing ? ['narrow_claim'] : []
  const body = { detail: told, claim_ids: [], conflicts: [], warnings: [told], options }
  return { ...refused, body }
}

interface Items {
  readonly scopes: GivenScope[]
  readonly narrowable: boolean | undefined
  readonly ttlSeconds: number | undefined
  readonly notes: readonly string[]
}

/** Where coord says something of an item that skein says of a whole call, the stricter word counts for all. */
function readItems({ claims, ttl_hours: hours }: ClaimBody): Items {
  const notes: string[] = []
  const scopes = claims.map(({ type, pattern, symbols = [] }): GivenScope => {
    if (!TYPES.has(type)) notes.push(`the type '${type}' is not known: taken for 'file'`)
    return {
      kind: type === 'module' ? 'module' : 'file',
      pattern,
      symbols,
      mode: type === 'shared_file' ? 'shared' : 'exclusive',
    }
  })
  const shared = scopes.filter(({ mode }) => mode === 'shared').length
  const isShort = shared > 0 && shared === scopes.length
  if (hours !== undefined && shared > 0 && !isShort) {
    notes.push('ttl_hours counts for the shared files of this call, too')
  }
  const words = new Set(claims.flatMap(({ narrowable }) => narrowable ?? []))
  if (words.size > 1) notes.push('narrowable=false counts for every item of this call')
  return {
    scopes,
    narrowable: words.has(false) ? false : undefined,
    // Shared files live their own, shorter time, whatever is asked for.
    ttlSeconds: hours === undefined || isShort ? undefined : hours * 3600,
    notes,
  }
}

const TYPES: ReadonlySet<string> = new Set(['file', 'module', 'shared_file'])

function claimReply(result: Result, notes: readonly string[]): Reply {
  const warnings = [...result.warnings, ...notes, ...besideNotes(result)]
  if (result.status === 'granted') {
    const [first] = result.claims
    return ok({
      claim_ids: result.claims.map(({ id }) => id),
      conflicts: [],
      warnings,
      options: [],
      fence: first?.fence ?? null,
    })
  }
  const { queue } = result
  return {
    // A place that is kept is no refusal.
    status: result.status === 'queued' ? 202 : 409,
    body: {
      claim_ids: [],
      conflicts: result.conflicts.map(refusedRow),
      warnings: [...warnings, ...refusalNotes(result)],
      options: [
        ...new Set(result.options.flatMap(({ action }) => [action, COORD[action] ?? action])),
      ],
      actions: result.options,
      queue: queue === null ? null : { queue_id: queue.id, ended: queue.ended },
    },
  }
}

/** What coord calls the same. */
const COORD: Readonly<Record<string, string>> = {
  claim_the_rest: 'narrow_claim',
  request: 'request_release',
}

function besideNotes({ beside }: Result): readonly string[] {
  return beside.map(
    ({ agent, pattern, symbols, claim }) =>
      `${agent} holds ${symbols.join(', ') || 'a part'} of ${pattern} beside you (${claim}): leave it alone`,
  )
}

function refusalNotes({ more_conflicts: more, waiters, queue }: Result): readonly string[] {
  return [
    ...(more === 0 ? [] : [`${String(more)} more conflicts are not listed`]),
    ...waiters.map(
      ({ id, agent, patterns }) => `${agent} waits for ${patterns.join(', ')} before you (${id})`,
    ),
    ...(queue?.ended == null ? [] : [`the wait ended without a grant: ${queue.ended}`]),
  ]
}
