// What trackers were told of assignments, as far as this daemon remembers: who tells again need not ask the tracker.

/** Markers that were posted or found, the last ones. */
export interface ToldMarkers {
  has(marker: string): boolean
  add(marker: string): void
}

const TOLD_REMEMBERED = 5_000

export function rememberTold(): ToldMarkers {
  const told = new Set<string>()
  return {
    has: (marker) => told.has(marker),
    add(marker) {
      told.add(marker)
      if (told.size > TOLD_REMEMBERED) told.delete(told.values().next().value ?? '')
    },
  }
}
