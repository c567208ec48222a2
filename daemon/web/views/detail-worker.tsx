// All about a worker, or about a task that is only proposed: how far, what keeps it, what was found of its work, and its log.
import type { ReactNode } from 'react'
import type { Proposal } from '../../../protocol/index.ts'
import { PROPOSED, stagesOf } from '../../client/board/stages.ts'
import { ageOf, brief, clockOf } from '../../client/board/times.ts'
import {
  costOf,
  isOpen,
  lookersAt,
  modelOf,
  short,
  standingOfWorker,
  type WorkerRow,
} from '../../client/board/workers.ts'
import { Act } from '../parts/act.tsx'
import { Facts, Pill } from '../parts/small.tsx'
import { Stages } from '../parts/stages.tsx'
import { WorkerLog } from '../parts/worker-log.tsx'
import { useBoard } from '../state/board.ts'
import { useNow } from '../state/settings.ts'
import { Why } from './why.tsx'

type FactRow = readonly [string, ReactNode]

export function WorkerDetail({ worker }: { worker: WorkerRow }): ReactNode {
  const { workers } = useBoard()
  const now = useNow()
  const { word, level } = standingOfWorker(worker)
  const { task, title, blocker } = worker
  return (
    <>
      <p className="lead">
        <bdi>{title === task ? task : `${task}: ${title}`}</bdi>
      </p>
      <p className="marks">
        <Pill level={level}>{word}</Pill>
        <Stages stages={stagesOf(worker, lookersAt(worker, workers))} />
      </p>
      {blocker === null ? null : (
        <div className="notice">
          <p>
            <bdi>{blocker.note}</bdi>
          </p>
          <p>
            {`For ${ageOf(blocker.since, now)}; ${blocker.who} can clear it: `}
            <code>{blocker.next}</code>
          </p>
        </div>
      )}
      <Facts rows={factsOf(worker, now)} />
      <Verdicts worker={worker} />
      {worker.last_state === 'waiting' ? <AnswerAct worker={worker} /> : null}
      {isOpen(worker) ? <StopAct worker={worker} /> : null}
      <WorkerLog id={worker.id} />
      <Why subject={worker.id} />
    </>
  )
}

export function ProposalDetail(of: { proposal: Proposal; repo: string }): ReactNode {
  const { proposal, repo } = of
  const now = useNow()
  const { order, machine, rationale, by, atMs } = proposal
  const { task, title, launcher, model, branch, files, prompt } = order
  const rows: readonly FactRow[] = [
    ['machine', <bdi key="machine">{machine}</bdi>],
    ['with', <bdi key="with">{model === null ? launcher : `${launcher}, ${model}`}</bdi>],
    ['branch', <bdi key="branch">{branch}</bdi>],
    ...(files.length === 0 ? [] : [['changes', files.join(', ')] as const]),
    ['by', <bdi key="by">{`${by}, ${brief(now - atMs)} ago`}</bdi>],
  ]
  return (
    <>
      <p className="lead">
        <bdi>{title === task ? task : `${task}: ${title}`}</bdi>
      </p>
      <p className="marks">
        <Pill level="plain">proposed</Pill>
        <Stages stages={PROPOSED} />
      </p>
      <p className="said">
        <bdi>{rationale}</bdi>
      </p>
      <Facts rows={rows} />
      <ApproveAct proposal={proposal} repo={repo} />
      <h3>What the worker is told</h3>
      <pre className="data" tabIndex={0}>
        {prompt}
      </pre>
    </>
  )
}

function factsOf(worker: WorkerRow, now: number): readonly FactRow[] {
  const { state, last_state: last, state_at: at, assigned_at: given, operator, branch } = worker
  const from = worker.operator_machine
  const rows: readonly (readonly [string, string])[] = [
    ['state', `${state === 'unknown' ? `unknown, was ${last}` : state}, for ${ageOf(at, now)}`],
    ['machine', worker.machine],
    ['with', [worker.launcher, modelOf(worker)].filter((text) => text !== '').join(', ')],
    ['kind', kindText(worker)],
    ['given by', `${operator} on ${from}, ${clockOf(given, now)}`],
    ...progressRows(worker),
    ...endRows(worker),
    ['branch', branch],
    ...landingRows(worker, now),
    ['fence', String(worker.fence % 2 ** 32)],
  ]
  return rows
    .filter(([, text]) => text !== '')
    .map(([name, text]): FactRow => [name, <bdi key={name}>{text}</bdi>])
}

function kindText({ type, of, attempt }: WorkerRow): string {
  if (type === 'work') return attempt > 1 ? `attempt ${String(attempt)}` : ''
  return of === null ? type : `${type} of ${of}`
}

function progressRows(worker: WorkerRow): readonly (readonly [string, string])[] {
  const { progress } = worker
  const cost = costOf(worker)
  const effort = [
    progress === null || progress.turns === 0 ? '' : `${String(progress.turns)} turns`,
    progress === null || progress.tools === 0 ? '' : `${String(progress.tools)} tool uses`,
    progress === null || progress.files === 0 ? '' : `${String(progress.files)} files`,
    cost === 0 ? '' : `$${cost.toFixed(2)}`,
  ]
  return [
    ['effort', effort.filter((text) => text !== '').join(', ')],
    ['says', progress?.said ?? ''],
    ['did last', progress?.last ?? ''],
    ['warnings', progress?.warnings.join('; ') ?? ''],
  ]
}

function endRows(worker: WorkerRow): readonly (readonly [string, string])[] {
  const { reason, note, exit, commit, wip, answer, blocker } = worker
  const said = note === blocker?.note ? '' : (note ?? '')
  return [
    [reason === null ? 'note' : 'failed', reason === null ? said : `${reason}: ${said}`],
    ['answered', answer === null ? '' : `${answer.note} (${answer.by})`],
    ['exit', exit === null ? '' : (exit.signal ?? String(exit.code))],
    ['pushed', commit ?? ''],
    ['kept work', wip ?? ''],
  ]
}

function landingRows({ landing }: WorkerRow, now: number): readonly (readonly [string, string])[] {
  if (landing === null) return []
  const { state, target, commit, reason, note, pull, by, at } = landing
  const told = state === 'landed' ? `on ${target} as ${short(commit)}` : `${state}, for ${target}`
  const why = [reason ?? '', note].filter((text) => text !== '').join(': ')
  return [
    ['landing', `${told}, by ${by}, ${ageOf(at, now)} ago`],
    ['why', why],
    ['pull', pull === null ? '' : `#${String(pull.number)} ${pull.url}`],
  ]
}

function Verdicts({ worker: { verdicts } }: { worker: WorkerRow }): ReactNode {
  const now = useNow()
  if (verdicts.length === 0) return null
  return (
    <>
      <h3>Found of its work</h3>
      <ul className="held">
        {verdicts.map(({ kind, outcome, stale, commit, by, machine, note, at }) => (
          <li key={kind}>
            <Pill level={stale ? 'warning' : outcome === 'pass' ? 'good' : 'bad'}>
              {`${kind}: ${outcome}${stale ? ', STALE' : ''}`}
            </Pill>
            <code>{short(commit)}</code>
            <bdi className="quiet">{`${by} on ${machine}, ${ageOf(at, now)} ago`}</bdi>
            {note === '' ? null : <bdi className="path">{note}</bdi>}
          </li>
        ))}
      </ul>
    </>
  )
}

function AnswerAct({ worker }: { worker: WorkerRow }): ReactNode {
  const { call } = useBoard()
  const { repo, id, task, note } = worker
  return (
    <p className="acts">
      <Act
        title="Answer it"
        about={`The worker of ${task} asks: ${note ?? ''}`}
        confirm="Answer"
        reason="It goes on with what you say."
        run={async (guidance) => {
          await call('resume-stuck', { repo, id, guidance })
          return `${task} goes on.`
        }}
      />
    </p>
  )
}

function ApproveAct({ proposal, repo }: { proposal: Proposal; repo: string }): ReactNode {
  const { call } = useBoard()
  const { id, machine, order } = proposal
  return (
    <p className="acts">
      <Act
        title="Give it"
        about={`This gives ${order.task} to a worker on ${machine}.`}
        confirm="Give it"
        reason={null}
        run={async () => {
          const { failed } = await call('approve', { repo, ids: [id] })
          return failed[0]?.note ?? `${order.task} is given to ${machine}.`
        }}
      />
    </p>
  )
}

function StopAct({ worker }: { worker: WorkerRow }): ReactNode {
  const { call } = useBoard()
  const { repo, id, task, machine } = worker
  return (
    <p className="acts">
      <Act
        title="End this worker"
        isDangerous
        about={`This ends the worker of ${task} on ${machine}: first politely, after 10 s hard. What it has not committed is kept, and the task is free again.`}
        confirm="End it"
        reason="Why? It is recorded."
        run={async (reason) => {
          const { already } = await call('stop', { repo, id, reason })
          return already
            ? 'It was over, or asked to end, before.'
            : `${machine} is asked to end it.`
        }}
      />
    </p>
  )
}
