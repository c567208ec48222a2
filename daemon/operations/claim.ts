// `claim` and `check`: one judgement behind two doors. The daemon reads and bounds the scopes in the caller's checkout;
// the ledger decides.
import { createHash, randomBytes } from 'node:crypto'
import {
  isSameSession,
  keyName,
  makeId,
  SkeinError,
  type ClaimTerms,
  type DropReason,
  type OperationInput,
  type OperationResult,
  type Party,
  type QueueEntry,
  type Scope,
} from '../../protocol/index.ts'
import { clean, cleanName, type Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { ClaimCommand, Failure, Outcome } from '../core/claims/command.ts'
import { tooMany } from '../core/claims/grant.ts'
import type { Judgement } from '../core/claims/judge.ts'
import type { Engine } from '../core/engine-state.ts'
import { delaysNow } from '../core/leases.ts'
import { levelOf } from '../core/queue/order.ts'
import { standingOf } from '../core/queue/waits.ts'
import { holderOf, unmetNeeds } from '../core/tasks/needs.ts'
import { blockedFailure, taskObstacle } from '../core/tasks/obstacle.ts'
import type { View } from '../core/view.ts'
import { failureError } from '../failure.ts'
import { besideJson, conflictJson, iso, waiterJson } from '../json.ts'
import { requireBounded } from '../coverage.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { blocked, grantedResult, provisionalResult, refusedResult } from './answers.ts'
import { waitInQueue } from './queue.ts'
import { asOf, claimContext, stampNow, type Handler, type Parts } from './context.ts'
import { adviceOn, madeShared, requireOpen, ruledScopes } from './policy-words.ts'
import { readScopes } from './scopes.ts'
import { requireSymbols } from './symbols.ts'
import { prepareTask, type PreparedTask, type TaskAsking } from './task-terms.ts'

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
    again: asking.again ?? false,
  }
  const patienceMs = asking.patienceMs ?? Infinity
  const asked: Asked = { place, command, warnings, context, patienceMs }
  const outcome = await decideOrNote(parts, place, command, input.provisional === true)
  const answered = await answerOf(parts, asked, outcome)
  const result = { ...answered, warnings: [...answered.warnings, ...madeShared(scopes, answered)] }
  return { result, prepared }
}

/** Whoever found the symbols in the files need not have them looked up again. */
interface LookedUp {
  readonly isLookedUp?: boolean
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

export const check: Handler<OperationInput<'check'>> = (parts, input, context) =>
  checkScopes(parts, input, context, {})

/** What a claim of these would be answered. */
export async function checkScopes(
  parts: Parts,
  input: OperationInput<'check'>,
  context: CallContext,
  { isLookedUp = false }: LookedUp,
): Promise<OperationResult<'check'>> {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = parts.callers.asker(input, context)
  await parts.policy.look(place.repo, place.checkout)
  const view = host.loop.view()
  const asked = await readScopes(input.scopes, place)
  const scopes = ruledScopes(view, party, asked, parts.clock.wall())
  const prepared = await prepareTaskIn(parts, place, party, scopes, {})
  const named = isLookedUp ? [] : scopes
  const warnings = [
    ...adviceOn(view, party, scopes),
    ...(await lookAtFiles(parts, place, { scopes, named, party, context })),
  ]
  const { judgement, ahead } = judgeNow(host.loop.engine(), view, party, scopes)
  const obstacle = obstacleOf(view, party, scopes, prepared, parts.clock.wall())
  if (obstacle !== null) throw failureError(obstacle)
  const { conflicts, partners, more } = judgement
  const crowded = tooMany(partners)
  if (crowded !== null) throw failureError(crowded.failure)
  const told = claimContext(parts, place)
  const safe = conflicts.length === 0 && ahead.length === 0
  const narrows = partners.some((partner) => partner.narrows)
  const would = !safe ? 'wait' : narrows ? 'narrow' : partners.length > 0 ? 'coexist' : 'grant'
  const result: OperationResult<'check'> = {
    safe,
    conflicts: conflicts.map((conflict) => conflictJson(told, conflict)),
    more_conflicts: more,
    waiters: ahead.map(waiterJson),
    would,
    beside: safe ? besideJson(told, partners) : [],
    warnings,
    as_of: asOf(place.repo),
  }
  return result
}

/** What `claim` would fail with for the task in it, where nobody holds what is asked for. */
function obstacleOf(
  view: View,
  party: Party,
  scopes: readonly Scope[],
  prepared: PreparedTask | null,
  wallMs: number,
): Failure | null {
  const [task] = scopes.filter(({ kind }) => kind === 'task')
  const holder = task === undefined ? null : holderOf(view, task.pattern)
  const isSame = holder !== null && isSameSession(holder, party) && scopes.length === 1
  if (task === undefined || isSame) return null
  const obstacle = taskObstacle({ party, scopes }, view, wallMs)
  if (obstacle !== null || holder !== null) return obstacle
  const unmet = unmetNeeds(view, prepared?.terms.needs ?? [])
  return unmet.length === 0 ? null : blockedFailure(task.pattern, unmet)
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

/** Null where no task is asked for. @throws SkeinError for a task that cannot be claimed now. */
async function prepareTaskIn(
  parts: Parts,
  place: Place,
  party: Party,
  scopes: readonly Scope[],
  asking: TaskAsking,
): Promise<PreparedTask | null> {
  const task = scopes.find(({ kind }) => kind === 'task')
  return task === undefined ? null : prepareTask(parts, place, party, task.pattern, asking)
}

/** Then the answer stands already, whatever has become of the task. */
function isKeyKnown({ state }: View, { peer, session }: Party, key: ClaimCommand['key']): boolean {
  return key !== null && state.keys.has(keyName(peer, session, key.key))
}

/** First how many files the scopes cover: no more than a claim may have are parsed for the symbols that are named. */
async function lookAtFiles(
  parts: Parts,
  place: Place,
  asked: {
    readonly scopes: readonly Scope[]
    readonly named: readonly Scope[]
    readonly party: Party
    readonly context: CallContext
  },
): Promise<string[]> {
  const { scopes, named, party, context } = asked
  const bounded = await boundedBy(parts, scopes, place)
  const symbols = await requireSymbols(parts, place, { scopes: named, party, context })
  return [...symbols, ...bounded]
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
  { party, scopes }: ClaimCommand,
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
      agent: party.agent,
      session: party.session,
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
    },
  })
}
