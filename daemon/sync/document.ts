// What a socket of /sync shows: a document that others may copy. Opened for the first reader, closed with the last.
import type { AwarenessState } from '../../protocol/index.ts'

export interface SyncReader {
  readonly onUpdate: (update: Uint8Array) => void
  readonly onStates: (states: readonly AwarenessState[]) => void
  /** The document is another from now on. */
  readonly onAnew: () => void
}

export interface SyncDocument {
  /** The update that brings a copy with this state vector up to date. @throws SkeinError LEDGER_DAMAGED for bytes that are none. */
  diff(stateVector: Uint8Array): Uint8Array
  states(): readonly AwarenessState[]
  /** @returns what ends it; idempotent. */
  follow(reader: SyncReader): () => void
}
