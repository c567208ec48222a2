// Tasks as people and models read them: a short heading, the facts, and what to type next.
import { shellQuote, type OperationResult } from '../../../protocol/index.ts'
import { claimFace } from './claim.ts'
import { holderName, nextSteps } from './people.ts'
import { table, type Column, type Page } from './page.ts'
import { count } from './text.ts'
import { relative, until } from './time.ts'

type Listed = OperationResult<'task/list'>
type TaskJson = Listed['tasks'][number]
type OverJson = Listed['recent'][number]

const COLUMNS: readonly Column[] = [
  { title: 'TASK', rank: 4, widthMin: 12, style: 'strong' },
  { title: 'STATE', rank: 3, widthMin: 12 },
  { title: 'PRIORITY', rank: null, isOptional: true },
  { title: 'NAME', rank: 1, widthMin: 12 },
  { title: 'PLAN', rank: 2, widthMin: 8, isOptional: true, style: 'quiet' },
]

export function taskListFace(result: Listed, page: Page): readonly string[] {
  const { tasks, more, active, recent, problems, token } = result
  const open = tasks.filter(({ state }) => state !== 'completed')
  const done = tasks.length - open.length
  const mine = active.find(({ session }) => session === page.session)
  return [
    ...(active.length === 0
      ? ['Nobody works on a task.']
      : ['Worked on:', ...active.map((claim) => activeLine(claim, page))]),
    ...(recent.length === 0
      ? []
      : ['', 'Over within 24 hours:', ...recent.map((over) => overLine(over, page))]),
    '',
    ...(open.length === 0 ? [noOpen(result)] : taskTable(open, result, page)),
    ...(done === 0 ? [] : [page.paint('quiet', `and ${count(done, 'completed task')}`)]),
    ...(more === 0 ? [] : [`and ${String(more)} more: skein task list --limit 10000`]),
    ...problems.map(({ file, problem }) => page.paint('warning', `note: ${file}: ${problem}`)),
    ...(token === null ? [] : ['', page.paint('quiet', `token ${token}`)]),
    ...nextSteps(nextOf(open, mine?.pattern ?? null), page),
  ]
}

function nextOf(
  open: readonly TaskJson[],
  mine: string | null,
): readonly (readonly [string, string])[] {
  if (mine !== null) return [[`skein task complete ${mine}`, 'when your task is done']]
  const free = open.find(({ state }) => state === 'free')
  return free === undefined ? [] : [[`skein task claim ${free.id}`, 'before you begin with it']]
}

function noOpen({ plans, tasks }: Listed): string {
  if (plans.length === 0) return 'No plan is here: skein config shows `plan_path`.'
  return tasks.length === 0 ? 'No tasks.' : 'Every task of the plans is complete.'
}

function taskTable(tasks: readonly TaskJson[], { plans }: Listed, page: Page): readonly string[] {
  const rows = tasks.map((task) => [
    task.id,
    stateText(task, page),
    task.priority ?? '',
    task.name === task.id ? '' : task.name,
    plans.length > 1 ? (task.plan ?? '') : '',
  ])
  return table(COLUMNS, rows, page)
}

function stateText({ state, claim, waits_for: waits }: TaskJson, page: Page): string {
  if (state === 'claimed' && claim !== null) return `held by ${holderName(claim, page)}`
  return state === 'blocked' ? `waits for ${waits.join(', ')}` : state
}

function activeLine(claim: Listed['active'][number], page: Page): string {
  const branch = claim.branch === null ? '' : ` on branch ${claim.branch}`
  const since = relative(claim.granted_at, page.nowMs)
  const who = holderName(claim, page)
  return `  ${page.paint('strong', claim.pattern)}${branch}, ${who}, since ${since}  ${claim.id}`
}

function overLine(over: OverJson, page: Page): string {
  const branch = over.branch === null ? '' : ` on branch ${over.branch}`
  const note = over.note === '' ? '' : `  "${over.note}"`
  const when = relative(over.at, page.nowMs)
  return `  ${page.paint('strong', over.task)}${branch}, ${holderName(over, page)}, ${over.reason} ${when}${note}`
}

export function taskClaimFace(
  result: OperationResult<'task/claim'>,
  page: Page,
): readonly string[] {
  const { task, status } = result
  const [claim] = result.claims
  if (status !== 'granted' || claim === undefined) return claimFace(result, page)
  const id = shellQuote(claim.pattern)
  const branch = claim.branch === null ? '' : `, branch ${claim.branch}`
  const fence = claim.fence === null ? '' : `, fence ${String(claim.fence)}`
  return [
    `${page.paint('good', 'granted')} task ${page.paint('strong', claim.pattern)} until ${until(claim.expires_at, page.nowMs)}${fence}${branch}`,
    ...(task === null ? [] : [`  ${task.name}, in ${task.plan ?? 'no plan'}`]),
    `  ${claim.id}`,
    ...result.warnings.map((warning) => page.paint('warning', `note: ${warning}`)),
    ...nextSteps(
      [
        [`skein task complete ${id}`, 'when it is done'],
        [`skein release ${claim.id}`, 'to give it back undone'],
      ],
      page,
    ),
  ]
}

export function taskCompleteFace(
  { completed, already, warnings }: OperationResult<'task/complete'>,
  page: Page,
): readonly string[] {
  const word = already ? 'completed before' : 'completed'
  const branch = completed.branch === null ? '' : ` on branch ${completed.branch}`
  const notes = warnings.map((warning) => page.paint('warning', `note: ${warning}`))
  return [
    `${page.paint('good', word)} task ${page.paint('strong', completed.task)}${branch}, ${until(completed.at, page.nowMs)}`,
    ...notes,
    ...nextSteps([['skein release --mine', 'give back the files that you claimed for it']], page),
  ]
}

export function taskExpireFace(
  { expired }: OperationResult<'task/expire'>,
  page: Page,
): readonly string[] {
  return expired.map(
    ({ task, agent }) =>
      `${page.paint('good', 'freed')} task ${page.paint('strong', task)}, which ${agent} worked on`,
  )
}
