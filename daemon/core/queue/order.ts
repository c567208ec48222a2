// Who comes first. A waiter's level rises with its age, one for each minute, up to the highest; inside a level the older
// goes first. So a younger waiter of the same urgency never overtakes: its level is never above the older one's.
import { URGENCIES, type QueueEntry, type Urgency } from '../../../protocol/index.ts'

/** A level is gained for each such time of waiting. */
export const AGE_BOOST_MS = 60_000
/** Every so manyeth grant from the queue goes to the oldest that fits, whatever its urgency. */
export const FAIRNESS_INTERVAL = 10

/** A waiter, or a claim that is asked for now, as the order sees it. */
export interface Rank {
  readonly level: number
  readonly index: number
}

export function levelOf(urgency: Urgency, ageMs: number): number {
  const highest = URGENCIES.length - 1
  return Math.min(
    highest,
    URGENCIES.indexOf(urgency) + Math.floor(Math.max(0, ageMs) / AGE_BOOST_MS),
  )
}

export function rankOf(entry: QueueEntry, ageMs: number): Rank {
  return { level: levelOf(entry.urgency, ageMs), index: entry.index }
}

/** Negative when `a` goes first. */
export function compareRanks(a: Rank, b: Rank): number {
  return b.level - a.level || a.index - b.index
}

/** Negative when `a` joined first: the order of a fairness pop. */
export function compareAges(a: Rank, b: Rank): number {
  return a.index - b.index
}

export function isFairnessPop(pops: number): boolean {
  return pops % FAIRNESS_INTERVAL === FAIRNESS_INTERVAL - 1
}
