// Which work verdicts and landings are about.
import { asAssignmentId, SkeinError, type Assignment } from '../../protocol/index.ts'
import type { Place } from '../callers.ts'
import { hostOf } from '../repos.ts'

export type Pushed = Assignment & { readonly commit: string }

/** The work that is meant: done, and pushed. @throws SkeinError ASSIGNMENT_UNKNOWN, ASSIGNMENT_OVER */
export function pushedWork(place: Place, id: string): Pushed {
  const { assignments } = hostOf(place.repo).loop.view().state
  const found = assignments.get(asAssignmentId(id))
  if (found === undefined)
    throw new SkeinError('ASSIGNMENT_UNKNOWN', `no assignment ${id} is known here`)
  const { type, state, commit } = found
  if (type === 'work' && commit !== undefined) return { ...found, commit }
  throw new SkeinError(
    'ASSIGNMENT_OVER',
    `${id} has pushed nothing: it is a ${type} that is ${state}`,
  )
}
