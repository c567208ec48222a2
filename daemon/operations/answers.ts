// What a claim's caller is told: granted, refused, or its place in the queue.
import {
  SkeinError,
  type ClaimId,
  type LedgerClaim,
  type OperationResult,
  type ProvisionalClaim,
  type QueueEntry,
  type Scope,
  besideJson,
  claimJson,
  waiterJson,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { ClaimNow, Conflict, Outcome, Refused } from '../core/claims/command.ts'
import { asLedgerClaim } from '../core/provisional/note.ts'
import { claimNowJson, conflictJson } from '../json.ts'
import { refusalOptions } from '../refusal-options.ts'
import { claimContext, type Parts } from './context.ts'

type Result = OperationResult<'claim'>
export type PlaceJson = NonNullable<Result['queue']>

const EMPTY = {
  claims: [],
  conflicts: [],
  more_conflicts: 0,
  waiters: [],
  beside: [],
  queue: null,
  options: [],
} as const

export function grantedResult(
  parts: Parts,
  place: Place,
  outcome: Exclude<Outcome, { kind: 'failed' }>,
  warnings: readonly string[],
): Result {
  if (outcome.kind !== 'granted' && outcome.kind !== 'renewed') {
    throw new SkeinError('INTERNAL', `a claim ended as ${outcome.kind}`)
  }
  const told =
    outcome.kind === 'granted'
      ? outcome.warnings
      : ['this session held it already: renewed, with the same fence']
  return granted(parts, place, outcome.claims, [...warnings, ...told])
}

export function granted(
  parts: Parts,
  place: Place,
  found: readonly ClaimNow[],
  warnings: readonly string[],
): Result {
  const ended = found.filter((now) => !now.live)
  if (found.length === 0 || ended.length === found.length) throw over(found)
  const context = claimContext(parts, place)
  const claims = found.map((now) => claimNowJson(context, now))
  const partners = found.flatMap(({ claim, live }) =>
    live ? claim.coexistsWith.map((id) => partnerOf(context, claim, id)) : [],
  )
  const beside = besideJson(context, partners)
  return { ...EMPTY, status: 'granted', claims, beside, warnings }
}

/** Noted here, and nothing more: what it needs is a majority that settles it. */
export function provisionalResult(
  parts: Parts,
  place: Place,
  noted: readonly ProvisionalClaim[],
  warnings: readonly string[],
): Result {
  const context = claimContext(parts, place)
  const claims = noted.map((claim) => claimJson(context, asLedgerClaim(claim), 'provisional'))
  return { ...EMPTY, status: 'provisional', claims, warnings: [...warnings, PROVISIONAL] }
}

const PROVISIONAL =
  'no majority answers: this is noted on this machine only, without a fence, and settled when the machines meet again; others may hold the same until then'

function partnerOf(
  { claimOf }: ReturnType<typeof claimContext>,
  claim: LedgerClaim,
  id: ClaimId,
): { readonly id: ClaimId; readonly narrows: boolean } {
  return { id, narrows: claimOf(id)?.narrowedBy.includes(claim.id) === true }
}

/** @throws SkeinError CLAIM_DEADLOCK when waiting would have closed a circle. */
export function refusedResult(
  parts: Parts,
  place: Place,
  scopes: readonly Scope[],
  outcome: Refused,
  warnings: readonly string[],
): Result {
  const { conflicts, more, ahead, circle } = outcome
  if (circle.length > 0) throw deadlock(circle)
  return blocked(parts, place, { scopes, conflicts, more, ahead, warnings, queue: null })
}

export function blocked(
  parts: Parts,
  place: Place,
  told: {
    readonly scopes: readonly Scope[]
    readonly conflicts: readonly Conflict[]
    readonly more: number
    readonly ahead: readonly QueueEntry[]
    readonly warnings: readonly string[]
    readonly queue: PlaceJson | null
  },
): Result {
  const conflicts = told.conflicts.map((met) => conflictJson(claimContext(parts, place), met))
  return {
    ...EMPTY,
    status: told.queue !== null && told.queue.ended === null ? 'queued' : 'refused',
    conflicts,
    more_conflicts: told.more,
    waiters: told.ahead.map(waiterJson),
    queue: told.queue,
    warnings: told.warnings,
    options: refusalOptions(told.scopes, conflicts, told.ahead, told.queue),
  }
}

/** A key whose claim has ended: nothing is held, and the same key claims nothing anew. */
function over(found: readonly ClaimNow[]): SkeinError {
  const ids = found.map(({ claim }) => claim.id)
  return new SkeinError('CLAIM_ENDED', `what this call once claimed has ended: ${ids.join(', ')}`, {
    hint: 'Claim again with another idempotency key.',
    data: { ids },
  })
}

export function deadlock(circle: readonly string[]): SkeinError {
  const round = [...circle, circle[0] ?? ''].join(' -> ')
  return new SkeinError('CLAIM_DEADLOCK', `waiting would close a circle: ${round}`, {
    data: { cycle: circle },
  })
}
