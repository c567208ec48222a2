// The history of a claim, a wait or a path, as the ledger's audit log has it.
import { useEffect, useState, type ReactNode } from 'react'
import type { AuditEvent } from '../../../protocol/index.ts'
import { clockOf } from '../../client/board/times.ts'
import { useBoard } from '../state/board.ts'
import { useNow } from '../state/settings.ts'
import { wordsOf } from './overview.tsx'

const WHY_EVENTS = 30

/** What `skein why` says of it. */
export function Why({ subject }: { subject: string }): ReactNode {
  const { call, repo, log } = useBoard()
  const [events, setEvents] = useState<readonly AuditEvent[] | null>(null)
  const [problem, setProblem] = useState('')
  const now = useNow()
  const repoId = repo?.id
  const last = log.events.at(-1)?.id
  useEffect(() => {
    if (repoId === undefined) return
    let isOver = false
    const input = { repo: repoId, pattern: subject, limit: WHY_EVENTS }
    call('why', input).then(
      (found) => {
        if (!isOver) setEvents(found.events as readonly AuditEvent[])
      },
      (error: unknown) => {
        if (!isOver) setProblem(error instanceof Error ? error.message : String(error))
      },
    )
    return () => {
      isOver = true
    }
  }, [call, repoId, subject, last])
  if (problem !== '') return <p className="problem">{problem}</p>
  return (
    <>
      <h3>History</h3>
      {events === null ? <p className="quiet">Reading …</p> : null}
      <ol className="why-list">
        {(events ?? []).map((event) => (
          <li key={event.id}>
            <span className="quiet number">{clockOf(event.at, now)}</span>
            <bdi>{wordsOf(event)}</bdi>
          </li>
        ))}
      </ol>
    </>
  )
}
