// What the ledger asks of a replicated document: one append-only array of records for each term, written by that term's
// leader only, and a merge that is a union. Position in the document decides nothing; see chain.ts.
import type { PeerId } from '../ids.ts'
import type { Position } from './record.ts'

export interface Merged {
  /** Records that became visible, in the order of their arrays. */
  readonly records: readonly Uint8Array[]
  /** What changed here: the update to keep; null when everything was known already. */
  readonly change: Uint8Array | null
}

export interface Extent {
  readonly arrays: number
  readonly bytes: number
}

/**
 * 1. `merge` is commutative, idempotent and never loses a record but by `prune`.
 * 2. The records of one term arrive in the order in which they were appended: a replica holds a prefix of them.
 * 3. `append`, `prune` and `republish` return the update that brings another replica to the same state.
 */
export interface LedgerDocument {
  /** Appends to the array of this term, which nobody else writes. */
  append(term: number, records: readonly Uint8Array[]): Uint8Array
  /** Merges an update. @throws SkeinError LEDGER_DAMAGED for bytes that are none. */
  merge(update: Uint8Array): Merged
  /** Merges many updates, as a restart does: the records that any of them made visible, also those pruned by a later one. */
  mergeAll(updates: readonly Uint8Array[]): readonly Uint8Array[]
  /** Publishes copies of records that the document lost, in this peer's own array. */
  republish(peer: PeerId, records: readonly Uint8Array[]): Uint8Array
  /** Deletes every record before `below`; only for the leader, and only below a committed checkpoint. */
  prune(below: Position): Uint8Array | null
  /** What this replica has seen, for `diff`. Equal vectors do not mean equal documents. */
  stateVector(): Uint8Array
  /**
   * The update that brings a replica with this state vector to this state; none, or one without bytes, is that of an empty one.
   * @throws SkeinError LEDGER_DAMAGED for bytes that are none.
   */
  diff(stateVector?: Uint8Array): Uint8Array
  /** What it costs to keep, deletions included: its arrays, and the bytes of the whole. */
  extent(): Extent
  /** Every record in the document. */
  records(): readonly Uint8Array[]
}
