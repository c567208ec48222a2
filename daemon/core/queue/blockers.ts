// Whom a waiter waits for, as parties: holders of what it conflicts with, whoever works on a task that its own waits for,
// and waiters before it.
import type { Party, QueueEntry } from '../../../protocol/index.ts'
import type { LockDelay } from '../claims/judge.ts'
import type { View } from '../view.ts'
import type { BlockersOf } from './deadlock.ts'
import { rankIn, standingOf, type Standing, type Waits } from './waits.ts'

export function blockersIn(context: {
  readonly waits: Waits
  readonly view: View
  readonly now: number
  readonly delays: readonly LockDelay[]
}): BlockersOf {
  const { waits, view, now, delays } = context
  return (entry: QueueEntry) => {
    const asked = { ...entry, rank: rankIn(waits, entry, now) }
    return partiesIn(standingOf(waits, view, asked, delays, now, false))
  }
}

export function partiesIn(standing: Standing): readonly Party[] {
  if (standing.kind === 'free') return []
  const holders = standing.judgement.conflicts.filter(({ delayMs }) => delayMs === null)
  const before = standing.unmet.flatMap(({ holder }) => holder ?? [])
  const ahead = standing.ahead.map(({ party }) => party)
  return [...holders.map(({ claim }) => claim), ...before, ...ahead]
}
