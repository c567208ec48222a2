// Who works on what, where and how far; what wants a person stands first. Tasks that are only proposed stand last.
import { matchesFilter } from '../../daemon/client/board/filter.ts'
import { pipeline, PROPOSED, stagesOf } from '../../daemon/client/board/stages.ts'
import { brief } from '../../daemon/client/board/times.ts'
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
  workerFields,
  type WorkerRow,
} from '../../daemon/client/board/workers.ts'
import type { Proposal } from '../../protocol/index.ts'
import type { Board } from '../model/board.ts'
import type { Cell } from '../model/columns.ts'
import { span, type Tone } from '../model/lines.ts'
import type { Row, View } from './view.ts'

export const workersView: View = {
  title: 'Workers',
  count: ({ workers }) => workers.filter(isOpen).length,
  columns: [
    { title: 'STAGE', width: 6 },
    { title: 'STATE', width: 9 },
    { title: 'TASK', width: 13, grows: 3 },
    { title: 'TITLE', width: 16, grows: 3, from: 130 },
    { title: 'MACHINE', width: 8 },
    { title: 'WITH', width: 10, from: 96, grows: 1 },
    { title: 'AGE', width: 6, align: 'right' },
    { title: 'EFFORT', width: 10, align: 'right', from: 78 },
    { title: 'WHAT IT SAYS', width: 18, grows: 5 },
  ],
  rows({ workers, proposals }, _asked, { filter, workerOrder }) {
    const found = workers.filter((one) => matchesFilter(filter, workerFields(one)))
    const wanted = proposals.filter((one) => matchesFilter(filter, proposalFields(one)))
    return [
      ...sortWorkers(found, workerOrder).map((worker): Row => {
        return { id: worker.id, subject: { kind: 'worker', worker } }
      }),
      ...wanted.map((proposal): Row => {
        return { id: proposal.id, subject: { kind: 'proposal', proposal } }
      }),
    ]
  },
  cells({ subject }, board, nowMs) {
    if (subject?.kind === 'worker') return workerCells(subject.worker, board, nowMs)
    return subject?.kind === 'proposal' ? proposalCells(subject.proposal, nowMs) : []
  },
  empty: ({ repo, workers, proposals }) => {
    if (repo === null) return [span('No repository is enrolled: cd REPO && skein init', 'quiet')]
    if (!repo.isKnown) return [span('Reading the ledger …', 'quiet')]
    const isNone = workers.length + proposals.length === 0
    return [span(isNone ? 'No workers: skein assign TASK' : 'No worker matches.', 'quiet')]
  },
}

function workerCells(
  worker: WorkerRow,
  { workers }: Board,
  nowMs: number,
): readonly (Cell | string)[] {
  const { word, level, rank } = standingOfWorker(worker)
  const tone: Tone = level
  const isLoud = level === 'warning' || level === 'bad'
  const isOver = rank > 5
  const model = modelOf(worker)
  return [
    { text: pipeline(stagesOf(worker, lookersAt(worker, workers))), tone: isOver ? 'quiet' : tone },
    { text: word, tone: isOver && !isLoud ? 'quiet' : tone },
    { text: taskLabel(worker), tone: isOver ? 'plain' : 'strong' },
    taskLabel(worker) === worker.title ? '' : worker.title,
    worker.machine,
    model === '' ? worker.launcher : `${worker.launcher}/${model}`,
    { text: brief(nowMs - Date.parse(worker.assigned_at)), tone: 'quiet' },
    { text: effortText(worker), tone: 'quiet' },
    { text: lastLine(worker), tone: isLoud ? tone : 'quiet' },
  ]
}

function proposalCells(proposal: Proposal, nowMs: number): readonly (Cell | string)[] {
  const { order, machine, rationale, atMs } = proposal
  return [
    pipeline(PROPOSED),
    'proposed',
    taskLabel(order),
    taskLabel(order) === order.title ? '' : order.title,
    machine,
    order.model === null ? order.launcher : `${order.launcher}/${order.model}`,
    { text: brief(nowMs - atMs), tone: 'quiet' },
    '',
    { text: rationale, tone: 'quiet' },
  ]
}
