// An assignment: a task that a machine's worker does. The ledger knows who dispatched what to whom, under which fence, how far it is
// and how it ended; what a worker says and costs on the way is known to its machine alone.
//
// 1. A task has at most one assignment that is not over: an assignment begins with the grant of its task, in one record.
// 2. Only its machine moves an assignment, for only there it is seen what the worker does. Anybody may ask it to stop.
// 3. What is over stays over, and says what shows it: an exit that was observed, for `succeeded` the commit that the remote has.
// 4. The record that ends an assignment ends its claim.
// 5. What was found of its work, and where that landed, is known after its end, too.
import type { Party } from './claim.ts'
import type { AssignmentId, ClaimId, PeerId, RequestId } from './ids.ts'
import type { Landing, Verdict, VerdictKind } from './verdict.ts'

/** `waiting`: for a person. `lost`: a person gave up its machine. */
export const ASSIGNMENT_STATES = [
  'assigned',
  'starting',
  'running',
  'waiting',
  'succeeded',
  'empty',
  'failed',
  'stopped',
  'lost',
] as const
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number]

/** What an assignment may become, by what it is. */
const MOVES: Readonly<Record<AssignmentState, readonly AssignmentState[]>> = {
  assigned: ['starting', 'waiting', 'failed', 'stopped', 'lost'],
  starting: ['running', 'failed', 'stopped', 'lost'],
  running: ['waiting', 'succeeded', 'empty', 'failed', 'stopped', 'lost'],
  waiting: ['starting', 'running', 'failed', 'stopped', 'lost'],
  succeeded: [],
  empty: [],
  failed: [],
  stopped: [],
  lost: [],
}

/**
 * Why it failed: `refused` by the machine's own settings, no `worktree`, a program that did not start (`launch`), an `exit` other
 * than 0, a `push` that the remote has not, its claim gone (`claim`), an end that nobody saw (`unobserved`), a branch that has other
 * commits here than on the remote (`diverged`), its launcher's usage limit (`limited`), or a bound of the machine's own: of what it
 * may cost (`spending`), or how long it may run (`timeout`).
 */
export const ASSIGNMENT_FAILURES = [
  'refused',
  'worktree',
  'launch',
  'exit',
  'push',
  'claim',
  'unobserved',
  'diverged',
  'limited',
  'spending',
  'timeout',
] as const
export type AssignmentFailure = (typeof ASSIGNMENT_FAILURES)[number]

/** How a worker's process ended, as its machine saw it. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: string | null
}

/** What is known of an assignment at a move; what is left out stays as it was. */
export interface AssignmentFacts {
  /** The commit that the branch began at. */
  readonly base?: string
  readonly reason?: AssignmentFailure
  /** In words, for people: why it failed, or what it asks. */
  readonly note?: string
  readonly exit?: WorkerExit
  /** What the remote's branch stands on. */
  readonly commit?: string
  /** Work that was not committed, as `skein wip` knows it. */
  readonly wip?: string
  /** What it cost until now, in US dollars, as far as its launcher says. */
  readonly costUsd?: number
  readonly turns?: number
  /** The launcher's own name of the conversation, by which it can be taken up again. */
  readonly conversation?: string
}

/** `work` is committed and pushed; the others look at another assignment's work, and push nothing. */
export const ASSIGNMENT_TYPES = ['work', 'review', 'test', 'smoke'] as const
export type AssignmentType = (typeof ASSIGNMENT_TYPES)[number]

/** What an operator asks for. */
export interface AssignmentOrder {
  /** The task's id; of a text that is in no plan, one that was made for it. */
  readonly task: string
  readonly title: string
  /** What the worker is told, on its standard input. */
  readonly prompt: string
  /** By its name in the machine's config.yml. */
  readonly launcher: string
  readonly branch: string
  readonly type: AssignmentType
  /** Whose work it continues, or looks at. */
  readonly of: AssignmentId | null
  /** 1 for the first; a retry counts on. */
  readonly attempt: number
  /** Null: what the launcher takes by itself. */
  readonly model: string | null
  /** What it is expected to change, as patterns; may be empty. */
  readonly files: readonly string[]
}

export interface Assignment extends AssignmentOrder, AssignmentFacts {
  readonly id: AssignmentId
  /** Whose worker it is. */
  readonly peer: PeerId
  readonly machine: string
  readonly operator: Pick<Party, 'agent' | 'session' | 'peer' | 'machine'>
  /** The request that it answers. */
  readonly askedBy: RequestId | null
  readonly claim: ClaimId
  readonly fence: number
  readonly state: AssignmentState
  readonly assignedAtMs: number
  /** When it became what it is. */
  readonly stateAtMs: number
  readonly startedAtMs: number | null
  /** Somebody wants it to end. */
  readonly stop: Said | null
  /** What a person said to what it asked last. */
  readonly answer: Said | null
  /** The last of each kind. */
  readonly verdicts: Readonly<Partial<Record<VerdictKind, Verdict>>>
  readonly landing: Landing | null
}

export interface Said {
  readonly by: string
  readonly note: string
  readonly atMs: number
}

export const FLEET_LIMITS = {
  /** Assignments of one repository that are not over: each may hold a prompt. */
  openMax: 200,
  /** Of those that are over so many are told. */
  endedRemembered: 200,
  /** Of those the last keep what they were told, for a further try; it is what is large of them. */
  promptsRemembered: 50,
  /** Of one task; the last is an operator's to go beyond. */
  attemptsMax: 5,
  /** Beside those: work that has not landed yet, the oldest is forgotten first. */
  unlandedRemembered: 200,
  proposalsMax: 100,
  filesMax: 50,
  fileCharactersMax: 300,
  answerCharactersMax: 4_000,
  /** Of one kind, in one verdict. */
  findingsMax: 20,
  /** A task in words; what is longer belongs into a file of the repository. */
  promptCharactersMax: 8_000,
  titleCharactersMax: 200,
  noteCharactersMax: 500,
  /** What was found of work; a repair is told it. */
  verdictCharactersMax: 2_000,
} as const

/** Work that is to land, and has not. */
export function isUnlanded({ type, state, landing }: Assignment): boolean {
  if (type !== 'work' || state !== 'succeeded') return false
  return landing === null || landing.state === 'blocked'
}

export function isAssignmentOver(state: AssignmentState): boolean {
  return MOVES[state].length === 0
}

/** Takes one of the places that its machine has for workers. */
export function isAtWork(state: AssignmentState): boolean {
  return state === 'starting' || state === 'running'
}

export function mayBecome(from: AssignmentState, to: AssignmentState): boolean {
  return MOVES[from].includes(to)
}

/** `task-<id>-<slug>`, of an issue `issue-<number>-<slug>`: names the work to whoever sees the branch. */
export function branchOfTask(task: string, title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_CHARACTERS_MAX)
    .replaceAll(/^-+|-+$/g, '')
  // git knows no branch whose name ends so, and none with two dots in it; an id of a plan may have both.
  const id = task.replaceAll(/\.{2,}/g, '.').replace(/\.lock$/, '')
  const stem = ISSUE_ID.test(id) ? id : `task-${id}`
  return words === '' || words === id.toLowerCase() ? stem : `${stem}-${words}`
}

const ISSUE_ID = /^issue-\d+$/
const SLUG_CHARACTERS_MAX = 40
