// The plans of a checkout: read within bounds, and looked up. Which task an id means, what stands before it, and whether
// that can ever be done.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { relativeInside } from '../folders.ts'
import { codeOf } from '../home.ts'
import { createSlices } from '../slices.ts'
import { parsePlanFile, type Plan, type PlanTask } from './plan-file.ts'

export interface PlanProblem {
  /** From the root of the repository. */
  readonly file: string
  readonly problem: string
}

export interface Plans {
  /** From the root of the repository. */
  readonly path: string
  /** Every JSON file there, sorted. */
  readonly files: readonly string[]
  readonly plans: readonly Plan[]
  /** The plan that `current-task.json` names. */
  readonly active: Plan | null
  readonly problems: readonly PlanProblem[]
}

/** A task and the plan that it stands in. */
export interface Planned {
  readonly task: PlanTask
  readonly plan: Plan
}

const PLAN_BYTES_MAX = 1_048_576
const PLAN_FILES_MAX = 200
/** Of all files together: what a list of tasks may cost to read. */
const PLANS_BYTES_MAX = 16 * 1_048_576

/** @param planPath a folder, or one file, from the root; what cannot be read is a problem and no failure. */
export async function readPlans(root: string, planPath: string): Promise<Plans> {
  const place = planPath.replace(/\/+$/, '')
  const { files, problems } = listFiles(root, place)
  const found: PlanProblem[] = [...problems]
  const plans: Plan[] = []
  const slices = createSlices()
  let pointer: { readonly file: string; readonly names: string } | null = null
  let left = PLANS_BYTES_MAX
  for (const file of files) {
    if (slices.isOver()) await slices.pause()
    const read = readText(root, file, left)
    if ('problem' in read) {
      found.push({ file, problem: read.problem })
      continue
    }
    left -= read.text.length
    const parsed = parsePlanFile(file, read.text)
    if (parsed.kind === 'broken') found.push({ file, problem: parsed.problem })
    if (parsed.kind === 'pointer') pointer = { file, names: parsed.names }
    if (parsed.kind !== 'plan') continue
    plans.push(parsed.plan)
    found.push(...parsed.problems.map((problem) => ({ file, problem })))
  }
  const active = pointer === null ? null : planNamed(plans, place, pointer.names)
  if (pointer !== null && active === null) {
    found.push({ file: pointer.file, problem: `names no plan that is here: ${pointer.names}` })
  }
  return { path: place, files, plans, active, problems: found }
}

/**
 * Every entry that an id may mean: the active plan's where it has one, else those that are not complete, else all. More
 * than one is for a person to sort out: their status and their order may differ.
 */
export function findTask({ plans, active }: Plans, id: string): readonly Planned[] {
  const all = plans.flatMap((plan) =>
    plan.tasks.filter((task) => task.id === id).map((task): Planned => ({ task, plan })),
  )
  const inActive = all.filter(({ plan }) => plan === active)
  if (inActive.length > 0) return inActive
  const open = all.filter(({ task }) => task.status !== 'complete')
  return open.length > 0 ? open : all.slice(0, 1)
}

/** What stands before a task and is not complete by its plan. */
export function openBlockers(plans: Plans, { task, plan }: Planned): readonly string[] {
  return task.blockedBy.filter((id) => {
    const before = blockerOf(plans, plan, id)
    return before === null || before.task.status !== 'complete'
  })
}

/** Does any plan have it? */
export function isPlanned({ plans }: Plans, id: string): boolean {
  return plans.some(({ tasks }) => tasks.some((task) => task.id === id))
}

/** Ids round a circle of `blocked_by` that a task stands in, or waits for; null where there is none. */
export function circleBefore(plans: Plans, start: Planned): readonly string[] | null {
  return findCircle(plans, start, new Set())
}

/** Every circle, once. */
export function circlesIn(plans: Plans): readonly (readonly string[])[] {
  const done = new Set<PlanTask>()
  return plans.plans.flatMap((plan) =>
    plan.tasks.flatMap((task) => {
      const circle = findCircle(plans, { task, plan }, done)
      return circle === null ? [] : [circle]
    }),
  )
}

/** In depth, without recursion: a chain may be as long as a plan. @param done what leads into no circle is added. */
function findCircle(plans: Plans, start: Planned, done: Set<PlanTask>): readonly string[] | null {
  const way: { readonly planned: Planned; next: number }[] = [{ planned: start, next: 0 }]
  const onWay = new Set([start.task])
  let circle: readonly string[] | null = null
  for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
    const { task, plan } = top.planned
    const id = top.next < task.blockedBy.length ? task.blockedBy[top.next++] : undefined
    if (id === undefined || done.has(task)) {
      done.add(task)
      onWay.delete(task)
      way.pop()
      continue
    }
    const before = blockerOf(plans, plan, id)
    if (before === null || before.task.status === 'complete' || done.has(before.task)) continue
    if (onWay.has(before.task)) {
      const from = way.findIndex(({ planned }) => planned.task === before.task)
      circle ??= [...way.slice(from).map(({ planned }) => planned.task.id), before.task.id]
      continue
    }
    onWay.add(before.task)
    way.push({ planned: before, next: 0 })
  }
  return circle
}

/** A blocker is looked for in its own plan first. */
function blockerOf(plans: Plans, plan: Plan, id: string): Planned | null {
  const near = indexOf(plan).get(id)
  if (near !== undefined) return { task: near, plan }
  for (const other of plans.plans) {
    const task = indexOf(other).get(id)
    if (task !== undefined) return { task, plan: other }
  }
  return null
}

const indexes = new WeakMap<Plan, ReadonlyMap<string, PlanTask>>()

function indexOf(plan: Plan): ReadonlyMap<string, PlanTask> {
  const known = indexes.get(plan)
  if (known !== undefined) return known
  const index = new Map<string, PlanTask>()
  // Of two with one id the one that is not complete counts.
  for (const task of plan.tasks) {
    if (index.get(task.id)?.status !== 'complete' && index.has(task.id)) continue
    index.set(task.id, task)
  }
  indexes.set(plan, index)
  return index
}

function planNamed(plans: readonly Plan[], place: string, names: string): Plan | null {
  const files = [names, `${place}/${names}`, `${place}/${names}.json`]
  return plans.find(({ file, name }) => files.includes(file) || name === names) ?? null
}

interface Listed {
  readonly files: readonly string[]
  readonly problems: readonly PlanProblem[]
}

function listFiles(root: string, place: string): Listed {
  const problem = (what: string): Listed => ({
    files: [],
    problems: [{ file: place, problem: what }],
  })
  const absolute = path.resolve(root, place)
  if (path.isAbsolute(place) || relativeInside(root, absolute) === null) {
    return problem('`plan_path` leads out of the checkout')
  }
  try {
    if (relativeInside(root, realpathSync.native(absolute)) === null) {
      return problem('`plan_path` leads out of the checkout')
    }
    if (statSync(absolute).isFile()) return { files: [place], problems: [] }
    const names = readdirSync(absolute).filter((name) => name.endsWith('.json'))
    const prefix = place === '' || place === '.' ? '' : `${place}/`
    const files = names.sort(byText).map((name) => `${prefix}${name}`)
    if (files.length <= PLAN_FILES_MAX) return { files, problems: [] }
    const told = `only the first ${String(PLAN_FILES_MAX)} of ${String(files.length)} files are read`
    return { files: files.slice(0, PLAN_FILES_MAX), problems: [{ file: place, problem: told }] }
  } catch (error) {
    // No plans is how most repositories begin.
    if (codeOf(error) === 'ENOENT') return { files: [], problems: [] }
    return problem(`cannot be read (${codeOf(error) ?? 'unknown'})`)
  }
}

function readText(
  root: string,
  file: string,
  left: number,
): { readonly text: string } | { readonly problem: string } {
  try {
    const target = realpathSync.native(path.join(root, file))
    if (relativeInside(root, target) === null) return { problem: 'leads out of the checkout' }
    const stat = statSync(target)
    // A pipe would stop the daemon.
    if (!stat.isFile()) return { problem: 'is not a file' }
    if (stat.size > PLAN_BYTES_MAX)
      return { problem: `is larger than ${String(PLAN_BYTES_MAX)} bytes` }
    if (stat.size > left) return { problem: 'is not read: the plans together are too large' }
    return { text: readFileSync(target, 'utf8') }
  } catch (error) {
    return { problem: `cannot be read (${codeOf(error) ?? 'unknown'})` }
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
