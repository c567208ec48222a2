// A new task in a plan file: written into its text behind the last one, in the form that the file has, and only where the result
// says what it said before and that task. Everything else in the file stays byte for byte.
import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { SkeinError } from '../../protocol/index.ts'
import { relativeInside } from '../folders.ts'
import { codeOf } from '../home.ts'
import type { NewIssue } from '../ports-tracker.ts'
import { isPlanned, type Plans } from '../tasks/plans.ts'
import { withTask } from './plan-text.ts'

const ID_CHARACTERS_MAX = 60
const NUMBERS_MAX = 1_000

/** @throws SkeinError TRACKER_UNSUPPORTED: no plan, none that is the one, or not in a form that can be kept */
export function addTaskOnce(
  root: string,
  plans: Plans,
  { marker, title, body, labels }: NewIssue,
): { readonly task: string; readonly already: boolean } {
  const file = planFor(plans)
  const place = realpathSync.native(path.join(root, file))
  if (relativeInside(realpathSync.native(root), place) === null) throw refuse(file, 'it leads out')
  const text = readFileSync(place, 'utf8')
  const before = parsed(text)
  if (before === null) throw refuse(file, 'it changes just now')
  const [known] = before.tasks.flatMap((each) => idOfMarked(each, marker) ?? [])
  if (known !== undefined) return { task: known, already: true }
  const id = freeId(title, (each) => isPlanned(plans, each) || before.tasks.some(hasId(each)))
  const task = { id, name: title, status: 'pending', description: body, labels, marker }
  const after = withTask(text, task)
  if (
    after === null ||
    !isDeepStrictEqual(parsed(after), { ...before, tasks: [...before.tasks, task] })
  )
    throw refuse(file, 'its form could not be kept')
  replace(file, place, after)
  return { task: id, already: false }
}

function planFor({ plans, active }: Plans): string {
  const [only, ...others] = plans
  const plan = active ?? (others.length === 0 ? only : undefined)
  if (plan !== undefined) return plan.file
  throw new SkeinError(
    'TRACKER_UNSUPPORTED',
    only === undefined
      ? 'There is no plan file that a task could be added to.'
      : 'There are several plan files, and none of them is the active one.',
    { hint: 'Name it in current-task.json beside them: {"plan": "FILE.json"}.' },
  )
}

function idOfMarked(task: unknown, marker: string): string | null {
  if (typeof task !== 'object' || task === null || !('marker' in task && 'id' in task)) return null
  return task.marker === marker && typeof task.id === 'string' ? task.id : null
}

/** One that came since the plans were read. */
function hasId(id: string) {
  return (task: unknown): boolean =>
    typeof task === 'object' && task !== null && 'id' in task && task.id === id
}

function freeId(title: string, isTaken: (id: string) => boolean): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, ID_CHARACTERS_MAX)
    .replaceAll(/^-+|-+$/g, '')
  const stem = words === '' ? 'task' : words
  if (!isTaken(stem)) return stem
  for (let number = 2; number <= NUMBERS_MAX; number++) {
    if (!isTaken(`${stem}-${String(number)}`)) return `${stem}-${String(number)}`
  }
  throw new SkeinError('TRACKER_UNSUPPORTED', `There are too many tasks called ${stem}.`)
}

/** Null: it is no plan. */
function parsed(text: string): { readonly tasks: readonly unknown[] } | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    const isPlan = typeof value === 'object' && value !== null && 'tasks' in value
    return isPlan && Array.isArray(value.tasks) ? { ...value, tasks: value.tasks } : null
  } catch {
    return null
  }
}

function replace(file: string, place: string, text: string): void {
  const next = `${place}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(next, text, { mode: statSync(place).mode & 0o777, flag: 'wx' })
    renameSync(next, place)
  } catch (error) {
    throw refuse(file, `it cannot be written (${codeOf(error) ?? 'unknown'})`)
  } finally {
    rmSync(next, { force: true })
  }
}

function refuse(file: string, problem: string): SkeinError {
  return new SkeinError('TRACKER_UNSUPPORTED', `${file} got no task: ${problem}.`, {
    hint: 'Add it by hand, and commit it.',
    data: { tracker: 'plan', file },
  })
}
