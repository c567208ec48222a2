// Every event of this machine's ledgers, to whoever watches now: streams, subscriptions, webhooks. What was before, the audit
// logs tell. A watcher decides nothing and must be quick; one that throws is no reason for the others to miss it.
import type { AuditEvent } from '../protocol/index.ts'
import type { Log } from './log.ts'

export type Watcher = (event: AuditEvent) => void

export interface Feed {
  readonly publish: (event: AuditEvent) => void
  /** @returns what ends it; idempotent. */
  readonly watch: (watcher: Watcher) => () => void
}

/**
 * Holds what is told from now on for a watcher that is not ready yet.
 * @returns the `watch` of that watcher: it hears the held events first.
 */
export function holdFor(watch: Feed['watch']): Feed['watch'] {
  const held: AuditEvent[] = []
  const end = watch((event) => {
    // More than a start brings: what is missed then, the audit log has.
    if (held.length < HELD_MAX) held.push(event)
  })
  return (watcher) => {
    end()
    const ended = watch(watcher)
    for (const event of held.splice(0)) watcher(event)
    return ended
  }
}

const HELD_MAX = 10_000

export function createFeed(log: Pick<Log, 'error'>): Feed {
  const watchers = new Set<Watcher>()
  return {
    publish(event) {
      for (const watcher of watchers) {
        try {
          watcher(event)
        } catch (error) {
          log.error({ error: String(error) }, 'a watcher of events failed: this is a bug')
        }
      }
    },
    watch(watcher) {
      // A watcher of its own for each call, so that ending one does not end another.
      const own: Watcher = (event) => {
        watcher(event)
      }
      watchers.add(own)
      return () => {
        watchers.delete(own)
      }
    },
  }
}
