// The workers of a repository as a board shows them: the same as `skein workers --json`, by the ledger's word and, of those that are
// not over, by that of their machines. Pure.
import {
  isAssignmentOver,
  isUnlanded,
  workerJson,
  type Assignment,
  type BlockerJson,
  type ProgressNow,
  type Proposal,
  type WorkerCounts,
  type WorkerJson,
  type WorkerNow,
} from '../../../protocol/index.ts'
import type { RepoSnapshot } from './board-feed.ts'
import type { SearchFields } from './filter.ts'
import type { Level } from './standing.ts'

export type WorkerRow = Omit<WorkerJson, 'progress'> & { readonly progress: ProgressNow | null }

/** In the order of `skein workers --all`: those that are not over, then the others, the latest first. */
export function workersIn({ id, ledger, workers }: RepoSnapshot): readonly WorkerRow[] {
  const all = [...ledger.assignments.values()]
  const open = all.filter(({ state }) => !isAssignmentOver(state))
  const over = all.filter(({ state }) => isAssignmentOver(state)).reverse()
  return [...open, ...over].map((assignment) => rowOf(id, assignment, workers[assignment.id]))
}

interface Shown {
  readonly said: WorkerNow | null | undefined
  readonly row: WorkerRow
}

/** The fold replaces an assignment that changes; of the others hundreds stay as they are. */
const known = new WeakMap<Assignment, Shown>()

function rowOf(
  repo: string,
  assignment: Assignment,
  said: WorkerNow | null | undefined,
): WorkerRow {
  const before = known.get(assignment)
  if (before !== undefined && before.said === said) return before.row
  const row = workerJson(repo, assignment, toldOf(assignment, said))
  known.set(assignment, { said, row })
  return row
}

/** The ledger may know already that it is over, while the word of its machine is of before. */
function toldOf(assignment: Assignment, said: WorkerNow | null | undefined): WorkerNow | 'unknown' {
  if (!isAssignmentOver(assignment.state)) return said === null ? 'unknown' : (said ?? NOTHING)
  return isUnlanded(assignment) && said != null ? { ...NOTHING, blocker: said.blocker } : NOTHING
}

const NOTHING: WorkerNow = { progress: null, blocker: null }

export const WORKER_ORDERS = ['need', 'age', 'task', 'machine', 'cost'] as const
export type WorkerOrder = (typeof WORKER_ORDERS)[number]

export function sortWorkers(
  workers: readonly WorkerRow[],
  order: WorkerOrder,
): readonly WorkerRow[] {
  return [...workers].sort((a, b) => {
    const [one, other] = [RANKS[order](a), RANKS[order](b)]
    return one === other ? newest(a, b) : one < other ? -1 : 1
  })
}

const RANKS: Readonly<Record<WorkerOrder, (worker: WorkerRow) => number | string>> = {
  need: (worker) => standingOfWorker(worker).rank,
  // ISO 8601 in UTC sorts as text.
  age: ({ assigned_at: at }) => at,
  task: ({ task }) => task,
  machine: ({ machine }) => machine,
  cost: (worker) => -costOf(worker),
}

function newest(a: WorkerRow, b: WorkerRow): number {
  return a.state_at === b.state_at ? 0 : a.state_at < b.state_at ? 1 : -1
}

interface WorkerStanding {
  /** In capitals where a person has to look. */
  readonly word: string
  readonly level: Level | 'plain'
  /** What wants a person comes first. */
  readonly rank: number
}

/** How it stands, in a word that needs no colour. */
export function standingOfWorker(worker: WorkerRow): WorkerStanding {
  const { state, last_state: last, stopping, blocker, landing } = worker
  if (state === 'unknown') return { word: 'UNKNOWN', level: 'bad', rank: 2 }
  if (stopping) return { word: 'stopping', level: 'warning', rank: 4 }
  if (state === 'waiting' && blocker !== null) return { word: 'ASKS', level: 'warning', rank: 0 }
  if (landing?.state === 'landed') return { word: 'landed', level: 'good', rank: 7 }
  if (landing?.state === 'dropped') return { word: 'dropped', level: 'plain', rank: 8 }
  if (blocker !== null && PASSING.has(blocker.kind))
    return { word: 'WAITS', level: 'warning', rank: 4 }
  if (blocker !== null) return { word: 'BLOCKED', level: 'warning', rank: 1 }
  return STANDINGS[last]
}

/** What clears by itself, with time. */
const PASSING: ReadonlySet<BlockerJson['kind']> = new Set(['slots', 'quiet-hours', 'backoff'])

const STANDINGS: Readonly<Record<WorkerRow['last_state'], WorkerStanding>> = {
  assigned: { word: 'assigned', level: 'plain', rank: 5 },
  starting: { word: 'starting', level: 'plain', rank: 4 },
  running: { word: 'running', level: 'good', rank: 4 },
  waiting: { word: 'answered', level: 'plain', rank: 4 },
  succeeded: { word: 'pushed', level: 'good', rank: 6 },
  empty: { word: 'EMPTY', level: 'warning', rank: 8 },
  failed: { word: 'FAILED', level: 'bad', rank: 3 },
  stopped: { word: 'stopped', level: 'plain', rank: 8 },
  lost: { word: 'LOST', level: 'bad', rank: 3 },
}

/** In US dollars: of its turns that are over, and of the one that goes on. */
export function costOf({ cost_usd: over, progress }: WorkerRow): number {
  return Math.max(over ?? 0, progress?.cost_usd ?? 0)
}

/** What a person calls it: a task by its id, work in words by these. */
export function taskLabel({ task, title }: Pick<WorkerRow, 'task' | 'title'>): string {
  return task.startsWith('text-') ? title : task
}

/** `12t $0.31`; empty where its launcher tells neither. */
export function effortText(worker: WorkerRow): string {
  const turns = worker.progress?.turns ?? 0
  const cost = costOf(worker)
  const told = [turns === 0 ? '' : `${String(turns)}t`, cost === 0 ? '' : `$${cost.toFixed(2)}`]
  return told.filter((text) => text !== '').join(' ')
}

/** The line that says most: what keeps it, what it says, what it did, how it ended. */
export function lastLine(worker: WorkerRow): string {
  const { blocker, progress, note, commit, landing, reason } = worker
  if (blocker !== null) return blocker.note
  if (landing?.state === 'landed') return `on ${landing.target} as ${short(landing.commit)}`
  if (landing?.state === 'dropped') return landing.note === '' ? 'not to land' : landing.note
  if (commit !== null) return `pushed ${short(commit)}`
  const failure = reason === null ? note : `${reason}${note === null ? '' : `: ${note}`}`
  return failure ?? progress?.said ?? progress?.last ?? progress?.warnings[0] ?? ''
}

export function short(commit: string | null): string {
  return commit === null ? '-' : commit.slice(0, 10)
}

/** Nothing goes on there until somebody does something. */
export function wantsPerson({ blocker }: WorkerRow): boolean {
  return blocker !== null && !PASSING.has(blocker.kind)
}

export function isOpen({ last_state: state }: WorkerRow): boolean {
  return !isAssignmentOver(state)
}

/** `2 running, 1 asks, 1 failed, 3 to land` */
export function countsText({ running, waiting, failed, unlanded }: WorkerCounts): string {
  const told = [
    running === 0 ? '' : `${String(running)} running`,
    waiting === 0 ? '' : `${String(waiting)} waiting for a person`,
    failed === 0 ? '' : `${String(failed)} failed`,
    unlanded === 0 ? '' : `${String(unlanded)} to land`,
  ].filter((text) => text !== '')
  return told.length === 0 ? 'none' : told.join(', ')
}

/** What a worker can be looked for by. */
export function workerFields(worker: WorkerRow): SearchFields {
  const { id, task, title, machine, launcher, branch, operator, last_state: state, type } = worker
  const { word } = standingOfWorker(worker)
  return {
    ...{ id, task, title, machine, launcher, branch, operator, type },
    model: modelOf(worker),
    state: `${state} ${word}`,
    text: lastLine(worker),
  }
}

/** What it runs with, as its launcher says, or as it was asked for. */
export function modelOf({ model, progress }: WorkerRow): string {
  return progress?.model ?? model ?? ''
}

export function proposalFields({ id, order, machine, rationale, by }: Proposal): SearchFields {
  const { task, title, launcher, model, branch, type } = order
  return {
    ...{ id, task, title, machine, launcher, branch, type, operator: by },
    ...{ model: model ?? '', state: 'proposed', text: rationale },
  }
}

/** Workers that look at its work now: reviews and tests of it. */
export function lookersAt(
  { id }: Pick<WorkerRow, 'id'>,
  workers: readonly WorkerRow[],
): readonly WorkerRow[] {
  return workers.filter((one) => one.of === id && one.type !== 'work' && isOpen(one))
}
