// Workers as people read them: what they do, where, how far they are, and what to type next.
import type { OperationResult } from '../../../protocol/index.ts'
import { pairs, table, type Column, type Page, type Style } from './page.ts'
import { nextSteps } from './people.ts'
import { count } from './text.ts'
import { relative } from './time.ts'

type Worker = OperationResult<'stop'>['worker']

const COLUMNS: readonly Column[] = [
  { title: 'ID', rank: null },
  { title: 'STATE', rank: null },
  { title: 'TASK', rank: 4, widthMin: 10, style: 'strong' },
  { title: 'MACHINE', rank: 3, widthMin: 8 },
  { title: 'SINCE', rank: null },
  { title: 'BRANCH', rank: 1, widthMin: 10, isOptional: true, style: 'quiet' },
  { title: 'PROGRESS', rank: 2, widthMin: 12, isOptional: true },
]

export function workersFace(
  { workers, more }: OperationResult<'workers'>,
  page: Page,
): readonly string[] {
  const [first] = workers
  if (first === undefined)
    return ['No workers.', ...nextSteps([['skein assign TASK', 'give one a task']], page)]
  if (workers.length === 1 && more === 0) return workerLines(first, page)
  const rows = workers.map((worker) => [
    worker.id,
    stateText(worker, page),
    worker.task,
    worker.machine,
    relative(worker.state_at, page.nowMs),
    worker.branch,
    progressText(worker),
  ])
  return [
    ...table(COLUMNS, rows, page),
    ...(more === 0 ? [] : [`and ${String(more)} more: skein workers --all`]),
    ...nextSteps(stepsOf(workers.find(({ state }) => state === 'waiting') ?? first), page),
  ]
}

export function assignFace(
  { worker, already, warnings }: OperationResult<'assign'>,
  page: Page,
): readonly string[] {
  const word = already ? 'assigned before' : 'assigned'
  return [
    `${page.paint('good', word)} ${worker.task} to ${worker.machine}: ${worker.id}, fence ${String(worker.fence)}`,
    `  branch ${worker.branch}`,
    ...warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps(stepsOf(worker), page),
  ]
}

export function againFace(result: OperationResult<'retry'>, page: Page): readonly string[] {
  const { worker, climbed } = result
  const model = climbed.to === null ? "the launcher's own model" : `model ${climbed.to}`
  const before =
    climbed.from === climbed.to || climbed.from === null ? '' : `, after ${climbed.from}`
  const [first = '', ...rest] = assignFace(result, page)
  return [first, `  attempt ${String(worker.attempt)}, ${model}${before}`, ...rest]
}

export function answerFace(
  { worker }: OperationResult<'resume-stuck'>,
  page: Page,
): readonly string[] {
  return [
    `${worker.id} is answered, and goes on at ${worker.machine}.`,
    ...(worker.blocker === null ? [] : [page.paint('warning', `note: ${worker.blocker.note}`)]),
    ...nextSteps([[`skein log ${worker.id} --follow`, 'watch it']], page),
  ]
}

export function stopFace(
  { worker, already }: OperationResult<'stop'>,
  page: Page,
): readonly string[] {
  if (worker.stopping && !already)
    return [
      `${worker.machine} is asked to end ${worker.id}.`,
      ...nextSteps([[`skein wait ${worker.id} --for 1m`, 'until it has']], page),
    ]
  return workerLines(worker, page)
}

export function workerLines(worker: Worker, page: Page): readonly string[] {
  const { progress, exit } = worker
  const facts = [
    ['task', worker.title === worker.task ? worker.task : `${worker.task}: ${worker.title}`],
    ['machine', `${worker.machine} (${worker.launcher})`],
    ['by', `${worker.operator} on ${worker.operator_machine}`],
    ['branch', worker.branch],
    ['fence', String(worker.fence)],
    ['since', relative(worker.state_at, page.nowMs)],
    ['why', worker.reason],
    ['said', worker.note],
    ['exit', exit === null ? null : (exit.signal ?? String(exit.code))],
    ['pushed', worker.commit],
    ['kept work', worker.wip],
    [
      'attempt',
      worker.attempt === 1 ? null : `${String(worker.attempt)}, after ${worker.of ?? ''}`,
    ],
    ['model', worker.model],
    ['cost', worker.cost_usd === null || worker.cost_usd === 0 ? null : dollars(worker.cost_usd)],
    ['answer', worker.answer === null ? null : `${worker.answer.note} (${worker.answer.by})`],
    ['waits for', worker.blocker === null ? null : waitsFor(worker.blocker, page)],
    ['progress', progressText(worker)],
    ['edited', progress === null ? null : progress.files.slice(0, 10).join(', ')],
    ['status', progress?.updates.at(-1) ?? null],
    ['stuck', progress?.stuck ?? null],
  ] as const
  return [
    `${page.paint('strong', worker.id)} ${stateText(worker, page)}`,
    ...pairs(facts, page),
    ...(progress?.warnings ?? []).map((warning) => page.paint('warning', `  note: ${warning}`)),
    ...nextSteps(stepsOf(worker), page),
  ]
}

function waitsFor(
  { kind, note, since, who }: NonNullable<Worker['blocker']>,
  { nowMs }: Page,
): string {
  return `${kind}: ${note} (${who}, ${relative(since, nowMs)})`
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`
}

const STYLES: Readonly<Partial<Record<Worker['state'], Style>>> = {
  ...{ succeeded: 'good', failed: 'bad', lost: 'bad', waiting: 'warning', unknown: 'warning' },
  empty: 'quiet',
}

function stateText({ state, last_state: last, stopping }: Worker, page: Page): string {
  const style = STYLES[state]
  const text = state === 'unknown' ? `unknown (${last})` : state
  return `${style === undefined ? text : page.paint(style, text)}${stopping ? ', stopping' : ''}`
}

function progressText({ progress, note, commit, blocker, state }: Worker): string {
  if (commit !== null) return `pushed ${commit.slice(0, 12)}`
  if (blocker !== null && state !== 'unknown') return blocker.note
  if (progress === null) return note ?? ''
  const { turns, last, cost_usd: cost, files, warnings } = progress
  const told = [
    turns === 0 ? '' : count(turns, 'turn'),
    files.length === 0 ? '' : count(files.length, 'file'),
    cost === 0 ? '' : dollars(cost),
    last ?? '',
    warnings.length === 0 ? '' : count(warnings.length, 'warning'),
  ]
  return told.filter((text) => text !== '').join(', ')
}

function stepsOf(worker: Worker): readonly (readonly [string, string])[] {
  const { id, state, last_state: last, wip, machine, branch } = worker
  switch (state === 'unknown' ? last : state) {
    case 'succeeded':
      return [[`git fetch origin ${branch}`, 'its work']]
    case 'waiting':
      return [
        [`skein log ${id}`, 'what it did'],
        [`skein resume-stuck ${id} --guidance TEXT`, 'answer it'],
        [`skein stop ${id}`, 'give the task back'],
      ]
    case 'empty':
    case 'failed':
    case 'stopped':
    case 'lost':
      return [
        wip === null
          ? [`skein log ${id}`, 'what it said']
          : [`skein wip show ${wip}`, `what it had not committed, on ${machine}`],
        [`skein retry ${id}`, 'once more, from there'],
      ]
    default:
      return [
        [`skein log ${id} --follow`, 'watch it'],
        [`skein wait ${id} --for 1h`, 'until it is done'],
      ]
  }
}
