// A copy of a ledger that only looks: it takes the document's updates and the place up to which its daemon says that records
// are committed, and folds them as the daemon does. It votes for nothing, and what it has not been told is committed, it does
// not show.
//
// 1. The state is that of the committed path up to some place at or before the last one that was told.
// 2. Updates and places may come in any order, twice, or late: the state is the same in the end.
import { SkeinError } from '../errors.ts'
import { createChain, type Chain } from './chain.ts'
import type { Checkpoint } from './body.ts'
import type { Change } from './change.ts'
import { foldRecord, restoreCheckpoint } from './fold.ts'
import { comparePositions, decodeRecord, type LedgerRecord, type RecordId } from './record.ts'
import { emptyState, type LedgerState } from './state.ts'
import { createYjsDocument } from './yjs-document.ts'

export interface LedgerReplica {
  /** @throws SkeinError LEDGER_DAMAGED, LEDGER_NEWER: this copy is of no use any more. */
  merge(update: Uint8Array): readonly ReplicaChange[]
  /** Everything up to this record is committed. @throws as merge */
  commit(place: RecordId): readonly ReplicaChange[]
  /** The same object all the time until a checkpoint is put in its place. */
  state(): LedgerState
  /** For the question what is missing. */
  stateVector(): Uint8Array
}

/** `anew`: the state came as a whole, not by single changes. */
export type ReplicaChange = Change | { readonly kind: 'anew' }

/** @param clientId 32 random bits. */
export function createLedgerReplica(clientId: number): LedgerReplica {
  return new Replica(clientId)
}

class Replica implements LedgerReplica {
  readonly #document
  readonly #chain: Chain = createChain()
  #state: LedgerState = emptyState()
  #told: RecordId | null = null

  constructor(clientId: number) {
    this.#document = createYjsDocument(clientId)
  }

  merge(update: Uint8Array): readonly ReplicaChange[] {
    for (const bytes of this.#document.merge(update).records) this.#take(bytes)
    return this.#fold()
  }

  commit(place: RecordId): readonly ReplicaChange[] {
    if (this.#told === null || comparePositions(place, this.#told) > 0) this.#told = place
    return this.#fold()
  }

  state(): LedgerState {
    return this.#state
  }

  stateVector(): Uint8Array {
    return this.#document.stateVector()
  }

  #take(bytes: Uint8Array): void {
    try {
      this.#chain.add(decodeRecord(bytes))
    } catch (error) {
      // Anybody may write anything into a document; what is on the path is missed below.
      if (!(error instanceof SkeinError) || error.code !== 'LEDGER_DAMAGED') throw error
    }
  }

  #fold(): readonly ReplicaChange[] {
    const told = this.#told
    if (told === null || !this.#chain.isComplete(told)) return []
    const { applied } = this.#state
    if (applied.hash === told.hash) return []
    const beyond = applied.hash === '' ? null : this.#chain.pathBetween(applied, told)
    const changes =
      beyond === null ? this.#begin(told) : beyond.flatMap((record) => this.#apply(record))
    // What is folded is not needed any more; the next record finds its parent in the last one.
    this.#chain.forget(told)
    return changes
  }

  #begin(told: RecordId): readonly ReplicaChange[] {
    const path = this.#chain.pathFromBase(told)
    const parts = leadingCheckpoint(path)
    this.#state = parts.length === 0 ? emptyState() : restoreCheckpoint(parts)
    for (const record of path.slice(parts.length)) this.#apply(record)
    return [{ kind: 'anew' }]
  }

  #apply(record: LedgerRecord): readonly Change[] {
    return foldRecord(this.#state, record)
  }
}

type CheckpointRecord = LedgerRecord & { readonly body: Checkpoint }

function leadingCheckpoint(path: readonly LedgerRecord[]): CheckpointRecord[] {
  const parts: CheckpointRecord[] = []
  for (const record of path) {
    if (record.body.kind !== 'checkpoint') return parts
    parts.push({ ...record, body: record.body })
    if (record.body.part === record.body.parts) return parts
  }
  return parts
}
