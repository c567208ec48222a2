// Events as they happen, from a place in the past on: first what the audit logs hold, then what the feed tells, with nothing
// between the two missing or told twice.
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import { isMatch } from '../audit-filter.ts'
import type { CallContext, EventStream, Operations } from '../client/operations.ts'
import { MESH } from '../mesh/ledger.ts'
import { hostOf } from '../repos.ts'
import type { Parts } from './context.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'
import { mergeLogs } from './event-merge.ts'
import { startsOf, type Start } from './event-start.ts'

/** Events that wait for a slow reader; above it the stream ends, and the reader comes back for the rest. */
const UNREAD_MAX = 10_000
/** Nobody sees events come later by so little. */
const GATHER_MS = 10

export async function follow(
  parts: Parts,
  watch: Operations['watch'],
  input: Parameters<typeof readEventQuery>[1],
  context: CallContext,
): Promise<EventStream> {
  if (input.until !== undefined) {
    throw new SkeinError('INPUT_SCHEMA', 'a stream goes on for ever: it takes no `until`', {
      hint: 'For a page with an end: skein events --until WHEN, or POST /v1/events.',
    })
  }
  const query = await readEventQuery(parts, input, context)
  const starts = await startsOf(query, context.signal)
  const [only] = query.repos
  const isNew = query.since === null && !query.isEvery && only !== undefined
  return {
    position: isNew ? (hostOf(only).audit.last()?.id ?? null) : null,
    batches: told(query, starts, watch, context.signal),
  }
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
      for await (const { events, filter } of mergeLogs(starts, signal)) {
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

/** What the feed told and the reader has not read. */
class Inbox {
  readonly #query: EventQuery
  readonly #signal: AbortSignal
  /** Null: all of them. */
  readonly #repos: ReadonlySet<string> | null
  #unread: AuditEvent[] = []
  #isFull = false
  #toldAt = -Infinity
  #wake: (() => void) | null = null

  constructor(query: EventQuery, signal: AbortSignal) {
    this.#query = query
    this.#signal = signal
    this.#repos = query.isEvery ? null : new Set(query.repos.map(({ id }) => id))
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  readonly take = (event: AuditEvent): void => {
    const isAsked = this.#repos === null ? event.repo !== MESH.name : this.#repos.has(event.repo)
    if (!isAsked || this.#isFull) return
    if (this.#unread.length >= UNREAD_MAX) {
      this.#isFull = true
      this.#unread = []
    } else this.#unread.push(event)
    const wake = this.#wake
    this.#wake = null
    if (wake === null) return
    // Whoever claims waits for a write to each of some hundred streams: what comes soon after one shares the next.
    const restMs = this.#toldAt + GATHER_MS - performance.now()
    if (restMs > 0) setTimeout(wake, restMs)
    else wake()
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
    this.#toldAt = performance.now()
    return events.filter((event) => isMatch(event, this.#query.filter))
  }
}
