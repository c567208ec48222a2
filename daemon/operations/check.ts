// `check`: the judgement of a claim, without one.
import {
  isSameSession,
  type OperationInput,
  type OperationResult,
  type Party,
  type QueueEntry,
  type Scope,
  besideJson,
  waiterJson,
} from '../../protocol/index.ts'
import type { CallContext } from '../client/operations.ts'
import type { Failure } from '../core/claims/command.ts'
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
import { conflictJson } from '../json.ts'
import { hostOf } from '../repos.ts'
import { lookAtFiles, prepareTaskIn, type LookedUp } from './asked-files.ts'
import { asOf, claimContext, type Handler, type Parts } from './context.ts'
import { adviceOn, ruledScopes } from './policy-words.ts'
import { readScopes } from './scopes.ts'
import type { PreparedTask } from './task-terms.ts'

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
export function judgeNow(
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
