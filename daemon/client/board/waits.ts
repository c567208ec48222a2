// Who waits for whom, and why, in words. Pure.
import type { OperationResult } from '../../../protocol/index.ts'
import type { SearchFields } from './filter.ts'
import { wholeLabel } from './tree.ts'

export type QueueRow = OperationResult<'queue'>['entries'][number]

/** `src/a.ts, task T-3`. */
export function wantedOf({ scopes }: Pick<QueueRow, 'scopes'>): string {
  return scopes.map(wholeLabel).join(', ')
}

/** Why it waits now: who holds what it wants, or who is before it. */
export function whyWaits(entry: QueueRow): string {
  const { blocked_by: holders, ahead } = entry
  const held = holders.map(({ agent, pattern, symbols }) => {
    const names = symbols.length === 0 ? '' : ` ${symbols.join(', ')}`
    return `${agent} holds ${pattern}${names}`
  })
  const before = ahead.map(({ agent, urgency }) => `${agent} is before it (${urgency})`)
  const reasons = [...held, ...before]
  if (reasons.length > 0) return reasons.join('; ')
  return entry.ended === null ? 'next: to be granted, or kept free for a moment' : entry.ended
}

/** Places that a claim is in the way of. */
export function waitersFor(claim: string, queue: readonly QueueRow[]): readonly QueueRow[] {
  return queue.filter(({ blocked_by: blockers }) => blockers.some((part) => part.claim === claim))
}

export function queueFields(entry: QueueRow): SearchFields {
  const { id, agent, machine, session, urgency, description } = entry
  return { id, agent, machine, session, urgency, description, path: wantedOf(entry) }
}
