// What the steps of a worker share: the assignment in its repository, and what its machine does for them.
import {
  asAssignmentId,
  type Assignment,
  type AssignmentFacts,
  type AssignmentState,
  type LedgerClaim,
} from '../../protocol/index.ts'
import type { WorkerGit } from '../git-workers.ts'
import type { WorkerBlocker } from '../ports-fleet.ts'
import { hostOf, type Repo } from '../repos.ts'
import { submit } from '../submit.ts'
import type { EndCause } from './files.ts'
import type { Launcher } from './launchers/launcher.ts'

export interface Job {
  readonly repo: Repo
  readonly assignment: Assignment
}

export interface WorkerAround {
  readonly home: string
  /** This machine's name. */
  readonly machine: string
  readonly git: WorkerGit
  /** The daemon's environment, without what says whose it is. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The supervisor's program, as words; the folder comes after them. */
  readonly supervisor: readonly string[]
  /** The program that a harness starts to reach skein's tools, as words. */
  readonly bridge: readonly string[]
  readonly now: () => number
  /** Since 1970. */
  readonly wall: () => number
  /** @throws SkeinError ASSIGNMENT_REFUSED */
  readonly accept: (job: Job) => Launcher
  /** What keeps a run from starting now; null: nothing does, and it counts as started. */
  readonly admit: (job: Job) => WorkerBlocker | null
  /** What a run that goes on may cost yet; null: no bound. */
  readonly budgetOf: () => number | null
  /** @param usd of this run until now @returns why it is to end, if it is */
  readonly spend: (run: string, usd: number) => EndCause | null
  readonly runMsMax: number
  /** No run of this launcher starts before then. */
  readonly pause: (launcher: string, untilMs: number) => void
  /** A checkout of the clone that the worktree is made from, and the branch that work lands on. @throws SkeinError */
  readonly cloneOf: (repo: Repo) => Promise<{ readonly root: string; readonly trunk: string }>
  readonly keepWork: (repo: Repo, of: KeptOf) => Promise<string | null>
  /** Puts kept work into a worktree. @returns whether it could, whole and without a conflict */
  readonly restoreWork: (repo: Repo, root: string, wip: string) => Promise<boolean>
  /** The worktree is gone: nothing is to look for it. */
  readonly forget: (repo: Repo, root: string) => void
  readonly note: (assignment: Assignment, what: string, facts?: object) => void
}

export interface KeptOf {
  readonly root: string
  readonly agent: string
  readonly session: string
  readonly reason: string
}

/** Null: it was forgotten, or there is none. */
export function parentOf({ repo, assignment: { of } }: Job): Assignment | null {
  const { assignments } = hostOf(repo).loop.view().state
  return of === null ? null : (assignments.get(asAssignmentId(of)) ?? null)
}

export function claimOf({ repo, assignment }: Job): LedgerClaim | null {
  const claim = hostOf(repo).loop.view().state.claims.get(assignment.claim)
  return claim?.fence === assignment.fence ? claim : null
}

export async function move(
  { note }: Pick<WorkerAround, 'note'>,
  { repo, assignment }: Job,
  to: AssignmentState,
  facts: AssignmentFacts = {},
): Promise<void> {
  await submit(hostOf(repo), { kind: 'move-assignment', id: assignment.id, to, facts })
  note(assignment, 'a worker', { state: to, ...facts })
}
