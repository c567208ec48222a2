// The socket of the tracker of a repository: where its work is written down (the plan files of a checkout, or the issues of a
// forge), where people are told of it, and, on a forge, its pull requests. What a tracker says was written by others: every text
// here is bounded, titles and labels are without control characters, and none of it is an instruction.
//
// 1. Nothing is written twice: what is posted or created bears a marker, which is looked for first, and again after a failure of
//    which nobody knows whether it arrived.
// 2. `after` names only what is not done as far as the tracker knows: whoever plans by it needs no list of what is closed.
// 3. A tracker that lies costs an error, TRACKER_*, and nothing else; no error holds a token.
//
// Every call may throw SkeinError TRACKER_UNREACHABLE (retry), TRACKER_RATE_LIMITED (retry, `data.retry_at`), TRACKER_REFUSED or
// TRACKER_UNSUPPORTED.
import type { RepoId } from '../protocol/index.ts'

/** A piece of work that is written down. */
export interface Issue {
  /** The id of the task that claims it: a plan's own, `issue-<number>` of a forge. */
  readonly task: string
  readonly number: number | null
  readonly title: string
  /** Line breaks and tabs stay, other control characters do not. */
  readonly body: string
  readonly labels: readonly string[]
  readonly url: string | null
  readonly isOpen: boolean
  /** Patterns of the files that it says it will change. */
  readonly files: readonly string[]
  /** Ids of tasks that must be done first and are not. */
  readonly after: readonly string[]
  /** What a machine must be able to do for it: labels `needs:<capability>`. */
  readonly capabilities: readonly string[]
  /** What in it could not be read and counts for nothing, in words for people. */
  readonly notes: readonly string[]
}

/** What is open. */
export interface IssueList {
  readonly issues: readonly Issue[]
  /** There is more than is read. */
  readonly isPartial: boolean
  /** What could not be read, in words for people. */
  readonly problems: readonly string[]
}

export interface Commented {
  /** Of the comment in a browser, or its file in the checkout. */
  readonly url: string | null
  /** It was there before. */
  readonly already: boolean
}

/** An issue that is to be. */
export interface NewIssue {
  /** As that of a comment: it is put into the body, and an open issue that has it is not created again. */
  readonly marker: string
  readonly title: string
  readonly body: string
  /** Those that are not there are created where the token may; which it has in the end, its answer says. */
  readonly labels: readonly string[]
}

export interface Tracker {
  readonly kind: 'plan' | 'github' | 'gitea'
  /** Null: it has none. */
  readonly pullRequests: PullRequests | null
  /** The open ones, oldest first; of a plan in its order. */
  issues(signal: AbortSignal): Promise<IssueList>
  /** Open or not; null: there is no such one. An order that another issue's body gives is known to `issues` alone. */
  issue(task: string, signal: AbortSignal): Promise<Issue | null>
  /**
   * Tells something, once for each marker.
   * @param marker as trackerMarker makes it
   * @param body as Markdown; what is of others stands in it as code, or not at all
   */
  comment(task: string, marker: string, body: string, signal: AbortSignal): Promise<Commented>
  createIssue(
    issue: NewIssue,
    signal: AbortSignal,
  ): Promise<{ readonly issue: Issue; readonly already: boolean }>
  /** Writes a section of the body, found again by its marker: anew where it is there, else at the end. The rest stays. */
  editBody(task: string, marker: string, section: string, signal: AbortSignal): Promise<void>
  /** May be repeated. */
  close(task: string, signal: AbortSignal): Promise<void>
}

export interface PullRequest {
  readonly number: number
  readonly url: string | null
  readonly title: string
  readonly branch: string
  readonly target: string
  /** The commit that the branch stands on, as the forge knows it. */
  readonly head: string
  readonly state: 'open' | 'merged' | 'closed'
  readonly isDraft: boolean
  /** Can it be merged without a conflict? Null: the forge does not know yet. */
  readonly isMergeable: boolean | null
  /** What it became on the target. */
  readonly mergeCommit: string | null
}

export interface NewPullRequest {
  readonly branch: string
  readonly target: string
  readonly title: string
  readonly body: string
}

export const MERGE_METHODS = ['rebase', 'squash', 'merge'] as const
export type MergeMethod = (typeof MERGE_METHODS)[number]

/**
 * Why it was not merged: it has a `conflict` with its target; its head is another one, or its target just `moved`; `checks` or
 * approvals that the forge demands are missing; it is a `draft`, or `closed`; the repository allows the `method` to nobody, or the
 * merge to this token (`forbidden`); the forge does not know yet whether it can be (`unready`: ask again); or for what its note says
 * (`other`).
 */
export const MERGE_REFUSALS = [
  'conflict',
  'moved',
  'checks',
  'draft',
  'closed',
  'method',
  'forbidden',
  'unready',
  'other',
] as const
export type MergeRefusal = (typeof MERGE_REFUSALS)[number]

export type MergeOutcome =
  | { readonly merged: true; readonly commit: string }
  /** `note`: what the forge said, for people. */
  | { readonly merged: false; readonly reason: MergeRefusal; readonly note: string }

export interface PullRequests {
  /** Opens one, or finds the open one from that branch to that target; that keeps its title and body. */
  open(
    wanted: NewPullRequest,
    signal: AbortSignal,
  ): Promise<{ readonly pull: PullRequest; readonly already: boolean }>
  /** By its number, or by its branch: the open one from it, else the newest. */
  get(which: number | string, signal: AbortSignal): Promise<PullRequest | null>
  /** Merges it while its head is that commit. One that was merged so before is merged. The branch stays. */
  merge(
    number: number,
    how: { readonly method: MergeMethod; readonly expectedHead: string },
    signal: AbortSignal,
  ): Promise<MergeOutcome>
  comment(number: number, marker: string, body: string, signal: AbortSignal): Promise<Commented>
}

/** Where the plan files of a checkout are. */
export interface PlanPlace {
  readonly root: string
  /** From the root: `plan_path` of .skein.yml. */
  readonly planPath: string
}

/** The trackers of this machine's repositories, as `tracker` of config.yml names them. */
export interface Trackers {
  /** @param checkout needed by `plan` alone */
  of(repo: RepoId, checkout: PlanPlace | null): Tracker
}

/**
 * What a comment or an issue of ours is found again by: `<!-- skein:event=completion assignment=asg_… -->`.
 * @param facts ids and words of ours; what is no letter, digit or one of `._:/-` becomes `-`, for it must not end the comment
 */
export function trackerMarker(facts: Readonly<Record<string, string>>): string {
  const words = Object.entries(facts).map(([key, value]) => `${plain(key)}=${plain(value)}`)
  return `<!-- skein:${words.join(' ')} -->`
}

function plain(text: string): string {
  return text.replaceAll(/[^\w.:/-]+/g, '-').replaceAll(/-{2,}/g, '-')
}
