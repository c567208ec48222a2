// `split`: one task becomes several in its tracker. What the task says stays; the list of its parts is added to it.
import { createHash } from 'node:crypto'
import { SkeinError, type OperationInput, type OperationResult } from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { trackerMarker, type Issue, type Tracker } from '../ports-tracker.ts'
import type { Handler } from './context.ts'
import { taskNamed } from './issue-terms.ts'
import { trackerAt } from './planning-gather.ts'

type Part = OperationResult<'split'>['parts'][number]

export const split: Handler<OperationInput<'split'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  await parts.callers.party(input, context, place)
  const tracker = trackerAt(parts, place)
  const task = taskNamed(tracker, input.task) ?? clean(input.task)
  const parent = await tracker.issue(task, context.signal)
  if (parent === null)
    throw new SkeinError('TASK_UNKNOWN', `nothing is written down as ${task}`, { data: { task } })
  const made: Part[] = []
  for (const words of input.titles) {
    const title = clean(words)
    const marker = trackerMarker({ event: 'split', task, part: digestOf(title) })
    const body = `Part of ${nameOf(parent)}.`
    const { issue, already } = await tracker.createIssue(
      { marker, title, body, labels: [] },
      context.signal,
    )
    made.push({ task: issue.task, title, url: issue.url, already })
  }
  const problem = await listParts(tracker, parent, made, context.signal)
  const result: OperationResult<'split'> = {
    ...{ task, parts: made, listed: problem === null },
    warnings: problem === null ? [] : [problem],
  }
  return result
}

/** A part is the same by its title: a call that broke off is repeated. */
function digestOf(title: string): string {
  return createHash('sha256').update(title).digest('hex').slice(0, 16)
}

function nameOf({ task, number }: Issue): string {
  return number === null ? `task ${task}` : `#${String(number)}`
}

/** @returns why the task does not list them */
async function listParts(
  tracker: Tracker,
  parent: Issue,
  made: readonly Part[],
  signal: AbortSignal,
): Promise<string | null> {
  const lines = made.map(({ task, title }) => {
    const number = /^issue-(\d+)$/.exec(task)?.[1]
    return `- [ ] ${number === undefined ? `${task}: ${title}` : `#${number}`}`
  })
  const section = ['Parts:', '', ...lines].join('\n')
  try {
    const marker = trackerMarker({ event: 'parts', task: parent.task })
    await tracker.editBody(parent.task, marker, section, signal)
    return null
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'TRACKER_UNSUPPORTED') throw error
    const ids = made.map(({ task }) => task).join(', ')
    return `${parent.task} itself does not list its parts: in its plan file, complete it or put "blocked_by": [${ids}] there, and commit the file`
  }
}
