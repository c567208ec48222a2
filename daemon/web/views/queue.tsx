// Who waits for whom, and why.
import { useMemo, type ReactNode } from 'react'
import { matchesFilter, parseFilter } from '../../client/board/filter.ts'
import { ageOf, leftUntil } from '../../client/board/times.ts'
import { queueFields, wantedOf, whyWaits, type QueueRow } from '../../client/board/waits.ts'
import { Empty, Name, Pill, Search } from '../parts/small.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { useBoard } from '../state/board.ts'
import { useKept, useNow } from '../state/settings.ts'

export function Queue(): ReactNode {
  const { repo, selected, select } = useBoard()
  const [filter, setFilter] = useKept('queue.filter', '')
  const queue = repo?.queue ?? []
  const found = useMemo(() => {
    const wanted = parseFilter(filter)
    return queue.filter((entry) => matchesFilter(wanted, queueFields(entry)))
  }, [queue, filter])
  return (
    <div className="page full">
      <div className="tools">
        <Search label="Find: words, agent:ann, urgency:high" value={filter} onChange={setFilter} />
        <span className="quiet number" role="status">{`${String(found.length)} waiting`}</span>
      </div>
      {found.length === 0 ? (
        <Empty title={queue.length === 0 ? 'Nobody waits.' : 'No wait matches the words.'} />
      ) : (
        <VirtualList
          name="queue"
          label="Waiting"
          rows={found}
          rowHeight={68}
          selected={selected?.id ?? null}
          onSelect={({ id }) => {
            select({ kind: 'wait', id })
          }}
        >
          {(entry) => <WaitRow entry={entry} />}
        </VirtualList>
      )}
    </div>
  )
}

function WaitRow({ entry }: { entry: QueueRow }): ReactNode {
  const now = useNow()
  return (
    <div className="two-lines">
      <div className="line-one">
        <span className="place number" title="place">
          {entry.position}
        </span>
        <Name>{entry.agent}</Name>
        <span className="quiet">wants</span>
        <bdi className="path">{wantedOf(entry)}</bdi>
        {entry.urgency === 'normal' ? null : (
          <Pill level={entry.urgency === 'low' ? 'plain' : 'warning'}>{entry.urgency}</Pill>
        )}
      </div>
      <div className="line-two quiet">
        <bdi className="why">{whyWaits(entry)}</bdi>
        <span className="number">
          {ageOf(entry.joined_at, now)} so far, {leftUntil(entry.expires_at, now)} left
        </span>
      </div>
    </div>
  )
}
