// Waiting in the queue, and the operations on it: show, cancel.
import {
  asQueueId,
  SkeinError,
  type CompletedTask,
  type DropReason,
  type OperationInput,
  type OperationResult,
  type QueueEntry,
  partOf,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import type { CallContext } from '../client/operations.ts'
import type { Queued } from '../core/claims/command.ts'
import { claimsNow } from '../core/claims/tell.ts'
import { elapsedSince } from '../core/claims/holder.ts'
import type { Judgement } from '../core/claims/judge.ts'
import { compareRanks } from '../core/queue/order.ts'
import { askedBy, rankIn, standingOf } from '../core/queue/waits.ts'
import { delaysNow } from '../core/leases.ts'
import { unmetNeeds } from '../core/tasks/needs.ts'
import { completedFailure } from '../core/tasks/obstacle.ts'
import type { View } from '../core/view.ts'
import { failureError } from '../failure.ts'
import { placeJson } from '../json.ts'
import type { LedgerHost } from '../ledger-host.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import type { WaitEnd } from '../waiting.ts'
import { blocked, deadlock, granted } from './answers.ts'
import { asOf, clockNow, patiently, type Handler, type Parts } from './context.ts'

/** Harnesses cut a tool's call after some 30 seconds or more: it is told its place before that. */
const TOOL_PATIENCE_MS = 25_000

interface Waiting {
  readonly outcome: Queued
  readonly warnings: readonly string[]
  readonly context: CallContext
  readonly patienceMs: number
}

/** Waits with the caller. A caller that goes away loses its place; one that was told of it keeps it. */
export async function waitInQueue(
  parts: Parts,
  place: Place,
  waiting: Waiting,
): Promise<OperationResult<'claim'>> {
  const { context, outcome } = waiting
  const host = hostOf(place.repo)
  const { entry } = outcome
  // Whoever asks again for what it waits for may be granted while the leader confirms that it waits.
  if (!host.loop.view().state.queue.has(entry.id))
    return afterEnd(parts, place, waiting, 'vanished')
  const leftMs = entry.waitSeconds * 1000 - elapsedSince(entry.stamp, clockNow(parts))
  const mayMs = Math.min(leftMs, waiting.patienceMs)
  const patienceMs = Math.max(0, context.door === 'mcp' ? Math.min(mayMs, TOOL_PATIENCE_MS) : mayMs)
  // Who asks by hand for what the guard keeps a place for looks after it from now on.
  if (patienceMs > 0) parts.guard.waits.leave(entry.id)
  const end = await patiently(parts, entry.party.session, () =>
    host.waiting.wait(entry.id, patienceMs, context.signal),
  )
  if (end.kind === 'answered') throw new SkeinError('INTERNAL', 'a place was answered')
  if (end.kind === 'gone') {
    await submit(host, { kind: 'end-waits', ids: [entry.id], reason: 'vanished' })
    return answer(parts, place, waiting, dropped(entry, 'vanished'))
  }
  const isOver = end.kind === 'still' && patienceMs >= leftMs
  if (!isOver) return answer(parts, place, waiting, end)
  await submit(host, { kind: 'end-waits', ids: [entry.id], reason: 'expired' })
  return afterEnd(parts, place, waiting, 'expired')
}

/** The grant may have come before the end of the wait: then the claim is there, and that is the answer. */
function afterEnd(
  parts: Parts,
  place: Place,
  waiting: Waiting,
  reason: DropReason,
): OperationResult<'claim'> {
  const { entry } = waiting.outcome
  const claims = claimsNow(hostOf(place.repo).loop.view(), entry.claimIds)
  if (claims.length > 0) return granted(parts, place, claims, waiting.warnings)
  return answer(parts, place, waiting, dropped(entry, reason))
}

function dropped(entry: QueueEntry, reason: DropReason): WaitEnd & { kind: 'dropped' } {
  return { kind: 'dropped', entry, reason, circle: [] }
}

export const queue: Handler<OperationInput<'queue'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = parts.callers.asker(input, context)
  const entries = orderedQueue(host).filter(
    (entry) => input.mine !== true || entry.party.session === party.session,
  )
  const result: OperationResult<'queue'> = {
    entries: entries.map((entry) => {
      const { ahead, judgement } = standingIn(host, entry)
      const blockers = new Set(judgement.conflicts.map(({ claim }) => claim))
      return { ...placeJson(entry, ahead, null), blocked_by: [...blockers].map(partOf) }
    }),
    as_of: asOf(place.repo),
  }
  return result
}

export const cancel: Handler<OperationInput<'cancel'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const ids = input.ids.map(asQueueId)
  const outcome = await submit(hostOf(place.repo), { kind: 'cancel', party, ids })
  return { cancelled: outcome.kind === 'cancelled' ? outcome.ids : [] }
}

function answer(
  parts: Parts,
  place: Place,
  { outcome, warnings }: Waiting,
  end: Exclude<WaitEnd, { kind: 'gone' | 'answered' }>,
): OperationResult<'claim'> {
  const host = hostOf(place.repo)
  if (end.kind === 'granted') {
    return granted(parts, place, claimsNow(host.loop.view(), end.entry.claimIds), warnings)
  }
  const reason = end.kind === 'dropped' ? end.reason : null
  if (end.kind === 'dropped' && reason === 'deadlock') throw deadlock(end.circle)
  const { entry } = outcome
  const done = reason === 'completed' ? completedIn(host, entry) : null
  if (done !== null) throw failureError(completedFailure(done))
  const { scopes } = entry
  const { judgement, ahead } = standingIn(host, entry)
  const { conflicts, more } = judgement
  const told = placeJson(entry, ahead, reason)
  const notes = [...warnings, ...waitsBefore(host.loop.view(), entry)]
  return blocked(parts, place, { scopes, conflicts, more, ahead, warnings: notes, queue: told })
}

/** Tasks that a waiter's task waits for, for whoever sees no holder in its way. */
function waitsBefore(view: View, { terms }: QueueEntry): readonly string[] {
  return unmetNeeds(view, terms.task?.needs ?? []).map(({ task, holder }) =>
    holder === null
      ? `it waits for task ${task}, on which nobody works`
      : `it waits for task ${task}, on which ${holder.agent} works`,
  )
}

/** The task that was waited for, where somebody completed it meanwhile. */
function completedIn(host: LedgerHost, { scopes }: QueueEntry): CompletedTask | null {
  const task = scopes.find(({ kind }) => kind === 'task')?.pattern ?? ''
  return host.loop.view().state.completed.get(task) ?? null
}

/** Where a place stands by what this machine knows. */
export function standingIn(
  host: LedgerHost,
  entry: QueueEntry,
): { readonly judgement: Judgement; readonly ahead: readonly QueueEntry[] } {
  const { leases, waits, options } = host.loop.engine()
  const now = leases.elapsedMs
  const view = host.loop.view()
  const asked = askedBy(waits, view, entry, now)
  const delays = delaysNow(leases, options.caseExact)
  const standing = standingOf(waits, view, asked, delays, now, false)
  return { judgement: standing.judgement, ahead: standing.kind === 'free' ? [] : standing.ahead }
}

function orderedQueue(host: LedgerHost): QueueEntry[] {
  const { leases, waits } = host.loop.engine()
  const now = leases.elapsedMs
  return [...host.loop.view().state.queue.values()].sort((a, b) =>
    compareRanks(rankIn(waits, a, now), rankIn(waits, b, now)),
  )
}
