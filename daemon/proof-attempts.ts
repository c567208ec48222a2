// How often a peer may fail to show that it has a repository: three times an hour, for each repository by itself, so that one
// wrong clone does not shut out the others. It bounds what can be guessed about short files, and what a peer costs in work.

export class ProofAttempts {
  readonly #nowMs: () => number
  /** By whom and of what, in the order of the last failure, each with the times of its failures. */
  readonly #failures = new Map<string, readonly number[]>()

  /** @param nowMs milliseconds of a clock that never runs backwards. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Milliseconds until it may be tried again; 0 when it may now. */
  waitMs(by: string): number {
    const recent = this.#recent(by)
    const [first = 0] = recent.slice(-FAILURES_MAX)
    return recent.length < FAILURES_MAX ? 0 : first + WINDOW_MS - this.#nowMs()
  }

  /** To be told when a question is refused or answered wrongly, or not at all. */
  fail(by: string): void {
    const recent = [...this.#recent(by), this.#nowMs()].slice(-FAILURES_MAX)
    this.#failures.delete(by)
    this.#failures.set(by, recent)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > PEERS_MAX && oldest !== undefined) this.#failures.delete(oldest)
  }

  #recent(by: string): readonly number[] {
    const since = this.#nowMs() - WINDOW_MS
    return (this.#failures.get(by) ?? []).filter((ms) => ms > since)
  }
}

const FAILURES_MAX = 3
const WINDOW_MS = 3_600_000
/** More than any mesh has members; above it the one that failed longest ago is forgotten. */
const PEERS_MAX = 1_000
