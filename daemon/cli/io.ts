// What a command touches of the process around it; bin.ts hands in the real ones, tests bring twins.
import type { Readable, Writable } from 'node:stream'

export interface Output {
  write(text: string): void
  /** For whoever copies bytes. */
  readonly stream: Writable
  /** Ends when whoever read it is gone. */
  readonly closed: AbortSignal
  readonly isTerminal: boolean
  /** Infinity where nothing bounds a line. */
  readonly columns: number
}

export interface Io {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  /** Can a person answer a question: are both stdin and stderr terminals? */
  readonly canAsk: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Null when the working directory is gone. */
  readonly cwd: string | null
  readonly now: () => number
  /** Ctrl-C, or a polite end asked for by the system. */
  readonly interrupted: AbortSignal
  /** Words that start this very program again: the runtime, its options, the script. */
  readonly self: readonly string[]
}
