// Whose fault is it that a batch fails? By halves: what passes together is kept, what fails alone on top of what is kept is at fault.
// No two need to be independent of each other: whatever is kept was seen to pass exactly as it is kept, in its order. At most
// 2n - 1 trials of n; of one fault among n, some 2 log2 n.
export interface Sifted {
  /** Places in the batch that pass together, in order. */
  readonly kept: readonly number[]
  readonly culprits: readonly Culprit[]
}

export interface Culprit {
  readonly at: number
  /** The trial that shows it: it is the last of these. */
  readonly trial: readonly number[]
}

/** Yields what is to be tried, as places in the batch, and is told whether it passes. */
export function* sift(count: number): Generator<readonly number[], Sifted, boolean> {
  if (count === 0) return { kept: [], culprits: [] }
  const all = Array.from({ length: count }, (_, at) => at)
  return yield* divide([], all, false)
}

/** @param isRed it is known already that these fail on top of what is kept */
function* divide(
  kept: readonly number[],
  group: readonly number[],
  isRed: boolean,
): Generator<readonly number[], Sifted, boolean> {
  const trial = [...kept, ...group]
  if (!isRed && (yield trial)) return { kept: trial, culprits: [] }
  const [only, ...more] = group
  if (only === undefined) return { kept, culprits: [] }
  if (more.length === 0) return { kept, culprits: [{ at: only, trial }] }
  const middle = Math.ceil(group.length / 2)
  const first = yield* divide(kept, group.slice(0, middle), false)
  const isWhole = first.culprits.length === 0
  const second = yield* divide(first.kept, group.slice(middle), isWhole)
  return { kept: second.kept, culprits: [...first.culprits, ...second.culprits] }
}
