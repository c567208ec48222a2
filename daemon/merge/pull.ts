// Landing by a pull request: opened or found, and merged by the forge while its branch stands on the commit that was tested here.
import {
  FLEET_LIMITS,
  type Assignment,
  type Landing,
  type LandingBlocker,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import type { LandingMethod } from '../git-landing.ts'
import type { MergeRefusal, PullRequest, PullRequests } from '../ports-tracker.ts'
import type { Work } from './work.ts'

type Pull = Landing['pull']

export type PullFate =
  | { readonly kind: 'landed'; readonly commit: string; readonly pull: Pull }
  | { readonly kind: 'moved' }
  | {
      readonly kind: 'kept'
      readonly reason: LandingBlocker
      readonly note: string
      readonly pull: Pull
    }

/** @throws SkeinError TRACKER_* */
export async function landPull(
  pulls: PullRequests | null,
  { assignment, head }: Pick<Work, 'assignment' | 'head'>,
  target: string,
  method: LandingMethod,
  signal: AbortSignal,
): Promise<PullFate> {
  if (pulls === null) return { kind: 'kept', reason: 'refusal', note: NO_FORGE, pull: null }
  // Somebody has merged it there, and what became of it cannot be told from the target alone.
  const known = await pulls.get(assignment.branch, signal)
  if (known?.state === 'merged' && known.head === head)
    return { kind: 'landed', commit: known.mergeCommit ?? '', pull: pullOf(known) }
  const { pull } = await openPull(pulls, assignment, target, signal)
  const shown = pullOf(pull)
  if (pull.head !== head) return { kind: 'moved' }
  const told = await pulls.merge(pull.number, { method, expectedHead: head }, signal)
  if (told.merged) return { kind: 'landed', commit: told.commit, pull: shown }
  if (told.reason === 'moved') return { kind: 'moved' }
  const note = clean(told.note === '' ? told.reason : `${told.reason}: ${told.note}`)
  return { kind: 'kept', reason: BLOCKERS[told.reason] ?? 'refusal', note, pull: shown }
}

export const NO_FORGE = 'no forge of this repository is named: `tracker` in config.yml'

export function openPull(
  pulls: PullRequests,
  { id, task, title, branch, machine }: Assignment,
  target: string,
  signal: AbortSignal,
) {
  const what = clean(title === task ? task : `${title} (${task})`)
  const body = `The work of \`${id}\` on ${clean(machine)}, for the task \`${task}\`.`
  const wanted = { branch, target, title: what.slice(0, FLEET_LIMITS.titleCharactersMax), body }
  return pulls.open(wanted, signal)
}

/** Null: it has no address that the ledger could keep. */
function pullOf({ number, url }: PullRequest): Pull {
  return url === null ? null : { number, url }
}

const BLOCKERS: Readonly<Partial<Record<MergeRefusal, LandingBlocker>>> = {
  conflict: 'conflict',
  checks: 'checks',
  draft: 'checks',
  unready: 'checks',
}
