// One timer for everything that looks at the time now and then. A timer each would wake the process for each of them: with
// many ledgers at rest that is most of what an idle daemon costs.

export interface Ticker {
  /** Between two ticks, in milliseconds. */
  readonly tickMs: number
  /** Calls from now on, once a tick; returns how to stop it. */
  every(look: () => void): () => void
}

/** It runs while somebody looks, and never keeps the process alive. */
export function createTicker(tickMs: number): Ticker {
  const looks = new Set<() => void>()
  let timer: NodeJS.Timeout | null = null
  const tick = (): void => {
    for (const look of [...looks]) if (looks.has(look)) look()
  }
  return {
    tickMs,
    every(look) {
      const own = (): void => {
        look()
      }
      looks.add(own)
      timer ??= setInterval(tick, tickMs).unref()
      return () => {
        looks.delete(own)
        if (looks.size > 0 || timer === null) return
        clearInterval(timer)
        timer = null
      }
    },
  }
}
