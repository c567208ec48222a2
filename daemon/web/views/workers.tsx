// Who works on what, where and how far: what wants a person first, tasks that are only proposed last.
import { useMemo, type ReactNode } from 'react'
import type { Proposal } from '../../../protocol/index.ts'
import { matchesFilter, parseFilter } from '../../client/board/filter.ts'
import { PROPOSED, stagesOf } from '../../client/board/stages.ts'
import { brief } from '../../client/board/times.ts'
import {
  effortText,
  isOpen,
  lastLine,
  lookersAt,
  modelOf,
  proposalFields,
  sortWorkers,
  standingOfWorker,
  taskLabel,
  WORKER_ORDERS,
  workerFields,
  type WorkerOrder,
  type WorkerRow,
} from '../../client/board/workers.ts'
import { Choice, Empty, Pill, Search } from '../parts/small.tsx'
import { Stages } from '../parts/stages.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { useBoard } from '../state/board.ts'
import { useKept, useNarrow, useNow } from '../state/settings.ts'

const ORDERS: Readonly<Record<WorkerOrder, string>> = {
  need: 'Need',
  age: 'Oldest',
  task: 'Task',
  machine: 'Machine',
  cost: 'Cost',
}

type ListRow =
  | { readonly kind: 'worker'; readonly id: string; readonly worker: WorkerRow }
  | { readonly kind: 'proposal'; readonly id: string; readonly proposal: Proposal }

export function Workers(): ReactNode {
  const { workers, repo, selected, select } = useBoard()
  const [filter, setFilter] = useKept('workers.filter', '')
  const [order, setOrder] = useKept<WorkerOrder>('workers.order', 'need')
  const isNarrow = useNarrow()
  const proposals = repo?.ledger.proposals
  const rows = useMemo(
    () => rowsOf(workers, proposals ?? [], filter, order),
    [workers, proposals, filter, order],
  )
  return (
    <div className="page full">
      <div className="tools">
        <Search
          label="Find: words, machine:bob, state:failed"
          value={filter}
          onChange={setFilter}
        />
        <Choice
          label="Order"
          value={order}
          options={WORKER_ORDERS.map((each) => [each, ORDERS[each]] as const)}
          onChange={setOrder}
        />
        <span className="quiet number" role="status">
          {`${String(workers.filter(isOpen).length)} at work or waiting`}
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title={emptyTitle(repo?.isKnown ?? false, filter)}>
          <code>skein assign TASK</code>
        </Empty>
      ) : (
        <VirtualList
          name="workers"
          label="Workers"
          rows={rows}
          rowHeight={isNarrow ? 96 : 68}
          selected={selected?.id ?? null}
          onSelect={({ kind, id }) => {
            select({ kind, id })
          }}
        >
          {(row) =>
            row.kind === 'worker' ? (
              <WorkerLine worker={row.worker} />
            ) : (
              <ProposalLine proposal={row.proposal} />
            )
          }
        </VirtualList>
      )}
    </div>
  )
}

function rowsOf(
  workers: readonly WorkerRow[],
  proposals: readonly Proposal[],
  filter: string,
  order: WorkerOrder,
): readonly ListRow[] {
  const wanted = parseFilter(filter)
  const found = workers.filter((one) => matchesFilter(wanted, workerFields(one)))
  return [
    ...sortWorkers(found, order).map((worker): ListRow => {
      return { kind: 'worker', id: worker.id, worker }
    }),
    ...proposals
      .filter((one) => matchesFilter(wanted, proposalFields(one)))
      .map((proposal): ListRow => ({ kind: 'proposal', id: proposal.id, proposal })),
  ]
}

function emptyTitle(isKnown: boolean, filter: string): string {
  if (!isKnown) return 'Reading the ledger …'
  return filter === '' ? 'No workers: give one a task.' : 'No worker matches the words.'
}

function WorkerLine({ worker }: { worker: WorkerRow }): ReactNode {
  const { workers } = useBoard()
  const now = useNow()
  const { word, level } = standingOfWorker(worker)
  const label = taskLabel(worker)
  const model = modelOf(worker)
  return (
    <div className="two-lines">
      <div className="line-one worker-line">
        <Pill level={level}>{word}</Pill>
        <bdi className="path strong">{label}</bdi>
        {label === worker.title ? null : <bdi className="quiet why">{worker.title}</bdi>}
        <Stages stages={stagesOf(worker, lookersAt(worker, workers))} />
      </div>
      <div className="line-two quiet">
        <bdi className="why">{lastLine(worker)}</bdi>
        <span className="number">
          <bdi>{worker.machine}</bdi> ·{' '}
          <bdi>{model === '' ? worker.launcher : `${worker.launcher}/${model}`}</bdi>
          {effortText(worker) === '' ? '' : ` · ${effortText(worker)}`}
          {` · ${brief(now - Date.parse(worker.assigned_at))}`}
        </span>
      </div>
    </div>
  )
}

function ProposalLine({ proposal }: { proposal: Proposal }): ReactNode {
  const now = useNow()
  const { order, machine, rationale, atMs } = proposal
  const label = taskLabel(order)
  return (
    <div className="two-lines">
      <div className="line-one worker-line">
        <Pill level="plain">proposed</Pill>
        <bdi className="path strong">{label}</bdi>
        {label === order.title ? null : <bdi className="quiet why">{order.title}</bdi>}
        <Stages stages={PROPOSED} />
      </div>
      <div className="line-two quiet">
        <bdi className="why">{rationale}</bdi>
        <span className="number">
          <bdi>{machine}</bdi> · <bdi>{order.launcher}</bdi> · {brief(now - atMs)}
        </span>
      </div>
    </div>
  )
}
