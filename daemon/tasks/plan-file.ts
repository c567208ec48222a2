// One plan file as its text: tasks, and what is wrong with them. Whoever can write to the repository writes these files, so
// nothing in them is believed before it was looked at, and a bad entry costs only itself.
import { isTaskId } from '../../protocol/index.ts'
import { clean, cleanLines } from '../callers.ts'

export type PlanStatus = 'pending' | 'in_progress' | 'complete'

export interface PlanTask {
  readonly id: string
  readonly name: string
  readonly status: PlanStatus
  readonly priority: string | null
  /** Tasks that must be complete first. */
  readonly blockedBy: readonly string[]
  /** Patterns of the files that it will change, as they stand there. */
  readonly files: readonly string[]
  readonly labels: readonly string[]
  /** What is to be done, as Markdown: its description, steps and criteria. */
  readonly text: string
}

export interface Plan {
  /** From the root of the repository. */
  readonly file: string
  readonly name: string
  readonly lastUpdated: string | null
  readonly tasks: readonly PlanTask[]
}

export type PlanFile =
  | { readonly kind: 'plan'; readonly plan: Plan; readonly problems: readonly string[] }
  /** Names the active plan: by its file, or by its `plan_name`. */
  | { readonly kind: 'pointer'; readonly names: string }
  /** JSON that is about something else. */
  | { readonly kind: 'other' }
  | { readonly kind: 'broken'; readonly problem: string }

/** A plan with more is a tracker. */
export const PLAN_TASKS_MAX = 5_000
/** Problems told of one file. */
const PROBLEMS_MAX = 20
const TEXT_CHARACTERS_MAX = 200
const BLOCKERS_MAX = 50
const FILES_MAX = 100
const LABELS_MAX = 50
const LINES_MAX = 100
const LINE_CHARACTERS_MAX = 1_000
const DESCRIPTION_CHARACTERS_MAX = 16_000
const POINTER = 'current-task.json'
const POINTER_FIELDS = ['plan', 'plan_file', 'active_plan', 'current_plan', 'plan_name']
const STATUSES: readonly string[] = ['pending', 'in_progress', 'complete'] satisfies PlanStatus[]

/** @param file from the root of the repository. */
export function parsePlanFile(file: string, text: string): PlanFile {
  let value: unknown
  try {
    // Editors on Windows begin a file with a mark that JSON does not know.
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const said = error instanceof Error ? error.message : 'no JSON'
    return { kind: 'broken', problem: `is not JSON: ${bounded(said)}` }
  }
  if (!isObject(value)) return { kind: 'other' }
  const { tasks } = value
  if (Array.isArray(tasks)) return readPlan(file, value, tasks)
  if (file.endsWith(`/${POINTER}`) || file === POINTER) return readPointer(value)
  if ('plan_name' in value) return { kind: 'broken', problem: 'has no list of `tasks`' }
  return { kind: 'other' }
}

function readPlan(
  file: string,
  value: Readonly<Record<string, unknown>>,
  entries: readonly unknown[],
): PlanFile {
  const problems: string[] = []
  const tasks: PlanTask[] = []
  const seen = new Set<string>()
  entries.slice(0, PLAN_TASKS_MAX).forEach((entry, at) => {
    const task = readTask(entry)
    if (typeof task === 'string') problems.push(`tasks[${String(at)}]: ${task}`)
    else {
      if (seen.has(task.id)) problems.push(`task ${task.id} stands in it more than once`)
      seen.add(task.id)
      tasks.push(task)
    }
  })
  if (entries.length > PLAN_TASKS_MAX) {
    problems.push(
      `only the first ${String(PLAN_TASKS_MAX)} of ${String(entries.length)} tasks are read`,
    )
  }
  const plan: Plan = {
    file,
    name: textOf(value['plan_name']) ?? file,
    lastUpdated: textOf(value['last_updated']),
    tasks,
  }
  return { kind: 'plan', plan, problems: firstOf(problems) }
}

function readPointer(value: Readonly<Record<string, unknown>>): PlanFile {
  for (const field of POINTER_FIELDS) {
    const names = textOf(value[field])
    if (names !== null) return { kind: 'pointer', names }
  }
  return { kind: 'broken', problem: 'names no plan: set `plan` to the name of its file' }
}

/** The task, or what is wrong with it. */
function readTask(entry: unknown): PlanTask | string {
  if (!isObject(entry)) return 'is no object'
  const { id, status = 'pending', priority, blocked_by: blocked } = entry
  if (typeof id !== 'string') return 'has no `id`'
  if (!isTaskId(id)) return `\`${bounded(id)}\` is no id: use letters, digits and dashes`
  if (!isStatus(status)) return `${id} has the status ${shown(status)}, not ${STATUSES.join(', ')}`
  const blockedBy = readBlockers(blocked)
  if (blockedBy === null) return `${id} is blocked_by ${shown(blocked)}, which is no task's id`
  if (blockedBy.includes(id)) return `${id} is blocked_by itself`
  const name = textOf(entry['name']) ?? id
  return {
    id,
    name,
    status,
    priority: textOf(priority),
    blockedBy,
    files: listOf(entry['files'], FILES_MAX),
    labels: labelsOf(entry),
    text: describe(entry),
  }
}

/** What a task needs of its machine, and its model, are labels, too: so a forge says them. */
function labelsOf({ labels, needs, model }: Readonly<Record<string, unknown>>): readonly string[] {
  const told = [
    ...listOf(labels, LABELS_MAX),
    ...listOf(needs, LABELS_MAX).map((name) => `needs:${name}`),
    ...listOf(model, 1).map((name) => `model:${name}`),
  ]
  return [...new Set(told)]
}

function describe(entry: Readonly<Record<string, unknown>>): string {
  const { description, steps, acceptance_criteria: criteria } = entry
  const list = (title: string, items: unknown, sign: string): readonly string[] => {
    const lines = listOf(items, LINES_MAX, LINE_CHARACTERS_MAX)
    return lines.length === 0
      ? []
      : [[`## ${title}`, ...lines.map((line) => sign + line)].join('\n')]
  }
  const prose =
    typeof description === 'string'
      ? cleanLines(description.slice(0, DESCRIPTION_CHARACTERS_MAX))
      : ''
  const parts = [...list('Steps', steps, '1. '), ...list('Acceptance criteria', criteria, '- ')]
  return [...(prose === '' ? [] : [prose]), ...parts].join('\n\n')
}

/** The texts of a list, or the one text; what is none is left out. */
function listOf(
  value: unknown,
  most: number,
  charactersMax = TEXT_CHARACTERS_MAX,
): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.slice(0, most).flatMap((item) => {
    const text = typeof item === 'string' ? clean(item.slice(0, charactersMax)) : ''
    return text === '' ? [] : [text]
  })
}

/** Null or nothing, one id, or several. */
function readBlockers(value: unknown): readonly string[] | null {
  if (value === null || value === undefined) return []
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (ids.length > BLOCKERS_MAX || !ids.every(isId)) return null
  return [...new Set(ids)]
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isTaskId(value)
}

function isStatus(value: unknown): value is PlanStatus {
  return typeof value === 'string' && STATUSES.includes(value)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return null
  const text = bounded(value)
  return text === '' ? null : text
}

function shown(value: unknown): string {
  return bounded(JSON.stringify(value))
}

function bounded(text: string): string {
  return clean(text.slice(0, TEXT_CHARACTERS_MAX))
}

function firstOf(problems: readonly string[]): readonly string[] {
  const more = problems.length - PROBLEMS_MAX
  return more <= 0
    ? problems
    : [...problems.slice(0, PROBLEMS_MAX), `and ${String(more)} more problems`]
}
