// The part of the catalogue of errors that is of trackers: where a repository's work is written down.
import { retryable, row, type CatalogueRow } from './error-row.ts'

export const TRACKER_ERRORS = {
  TRACKER_UNREACHABLE: retryable(
    2,
    "The repository's tracker does not answer, or not in a way that can be understood.",
    'Is `tracker` in config.yml right, and its address reachable from here? Then try again.',
  ),
  TRACKER_RATE_LIMITED: retryable(
    9,
    'The tracker takes no more calls of this token, or of this machine, for a while.',
    'Wait until the time that the message names.',
  ),
  TRACKER_REFUSED: row(
    7,
    'The tracker does not let this machine do it, or knows no such thing.',
    'Look at `tracker` in config.yml, and at what its token may do.',
  ),
  TRACKER_UNSUPPORTED: row(
    64,
    'This kind of tracker has no such thing.',
    'Choose another one in config.yml: `tracker`.',
  ),
} as const satisfies Record<string, CatalogueRow>
