// Events as they happen, from a place in the past on: first what the audit logs hold, then what the feed tells, with nothing
// between the two missing or told twice.
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import { isMatch } from '../audit-filter.ts'
import type { CallContext, Operations } from '../client/operations.ts'
import type { AuditFilter } from '../ports.ts'
import { hostOf } from '../repos.ts'
import type { Parts } from './context.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'
import { startsOf, type Start } from './event-start.ts'

/** Events that wait for a slow reader; above it the stream ends, and the reader comes back for the rest. */
const UNREAD_MAX = 10_000

export async function follow(
  parts: Parts,
  watch: Operations['watch'],
  input: Parameters<typeof readEventQuery>[1],
  context: CallContext,
): Promise<AsyncIterable<readonly AuditEvent[]>> {
  const query = await readEventQuery(parts, input, context)
  return told(query, await startsOf(query, context.signal), watch, context.signal)
}

async function* told(
  query: EventQuery,
  starts: readonly Start[],
  watch: Operations['watch'],
  signal: AbortSignal,
): AsyncGenerator<readonly AuditEvent[]> {
  const inbox = new Inbox(query, signal)
  const stop = watch(inbox.take)
  try {
    if (query.since !== null) {
      for await (const { events, filter } of past(starts, signal)) {
        for (const event of events.slice(-1)) inbox.forgetUpTo(event)
        const wanted = events.filter((event) => isMatch(event, filter))
        if (wanted.length > 0) yield wanted
      }
    }
    while (!signal.aborted) {
      const events = await inbox.next()
      if (events.length > 0) yield events
    }
  } finally {
    stop()
  }
}

interface Batch {
  readonly events: readonly AuditEvent[]
  readonly filter: AuditFilter
}

/** What the logs hold. Of several in the order of time, so that whoever leaves in the middle can go on behind any event. */
async function* past(starts: readonly Start[], signal: AbortSignal): AsyncGenerator<Batch> {
  const heads = await Promise.all(
    starts.map(async ({ repo, from, filter }) => {
      const batches = hostOf(repo).audit.batches(from, signal)[Symbol.asyncIterator]()
      return { batches, filter, events: await nextOf(batches) }
    }),
  )
  for (;;) {
    const left = heads.filter(({ events }) => events.length > 0)
    const [first, second] = left.sort((a, b) => compare(timeOf(a.events), timeOf(b.events)))
    if (first === undefined) return
    // As much of one log as is older than the others.
    const until = second === undefined ? null : timeOf(second.events)
    const count = until === null ? first.events.length : countUntil(first.events, until)
    yield { events: first.events.slice(0, count), filter: first.filter }
    first.events = first.events.slice(count)
    if (first.events.length === 0) first.events = await nextOf(first.batches)
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

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** What the feed told and the reader has not read. */
class Inbox {
  readonly #query: EventQuery
  readonly #signal: AbortSignal
  readonly #repos: ReadonlySet<string>
  #unread: AuditEvent[] = []
  #isFull = false
  #wake: (() => void) | null = null

  constructor(query: EventQuery, signal: AbortSignal) {
    this.#query = query
    this.#signal = signal
    this.#repos = new Set(query.repos.map(({ id }) => id))
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  readonly take = (event: AuditEvent): void => {
    if (!this.#repos.has(event.repo) || this.#isFull) return
    if (this.#unread.length >= UNREAD_MAX) {
      this.#isFull = true
      this.#unread = []
    } else this.#unread.push(event)
    const wake = this.#wake
    this.#wake = null
    // After the turn that brought it: its burst is one batch, and its callers are answered first.
    if (wake !== null) setImmediate(wake)
  }

  /** The log told this one, and with it everything of its repository before it. */
  forgetUpTo(event: AuditEvent): void {
    const at = this.#unread.findLastIndex(({ id }) => id === event.id)
    if (at < 0) return
    this.#unread = this.#unread.filter(({ repo }, i) => i > at || repo !== event.repo)
  }

  async next(): Promise<readonly AuditEvent[]> {
    if (this.#unread.length === 0 && !this.#isFull && !this.#signal.aborted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    if (this.#isFull)
      throw new SkeinError('BUSY', `more than ${String(UNREAD_MAX)} events wait for this reader`, {
        hint: 'Read faster, and go on behind the last event that was read.',
      })
    const events = this.#unread
    this.#unread = []
    return events.filter((event) => isMatch(event, this.#query.filter))
  }
}
