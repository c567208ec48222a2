// States by number, each replaced as a whole, with a clock that rises: what the awareness of the protocol carries.
import { PRESENCE_IDS, type AwarenessState, type PresenceState } from '../../protocol/index.ts'

export interface States {
  readonly all: () => readonly AwarenessState[]
  /** Told only when it says something new. */
  readonly set: (state: PresenceState) => void
}

export function createStates(tell: (states: readonly AwarenessState[]) => void): States {
  const states = new Map<number, { readonly text: string; readonly entry: AwarenessState }>()
  return {
    all: () => [...states.values()].map(({ entry }) => entry),
    set(state) {
      const id = PRESENCE_IDS[state.kind]
      const text = JSON.stringify(state)
      const known = states.get(id)
      if (known?.text === text) return
      const entry = { id, clock: (known?.entry.clock ?? 0) + 1, state }
      states.set(id, { text, entry })
      tell([entry])
    },
  }
}
