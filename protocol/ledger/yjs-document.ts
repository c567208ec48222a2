// The ledger's document on Yjs. Root arrays by name need no creating operation, so arrays of different terms never depend
// on each other's clients; a fresh random client id per process, set before anything is loaded, is what makes a lost
// unsynced tail detectable by Yjs (a pinned one makes replicas diverge silently).
import * as Y from 'yjs'
import { SkeinError } from '../errors.ts'
import type { PeerId } from '../ids.ts'
import type { Extent, LedgerDocument, Merged } from './document.ts'
import { comparePositions, isRecordBytes, positionOfBytes, type Position } from './record.ts'

const TERM = /^L:(\d+)$/
/** Merging many at once saves their bookkeeping; the bound keeps a restart's memory low. */
const UPDATES_TOGETHER = 1_000
const LEDGER_ARRAY = /^(?:L:\d+|R:.+)$/

/** @param clientId 32 random bits, new in each process. */
export function createYjsDocument(clientId: number): LedgerDocument {
  return new YjsDocument(clientId)
}

class YjsDocument implements LedgerDocument {
  readonly #doc = new Y.Doc({ gc: true })
  readonly #watched = new Set<string>()
  #lastUpdate: Uint8Array | null = null
  #arrived: Uint8Array[] = []

  constructor(clientId: number) {
    this.#doc.clientID = clientId >>> 0
    this.#doc.on('update', (update: Uint8Array) => {
      this.#lastUpdate = update
    })
  }

  append(term: number, records: readonly Uint8Array[]): Uint8Array {
    return this.#push(`L:${String(term)}`, records)
  }

  republish(peer: PeerId, records: readonly Uint8Array[]): Uint8Array {
    return this.#push(`R:${peer}`, records)
  }

  merge(update: Uint8Array): Merged {
    // All of it is read before any of it is taken: a broken end would leave half of it here, unknown to the log.
    readable('an update', () => Y.decodeUpdate(update))
    const records = this.#mergeTogether([update])
    return { records, change: this.#lastUpdate }
  }

  mergeAll(updates: readonly Uint8Array[]): readonly Uint8Array[] {
    const records: Uint8Array[][] = []
    let group: Uint8Array[] = []
    for (const update of updates) {
      // One transaction hides what it both adds and deletes, so it ends before each update that deletes.
      if (hasDeletions(update) || group.length === UPDATES_TOGETHER) {
        records.push(this.#mergeTogether(group))
        group = []
      }
      group.push(update)
    }
    records.push(this.#mergeTogether(group))
    return records.flat()
  }

  #mergeTogether(updates: readonly Uint8Array[]): Uint8Array[] {
    this.#arrived = []
    this.#lastUpdate = null
    readable('an update', () => {
      Y.transact(this.#doc, () => {
        for (const update of updates) Y.applyUpdate(this.#doc, update)
      })
    })
    this.#watchNewArrays()
    return this.#arrived
  }

  prune(below: Position): Uint8Array | null {
    return this.#change(() => {
      for (const name of this.#arrayNames())
        pruneArray(this.#watch(name), below, TERM.exec(name)?.[1])
    })
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc)
  }

  diff(stateVector?: Uint8Array): Uint8Array {
    const since = stateVector?.length === 0 ? undefined : stateVector
    return readable('a state vector', () => Y.encodeStateAsUpdate(this.#doc, since))
  }

  extent(): Extent {
    return { arrays: this.#arrayNames().length, bytes: this.diff().length }
  }

  records(): readonly Uint8Array[] {
    const values = this.#arrayNames().flatMap((name) => this.#watch(name).toArray())
    return values.filter(isRecordBytes)
  }

  #push(name: string, records: readonly Uint8Array[]): Uint8Array {
    const array = this.#watch(name)
    const update = this.#change(() => {
      // At a known length Yjs need not look for the end.
      array.insert(array.length, [...records])
    })
    return update ?? new Uint8Array()
  }

  #change(act: () => void): Uint8Array | null {
    this.#lastUpdate = null
    this.#doc.transact(act)
    return this.#lastUpdate
  }

  #arrayNames(): string[] {
    return [...this.#doc.share.keys()].filter((name) => LEDGER_ARRAY.test(name))
  }

  /** Observes arrays that an update brought for the first time, and collects what they hold already. */
  #watchNewArrays(): void {
    for (const name of this.#arrayNames()) {
      if (this.#watched.has(name)) continue
      for (const value of this.#watch(name).toArray()) this.#collect(value)
    }
  }

  #watch(name: string): Y.Array<Uint8Array> {
    const array = this.#doc.getArray<Uint8Array>(name)
    if (this.#watched.has(name)) return array
    this.#watched.add(name)
    array.observe((event, transaction) => {
      if (transaction.local) return
      for (const part of event.changes.delta) {
        if (Array.isArray(part.insert)) for (const value of part.insert) this.#collect(value)
      }
    })
    return array
  }

  #collect(value: unknown): void {
    if (value instanceof Uint8Array) this.#arrived.push(value)
  }
}

/** @throws SkeinError LEDGER_DAMAGED for bytes that Yjs cannot read. */
function readable<Value>(what: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    throw new SkeinError('LEDGER_DAMAGED', `${what} that Yjs cannot read`, { cause })
  }
}

/** An update ends with its set of deletions: a lone 0 when that is empty, else the length of a range, never 0. */
function hasDeletions(update: Uint8Array): boolean {
  return update.at(-1) !== 0
}

function pruneArray(array: Y.Array<Uint8Array>, below: Position, term: string | undefined): void {
  if (array.length === 0) return
  if (term !== undefined && Number(term) < below.term) {
    array.delete(0, array.length)
    return
  }
  if (term !== undefined && Number(term) > below.term) return
  let stale = 0
  for (const value of array.toArray()) {
    // What is no record is in nobody's way, and goes with those before it.
    if (isRecordBytes(value) && comparePositions(positionOfBytes(value), below) >= 0) break
    stale++
  }
  if (stale > 0) array.delete(0, stale)
}
