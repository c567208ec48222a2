// The ledger's document on Yjs. Root arrays by name need no creating operation, so arrays of different terms never depend
// on each other's clients; a fresh random client id per process, set before anything is loaded, is what makes a lost
// unsynced tail detectable by Yjs (a pinned one makes replicas diverge silently).
import * as Y from 'yjs'
import { SkeinError } from '../errors.ts'
import type { PeerId } from '../ids.ts'
import type { LedgerDocument } from './document.ts'
import { comparePositions, positionOfBytes, type Position } from './record.ts'

const TERM = /^L:(\d+)$/
const LEDGER_ARRAY = /^(?:L:\d+|R:.+)$/

/** @param clientId 32 random bits, new in each process. */
export function createYjsDocument(clientId: number): LedgerDocument {
  const doc = new Y.Doc({ gc: true })
  doc.clientID = clientId >>> 0
  let lastUpdate: Uint8Array | null = null
  let arrived: Uint8Array[] = []
  const watched = new Set<string>()
  doc.on('update', (update: Uint8Array) => {
    lastUpdate = update
  })

  function change(act: () => void): Uint8Array | null {
    lastUpdate = null
    doc.transact(act)
    return lastUpdate
  }

  /** Observes arrays that an update brought for the first time, and collects what they hold already. */
  function watchNewArrays(): void {
    for (const name of doc.share.keys()) {
      if (watched.has(name) || !LEDGER_ARRAY.test(name)) continue
      for (const value of watch(name).toArray()) collect(value)
    }
  }

  function watch(name: string): Y.Array<Uint8Array> {
    const array = doc.getArray<Uint8Array>(name)
    if (watched.has(name)) return array
    watched.add(name)
    array.observe((event, transaction) => {
      if (transaction.local) return
      for (const part of event.changes.delta) {
        if (Array.isArray(part.insert)) part.insert.forEach(collect)
      }
    })
    return array
  }

  function collect(value: unknown): void {
    if (value instanceof Uint8Array) arrived.push(value)
  }

  return {
    append(term, records) {
      const array = watch(`L:${String(term)}`)
      return (
        change(() => {
          array.push([...records])
        }) ?? new Uint8Array()
      )
    },
    merge(update) {
      arrived = []
      lastUpdate = null
      try {
        Y.applyUpdate(doc, update)
      } catch (cause) {
        throw new SkeinError('LEDGER_DAMAGED', 'an update that is no Yjs update', { cause })
      }
      watchNewArrays()
      return { records: arrived, change: lastUpdate }
    },
    republish(peer: PeerId, records) {
      const array = watch(`R:${peer}`)
      return (
        change(() => {
          array.push([...records])
        }) ?? new Uint8Array()
      )
    },
    prune(below: Position) {
      return change(() => {
        for (const name of [...doc.share.keys()]) {
          if (LEDGER_ARRAY.test(name)) pruneArray(watch(name), below, TERM.exec(name)?.[1])
        }
      })
    },
    stateVector: () => Y.encodeStateVector(doc),
    diff: (stateVector) => Y.encodeStateAsUpdate(doc, stateVector),
    records() {
      return [...doc.share.keys()]
        .filter((name) => LEDGER_ARRAY.test(name))
        .flatMap((name) => watch(name).toArray())
        .filter((value) => value instanceof Uint8Array)
    },
  }
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
    if (comparePositions(positionOfBytes(value), below) >= 0) break
    stale++
  }
  if (stale > 0) array.delete(0, stale)
}
