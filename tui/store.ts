// What the person at the board has chosen, in one place outside the components: a redraw from nothing loses none of it.
import type { Ui } from './model/ui.ts'

export interface Store {
  readonly get: () => Ui
  readonly set: (change: (ui: Ui) => Ui) => void
  /** @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void
}

export function createStore(first: Ui): Store {
  const listeners = new Set<() => void>()
  let now = first
  return {
    get: () => now,
    set(change) {
      const next = change(now)
      if (next === now) return
      now = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
