// The socket of the merge queue of this machine, and of what is needed to judge work here.
import type { Assignment, AssignmentId, LandingBlocker } from '../protocol/index.ts'
import type { Checks } from './checks/checks.ts'
import type { Trust } from './checks/trust.ts'
import type { LandingGit, LandingMethod } from './git-landing.ts'
import type { WorkerBlocker } from './ports-fleet.ts'
import type { Repo } from './repos.ts'
import type { Runs } from './runs.ts'

/** What is asked of the merge queue. */
export interface MergeWish {
  /** Null: all that waits. */
  readonly ids: readonly AssignmentId[] | null
  readonly target: string | null
  readonly method: LandingMethod
  readonly isDryRun: boolean
  /** How long it waits while another machine lands there. */
  readonly waitSeconds: number
}

/** `ready`: it would land; `commands`: nobody here approved those that it needs; `order`: something comes first. */
export interface MergeEntry {
  readonly id: AssignmentId
  readonly task: string
  readonly branch: string
  readonly target: string
  readonly state: 'landed' | 'ready' | 'blocked' | 'waiting' | 'dropped'
  readonly reason: LandingBlocker | 'commands' | 'order' | 'unavailable' | null
  readonly note: string
  readonly head: string | null
  readonly commit: string | null
  readonly next: string | null
}

export interface Merged {
  readonly target: string
  readonly entries: readonly MergeEntry[]
  readonly warnings: readonly string[]
}

export interface MergeQueue {
  /** One at a time for each repository. @throws SkeinError NO_QUORUM, CLAIM_CONFLICT, REPO_NOT_GIT */
  run(repo: Repo, wish: MergeWish, say: (text: string) => void): Promise<Merged>
  /** Opens the pull request of pushed work, or finds the open one. @throws SkeinError TRACKER_* */
  openPull(
    repo: Repo,
    assignment: Assignment,
  ): Promise<{ readonly number: number; readonly url: string | null; readonly already: boolean }>
  /** What this machine alone knows to keep it. */
  blocker(id: AssignmentId): WorkerBlocker | null
}

/** Everything about verdicts and landing that operations need. */
export interface LandingParts {
  readonly trust: Trust
  readonly checks: Checks
  readonly runs: Runs
  readonly git: LandingGit
  readonly queue: MergeQueue
}
