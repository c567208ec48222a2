// The pasts of several logs as one: in the order of time, each log's own order kept, so that whoever leaves in the middle can go
// on behind any event.
import type { AuditEvent } from '../../protocol/index.ts'
import type { AuditFilter } from '../ports.ts'
import { hostOf } from '../repos.ts'
import type { Start } from './event-start.ts'

export interface Batch {
  readonly events: readonly AuditEvent[]
  readonly filter: AuditFilter
}

interface Head {
  readonly batches: AsyncIterator<readonly AuditEvent[]>
  readonly filter: AuditFilter
  events: readonly AuditEvent[]
}

export async function* mergeLogs(
  starts: readonly Start[],
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const heads = starts.map(({ repo, from, filter }): Head => {
    const batches = hostOf(repo).audit.batches(from, signal)[Symbol.asyncIterator]()
    return { batches, filter, events: [] }
  })
  try {
    for (const head of heads) head.events = await nextOf(head.batches)
    for (;;) {
      const left = heads.filter(({ events }) => events.length > 0)
      const [first, second] = left.sort((a, b) => compareTimes(timeOf(a.events), timeOf(b.events)))
      if (first === undefined) return
      // As much of one log as is older than the others.
      const count =
        second === undefined ? first.events.length : countUntil(first.events, timeOf(second.events))
      yield { events: first.events.slice(0, count), filter: first.filter }
      first.events = first.events.slice(count)
      if (first.events.length === 0) first.events = await nextOf(first.batches)
    }
  } finally {
    // A reader may leave at any moment; each log has an open file.
    await Promise.allSettled(
      heads.map(async ({ batches }) => {
        await batches.return?.()
      }),
    )
  }
}

/** Empty at the end; a group without a single event is passed over. */
async function nextOf(
  batches: AsyncIterator<readonly AuditEvent[]>,
): Promise<readonly AuditEvent[]> {
  for (;;) {
    const next = await batches.next()
    if (next.done === true) return []
    if (next.value.length > 0) return next.value
  }
}

function timeOf(events: readonly AuditEvent[]): string {
  return events[0]?.at ?? ''
}

function countUntil(events: readonly AuditEvent[], until: string): number {
  const at = events.findIndex((event, i) => i > 0 && event.at > until)
  return at < 0 ? events.length : at
}

/** Of times in ISO 8601, which sort as texts do. */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
