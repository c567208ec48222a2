// The socket of the workers of this machine.
import type { AssignmentId, BlockerKind, Confidence, PeerId, RepoId } from '../protocol/index.ts'

/** How far a worker is, as its machine sees it in what it says. */
export interface WorkerProgress {
  readonly model: string | null
  readonly turns: number
  readonly tools: number
  /** What it did last. */
  readonly last: string | null
  readonly cost_usd: number
  readonly files: readonly string[]
  /** Its own words, the last ten. */
  readonly updates: readonly string[]
  /** What it needs a person for. */
  readonly stuck: string | null
  readonly warnings: readonly string[]
}

/** What keeps an assignment from going on, as its machine knows it. */
export interface WorkerBlocker {
  readonly kind: BlockerKind
  readonly note: string
  /** Milliseconds since 1970. */
  readonly sinceMs: number
}

/** A piece of a worker's log. */
export interface WorkerLog {
  readonly bytes: Uint8Array
  /** Of the whole log now. */
  readonly total: number
  /** Nothing comes after that. */
  readonly isEnded: boolean
}

/** The workers of this machine. */
export interface Fleet {
  /** @throws SkeinError ASSIGNMENT_REFUSED with why this machine would not take it */
  offer(from: PeerId, repo: RepoId, launcher: string): Promise<void>
  /** Of those that this machine knows something of. */
  progress(id: AssignmentId): WorkerProgress | null
  /** Null: nothing that this machine knows of. */
  blocker(id: AssignmentId): WorkerBlocker | null
  /**
   * A worker's own word of how far it is: a line of its log.
   * @throws SkeinError ASSIGNMENT_UNKNOWN: it is no worker of this machine
   */
  report(id: AssignmentId, text: string, confidence: Confidence | null): Promise<void>
  /** @throws SkeinError ASSIGNMENT_UNKNOWN: there is no log of it here */
  log(id: AssignmentId, since: number, bytesMax: number): WorkerLog
}
