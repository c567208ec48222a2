// What the guard keeps while the daemon runs.
import type { Operations } from '../client/operations.ts'
import { createGuardMemory, type GuardMemory } from './memory.ts'
import { createNotices, type Notices } from './notices.ts'

export interface GuardState {
  readonly memory: GuardMemory
  readonly notices: Notices
}

/** @param machine this one's name: a session of that name elsewhere is another. */
export function createGuardState(machine: string, watch: Operations['watch']): GuardState {
  const notices = createNotices(machine)
  watch(notices.hear)
  return { memory: createGuardMemory(), notices }
}
