// Whom a session waits for, as parties: holders of what its waits conflict with, whoever works on a task that its own waits
// for, waiters before it, and holders whose answer it awaits.
import type { Party, QueueEntry } from '../../../protocol/index.ts'
import type { LockDelay } from '../claims/judge.ts'
import type { View } from '../view.ts'
import type { AwaitedBy, InTheWayOf } from './deadlock.ts'
import { askedBy, standingOf, type Standing, type Waits } from './waits.ts'

export interface Waiting {
  readonly waits: Waits
  readonly view: View
  readonly now: number
  readonly delays: readonly LockDelay[]
  readonly awaitedBy: AwaitedBy
}

export function inTheWay(context: Waiting): InTheWayOf {
  const { view, awaitedBy } = context
  return (session) => [
    ...[...(view.waiting.get(session) ?? [])].flatMap((id) => {
      const entry = view.state.queue.get(id)
      return entry === undefined ? [] : blockersOf(context, entry)
    }),
    ...awaitedBy(session),
  ]
}

export function blockersOf(context: Waiting, entry: QueueEntry): readonly Party[] {
  const { waits, view, now, delays } = context
  const asked = askedBy(waits, view, entry, now)
  return partiesIn(standingOf(waits, view, asked, delays, now, false))
}

export function partiesIn(standing: Standing): readonly Party[] {
  if (standing.kind === 'free') return []
  const holders = standing.judgement.conflicts.filter(({ delayMs }) => delayMs === null)
  const before = standing.unmet.flatMap(({ holder }) => holder ?? [])
  const ahead = standing.ahead.map(({ party }) => party)
  return [...holders.map(({ claim }) => claim), ...before, ...ahead]
}
