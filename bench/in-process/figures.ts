// What the scripts of this folder print.
export interface JudgeFigures {
  readonly claims: number
  /** Milliseconds by what is asked: a file, a folder, a glob that begins anywhere. */
  readonly asks: Readonly<Record<'file' | 'folder' | 'wide', { p50: number; p99: number }>>
}

/** Milliseconds from a release to the next waiter's committed grant. */
export interface QueueFigures {
  readonly waiters: number
  readonly p50: number
  readonly p99: number
  readonly heapGrowthBytes: number
}

export interface SymbolFigures {
  readonly lines: number
  /** Milliseconds, p50: parsed for the first time, and asked for again. */
  readonly first: number
  readonly again: number
  /** The longest that the event loop was held meanwhile, in milliseconds. */
  readonly heldMs: number
}

export interface GrowthFigures {
  readonly lifecycles: number
  /** Size of the whole document before and after. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** What it takes beyond the records that it holds. */
  readonly overheadBefore: number
  readonly overheadAfter: number
  readonly perLifecycle: number
  /** The records of the newest checkpoint, at the end. */
  readonly checkpointBytes: number
  readonly records: number
  readonly liveClaims: number
  /** Bytes appended to the log in all. */
  readonly logBytes: number
  readonly microsecondsPerLifecycle: number
}
