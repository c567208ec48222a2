// What was found of an assignment's work, and how its way to the branch that it is for went. Both are about commits: what was found of
// one commit says nothing of the next.
import type { AssignmentId } from './ids.ts'

export const VERDICT_KINDS = ['test', 'review', 'smoke'] as const
export type VerdictKind = (typeof VERDICT_KINDS)[number]

export interface Verdict {
  readonly kind: VerdictKind
  readonly outcome: 'pass' | 'fail'
  /** What was looked at, whole. */
  readonly commit: string
  /** The agent or person that says so, and where. */
  readonly by: string
  readonly machine: string
  /** The assignment that found it; null: a person did. */
  readonly from: AssignmentId | null
  /** In words: what failed, what is to be changed. */
  readonly note: string
  readonly atMs: number
}

/** `blocked` is looked at again when what it was found at has moved; `dropped`: a person wants it not to land. */
export const LANDING_STATES = ['blocked', 'landed', 'dropped'] as const
export type LandingState = (typeof LANDING_STATES)[number]

/**
 * What keeps work from landing: it cannot be put on top of the target (`conflict`), the `build` or `test` of both together fails, a
 * `review` is missing or wants changes, another holds what it changes (`claim`), the forge's own `checks`, or its `refusal`.
 */
export const LANDING_BLOCKERS = [
  'conflict',
  'build',
  'test',
  'review',
  'claim',
  'checks',
  'refusal',
] as const
export type LandingBlocker = (typeof LANDING_BLOCKERS)[number]

/** Null while it waits for its turn in the merge queue. */
export interface Landing {
  readonly state: LandingState
  /** The branch that it is for. */
  readonly target: string
  /** The commit of the assignment's branch that this is about. */
  readonly head: string
  /** Where the target stood then. */
  readonly base: string
  /** Of `landed`: where the target stands with it. */
  readonly commit: string | null
  readonly reason: LandingBlocker | null
  readonly note: string
  readonly pull: { readonly number: number; readonly url: string } | null
  /** The machine that says so. */
  readonly by: string
  readonly atMs: number
}

/** The resource that a machine holds while it lands on a branch: two never do at once. */
export function landingResource(target: string): string {
  return `landing/${target}`
}

/**
 * What keeps an assignment from going on: its machine has no free slot (`slots`), has quiet hours, would pass a spending limit, cannot be
 * asked (`machine`), or pauses after a failure (`backoff`); it asks a person (`question`), needs commands of the repository that no
 * person of its machine approved (`commands`), or its work is kept from landing (`landing`).
 */
export const BLOCKER_KINDS = [
  'slots',
  'quiet-hours',
  'spending',
  'backoff',
  'commands',
  'machine',
  'question',
  'landing',
] as const
export type BlockerKind = (typeof BLOCKER_KINDS)[number]
