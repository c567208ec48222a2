// The part of the catalogue of errors that is of workers: what they are given, and what becomes of it.
import { row, type CatalogueRow } from './error-row.ts'

export const FLEET_ERRORS = {
  ASSIGNMENT_UNKNOWN: row(6, 'No such assignment.', 'skein workers'),
  ASSIGNMENT_OVER: row(1, 'The assignment is in another state.', 'skein workers'),
  ASSIGNMENT_NOT_AGAIN: row(1, 'Nothing is there to try again.', 'skein workers'),
  ASSIGNMENT_TRIED: row(1, 'The task was tried as often as it may be.', 'skein workers'),
  BRANCH_DIVERGED: row(
    1,
    'The branch has other commits here than on the remote.',
    'git log --oneline --left-right BRANCH...origin/BRANCH',
  ),
  PROPOSAL_UNKNOWN: row(6, 'No such proposal any more.', 'skein plan'),
  ASSIGNMENT_REFUSED: row(7, 'The machine takes no such worker.', 'skein help assign'),
  COMMANDS_UNAPPROVED: row(
    7,
    'Nobody on this machine approved the commands of the repository as they are now.',
    'skein trust',
  ),
} as const satisfies Record<string, CatalogueRow>
