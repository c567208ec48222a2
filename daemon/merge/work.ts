// The work of one run as it stands at the remote, and what of it is told.
import {
  FLEET_LIMITS,
  isUnlanded,
  SkeinError,
  type Assignment,
  type AssignmentId,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { parseConfigText } from '../config-file.ts'
import { repoFileSchema, type RepoFile } from '../config-schema.ts'
import type { Candidate } from '../core/merge/order.ts'
import type { LandingGit } from '../git-landing.ts'
import type { MergeEntry } from '../ports-landing.ts'
import type { Stackable } from './stack.ts'

/** One that is to land. */
export interface Work extends Candidate, Omit<Stackable, 'id'> {
  readonly assignment: Assignment
}

/** What the target itself says of how work lands on it: no branch decides that for itself. */
export interface TargetTerms {
  readonly mode: 'direct' | 'pr'
  readonly requireApproval: boolean
}

/** @throws SkeinError CONFIG_INVALID */
export async function readTerms(
  git: Pick<LandingGit, 'fileAt'>,
  root: string,
  target: string,
  base: string,
): Promise<TargetTerms> {
  const text = await git.fileAt(root, base, '.skein.yml')
  const { fleet }: RepoFile =
    text === null
      ? {}
      : parseConfigText(`.skein.yml of ${target}`, text, '.skein.yml', repoFileSchema).value
  return {
    mode: fleet?.merge ?? 'direct',
    requireApproval: fleet?.reviews?.require_approval ?? false,
  }
}

/** Those that the run is about: all that wait for this target, or these. @throws SkeinError */
export function pickWork(
  assignments: ReadonlyMap<AssignmentId, Assignment>,
  ids: readonly AssignmentId[] | null,
  target: string,
): readonly Assignment[] {
  if (ids === null)
    return [...assignments.values()].filter(
      (one) => isUnlanded(one) && (one.landing?.target ?? target) === target,
    )
  return ids.map((id) => {
    const found = assignments.get(id)
    if (found === undefined)
      throw new SkeinError('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
    if (isUnlanded(found) || found.landing !== null) return found
    const { type, state } = found
    throw new SkeinError(
      'ASSIGNMENT_OVER',
      `${id} is not to land: it is a ${type} that is ${state}`,
    )
  })
}

/** Of the one commit that a squash or a merge makes. */
export function messageOf({ id, task, title }: Assignment): string {
  const what = clean(title === task ? task : `${title} (${task})`)
  return `${what.slice(0, FLEET_LIMITS.titleCharactersMax)}\n\nSkein-Assignment: ${id}\n`
}

export type Fate = Pick<MergeEntry, 'state' | 'reason' | 'note'> & {
  readonly head?: string | null
  readonly commit?: string | null
}

export function entryOf(assignment: Assignment, target: string, fate: Fate): MergeEntry {
  const { id, task, branch, commit } = assignment
  const { state, reason, note } = fate
  return {
    ...{ id, task, branch, target, state, reason },
    note: clean(note),
    head: fate.head ?? commit ?? null,
    commit: fate.commit ?? null,
    next: state === 'blocked' || state === 'waiting' ? nextOf(id, reason) : null,
  }
}

function nextOf(id: string, reason: MergeEntry['reason']): string {
  switch (reason) {
    case 'commands':
      return `skein trust ${id}`
    case 'review':
      return `skein review ${id}`
    case 'conflict':
    case 'build':
    case 'test':
      return `skein fix ${id}`
    case 'claim':
      return 'skein claims'
    case 'order':
      return 'skein merge'
    default:
      return `skein merge ${id}`
  }
}
