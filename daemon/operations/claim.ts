// `claim` and `check`: one judgement behind two doors. The daemon reads and bounds the scopes in the caller's checkout;
// the ledger decides.
import { createHash, randomBytes } from 'node:crypto'
import {
  makeId,
  type OperationInput,
  type OperationResult,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import { clean, cleanName, type Place } from '../callers.ts'
import type { ClaimCommand, Outcome } from '../core/claims/command.ts'
import { judgeScopes, type LockDelay } from '../core/claims/judge.ts'
import { claimNowJson, conflictJson, iso, refusalOptions } from '../json.ts'
import { delaysNow } from '../core/leases.ts'
import { requireBounded } from '../coverage.ts'
import { hostOf, submit, type Repo } from '../repos.ts'
import { asOf, claimContext, stampNow, type Handler, type Parts } from './context.ts'
import { readScopes } from './scopes.ts'

export const claim: Handler<OperationInput<'claim'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const scopes = readScopes(input.scopes, place)
  const warnings = await boundedBy(parts, scopes, place)
  const command: ClaimCommand = {
    kind: 'claim',
    party,
    scopes,
    description: clean(input.description ?? ''),
    narrowable: input.narrowable ?? true,
    ttlSeconds: input.ttl_s ?? null,
    stamp: stampNow(parts),
    key: keyOf(input, scopes),
    limits: {
      claimsPerAgent: place.config.limits.claims_per_agent ?? 0,
      ttlDefaultSeconds: place.config.ttl.default,
      ttlSharedSeconds: place.config.ttl.shared,
      caseExact: place.config.case === 'exact',
    },
  }
  const outcome = await submit(host, command)
  if (outcome.kind === 'refused' && command.key === null)
    recordRefusal(parts, place, party, outcome)
  return claimResult(parts, place, scopes, outcome, warnings)
}

export const check: Handler<OperationInput<'check'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = parts.callers.asker(input, context)
  const scopes = readScopes(input.scopes, place)
  await boundedBy(parts, scopes, place)
  const judgement = judgeScopes(host.loop.view(), party, scopes, delaysOf(place.repo))
  const { conflicts, partners, more } = judgement
  const safe = conflicts.length === 0
  const narrows = partners.some((partner) => partner.narrows)
  const would = !safe ? 'wait' : narrows ? 'narrow' : partners.length > 0 ? 'coexist' : 'grant'
  const shown = conflicts.map((conflict) => conflictJson(claimContext(parts, place), conflict))
  const result: OperationResult<'check'> = {
    safe,
    conflicts: shown,
    more_conflicts: more,
    would,
    as_of: asOf(place.repo),
  }
  return result
}

function claimResult(
  parts: Parts,
  place: Place,
  scopes: readonly Scope[],
  outcome: Exclude<Outcome, { kind: 'failed' }>,
  warnings: readonly string[],
): OperationResult<'claim'> {
  const empty = { claims: [], conflicts: [], more_conflicts: 0, queue: null, options: [] }
  if (outcome.kind === 'refused') {
    const conflicts = outcome.conflicts.map((met) => conflictJson(claimContext(parts, place), met))
    const options = refusalOptions(scopes, conflicts)
    return {
      ...empty,
      status: 'refused',
      conflicts,
      more_conflicts: outcome.more,
      warnings: [...warnings],
      options,
    }
  }
  const renewed =
    outcome.kind === 'renewed' ? ['this session held it already: renewed, with the same fence'] : []
  const now = outcome.kind === 'granted' || outcome.kind === 'renewed' ? outcome.claims : []
  const granted = now.map((found) => claimNowJson(claimContext(parts, place), found))
  const told = outcome.kind === 'granted' ? outcome.warnings : renewed
  return { ...empty, status: 'granted', claims: granted, warnings: [...warnings, ...told] }
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

function delaysOf(repo: Repo): readonly LockDelay[] {
  const engine = hostOf(repo).loop.engine()
  return delaysNow(engine.leases, engine.options.caseExact)
}
