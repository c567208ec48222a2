// The models of a repository, from weak to strong: each further try takes the next, and stays at the last.

export interface Tried {
  /** As its order named it, or as its machine saw it; null: nobody knows. */
  readonly model: string | null
  readonly attempt: number
}

/** Null: what the launcher takes by itself. A model that is not on the ladder was chosen for itself, and stays. */
export function nextModel(ladder: readonly string[], { model, attempt }: Tried): string | null {
  const top = ladder.at(-1)
  if (top === undefined) return model
  if (model === null) return ladder[attempt] ?? top
  const at = rungOf(ladder, model)
  return at === -1 ? model : (ladder[at + 1] ?? top)
}

/** A launcher may know `sonnet` by a longer name. */
function rungOf(ladder: readonly string[], model: string): number {
  const exact = ladder.indexOf(model)
  return exact === -1 ? ladder.findIndex((rung) => model.includes(rung)) : exact
}
