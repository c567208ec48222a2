// A leader's knowledge of who waits for what. Each waiter watches one blocker: when that is gone the waiter is looked at
// again, and only then, so that a release among thousands of waiters costs as much as it moves. Rebuilt when a term starts.
//
// A waiter is blocked by a claim (or a lock-delay) of another party that conflicts, and by every waiter of another party
// that goes first and conflicts. It watches the last such waiter if there is one: behind a line of waiters on one path,
// a release wakes the first only.
import {
  judgeable,
  modesConflict,
  overlapScopes,
  type JudgedScope,
  type Party,
  type QueueEntry,
  type QueueId,
} from '../../../protocol/index.ts'
import { isOwn, judgeScopes, type Judgement, type LockDelay } from '../claims/judge.ts'
import { unmetNeeds, type Unmet } from '../tasks/needs.ts'
import { inRuledModes } from '../policy/rules.ts'
import { isOfPolicy, type AppliedChange, type View } from '../view.ts'
import { compareAges, compareRanks, levelOf, rankOf, type Rank } from './order.ts'

export interface Waits {
  readonly waiters: Map<QueueId, Waiter>
  /** Waiters to be looked at again. */
  readonly woken: Set<QueueId>
  /** Who watches a claim or a waiter, by its id. */
  readonly watchers: Map<string, Set<QueueId>>
}

export interface Waiter {
  /** The leader's elapsed time when it first saw the entry: age counts from here. */
  readonly since: number
  level: number
  watches: string | null
  /** Blocked by a lock-delay until this moment of the leader's elapsed time. */
  delayedUntil: number | null
}

export function createWaits(): Waits {
  return { waiters: new Map(), woken: new Set(), watchers: new Map() }
}

export function restartWaits(waits: Waits, view: View, now: number): void {
  waits.waiters.clear()
  waits.woken.clear()
  waits.watchers.clear()
  for (const entry of view.state.queue.values()) join(waits, entry, now)
}

/** Keeps step with what the leader appends. */
export function noteWaits(waits: Waits, { change }: AppliedChange, now: number): void {
  // A mode that changed may let in anybody, past whatever it watches.
  if (isOfPolicy(change)) for (const id of waits.waiters.keys()) waits.woken.add(id)
  switch (change.kind) {
    case 'queued':
      join(waits, change.entry, now)
      return
    case 'popped':
    case 'dropped':
      leave(waits, change.entry.id)
      wake(waits, change.entry.id)
      return
    case 'ended':
    case 'narrowed': {
      wake(waits, change.claim.id)
      // A claim that had as many partners as it may have can have another now.
      const { coexistsWith } = change.kind === 'narrowed' ? change.before : change.claim
      for (const partner of coexistsWith) wake(waits, partner)
      return
    }
    case 'task-over':
      wake(waits, completionOf(change.task.task))
      return
    default:
      return
  }
}

/** Waiters whose level rose, or whose delay is over, are looked at again. */
export function ageWaits(waits: Waits, view: View, now: number): void {
  for (const [id, waiter] of waits.waiters) {
    const entry = view.state.queue.get(id)
    if (entry === undefined) continue
    const level = levelOf(entry.urgency, now - waiter.since)
    const isDelayOver = waiter.delayedUntil !== null && now >= waiter.delayedUntil
    if (level === waiter.level && !isDelayOver) continue
    waiter.level = level
    waiter.delayedUntil = null
    waits.woken.add(id)
    // Others may now stand behind it, or before it no longer.
    wake(waits, id)
  }
}

/** The woken, first one first. */
export function wokenInOrder(waits: Waits, view: View, now: number): QueueEntry[] {
  const entries = [...waits.woken].flatMap((id) => view.state.queue.get(id) ?? [])
  return entries.sort((a, b) => compareRanks(rankIn(waits, a, now), rankIn(waits, b, now)))
}

export type Standing =
  | { readonly kind: 'free'; readonly judgement: Judgement }
  | {
      readonly kind: 'behind'
      readonly ahead: readonly QueueEntry[]
      readonly judgement: Judgement
      /** Tasks that are to be completed first. */
      readonly unmet: readonly Unmet[]
    }

/** Who asks for what, in which place; the terms of a task say what must come before it. */
export interface Asked {
  readonly party: Party
  readonly scopes: QueueEntry['scopes']
  readonly rank: Rank
  readonly terms?: Pick<QueueEntry['terms'], 'task'>
}

/** What a waiter asks for, in the modes and the place that it has now. */
export function askedBy(waits: Waits, view: View, entry: QueueEntry, now: number): Asked {
  const { party, terms } = entry
  const scopes = inRuledModes(view, entry.scopes)
  return { party, terms, scopes, rank: rankIn(waits, entry, now) }
}

/**
 * May this waiter, or this claim asked for now, be granted? If not: whom it stands behind, and what it meets.
 * @param byAge whoever joined later does not count, however urgent.
 */
export function standingOf(
  waits: Waits,
  view: View,
  asked: Asked,
  delays: readonly LockDelay[],
  now: number,
  byAge: boolean,
): Standing {
  const judgement = judgeScopes(view, asked.party, asked.scopes, delays)
  const ahead = waitersAhead(waits, view, asked, now, byAge)
  const unmet = unmetNeeds(view, asked.terms?.task?.needs ?? [])
  const isFree = judgement.conflicts.length === 0 && ahead.length === 0 && unmet.length === 0
  return isFree ? { kind: 'free', judgement } : { kind: 'behind', ahead, judgement, unmet }
}

/** Lets a waiter watch what blocks it. */
export function watch(waits: Waits, entry: QueueEntry, standing: Standing, now: number): void {
  const waiter = waits.waiters.get(entry.id)
  if (waiter === undefined || standing.kind === 'free') return
  unwatch(waits, entry.id, waiter)
  waits.woken.delete(entry.id)
  const [need] = standing.unmet
  const otherwise = need === undefined ? null : completionOf(need.task)
  const blocker =
    standing.ahead.at(-1)?.id ?? standing.judgement.conflicts[0]?.claim.id ?? otherwise
  const delays = standing.judgement.conflicts.flatMap(({ delayMs }) => delayMs ?? [])
  waiter.delayedUntil = delays.length === 0 ? null : now + Math.min(...delays)
  waiter.watches = blocker
  if (blocker === null) return
  const watchers = waits.watchers.get(blocker) ?? new Set()
  waits.watchers.set(blocker, watchers.add(entry.id))
}

export function rankIn(waits: Waits, entry: QueueEntry, now: number): Rank {
  const since = waits.waiters.get(entry.id)?.since ?? now
  return rankOf(entry, now - since)
}

/** Waiters of other parties that go first and conflict, in their order. */
function waitersAhead(
  waits: Waits,
  view: View,
  asked: Asked,
  now: number,
  byAge: boolean,
): QueueEntry[] {
  const compare = byAge ? compareAges : compareRanks
  const found = new Map<QueueId, { entry: QueueEntry; rank: Rank }>()
  for (const scope of asked.scopes) {
    const mine = judgeable(scope, view)
    for (const place of view.waiters.candidates(mine)) {
      const entry = view.state.queue.get(place.id)
      const theirs = place.scope
      if (entry === undefined || found.has(entry.id) || isOwn(mine, asked.party, entry.party))
        continue
      const rank = rankIn(waits, entry, now)
      if (compare(rank, asked.rank) < 0 && isConflict(mine, theirs))
        found.set(entry.id, { entry, rank })
    }
  }
  return [...found.values()].sort((a, b) => compare(a.rank, b.rank)).map(({ entry }) => entry)
}

/**
 * Is it the older one's turn first? Two that could stand beside each other from the start, by disjoint symbols, do not
 * wait for each other; a symbol waits behind the file, which it would keep from being granted.
 */
function isConflict(mine: JudgedScope, theirs: JudgedScope): boolean {
  if (!modesConflict(mine.mode, theirs.mode)) return false
  const overlap = overlapScopes(mine, theirs)
  return overlap !== null && overlap.kind !== 'disjoint-symbols'
}

/** What a waiter watches that waits for a task to be completed, whoever does it. */
function completionOf(task: string): string {
  return `task:${task}`
}

function join(waits: Waits, entry: QueueEntry, now: number): void {
  const level = levelOf(entry.urgency, 0)
  waits.waiters.set(entry.id, { since: now, level, watches: null, delayedUntil: null })
  waits.woken.add(entry.id)
}

function leave(waits: Waits, id: QueueId): void {
  const waiter = waits.waiters.get(id)
  if (waiter !== undefined) unwatch(waits, id, waiter)
  waits.waiters.delete(id)
  waits.woken.delete(id)
}

function wake(waits: Waits, blocker: string): void {
  const watchers = waits.watchers.get(blocker)
  if (watchers === undefined) return
  waits.watchers.delete(blocker)
  for (const id of watchers) {
    const waiter = waits.waiters.get(id)
    if (waiter !== undefined) waiter.watches = null
    waits.woken.add(id)
  }
}

function unwatch(waits: Waits, id: QueueId, waiter: Waiter): void {
  if (waiter.watches === null) return
  const watchers = waits.watchers.get(waiter.watches)
  watchers?.delete(id)
  if (watchers?.size === 0) waits.watchers.delete(waiter.watches)
  waiter.watches = null
}
