// Claims that are an open assignment's: what its worker does cannot end them, for the work that it leaves is pushed under them.
import { isAssignmentOver, type Assignment, type ClaimId } from '../../../protocol/index.ts'
import { fail, type Decision } from '../claims/decision.ts'
import type { View } from '../view.ts'

export function assignmentOf(view: View, claim: ClaimId): Assignment | null {
  for (const assignment of view.state.assignments.values())
    if (assignment.claim === claim && !isAssignmentOver(assignment.state)) return assignment
  return null
}

/** What ends it is said by its machine, or by whoever stops it. */
export function endsWithAssignment({ id, task }: Assignment): Decision {
  return fail(
    'FORBIDDEN',
    `the claim of task ${task} ends with its assignment ${id}: commit, and end your turn`,
    { hint: `skein stop ${id}`, data: { assignment: id } },
  )
}
