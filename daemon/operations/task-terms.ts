// What a claim of a task rests on, looked up in the caller's checkout: its plan, the plan's freshness, and what must come
// before it. The daemon reads and refuses; who has the task is the ledger's.
import {
  isSameSession,
  isTaskId,
  nearest,
  SkeinError,
  type Party,
  type TaskTerms,
} from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { holderOf } from '../core/tasks/needs.ts'
import type { Checkout } from '../git.ts'
import { historyToken, type Trunk } from '../git-history.ts'
import { hostOf } from '../repos.ts'
import {
  circleBefore,
  findTask,
  isPlanned,
  openBlockers,
  readPlans,
  type Planned,
  type Plans,
} from '../tasks/plans.ts'
import type { Parts } from './context.ts'

/** What may be said of a task beside its id. */
export interface TaskAsking {
  readonly token?: string | undefined
  readonly again?: boolean | undefined
  /** The idempotency key was answered before: nothing is judged anew. */
  readonly isRepeated?: boolean
}

export interface PreparedTask {
  readonly terms: TaskTerms
  /** Null for one that no plan has. */
  readonly planned: Planned | null
  readonly warnings: readonly string[]
}

/** @throws SkeinError INPUT_SCHEMA, PLAN_INVALID, TASK_UNKNOWN, TASK_STALE, TASK_COMPLETED */
export async function prepareTask(
  parts: Parts,
  place: Place,
  party: Party,
  id: string,
  asking: TaskAsking,
): Promise<PreparedTask> {
  requireTaskId(id)
  const { checkout, config } = place
  const ttlSeconds = config.ttl.task
  if (checkout === null) {
    const warnings = ['no checkout is known here: the task is taken by its name, unchecked']
    return byName(null, ttlSeconds, warnings)
  }
  const plans = await readPlans(checkout.root, config.plan_path)
  const proof = await proveHistory(parts, checkout, plans)
  const trunk = await parts.history.trunk(checkout, config.default_branch)
  const at: Site = { parts, checkout, plans, proof, trunk }
  const planned = await lookUp(at, id)
  const token = proof?.token ?? null
  if (planned === null) {
    requireToken(at, asking.token, plans.path)
    return byName(token, ttlSeconds, [
      `no plan is in ${plans.path}/: task ${id} is taken by its name`,
    ])
  }
  const { file } = planned.plan
  const needs = openBlockers(plans, planned)
  const terms: TaskTerms = { plan: file, token, ttlSeconds, needs }
  const holder = holderOf(hostOf(place.repo).loop.view(), id)
  // Its session only says again what it has: that it works on it, and where.
  const isHeld = holder !== null && isSameSession(holder, party)
  if (isHeld || asking.isRepeated === true) return { terms, planned, warnings: [] }
  requireToken(at, asking.token, file)
  await requireFresh(at, id, file)
  if (planned.task.status === 'complete' && asking.again !== true) throw completed(planned)
  requireNoCircle(plans, planned)
  const unknown = needs.filter((before) => !isPlanned(plans, before))
  const warnings = unknown.map((before) => `it is blocked by ${before}, which no plan here has`)
  return { terms, planned, warnings }
}

export function requireTaskId(id: string): void {
  if (isTaskId(id)) return
  throw new SkeinError(
    'INPUT_SCHEMA',
    `\`${id}\` is not the id of a task: letters, digits, dots, dashes and underscores, at most 100`,
    { hint: 'skein task list' },
  )
}

/** The token of a checkout's plans, and the last commit of each file; null before the first commit. */
export interface Proof {
  readonly token: string
  readonly head: string
  readonly commits: ReadonlyMap<string, string>
}

export async function proveHistory(
  { history, tokens }: Parts,
  checkout: Checkout,
  { files }: Plans,
): Promise<Proof | null> {
  const head = await history.head(checkout)
  if (head === null) return null
  const last = await history.lastCommits(checkout, head, files)
  const commits = new Map(files.map((file, at) => [file, last[at] ?? '']))
  const token = historyToken(head, last)
  tokens.note(token, commits)
  return { token, head, commits }
}

interface Site {
  readonly parts: Parts
  readonly checkout: Checkout
  readonly plans: Plans
  readonly proof: Proof | null
  readonly trunk: Trunk | null
}

function byName(
  token: string | null,
  ttlSeconds: number,
  warnings: readonly string[],
): PreparedTask {
  return { terms: { plan: null, token, ttlSeconds, needs: [] }, planned: null, warnings }
}

/** Null where there are no plans at all: then a task is a name like any other. */
async function lookUp(site: Site, id: string): Promise<Planned | null> {
  const { plans } = site
  const found = findTask(plans, id)
  const [first, second] = found
  if (second !== undefined) {
    const files = [...new Set(found.map(({ plan }) => plan.file))]
    throw new SkeinError(
      'PLAN_INVALID',
      `task ${id} stands in the plans more than once: ${files.join(', ')}`,
      { hint: 'Give each task an id of its own, or name the active plan in current-task.json.' },
    )
  }
  if (first !== undefined) return first
  // It may be in a plan that this checkout has not got yet.
  await requireFresh(site, id, plans.path)
  if (plans.plans.length === 0 && plans.problems.length === 0) return null
  throw unknownTask(plans, id)
}

function unknownTask({ plans, path, problems }: Plans, id: string): SkeinError {
  const near = nearest(
    id,
    plans.flatMap(({ tasks }) => tasks.map((task) => task.id)),
  )
  const told = problems.slice(0, 5).map(({ file, problem }) => `${file}: ${problem}`)
  const broken = told.length === 0 ? '' : ` (${told.join('; ')})`
  return new SkeinError('TASK_UNKNOWN', `no plan in ${path} has a task ${id}${broken}`, {
    ...(near === null ? {} : { hint: `skein task claim ${near}` }),
    data: { task: id, nearest: near, problems },
  })
}

/** The remote's default branch, as last fetched, must not have a newer commit there. */
async function requireFresh(
  { parts, checkout, proof, trunk }: Site,
  id: string,
  path: string,
): Promise<void> {
  if (proof === null || trunk === null || trunk.remote === null) return
  const newer = await parts.history.newerOn(checkout, trunk.remote, path)
  if (newer === null) return
  const [here = ''] = await parts.history.lastCommits(checkout, proof.head, [path])
  throw stale(id, path, here, newer, ` on origin/${trunk.branch}`)
}

/** A token of before is good while the plan is the same: other commits do not matter. */
function requireToken({ parts, proof }: Site, token: string | undefined, file: string): void {
  if (token === undefined || token === proof?.token) return
  const now = proof?.commits.get(file) ?? ''
  const then = parts.tokens.commitOf(token, file)
  if (then === now && then !== '') return
  throw new SkeinError('TASK_STALE', `the token is stale: ${file} is not what it was then`, {
    data: { plan: file, yours: then, current: now },
  })
}

function stale(id: string, path: string, here: string, newer: string, where: string): SkeinError {
  const mine = here === '' ? 'no commit' : here.slice(0, 12)
  return new SkeinError(
    'TASK_STALE',
    `the plan of task ${id}, ${path}, is older here (${mine}) than${where} (${newer.slice(0, 12)})`,
    { data: { task: id, plan: path, yours: here, current: newer } },
  )
}

function completed({ task, plan }: Planned): SkeinError {
  return new SkeinError('TASK_COMPLETED', `task ${task.id} is complete: ${plan.file} says so`, {
    hint: `skein task list --free (to do it anew: skein task claim ${task.id} --again)`,
    data: { task: task.id, plan: plan.file },
  })
}

function requireNoCircle(plans: Plans, planned: Planned): void {
  const circle = circleBefore(plans, planned)
  if (circle === null) return
  const { file } = planned.plan
  throw new SkeinError(
    'PLAN_INVALID',
    `${file}: blocked_by goes in a circle: ${circle.join(' -> ')}`,
    {
      hint: `Correct \`blocked_by\` in ${file}.`,
      data: { task: planned.task.id, circle },
    },
  )
}
