// Long work on the event loop, in slices: between two of them everybody else has a turn.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** The event loop is held no longer than this at once. */
const SLICE_MS = 5

/** One for a whole piece of work, however many parts it has: many short parts hold the loop as long as one that is long. */
export interface Slices {
  /** Is it time to `pause`? Cheap enough to ask after each step. */
  isOver(): boolean
  /** Lets everybody else have a turn. */
  pause(): Promise<void>
}

export function createSlices(): Slices {
  let until = performance.now() + SLICE_MS
  return {
    isOver: () => performance.now() > until,
    async pause() {
      await nextTurn()
      until = performance.now() + SLICE_MS
    },
  }
}
