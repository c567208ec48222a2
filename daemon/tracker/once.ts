// Things that are done once: what is done under one key at a time comes one after the other, so that a second look finds what the
// first call wrote.

/** Runs what has the same key one after the other. */
export function createTurns(): <Value>(key: string, act: () => Promise<Value>) => Promise<Value> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, act) => {
    const before = last.get(key) ?? Promise.resolve()
    const own = before.then(act, act)
    last.set(key, own)
    try {
      return await own
    } finally {
      if (last.get(key) === own) last.delete(key)
    }
  }
}
