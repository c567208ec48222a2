// What happened, newest first, in words.
import { useMemo, type ReactNode } from 'react'
import type { AuditEvent } from '../../../protocol/index.ts'
import { matchesFilter, parseFilter } from '../../client/board/filter.ts'
import { clockOf } from '../../client/board/times.ts'
import { Empty, Search } from '../parts/small.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { Hours } from '../parts/hours.tsx'
import { patternOf } from '../model/moments.ts'
import { useBoard } from '../state/board.ts'
import { useKept, useNarrow, useNow } from '../state/settings.ts'
import { wordsOf } from './overview.tsx'

export function Events(): ReactNode {
  const { log, selected, select } = useBoard()
  const [filter, setFilter] = useKept('events.filter', '')
  const isNarrow = useNarrow()
  const found = useMemo(() => {
    const wanted = parseFilter(filter)
    return log.events.filter((event) => matchesFilter(wanted, fieldsOf(event))).toReversed()
  }, [log.events, filter])
  return (
    <div className="page full">
      <div className="tools">
        <Search label="Find: words, kind:refused, actor:ann" value={filter} onChange={setFilter} />
        <Hours />
        <span className="quiet number" role="status">{`${String(found.length)} events`}</span>
      </div>
      {log.problem === null ? null : <p className="problem">{log.problem}</p>}
      {found.length === 0 ? (
        <Empty title={log.isRead ? 'No such event in these hours.' : 'Reading the audit log …'} />
      ) : (
        <VirtualList
          name="events"
          label="Events"
          rows={found}
          rowHeight={isNarrow ? 62 : 34}
          selected={selected?.id ?? null}
          onSelect={({ id }) => {
            select({ kind: 'event', id })
          }}
        >
          {(event) => <EventRow event={event} />}
        </VirtualList>
      )}
    </div>
  )
}

function EventRow({ event }: { event: AuditEvent }): ReactNode {
  const now = useNow()
  return (
    <div className="event">
      <span className="quiet number">{clockOf(event.at, now)}</span>
      <span className={`kind ${toneOf(event.kind)}`}>{event.kind}</span>
      <bdi className="words">{wordsOf(event)}</bdi>
    </div>
  )
}

const BAD = /refused|superseded|lapsed|bypassed|leaked|broken|entered|lost|removed|failed/
const WAIT =
  /^(queue|request|approval)\.|expired|silent|deferred|^assignment\.waiting|^merge\.blocked/

/** What a person may have to look at. */
export function toneOf(kind: string): 'bad' | 'warning' | 'plain' {
  if (BAD.test(kind)) return 'bad'
  return WAIT.test(kind) ? 'warning' : 'plain'
}

function fieldsOf(event: AuditEvent): Readonly<Record<string, string>> {
  const { id, kind, actor, machine, data } = event
  const claim = typeof data['claim'] === 'string' ? data['claim'] : ''
  return { id, kind, actor, machine, claim, path: patternOf(event), words: wordsOf(event) }
}
