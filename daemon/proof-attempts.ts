// How often a peer may fail to show that it has a repository: three times an hour, of whatever repositories. It bounds
// what can be guessed about short files, and what a peer costs in work.
import type { PeerId } from '../protocol/index.ts'

export class ProofAttempts {
  readonly #nowMs: () => number
  /** Peers in the order of their last failure, each with the times of its failures. */
  readonly #failures = new Map<PeerId, readonly number[]>()

  /** @param nowMs milliseconds of a clock that never runs backwards. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Milliseconds until the peer may try again; 0 when it may now. */
  waitMs(peer: PeerId): number {
    const recent = this.#recent(peer)
    const [first = 0] = recent.slice(-FAILURES_MAX)
    return recent.length < FAILURES_MAX ? 0 : first + WINDOW_MS - this.#nowMs()
  }

  /** To be told when a question is refused or answered wrongly, or not at all. */
  fail(peer: PeerId): void {
    const recent = [...this.#recent(peer), this.#nowMs()].slice(-FAILURES_MAX)
    this.#failures.delete(peer)
    this.#failures.set(peer, recent)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > PEERS_MAX && oldest !== undefined) this.#failures.delete(oldest)
  }

  #recent(peer: PeerId): readonly number[] {
    const since = this.#nowMs() - WINDOW_MS
    return (this.#failures.get(peer) ?? []).filter((ms) => ms > since)
  }
}

const FAILURES_MAX = 3
const WINDOW_MS = 3_600_000
/** More than any mesh has members; above it the one that failed longest ago is forgotten. */
const PEERS_MAX = 1_000
