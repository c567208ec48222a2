// Tasks of plans: list, claim, complete, expire.
import {
  asSessionId,
  DEFAULTS,
  SkeinError,
  type CompletedTask,
  type LedgerClaim,
  type LedgerState,
  type OperationInput,
  type OperationResult,
  claimJson,
  iso,
} from '../../protocol/index.ts'
import { clean, type Place } from '../callers.ts'
import type { TaskTarget } from '../core/claims/command.ts'
import { unmetNeeds } from '../core/tasks/needs.ts'
import { isTold } from '../core/tasks/obstacle.ts'
import type { View } from '../core/view.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import type { PlanTask } from '../tasks/plan-file.ts'
import {
  circlesIn,
  findTask,
  openBlockers,
  readPlans,
  type Planned,
  type Plans,
} from '../tasks/plans.ts'
import { claimScopes } from './claim.ts'
import { asOf, claimContext, requirePerson, type Handler, type Parts } from './context.ts'
import { proveHistory, requireTaskId } from './task-terms.ts'

type Listed = OperationResult<'task/list'>
type TaskJson = Listed['tasks'][number]
type OverJson = Listed['recent'][number]

const LISTED = 1_000

export const taskList: Handler<OperationInput<'task/list'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  parts.callers.asker(input, context)
  const { checkout, config } = place
  const view = hostOf(place.repo).loop.view()
  const { state } = view
  const plans = checkout === null ? null : await readPlans(checkout.root, config.plan_path)
  const proof = checkout && plans && (await proveHistory(parts, checkout, plans))
  const now = parts.clock.wall()
  const claims = claimsByTask(state)
  const found = plans === null ? [] : tasksOf(plans, input.plan)
  const tasks = found
    .map((planned) => taskJson(parts, place, { plans, planned, view, claims, now }))
    .filter((task) => input.free !== true || task.state === 'free')
  const limit = input.limit ?? LISTED
  const result: Listed = {
    plans: (plans?.plans ?? []).map((plan) => ({
      file: plan.file,
      name: plan.name,
      last_updated: plan.lastUpdated,
      tasks: plan.tasks.length,
      active: plan === plans?.active,
    })),
    tasks: tasks.slice(0, limit),
    more: Math.max(0, tasks.length - limit),
    active: [...claims.values()].map((claim) => claimJson(claimContext(parts, place), claim)),
    recent: [...state.completed.values()]
      .filter(({ atMs, reopened }) => reopened === null && now - atMs < TOLD_MS)
      .map(overJson)
      .toReversed(),
    problems: plans === null ? [] : [...plans.problems, ...circleProblems(plans)],
    token: proof?.token ?? null,
    as_of: asOf(place.repo),
  }
  return result
}

export const taskClaim: Handler<OperationInput<'task/claim'>> = async (parts, input, context) => {
  const { task, token, again, ...rest } = input
  const scopes = [{ kind: 'task' as const, pattern: task }]
  const { result, prepared } = await claimScopes(parts, { ...rest, scopes }, context, {
    token,
    again,
  })
  const planned = prepared?.planned ?? null
  const proof = prepared?.terms.token ?? null
  const shown = planned === null ? null : { ...plannedJson(planned), token: proof }
  const told: OperationResult<'task/claim'> = { ...result, task: shown }
  return told
}

export const taskComplete: Handler<OperationInput<'task/complete'>> = async (
  parts,
  input,
  context,
) => {
  requireTaskId(input.task)
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const { checkout, config } = place
  const trunk = checkout && (await parts.history.trunk(checkout, config.default_branch))
  // Whoever is elsewhere stands on no branch of ours.
  const isElsewhere = context.door === 'tcp' && input.branch === undefined
  const outcome = await submit(hostOf(place.repo), {
    kind: 'complete',
    party: isElsewhere ? { ...party, branch: null } : party,
    task: input.task,
    trunk: trunk?.branch ?? config.default_branch,
    note: clean(input.note ?? ''),
  })
  const [over] = outcome.kind === 'task-over' ? outcome.tasks : []
  if (outcome.kind !== 'task-over' || over === undefined) {
    throw new SkeinError('INTERNAL', `a completion ended as ${outcome.kind}`)
  }
  const { already } = outcome
  const result: OperationResult<'task/complete'> = {
    completed: overJson(over),
    already,
    warnings: await stillOpen(place, over.task),
  }
  return result
}

export const taskExpire: Handler<OperationInput<'task/expire'>> = async (parts, input, context) => {
  const target = targetOf(input)
  requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const party = await parts.callers.party(input, context, place)
  const note = clean(input.reason ?? '')
  const outcome = await submit(hostOf(place.repo), { kind: 'expire-tasks', party, target, note })
  if (outcome.kind !== 'task-over') {
    throw new SkeinError('INTERNAL', `an expiry ended as ${outcome.kind}`)
  }
  return { expired: outcome.tasks.map(overJson) }
}

function targetOf(input: OperationInput<'task/expire'>): TaskTarget {
  const { task, of_session: session, of_agent: agent } = input
  const targets: (TaskTarget | null)[] = [
    task === undefined ? null : { by: 'task', task },
    session === undefined ? null : { by: 'session', session: asSessionId(clean(session)) },
    agent === undefined ? null : { by: 'agent', agent: clean(agent) },
  ]
  const [target, more] = targets.filter((each) => each !== null)
  if (target !== undefined && more === undefined) return target
  throw new SkeinError('INPUT_USAGE', 'tasks are freed by one of: an id, a session, an agent', {
    hint: 'skein task expire ID | --of-session S | --of-agent A',
  })
}

/** The plan is what later sessions read. */
async function stillOpen({ checkout, config }: Place, id: string): Promise<string[]> {
  if (checkout === null) return []
  const plans = await readPlans(checkout.root, config.plan_path)
  return findTask(plans, id)
    .filter(({ task }) => task.status !== 'complete')
    .map(
      ({ plan, task }) =>
        `${plan.file} still says '${task.status}': set "status": "complete" and commit it`,
    )
}

const TOLD_MS = DEFAULTS.completedToldSeconds * 1000

function claimsByTask(state: LedgerState): ReadonlyMap<string, LedgerClaim> {
  const tasks = [...state.claims.values()].filter(({ kind }) => kind === 'task')
  return new Map(tasks.map((claim) => [claim.pattern, claim]))
}

/** The active plan's first. */
function tasksOf({ plans, active }: Plans, wanted: string | undefined): readonly Planned[] {
  const chosen =
    wanted === undefined
      ? plans
      : plans.filter(({ file, name }) => [file, name, file.split('/').at(-1)].includes(wanted))
  if (wanted !== undefined && chosen.length === 0) {
    throw new SkeinError('NOT_FOUND', `there is no plan '${clean(wanted)}' here`, {
      hint: 'skein task list',
      data: { plans: plans.map(({ file }) => file) },
    })
  }
  return [...chosen]
    .sort((a, b) => Number(b === active) - Number(a === active))
    .flatMap((plan) => plan.tasks.map((task) => ({ task, plan })))
}

interface Looked {
  readonly plans: Plans | null
  readonly planned: Planned
  readonly view: View
  readonly claims: ReadonlyMap<string, LedgerClaim>
  readonly now: number
}

function taskJson(parts: Parts, place: Place, looked: Looked): TaskJson {
  const { plans, planned, view, claims, now } = looked
  const claim = claims.get(planned.task.id) ?? null
  const over = view.state.completed.get(planned.task.id)
  const isOver = over !== undefined && isTold(over, now)
  const needs = plans === null ? [] : openBlockers(plans, planned)
  const waits = unmetNeeds(view, needs).map(({ task }) => task)
  return {
    ...plannedJson(planned),
    state: stateOf(planned.task, claim !== null, isOver, waits.length > 0),
    waits_for: waits,
    claim: claim === null ? null : claimJson(claimContext(parts, place), claim),
  }
}

function stateOf(
  { status }: PlanTask,
  isClaimed: boolean,
  isOver: boolean,
  isBlocked: boolean,
): TaskJson['state'] {
  if (isClaimed) return 'claimed'
  if (isOver || status === 'complete') return 'completed'
  return isBlocked ? 'blocked' : 'free'
}

function plannedJson({ task, plan }: Planned): Omit<TaskJson, 'state' | 'waits_for' | 'claim'> {
  const { id, name, status, priority, blockedBy } = task
  return { id, name, plan: plan.file, status, priority, blocked_by: blockedBy }
}

function overJson(over: CompletedTask): OverJson {
  const { task, plan, agent, session, machine, branch, reason, by, note, atMs } = over
  return { task, plan, agent, session, machine, branch, reason, by, note, at: iso(atMs) }
}

function circleProblems(plans: Plans): Plans['problems'] {
  return circlesIn(plans).map((circle) => ({
    file: plans.path,
    problem: `blocked_by goes in a circle: ${circle.join(' -> ')}`,
  }))
}
