// Tasks before a task, and who works on them: whoever waits for a task waits for those sessions too.
import { isDone, type LedgerClaim } from '../../../protocol/index.ts'
import type { View } from '../view.ts'

/** A task that must be complete first and is not. */
export interface Unmet {
  readonly task: string
  /** Who works on it; null while nobody does. */
  readonly holder: LedgerClaim | null
}

/** @param needs what the plan does not call complete. */
export function unmetNeeds(view: View, needs: readonly string[]): readonly Unmet[] {
  return needs.flatMap((task): Unmet[] => {
    const over = view.state.completed.get(task)
    if (over !== undefined && isDone(over)) return []
    return [{ task, holder: holderOf(view, task) }]
  })
}

export function holderOf(view: View, task: string): LedgerClaim | null {
  const scope = { kind: 'task', pattern: task, symbols: [], mode: 'exclusive' } as const
  for (const id of view.index.candidates(scope)) {
    const claim = view.state.claims.get(id)
    if (claim !== undefined) return claim
  }
  return null
}
