// Moves the queue: after every change each waiter that now fits is granted, in order, and the records ride in the same
// batch as the change that let them. Waiters that would close a circle by what they hold are dropped, by name.
import { isDone, type QueueEntry, type QueueId, type RecordBody } from '../../../protocol/index.ts'
import { grantFor, tooMany } from '../claims/grant.ts'
import { judgeScopes } from '../claims/judge.ts'
import { ruleOn } from '../policy/rules.ts'
import type { View } from '../view.ts'
import { blockersOf, inTheWay, type Waiting } from './blockers.ts'
import { findCircle } from './deadlock.ts'
import { isFairnessPop } from './order.ts'
import { askedBy, standingOf, watch, wokenInOrder, type Standing } from './waits.ts'

export interface PumpContext extends Waiting {
  /** By it an approval ends. */
  readonly wallMs: number
  /** Is the session's lease still running? A waiter is never granted to the dead. */
  readonly isAlive: (entry: QueueEntry) => boolean
  /** Appends records, and has the view and the waits follow. */
  readonly append: (bodies: readonly RecordBody[]) => void
}

/** Grants made in one go; what is left moves with the next tick. */
const GRANTS_MAX = 1_000
/** The oldest waiters that a fair turn looks at. */
const FAIR_LOOKS_MAX = 200

/** @returns whether anything moved. */
export function pumpQueue(context: PumpContext): boolean {
  let moved = 0
  while (moved < GRANTS_MAX) {
    const next = oldestThatFits(context) ?? nextToMove(context)
    if (next === null) break
    context.append([next])
    moved++
  }
  return moved > 0
}

/**
 * On a fair turn: the oldest waiter that meets no claim and stands behind nobody older. Where there is none the turn is an
 * ordinary one. Nobody watches anything because of it: what blocks by age need not block by rank.
 */
function oldestThatFits(context: PumpContext): RecordBody | null {
  const { waits, view, now, delays, isAlive } = context
  if (!isFairnessPop(view.state.pops)) return null
  let looks = 0
  for (const entry of view.state.queue.values()) {
    if (++looks > FAIR_LOOKS_MAX) return null
    if (!isAlive(entry)) continue
    if (isDoneMeanwhile(view, entry)) return dropOf(entry.id, 'completed')
    const asked = askedBy(waits, view, entry, now)
    if (judgeScopes(view, asked.party, asked.scopes, delays).conflicts.length > 0) continue
    const standing = standingOf(waits, view, asked, delays, now, true)
    if (standing.kind === 'free') return grantOrDrop(context, entry, standing)
  }
  return null
}

/** The first woken waiter that can go; those that cannot watch their blocker from now on. */
function nextToMove(context: PumpContext): RecordBody | null {
  const { waits, view, now, delays, isAlive } = context
  for (const entry of wokenInOrder(waits, view, now)) {
    if (!isAlive(entry)) return dropOf(entry.id, 'vanished')
    if (isDoneMeanwhile(view, entry)) return dropOf(entry.id, 'completed')
    const asked = askedBy(waits, view, entry, now)
    const standing = standingOf(waits, view, asked, delays, now, false)
    if (standing.kind === 'free') return grantOrDrop(context, entry, standing)
    watch(waits, entry, standing, now)
  }
  return null
}

function grantOrDrop(context: PumpContext, entry: QueueEntry, standing: Standing): RecordBody {
  const { view, wallMs } = context
  // It may have changed while the claim waited.
  const ruling = ruleOn(view, entry.party, entry.scopes, wallMs)
  if (ruling.kind !== 'free') return dropOf(entry.id, 'policy')
  const { claimsPerAgent } = entry.terms
  if (claimsPerAgent > 0) {
    const held = [...view.state.claims.values()].filter(
      (claim) => claim.agent === entry.party.agent,
    )
    if (held.length + entry.scopes.length > claimsPerAgent) return dropOf(entry.id, 'limit')
  }
  const { partners } = standing.judgement
  if (tooMany(partners) !== null) return dropOf(entry.id, 'limit')
  const since = context.waits.waiters.get(entry.id)?.since ?? context.now
  const waited = Math.ceil(Math.max(0, context.now - since) / 1000)
  return grantFor({ ...entry, scopes: ruling.scopes }, partners, entry.id, waited)
}

/** Whoever waited for a task wanted it done. */
function isDoneMeanwhile(view: View, entry: QueueEntry): boolean {
  return entry.scopes.some(({ kind, pattern }) => {
    const over = kind === 'task' ? view.state.completed.get(pattern) : undefined
    return over !== undefined && isDone(over) && over.index > entry.index
  })
}

/**
 * After a grant: does its session now stand in the way of those it waits for? Then it waits no longer: it took more while it
 * waited, and every circle that this closed goes through its own waits.
 */
export function circleOf(context: Waiting, sessions: ReadonlySet<string>): RecordBody | null {
  const { view } = context
  const inTheWayOf = inTheWay(context)
  for (const key of sessions) {
    for (const id of view.waiting.get(key) ?? []) {
      const entry = view.state.queue.get(id)
      if (entry === undefined) continue
      const circle = findCircle(view, entry.party, blockersOf(context, entry), inTheWayOf)
      if (circle === null) continue
      const names = circle.map((party) => party.agent)
      return { ...dropOf(entry.id, 'deadlock'), circle: names }
    }
  }
  return null
}

function dropOf(
  id: QueueId,
  reason: 'vanished' | 'limit' | 'deadlock' | 'completed' | 'policy',
): Extract<RecordBody, { kind: 'drop' }> {
  return { kind: 'drop', rid: null, ids: [id], reason, by: 'leader', circle: [] }
}
