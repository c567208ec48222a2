// `claim`: the daemon reads and bounds the scopes in the caller's checkout; the ledger decides.
import { createHash } from 'node:crypto'
import {
  LIMITS,
  keyName,
  matchesPath,
  parsePattern,
  SkeinError,
  type ClaimTerms,
  type DropReason,
  type OperationInput,
  type OperationResult,
  type Party,
  type Scope,
} from '../../protocol/index.ts'
import { clean, cleanName, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { ClaimCommand, Outcome } from '../core/claims/command.ts'
import type { View } from '../core/view.ts'
import { failureError } from '../failure.ts'
import { recordOwn } from '../own-events.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { blocked, grantedResult, provisionalResult, refusedResult } from './answers.ts'
import { lookAtFiles, prepareTaskIn, type LookedUp } from './asked-files.ts'
import { judgeNow } from './check.ts'
import { stampNow, type Handler, type Parts } from './context.ts'
import { adviceOn, madeShared, requireOpen } from './policy-words.ts'
import { waitInQueue } from './queue.ts'
import { readScopes } from './scopes.ts'
import type { PreparedTask, TaskAsking } from './task-terms.ts'

export const claim: Handler<OperationInput<'claim'>> = async (parts, input, context) =>
  (await claimScopes(parts, input, context, {})).result

/** A claim of anything, and what was found of the task in it. */
export async function claimScopes(
  parts: Parts,
  input: OperationInput<'claim'>,
  context: CallContext,
  asking: TaskAsking &
    LookedUp & {
      /** How long the call itself waits for its place; else as long as the place lasts, or its door. */
      readonly patienceMs?: number
    },
): Promise<{
  readonly result: OperationResult<'claim'>
  readonly prepared: PreparedTask | null
}> {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const scopes = await readScopes(input.scopes, place)
  await parts.policy.look(place.repo, place.checkout)
  const key = keyOf(input, scopes)
  const isRepeated = isKeyKnown(host.loop.view(), party, key)
  const prepared = await prepareTaskIn(parts, place, party, scopes, { ...asking, isRepeated })
  // What was claimed under this key stays the answer, whatever its files have become.
  const named = isRepeated || asking.isLookedUp === true ? [] : scopes
  if (!isRepeated) requireOpen(host.loop.view(), scopes)
  const warnings = [
    ...adviceOn(host.loop.view(), party, scopes),
    ...(await lookAtFiles(parts, place, { scopes, named, party, context })),
    ...(prepared?.warnings ?? []),
  ]
  const command: ClaimCommand = {
    kind: 'claim',
    party,
    scopes,
    terms: termsOf(input, place, prepared),
    stamp: stampNow(parts),
    key,
    urgency: input.urgency ?? 'normal',
    waitSeconds: input.wait_s ?? 0,
    ...waitLimitsOf(place),
    again: asking.again ?? false,
  }
  const patienceMs = asking.patienceMs ?? Infinity
  const asked: Asked = { place, command, warnings, context, patienceMs }
  const outcome = await decideOrNote(parts, place, command, input.provisional === true)
  const answered = await answerOf(parts, asked, outcome)
  makeWritable(parts, place, answered)
  const result = { ...answered, warnings: [...answered.warnings, ...madeShared(scopes, answered)] }
  return { result, prepared }
}

/** Where the caller works, what others held until now. */
function makeWritable(
  { readOnly }: Parts,
  { checkout, isOwn, config }: Place,
  { claims }: OperationResult<'claim'>,
): void {
  if (checkout === null || !isOwn || claims.length === 0) return
  readOnly.giveBack(checkout.root, (file) =>
    claims.some(
      ({ kind, pattern }) =>
        kind !== 'task' &&
        kind !== 'resource' &&
        matchesPath(parsePattern(pattern, { caseExact: config.case === 'exact' }), file),
    ),
  )
}

/** A decision of the ledger; without a majority, and where the caller wants that, a note of this machine. */
async function decideOrNote(
  { releasing }: Parts,
  { repo }: Place,
  command: ClaimCommand,
  mayNote: boolean,
): Promise<Exclude<Outcome, { kind: 'failed' }>> {
  const host = hostOf(repo)
  try {
    // What its session gave up is not what it asks for now.
    await releasing.handIn(repo.id, host)
    return await submit(host, command)
  } catch (error) {
    if (!mayNote || !(error instanceof SkeinError) || error.code !== 'NO_QUORUM') throw error
    const noted = await host.loop.note(command)
    if (noted.kind === 'failed') throw failureError(noted.failure)
    return noted
  }
}

interface Asked {
  readonly place: Place
  readonly command: ClaimCommand
  readonly warnings: readonly string[]
  readonly context: CallContext
  readonly patienceMs: number
}

async function answerOf(
  parts: Parts,
  { place, command, warnings, context, patienceMs }: Asked,
  outcome: Exclude<Outcome, { kind: 'failed' }>,
): Promise<OperationResult<'claim'>> {
  const { party, scopes, key } = command
  if (outcome.kind === 'provisional') {
    return provisionalResult(parts, place, outcome.claims, warnings)
  }
  if (outcome.kind === 'refused') {
    if (key === null) recordRefusal(parts, place, command, outcome)
    return refusedResult(parts, place, scopes, outcome, warnings)
  }
  if (outcome.kind === 'queued') {
    return waitInQueue(parts, place, { outcome, warnings, context, patienceMs })
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

function termsOf(
  input: OperationInput<'claim'>,
  { config }: Place,
  prepared: PreparedTask | null,
): ClaimTerms {
  return {
    description: clean(input.description ?? prepared?.planned?.task.name ?? ''),
    narrowable: input.narrowable ?? true,
    ttlSeconds: input.ttl_s ?? null,
    ttlDefaultSeconds: config.ttl.default,
    ttlSharedSeconds: config.ttl.shared,
    claimsPerAgent: config.limits.claims_per_agent ?? 0,
    ...(prepared === null ? {} : { task: prepared.terms }),
  }
}

/** The repository may set less than what every machine bears, and not more. */
export function waitLimitsOf({
  config: { limits },
}: {
  readonly config: { readonly limits: Pick<Place['config']['limits'], 'waits_per_agent' | 'waits'> }
}): Required<Pick<ClaimCommand, 'waitLimits'>> {
  const { waits_per_agent: perAgent, waits } = limits
  const inRepo = Math.min(waits ?? LIMITS.waitersMax, LIMITS.waitersMax)
  return { waitLimits: { perAgent: perAgent ?? 0, inRepo } }
}

/** Then the answer stands already, whatever has become of the task. */
function isKeyKnown({ state }: View, { peer, session }: Party, key: ClaimCommand['key']): boolean {
  return key !== null && state.keys.has(keyName(peer, session, key.key))
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
  { party, scopes }: ClaimCommand,
  outcome: Extract<Outcome, { kind: 'refused' }>,
): void {
  recordOwn(parts, place.repo, 'claim.refused', party, {
    patterns: scopes.map(({ pattern }) => pattern),
    symbols: scopes.flatMap((scope) => scope.symbols),
    waiters: outcome.ahead.map((entry) => ({ queue: entry.id, agent: entry.party.agent })),
    circle: outcome.circle,
    more: outcome.more,
    conflicts: outcome.conflicts.map(({ scope, claim: met }) => ({
      pattern: scope.pattern,
      symbols: scope.symbols,
      claim: met.id,
      holder: met.agent,
      holder_session: met.session,
      held: met.pattern,
      held_symbols: met.symbols,
    })),
  })
}
