// "Did you mean …?", for wrong keys, verbs, flags and fields.

const CHARACTERS_COMPARED = 64

/** The one that needs the fewest edits to become, the earlier of two; null when none is near enough to be meant. */
export function nearest(wrong: string, right: readonly string[]): string | null {
  const ranked = right.map((key) => ({ key, edits: countEdits(wrong, key) }))
  const best = ranked.sort((a, b) => a.edits - b.edits)[0]
  if (best === undefined || best.edits > Math.max(2, Math.floor(wrong.length / 2))) return null
  return best.key
}

/** Levenshtein's distance, row by row. */
function countEdits(from: string, to: string): number {
  const start = from.slice(0, CHARACTERS_COMPARED)
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < start.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (start[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
