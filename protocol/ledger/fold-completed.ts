// Which tasks are over. Whoever is granted one begins it anew, and then it is over no more; but a grant that was never told
// to anybody takes nothing back.
import type { EndReason, LedgerClaim } from '../claim.ts'
import type { CompletedTask } from '../task.ts'
import { COMPLETED_LIFE_MS, COMPLETED_REMEMBERED, type LedgerState } from './state.ts'

export function complete(state: LedgerState, over: CompletedTask): void {
  state.completed.delete(over.task)
  state.completed.set(over.task, over)
  for (const [task, { atMs }] of state.completed) {
    const isOld = over.atMs - atMs > COMPLETED_LIFE_MS
    if (!isOld && state.completed.size <= COMPLETED_REMEMBERED) return
    state.completed.delete(task)
  }
}

/** A task is claimed. */
export function reopen(state: LedgerState, { kind, pattern, id }: Opened): void {
  const over = kind === 'task' ? state.completed.get(pattern) : undefined
  if (over !== undefined) state.completed.set(pattern, { ...over, reopened: id })
}

/** A claim ended: what it had begun anew is open, unless its caller was told that there is no grant. */
export function settle(state: LedgerState, claim: Opened, reason: EndReason): void {
  const over = claim.kind === 'task' ? state.completed.get(claim.pattern) : undefined
  if (over?.reopened !== claim.id) return
  if (reason === 'abandoned') state.completed.set(claim.pattern, { ...over, reopened: null })
  else state.completed.delete(claim.pattern)
}

type Opened = Pick<LedgerClaim, 'kind' | 'pattern' | 'id'>
