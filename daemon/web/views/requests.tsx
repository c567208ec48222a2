// Requests to give way: those that want an answer, then the answered ones.
import { useMemo, type ReactNode } from 'react'
import { matchesFilter, parseFilter } from '../../client/board/filter.ts'
import { requestFields, requestsIn, type RequestRow } from '../../client/board/requests.ts'
import { ageOf, leftUntil } from '../../client/board/times.ts'
import { Empty, Name, Pill, Search } from '../parts/small.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { useBoard } from '../state/board.ts'
import { useKept, useNow } from '../state/settings.ts'

export function Requests(): ReactNode {
  const { repo, selected, select } = useBoard()
  const [filter, setFilter] = useKept('requests.filter', '')
  const version = repo?.version ?? 0
  const all = useMemo(() => (repo === null ? [] : requestsIn(repo)), [repo?.id, version])
  const found = useMemo(() => {
    const wanted = parseFilter(filter)
    return all.filter((request) => matchesFilter(wanted, requestFields(request)))
  }, [all, filter])
  const open = all.filter(({ decision }) => decision === 'pending').length
  return (
    <div className="page full">
      <div className="tools">
        <Search
          label="Find: words, holder:ann, decision:pending"
          value={filter}
          onChange={setFilter}
        />
        <span className="quiet number" role="status">{`${String(open)} open`}</span>
      </div>
      {found.length === 0 ? (
        <Empty
          title={
            all.length === 0 ? 'Nobody asked anybody to give way.' : 'No request matches the words.'
          }
        />
      ) : (
        <VirtualList
          name="requests"
          label="Requests"
          rows={found}
          rowHeight={68}
          selected={selected?.id ?? null}
          onSelect={({ id }) => {
            select({ kind: 'request', id })
          }}
        >
          {(request) => <RequestLine request={request} />}
        </VirtualList>
      )}
    </div>
  )
}

function RequestLine({ request }: { request: RequestRow }): ReactNode {
  const now = useNow()
  const { decision, pattern, scope, requester, holder } = request
  const isOpen = decision === 'pending'
  return (
    <div className="two-lines">
      <div className="line-one">
        <Name>{requester}</Name>
        <span className="quiet">asks</span>
        <Name>{holder}</Name>
        <span className="quiet">for</span>
        <bdi className="path">{scope ?? pattern ?? request.claim}</bdi>
        <Pill level={isOpen ? 'warning' : 'plain'}>{isOpen ? 'open' : decision}</Pill>
      </div>
      <div className="line-two quiet">
        <bdi className="why">“{request.reason}”</bdi>
        <span className="number">
          {isOpen
            ? `${leftUntil(request.answer_by, now)} to answer`
            : `${ageOf(request.ended_at ?? request.filed_at, now)} ago`}
        </span>
      </div>
    </div>
  )
}
