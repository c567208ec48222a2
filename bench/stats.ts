// The few statistics that the tables need.

/** The value below which this share of the sorted values lies; NaN of nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  return sorted[at] ?? NaN
}

export function median(values: readonly number[]): number {
  return quantile(sortNumbers(values), 0.5)
}

export function sortNumbers(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b)
}
