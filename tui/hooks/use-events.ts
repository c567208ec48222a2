// Events as they happen, while somebody looks at them: the latest ones first, then whatever follows.
import { useEffect, useState } from 'react'
import { asEvents } from '../model/board.ts'
import { followEvents } from '../../daemon/client/event-stream.ts'
import type { AuditEvent, RepoId } from '../../protocol/index.ts'
import type { BoardHost } from '../../daemon/client/board-host.ts'

/** A person scrolls through some screens of them. */
const KEPT_MAX = 2_000
const FIRST = 200
const BATCH_MS = 100
const RETRY_MS = 2_000

/** The newest first. */
export function useEvents(host: BoardHost, repo: RepoId | null, isShown: boolean) {
  const [events, setEvents] = useState<readonly AuditEvent[] | null>(null)
  useEffect(() => {
    if (!isShown || repo === null) return undefined
    const over = new AbortController()
    let fresh: AuditEvent[] = []
    const timer = setInterval(() => {
      if (fresh.length === 0) return
      const newest = fresh.toReversed()
      fresh = []
      setEvents((known) => [...newest, ...(known ?? [])].slice(0, KEPT_MAX))
    }, BATCH_MS)
    const follow = async (): Promise<void> => {
      const { events: past } = await host.call('events', { repo, limit: FIRST })
      if (over.signal.aborted) return
      setEvents(asEvents(past).toReversed())
      const since = past.at(-1)?.id
      const query = { repo, ...(since === undefined ? {} : { since }) }
      const stream = { socket: host.socket, query, signal: over.signal, onBreak: ignore }
      for await (const event of followEvents(stream)) fresh.push(event)
    }
    let again: ReturnType<typeof setTimeout> | null = null
    const begin = (): void => {
      // The daemon is gone, which the board says already: the past is asked for again when it is back.
      follow().catch(() => {
        if (!over.signal.aborted) again = setTimeout(begin, RETRY_MS)
      })
    }
    begin()
    return () => {
      over.abort()
      clearInterval(timer)
      if (again !== null) clearTimeout(again)
      setEvents(null)
    }
  }, [host, repo, isShown])
  return events
}

function ignore(): void {
  // The feed tells of breaks.
}
