// What a board on a terminal is given by the command line: its streams, who sits before it, and ways to act. A board shows and asks;
// everything that changes something goes through operations.
import type { Readable, Writable } from 'node:stream'
import type { OperationName, OperationResult } from '../../protocol/index.ts'

export interface BoardHost {
  /** The daemon's `api.sock`; asked anew before each connection. */
  readonly socket: () => string
  /** Where it was called; null when that is gone. */
  readonly folder: string | null
  /** `--repo`. */
  readonly repo: string | null
  readonly reader: Asker
  readonly stdin: Readable
  readonly stdout: Writable
  /** Colours are wanted. */
  readonly isColourful: boolean
  readonly now: () => number
  /** Shown below the list; null: there is nothing to tell. */
  readonly telling: Telling | null
  /** The process is asked to end. */
  readonly interrupted: AbortSignal
  /**
   * Calls an operation as the person at this terminal, or for a session of this machine that this person speaks for.
   * @throws SkeinError
   */
  readonly call: <Name extends OperationName>(
    name: Name,
    input: object,
    as?: Asker,
  ) => Promise<OperationResult<Name>>
  /**
   * Carries out a command line, as of a shell but without one.
   * @returns its answer, as lines.
   * @throws SkeinError INPUT_USAGE, and what the operation throws.
   */
  readonly run: (line: string, options: RunOptions) => Promise<readonly string[]>
}

/** What happens around the board, told by whoever opened it. */
export interface Telling {
  /** The newest last; another list when there is more. */
  readonly lines: () => readonly string[]
  /** @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void
}

export interface Asker {
  /** Null: a name that the daemon makes. */
  readonly agent: string | null
  readonly session: string
}

export interface RunOptions {
  /** Cells in a line of the answer. */
  readonly width: number
  /** Of commands that name none. */
  readonly repo: string | null
  /** A person's act is shown first, and done only after a yes. */
  readonly confirm: (lines: readonly string[]) => Promise<boolean>
  readonly signal: AbortSignal
}
