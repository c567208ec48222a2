// What an operator means by the words of `assign`: an issue of the repository's forge, a task of a plan, or the work itself.
import {
  branchOfTask,
  isTaskId,
  makeId,
  SkeinError,
  type AssignmentOrder,
  type OperationInput,
  type Party,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import { modelOf } from '../core/fleet/plan.ts'
import type { Issue } from '../ports-tracker.ts'
import type { Parts } from './context.ts'
import { prepareIssue, taskNamed } from './issue-terms.ts'
import { touchedByOthers } from './planning-approve.ts'
import { candidateOf, trackerAt } from './planning-gather.ts'
import { prepareTask, type PreparedTask } from './task-terms.ts'
import { promptOf } from './work-prompt.ts'

/** The order but for how it is started, and what its claim rests on. */
export interface Subject extends Pick<
  AssignmentOrder,
  'task' | 'title' | 'prompt' | 'branch' | 'files' | 'model'
> {
  readonly prepared: PreparedTask | null
}

interface Asked {
  readonly parts: Parts
  readonly place: Place
  readonly party: Party
  readonly input: OperationInput<'assign'>
  readonly signal: AbortSignal
}

/** @throws SkeinError TASK_UNKNOWN, TASK_COMPLETED, TRACKER_*, INPUT_SCHEMA, and as prepareTask does */
export async function subjectOf(asked: Asked): Promise<Subject> {
  const { parts, place, party, input, signal } = asked
  const { work, again = false } = input
  const tracker = trackerAt(parts, place)
  const named = taskNamed(tracker, work)
  if (named !== null) return ofIssue(asked, await openIssue(asked, named))
  if (!isTaskId(work)) return ofText(parts, input)
  const prepared = await prepareTask(parts, place, party, work, { again })
  if (prepared.planned === null || tracker.kind !== 'plan') return ofName(work, input, prepared)
  const issue = await tracker.issue(work, signal)
  if (issue === null) return ofName(work, input, prepared)
  return written(asked, issue, prepared)
}

async function openIssue({ parts, place, input, signal }: Asked, task: string): Promise<Issue> {
  const issue = await trackerAt(parts, place).issue(task, signal)
  if (issue === null)
    throw new SkeinError('TASK_UNKNOWN', `the tracker has no ${task}`, {
      hint: 'skein plan --dry-run',
      data: { task },
    })
  if (issue.isOpen || input.again === true) return issue
  throw new SkeinError('TASK_COMPLETED', `${task} is closed`, {
    hint: `skein assign ${task} --again`,
    data: { task },
  })
}

async function ofIssue(asked: Asked, issue: Issue): Promise<Subject> {
  const { parts, place, party, input } = asked
  const again = input.again ?? false
  return written(asked, issue, await prepareIssue(parts, place, party, issue, { again }))
}

function written({ place, input }: Asked, issue: Issue, prepared: PreparedTask): Subject {
  const { task } = issue
  const { fleet } = place.config
  const settings = { model: fleet.model ?? null, labels: Object.entries(fleet.labels ?? {}) }
  const files = input.files ?? issue.files
  const prompt = promptOf({
    issue: { ...issue, files },
    ...{ plan: prepared.terms.plan, more: input.prompt ?? null },
    others: touchedByOthers(place, { task }),
  })
  const title = clean(issue.title)
  return {
    ...{ task, title, prompt, files, prepared, branch: branchOfTask(task, title) },
    model: input.model ?? modelOf(candidateOf(issue), settings).model,
  }
}

/** A task that is written down nowhere. */
function ofName(task: string, input: OperationInput<'assign'>, prepared: PreparedTask): Subject {
  const title = clean(prepared.planned?.task.name ?? task)
  return {
    ...plain(input, `Task ${task}: ${title}`),
    task,
    title,
    prepared,
    branch: branchOfTask(task, title),
  }
}

export function isTextTask(task: string): boolean {
  return /^text-[0-9a-z]{8}$/.test(task)
}

/** What is no task of a plan gets an id of its own: its claim is on that. */
function ofText({ clock, random }: Parts, input: OperationInput<'assign'>): Subject {
  const { work } = input
  if (!/\s/.test(work.trim()))
    throw new SkeinError(
      'INPUT_SCHEMA',
      `'${clean(work)}' is neither the id of a task nor a text`,
      {
        hint: "skein task list (work in words has a blank in it: skein assign 'fix the login')",
      },
    )
  const task = `text-${makeId('asg', clock.wall(), random(10)).slice(-8).toLowerCase()}`
  const title = clean(work)
  const branch = branchOfTask(task, title.slice(0, 40))
  return { ...plain(input, work), task, title, branch, prepared: null }
}

type Plain = Pick<Subject, 'prompt' | 'files' | 'model'>

function plain({ prompt, files, model }: OperationInput<'assign'>, what: string): Plain {
  const told = prompt === undefined ? what : `${what}\n\n${prompt}`
  return { prompt: told, files: files ?? [], model: model ?? null }
}
