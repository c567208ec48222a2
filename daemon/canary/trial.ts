// What each harness is given to try, and what is reported of it.
import type { ClientRun } from './client.ts'

export interface Trial {
  readonly root: string
  /** Held by somebody else. */
  readonly file: string
  /** Its one line, without the line break. */
  readonly held: string
  /** Whoever holds it: only a refusal by skein can name it. */
  readonly holder: string
  /** Of the daemon. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

export interface Attempt {
  readonly way: string
  /** What the model was told of it; null when it was told nothing. */
  readonly told: string | null
  readonly run: ClientRun
}
