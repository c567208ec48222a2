// `claim` and `check`: one judgement behind two doors. The daemon reads and bounds the scopes in the caller's checkout;
// the ledger decides.
import { createHash, randomBytes } from 'node:crypto'
import {
  makeId,
  type ClaimTerms,
  type DropReason,
  type OperationInput,
  type OperationResult,
  type Party,
  type QueueEntry,
  type Scope,
} from '../../protocol/index.ts'
import { clean, cleanName, type Place } from '../callers.ts'
import type { ClaimCommand, Outcome } from '../core/claims/command.ts'
import type { Judgement } from '../core/claims/judge.ts'
import type { Engine } from '../core/engine-state.ts'
import { delaysNow } from '../core/leases.ts'
import { levelOf } from '../core/queue/order.ts'
import { standingOf } from '../core/queue/waits.ts'
import type { View } from '../core/view.ts'
import { conflictJson, iso, waiterJson } from '../json.ts'
import { requireBounded } from '../coverage.ts'
import { hostOf, submit } from '../repos.ts'
import { blocked, grantedResult, refusedResult } from './answers.ts'
import { waitInQueue } from './queue.ts'
import { asOf, claimContext, stampNow, type Handler, type Parts } from './context.ts'
import { readScopes } from './scopes.ts'

export const claim: Handler<OperationInput<'claim'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const scopes = await readScopes(input.scopes, place)
  const warnings = await boundedBy(parts, scopes, place)
  const command: ClaimCommand = {
    kind: 'claim',
    party,
    scopes,
    terms: termsOf(input, place),
    stamp: stampNow(parts),
    key: keyOf(input, scopes),
    urgency: input.urgency ?? 'normal',
    waitSeconds: input.wait_s ?? 0,
  }
  const outcome = await submit(host, command)
  if (outcome.kind === 'refused') {
    if (command.key === null) recordRefusal(parts, place, party, outcome)
    return refusedResult(parts, place, scopes, outcome, warnings)
  }
  if (outcome.kind === 'queued') {
    return waitInQueue(parts, place, { outcome, warnings, context })
  }
  if (outcome.kind === 'dropped') return lostWait(parts, place, party, scopes, outcome.reason)
  return grantedResult(parts, place, outcome, warnings)
}

/** The same idempotency key again, whose wait ended without a grant: that stays its outcome. */
function lostWait(
  parts: Parts,
  place: Place,
  party: Party,
  scopes: readonly Scope[],
  reason: DropReason,
): OperationResult<'claim'> {
  const { loop } = hostOf(place.repo)
  const { judgement, ahead } = judgeNow(loop.engine(), loop.view(), party, scopes)
  const { conflicts, more } = judgement
  const warnings = [
    `the wait of this idempotency key ended without a grant (${reason}); claim again with another key`,
  ]
  return blocked(parts, place, { scopes, conflicts, more, ahead, warnings, queue: null })
}

export const check: Handler<OperationInput<'check'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = parts.callers.asker(input, context)
  const scopes = await readScopes(input.scopes, place)
  await boundedBy(parts, scopes, place)
  const { judgement, ahead } = judgeNow(host.loop.engine(), host.loop.view(), party, scopes)
  const { conflicts, partners, more } = judgement
  const safe = conflicts.length === 0 && ahead.length === 0
  const narrows = partners.some((partner) => partner.narrows)
  const would = !safe ? 'wait' : narrows ? 'narrow' : partners.length > 0 ? 'coexist' : 'grant'
  const result: OperationResult<'check'> = {
    safe,
    conflicts: conflicts.map((conflict) => conflictJson(claimContext(parts, place), conflict)),
    more_conflicts: more,
    waiters: ahead.map(waiterJson),
    would,
    as_of: asOf(place.repo),
  }
  return result
}

/** The judgement of a claim asked for now, on what is committed here. */
function judgeNow(
  engine: Engine,
  view: View,
  party: Party,
  scopes: readonly Scope[],
): { judgement: Judgement; ahead: readonly QueueEntry[] } {
  const { leases, waits, options } = engine
  const rank = { level: levelOf('normal', 0), index: Infinity }
  const delays = delaysNow(leases, options.caseExact)
  const now = leases.elapsedMs
  const standing = standingOf(waits, view, { party, scopes, rank }, delays, now, false)
  return { judgement: standing.judgement, ahead: standing.kind === 'free' ? [] : standing.ahead }
}

function termsOf(input: OperationInput<'claim'>, { config }: Place): ClaimTerms {
  return {
    description: clean(input.description ?? ''),
    narrowable: input.narrowable ?? true,
    ttlSeconds: input.ttl_s ?? null,
    ttlDefaultSeconds: config.ttl.default,
    ttlSharedSeconds: config.ttl.shared,
    claimsPerAgent: config.limits.claims_per_agent ?? 0,
  }
}

async function boundedBy(parts: Parts, scopes: readonly Scope[], place: Place): Promise<string[]> {
  if (place.checkout === null) return []
  const tracked = await parts.git.trackedFiles(place.checkout)
  return requireBounded(scopes, tracked.paths, place.config)
}

function keyOf(input: OperationInput<'claim'>, scopes: readonly Scope[]): ClaimCommand['key'] {
  if (input.idempotency_key === undefined) return null
  const { description, ttl_s, narrowable } = input
  const body = JSON.stringify([scopes, description ?? '', ttl_s ?? null, narrowable ?? true])
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 32)
  return { key: cleanName(input.idempotency_key, 'the idempotency key'), digest }
}

/** A refusal without a record in the ledger is this machine's own observation. */
function recordRefusal(
  parts: Parts,
  place: Place,
  party: Party,
  outcome: Extract<Outcome, { kind: 'refused' }>,
): void {
  const host = hostOf(place.repo)
  const { applied } = host.loop.view().state
  const wallMs = parts.clock.wall()
  host.audit.append({
    id: makeId('evt', wallMs, randomBytes(10)),
    repo: place.repo.id,
    kind: 'claim.refused',
    at: iso(wallMs),
    term: applied.term,
    index: applied.index,
    actor: party.agent,
    machine: parts.about.machine,
    data: {
      session: party.session,
      conflicts: outcome.conflicts.map(({ scope, claim: met }) => ({
        pattern: scope.pattern,
        claim: met.id,
        holder: met.agent,
        held: met.pattern,
      })),
    },
  })
}
