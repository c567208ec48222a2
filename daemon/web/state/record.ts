// The audit log as the page has read it: pages of the past first, then what is added, asked for when the ledger moves and every few
// seconds, for refusals leave no record in it.
import { useEffect, useState } from 'react'
import type { AuditEvent } from '../../../protocol/index.ts'
import type { Call } from './api.ts'

export interface EventLog {
  readonly events: readonly AuditEvent[]
  /** From when on it is whole; null until something was read. */
  readonly sinceMs: number | null
  readonly isRead: boolean
  readonly problem: string | null
}

const NOTHING: EventLog = { events: [], sinceMs: null, isRead: false, problem: null }
const PAGE_EVENTS = 2_000
/** A busy day; older ones give way. */
const EVENTS_MAX = 20_000
const AGAIN_MS = 3_000

/**
 * @param hours how far back.
 * @param version rises when the ledger moved.
 */
export function useEventLog(
  call: Call,
  repo: string | null,
  hours: number,
  version: number,
): EventLog {
  const [log, setLog] = useState(NOTHING)
  const [reader, setReader] = useState<Reader | null>(null)
  useEffect(() => {
    if (repo === null) return
    setLog(NOTHING)
    const made = createReader(call, repo, hours, setLog)
    setReader(made)
    return made.stop
  }, [call, repo, hours])
  useEffect(() => {
    reader?.poke()
  }, [reader, version])
  return log
}

interface Reader {
  readonly poke: () => void
  readonly stop: () => void
}

function createReader(
  call: Call,
  repo: string,
  hours: number,
  tell: (log: EventLog) => void,
): Reader {
  const sinceMs = Date.now() - hours * 3_600_000
  let since = new Date(sinceMs).toISOString()
  let events: readonly AuditEvent[] = []
  let isRunning = false
  let isWanted = false
  let isOver = false

  async function readAll(): Promise<void> {
    for (;;) {
      const page = await call('events', { repo, since, limit: PAGE_EVENTS })
      if (isOver) return
      const added = page.events as readonly AuditEvent[]
      since = page.next ?? since
      if (added.length > 0) events = [...events, ...added].slice(-EVENTS_MAX)
      const from = events.length < EVENTS_MAX ? sinceMs : Date.parse(events[0]?.at ?? since)
      tell({ events, sinceMs: from, isRead: !page.more, problem: null })
      if (!page.more) return
    }
  }

  async function run(): Promise<void> {
    if (isRunning) {
      isWanted = true
      return
    }
    isRunning = true
    try {
      await readAll()
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (!isOver) tell({ events, sinceMs, isRead: true, problem })
    } finally {
      isRunning = false
      if (isWanted && !isOver) {
        isWanted = false
        void run()
      }
    }
  }

  void run()
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void run()
  }, AGAIN_MS)
  return {
    poke: () => void run(),
    stop() {
      isOver = true
      clearInterval(timer)
    },
  }
}
