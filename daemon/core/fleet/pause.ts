// When giving work by oneself has to pause: where the last workers all failed before they did anything, the next would, too.
import type { Assignment, AssignmentFailure } from '../../../protocol/index.ts'

const IN_A_ROW = 3
const PAUSE_MS = 10 * 60_000
const BEFORE_WORK: ReadonlySet<AssignmentFailure> = new Set([
  ...(['refused', 'worktree', 'launch'] as const),
])

/** Milliseconds since 1970; null: nothing speaks against it. @param machine which is to get work */
export function pausedUntil(
  assignments: readonly Assignment[],
  machine: Assignment['peer'],
): number | null {
  const last = assignments
    .filter(({ peer, type }) => peer === machine && type === 'work')
    .sort((a, b) => b.stateAtMs - a.stateAtMs)
    .slice(0, IN_A_ROW)
  const isBad = last.every(({ reason, state }) => {
    return state === 'failed' && reason !== undefined && BEFORE_WORK.has(reason)
  })
  const [newest] = last
  if (newest === undefined || last.length < IN_A_ROW || !isBad) return null
  return newest.stateAtMs + PAUSE_MS
}
