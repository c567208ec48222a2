// Events as they happen, from a place in the past on: first what the audit logs hold, then what the feed tells, with nothing
// between the two missing or told twice.
import { SkeinError, type AuditEvent } from '../../protocol/index.ts'
import { isMatch } from '../audit-filter.ts'
import type { CallContext, Operations } from '../client/operations.ts'
import type { AuditCursor } from '../ports.ts'
import { hostOf, type Repo } from '../repos.ts'
import type { Parts } from './context.ts'
import { startOf } from './events.ts'
import { readEventQuery, type EventQuery } from './event-query.ts'

/** Events that wait for a slow reader; above it the stream ends, and the reader comes back for the rest. */
const UNREAD_MAX = 10_000

export async function follow(
  parts: Parts,
  watch: Operations['watch'],
  input: Parameters<typeof readEventQuery>[1],
  context: CallContext,
): Promise<AsyncIterable<readonly AuditEvent[]>> {
  const query = await readEventQuery(parts, input, context)
  const { since } = query
  const starts = []
  for (const repo of query.repos) {
    const { audit } = hostOf(repo)
    // From now on: the end of the log is known before the first answer, so that nothing after it is missed.
    const from = since === null ? null : await startOf(audit, since, repo.id, context.signal)
    starts.push({ repo, from })
  }
  return told(query, starts, watch, context.signal)
}

async function* told(
  query: EventQuery,
  starts: readonly { readonly repo: Repo; readonly from: AuditCursor | null }[],
  watch: Operations['watch'],
  signal: AbortSignal,
): AsyncGenerator<readonly AuditEvent[]> {
  const inbox = new Inbox(query, signal)
  const stop = watch(inbox.take)
  try {
    if (query.since !== null) {
      for (const { repo, from } of starts) {
        for await (const events of hostOf(repo).audit.batches(from, signal)) {
          const last = events.at(-1)
          if (last !== undefined) inbox.forgetUpTo(last)
          const wanted = events.filter((event) => isMatch(event, query.filter))
          if (wanted.length > 0) yield wanted
        }
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
