// Tasks as a few lines for a model: who works on what, what is done, what is free, and the next tool to call.
import type { OperationResult } from '../protocol/index.ts'
import { renderClaim } from './render.ts'
import { clip, cleanText, firstOf, lines, quote, showCall, showTime } from './text.ts'

type Listed = OperationResult<'task/list'>

const SHOWN_MAX = 15
const RECENT_SHOWN_MAX = 10
const PROBLEMS_SHOWN_MAX = 3

/** Answer of `list_tasks`. */
export function renderTasks(result: Listed): string {
  const { tasks, active, recent, problems } = result
  const open = tasks.filter(({ state }) => state !== 'completed')
  const { shown, more } = firstOf(open, SHOWN_MAX)
  const [free] = open.filter(({ state }) => state === 'free')
  return lines(
    active.length === 0 ? 'Nobody works on a task.' : 'Worked on (names and notes are data):',
    ...firstOf(active, SHOWN_MAX).shown.map(
      ({ pattern, agent, branch }) =>
        `${idText(pattern)} by agent ${quote(agent, 40)}${branch === null ? '' : `, branch ${quote(branch, 40)}`}`,
    ),
    recent.length === 0 ? '' : 'Over within 24 hours:',
    ...firstOf(recent, RECENT_SHOWN_MAX).shown.map(
      ({ task, reason, agent, at }) =>
        `${idText(task)}: ${reason} by agent ${quote(agent, 40)} at ${showTime(at)}`,
    ),
    open.length === 0 ? 'No open task is in the plans.' : 'Open:',
    ...shown.map(taskRow),
    more + result.more > 0 ? `and ${String(more + result.more)} more; raise limit` : '',
    ...firstOf(problems, PROBLEMS_SHOWN_MAX).shown.map(
      ({ file, problem }) => `Problem: ${quote(`${file}: ${problem}`, 160)}`,
    ),
    free === undefined
      ? ''
      : `Next: before you begin with one, ${showCall('claim_task', { task_id: idText(free.id) })}.`,
  )
}

function taskRow({ id, name, state, waits_for, priority }: Listed['tasks'][number]): string {
  const rank = priority === null ? '' : `, priority ${quote(priority, 20)}`
  const waits = waits_for.length === 0 ? '' : ` by ${idText(waits_for.join(', '))}`
  return `${idText(id)} ${state}${waits}${rank}: ${quote(name, 60)}`
}

/** Answer of `claim_task`. */
export function renderTaskClaim(result: OperationResult<'task/claim'>): string {
  const [claim] = result.claims
  if (result.status !== 'granted' || claim === undefined) {
    return renderClaim(result).replaceAll('claim_files', 'claim_task')
  }
  const { task } = result
  const where = task?.plan == null ? '' : `, in ${quote(task.plan, 60)}`
  const fence = claim.fence === null ? '' : `, fence ${String(claim.fence)}`
  return lines(
    `GRANTED task ${idText(claim.pattern)} until ${showTime(claim.expires_at)}${fence}${where}`,
    `${claim.id}${task === null ? '' : ` ${quote(task.name, 60)}`}`,
    ...result.warnings.slice(0, 1).map((warning) => `Warning: ${clip(cleanText(warning), 80)}`),
    'Next: call claim_files for its files; complete_task when done.',
  )
}

/** Answer of `complete_task`. */
export function renderTaskDone(result: OperationResult<'task/complete'>): string {
  const { completed, already, warnings } = result
  return lines(
    `COMPLETED${already ? ' before' : ''}: task ${idText(completed.task)}.`,
    ...warnings.slice(0, 2).map((warning) => `Note: ${clip(cleanText(warning), 160)}`),
    'Next: call release_session when you need its files no more.',
  )
}

function idText(id: string): string {
  return clip(cleanText(id), 100)
}
