// What the guard keeps while the daemon runs.
import { DEFAULTS } from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import { createGuardMemory, type GuardMemory } from './memory.ts'
import { createKeptFiles, type KeptFiles } from './kept.ts'
import { createNotices, type Notices } from './notices.ts'
import { createWaits, type Waits } from './waiting/waits.ts'

export interface GuardState {
  readonly memory: GuardMemory
  readonly notices: Notices
  readonly waits: Waits
  readonly kept: KeptFiles
}

/** @param machine this one's name: a session of that name elsewhere is another. */
export function createGuardState(machine: string, watch: Operations['watch']): GuardState {
  const notices = createNotices(machine)
  const waits = createWaits(DEFAULTS.grantUnusedSeconds * 1000)
  // In this order: whoever is woken finds its notice.
  watch(notices.hear)
  watch(waits.hear)
  return { memory: createGuardMemory(), notices, waits, kept: createKeptFiles() }
}
