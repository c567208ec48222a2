// May a task begin, as far as the ledger knows? Its own past first, then what it needs, then what others change. A task whose
// dependency is complete but has not landed may not: its worktree would begin without that work.
import {
  isAssignmentOver,
  isDone,
  isUnlanded,
  type Assignment,
  type LedgerClaim,
} from '../../../protocol/index.ts'
import { cyclesIn } from './cycles.ts'
import type { Candidate, LeftReason, PlanInput } from './plan-words.ts'
import { createTouched, type Touched } from './touched.ts'

/** What the ledger says of tasks, looked up once for all. */
export interface Readiness {
  /** Null: it may begin, unless its files are another's. */
  readonly obstacle: (candidate: Candidate) => LeftReason | null
  readonly touched: Touched
}

type ReadyInput = Pick<PlanInput, 'candidates' | 'ledger' | 'busy' | 'caseExact'> & {
  readonly settings: Pick<PlanInput['settings'], 'attemptsMax'>
}

export function createReadiness(input: ReadyInput): Readiness {
  const known = knownOf(input)
  const cycles = cyclesIn(input.candidates)
  return {
    obstacle: (candidate) =>
      ownPast(candidate, known, input.settings.attemptsMax) ??
      cycleReason(cycles.get(candidate.task)) ??
      dependencyReason(candidate, known) ??
      repositoryReason(input.busy),
    touched: createTouched(input),
  }
}

interface Known {
  /** Work on each task, oldest first. */
  readonly work: ReadonlyMap<string, readonly Assignment[]>
  readonly holders: ReadonlyMap<string, LedgerClaim>
  readonly waits: ReadonlySet<string>
  readonly completed: PlanInput['ledger']['completed']
}

function knownOf({ ledger }: ReadyInput): Known {
  const work = new Map<string, Assignment[]>()
  for (const assignment of ledger.assignments) {
    if (assignment.type !== 'work') continue
    const of = work.get(assignment.task) ?? []
    work.set(assignment.task, [...of, assignment])
  }
  for (const of of work.values()) of.sort((a, b) => a.assignedAtMs - b.assignedAtMs)
  const tasks = [...ledger.claims].filter(({ kind }) => kind === 'task')
  const waits = [...ledger.queue].flatMap(({ scopes }) =>
    scopes.filter(({ kind }) => kind === 'task').map(({ pattern }) => pattern),
  )
  return {
    work,
    holders: new Map(tasks.map((claim) => [claim.pattern, claim])),
    waits: new Set(waits),
    completed: ledger.completed,
  }
}

function ownPast({ task }: Candidate, known: Known, attemptsMax: number): LeftReason | null {
  const work = known.work.get(task) ?? []
  const last = work.at(-1)
  const open = work.find(({ state }) => !isAssignmentOver(state))
  if (open !== undefined) return assigned(open)
  const holder = known.holders.get(task)
  if (holder !== undefined) return claimed(holder)
  if (known.waits.has(task))
    return {
      ...{ kind: 'claimed', note: 'a session waits for it in the queue', sinceMs: null },
      ...{ who: null, next: 'skein queue' },
    }
  if (last !== undefined && isUnlanded(last)) return unlanded('unlanded', last)
  const over = known.completed.get(task)
  if (over !== undefined && isDone(over))
    return {
      ...{ kind: 'done', note: `${over.agent} completed it`, sinceMs: over.atMs, who: null },
      next: null,
    }
  return failures(work, attemptsMax)
}

function assigned({ id, machine, operator, state, stateAtMs }: Assignment): LeftReason {
  return {
    ...{ kind: 'assigned', note: `${machine} has it (${state}), by ${operator.agent}` },
    ...{ sinceMs: stateAtMs, who: machine, next: `skein workers ${id}` },
  }
}

function claimed({ id, agent, machine, grantedAtMs }: LedgerClaim): LeftReason {
  return {
    ...{ kind: 'claimed', note: `${agent} works on it, on ${machine}`, sinceMs: grantedAtMs },
    ...{ who: agent, next: `skein request ${id} --reason TEXT` },
  }
}

function unlanded(kind: 'unlanded' | 'dependency-unlanded', last: Assignment): LeftReason {
  const { id, task, landing, stateAtMs } = last
  const kept =
    landing?.reason == null ? '' : ` (${landing.note === '' ? landing.reason : landing.note})`
  const note = `the work on ${task} is complete and has not landed${kept}`
  const sinceMs = landing?.atMs ?? stateAtMs
  return { kind, note, sinceMs, who: 'a person', next: `skein merge ${id}` }
}

/** Of a task that succeeded once, and was given back, the tries before count no more. */
function failures(work: readonly Assignment[], attemptsMax: number): LeftReason | null {
  const last = work.at(-1)
  if (last === undefined) return null
  const { id, task, state, reason, note = '', stateAtMs: sinceMs } = last
  const next = `skein assign ${task} (what it said: skein log ${id})`
  if (state === 'stopped') {
    const by = last.stop?.by ?? 'a person'
    return { kind: 'stopped', note: `${by} ended it`, sinceMs, who: 'a person', next }
  }
  const since = work.slice(work.findLastIndex((one) => one.state === 'succeeded') + 1)
  if (since.length < attemptsMax) return null
  const how = `${state}${reason === undefined ? '' : `, ${reason}`}${note === '' ? '' : `: ${note}`}`
  const told = `it was tried ${String(since.length)} times, the last one ended ${how}`
  return { kind: 'attempts', note: told, sinceMs, who: 'a person', next }
}

function cycleReason(cycle: readonly string[] | undefined): LeftReason | null {
  if (cycle === undefined) return null
  const note = `it waits for itself: ${cycle.join(' → ')}`
  return { kind: 'cycle', note, sinceMs: null, who: 'a person', next: 'skein task list' }
}

function dependencyReason({ after }: Candidate, known: Known): LeftReason | null {
  for (const task of after) {
    const reason = beforeReason(task, known)
    if (reason !== null) return reason
  }
  return null
}

/** What a person completed by hand has no work that could land; what a person wants not to land is not there for others. */
function beforeReason(task: string, known: Known): LeftReason | null {
  const work = known.work.get(task) ?? []
  const last = work.at(-1)
  const over = known.completed.get(task)
  const isComplete = over !== undefined && isDone(over)
  if (isComplete && last?.state === 'succeeded') {
    if (isUnlanded(last)) return unlanded('dependency-unlanded', last)
    if (last.landing?.state !== 'dropped') return null
    const note = `the work on ${task} is not to land`
    const sinceMs = last.landing.atMs
    return { kind: 'dependency', note, sinceMs, who: 'a person', next: `skein workers ${last.id}` }
  }
  if (isComplete) return null
  return incomplete(task, work, known.holders.get(task))
}

function incomplete(
  task: string,
  work: readonly Assignment[],
  holder: LedgerClaim | undefined,
): LeftReason {
  const kind = 'dependency'
  const open = work.find(({ state }) => !isAssignmentOver(state))
  if (open !== undefined) {
    const note = `${task} is not complete: ${open.machine} has it (${open.state})`
    const { machine: who, stateAtMs: sinceMs } = open
    return { kind, note, sinceMs, who, next: `skein workers ${open.id}` }
  }
  if (holder !== undefined) {
    const note = `${task} is not complete: ${holder.agent} works on it`
    return { kind, note, sinceMs: holder.grantedAtMs, who: holder.agent, next: 'skein task list' }
  }
  const note = `${task} is not complete, and nobody works on it`
  return { kind, note, sinceMs: null, who: null, next: `skein assign ${task}` }
}

function repositoryReason(busy: PlanInput['busy']): LeftReason | null {
  const [first] = busy
  if (first === undefined) return null
  const { repo, note, sinceMs, who } = first
  return {
    ...{ kind: 'repository', note: `${repo}, which this one builds on, is at work: ${note}` },
    ...{ sinceMs, who, next: `skein workers --repo ${repo}` },
  }
}
