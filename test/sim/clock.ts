// The clocks of one machine as functions of true time.

export interface Instant {
  readonly monotonicMs: number
  readonly uptimeMs: number
  readonly wallMs: number
}

export class SimClock {
  readonly #rate: number
  readonly #countsSuspend: boolean
  readonly #start: number
  #asleepMs = 0
  #wallStepMs = 0

  constructor(rate: number, countsSuspend: boolean, start: number) {
    this.#rate = rate
    this.#countsSuspend = countsSuspend
    this.#start = start
  }

  at(trueMs: number): Instant {
    const run = this.#start + trueMs * this.#rate
    return {
      monotonicMs: this.#countsSuspend ? run : run - this.#asleepMs * this.#rate,
      uptimeMs: run,
      wallMs: 1_750_000_000_000 + run + this.#wallStepMs,
    }
  }

  sleep(ms: number): void {
    this.#asleepMs += ms
  }

  stepWall(ms: number): void {
    this.#wallStepMs += ms
  }
}

/** What a holder counts: the greatest of its clocks' steps, so that it gives up early. */
export function holderElapsed(from: Instant, to: Instant): number {
  return Math.max(
    to.monotonicMs - from.monotonicMs,
    to.uptimeMs - from.uptimeMs,
    to.wallMs - from.wallMs,
  )
}
