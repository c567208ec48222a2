// What the guard keeps while the daemon runs; of parked runs it keeps notes.
import { DEFAULTS } from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import type { Log } from '../log.ts'
import type { Clock } from '../ports.ts'
import { createGuardMemory, type GuardMemory } from './memory.ts'
import { createKeptFiles, type KeptFiles } from './kept.ts'
import { createNotices, type Notices } from './notices.ts'
import { openParkedNotes } from './waiting/parked-notes.ts'
import { createWaits, type Waits } from './waiting/waits.ts'

export interface GuardState {
  readonly memory: GuardMemory
  readonly notices: Notices
  readonly waits: Waits
  readonly kept: KeptFiles
}

export interface GuardPlace {
  /** This one's name: a session of that name elsewhere is another. */
  readonly machine: string
  readonly home: string
  readonly clock: Pick<Clock, 'wall'>
  readonly log: Pick<Log, 'warn'>
}

export function createGuardState(
  { machine, home, clock, log }: GuardPlace,
  watch: Operations['watch'],
): GuardState {
  const notices = createNotices(machine)
  const parked = openParkedNotes({ home, wallMs: () => clock.wall(), log })
  const waits = createWaits(DEFAULTS.grantUnusedSeconds * 1000, parked)
  // In this order: whoever is woken finds its notice.
  watch(notices.hear)
  watch(waits.hear)
  return { memory: createGuardMemory(), notices, waits, kept: createKeptFiles() }
}
