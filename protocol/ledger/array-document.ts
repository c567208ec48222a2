// The plain twin of the Yjs document: the same promises from two maps of arrays, about ten times as fast, for long
// simulations. An update is a list of (array name, sequence number, record) and of prune marks, as JSON.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { SkeinError } from '../errors.ts'
import type { PeerId } from '../ids.ts'
import type { LedgerDocument } from './document.ts'
import { comparePositions, positionOfBytes, type Position } from './record.ts'

interface Row {
  readonly array: string
  readonly at: number
  /** Null once pruned. */
  readonly hex: string | null
}

interface Column {
  /** By sequence number; null where pruned, undefined where still missing. */
  readonly cells: (Uint8Array | null | undefined)[]
  /** Cells up to here are visible: each earlier one has arrived. */
  visible: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function createArrayDocument(): LedgerDocument {
  const columns = new Map<string, Column>()

  function column(name: string): Column {
    let found = columns.get(name)
    if (found === undefined) {
      found = { cells: [], visible: 0 }
      columns.set(name, found)
    }
    return found
  }

  function push(name: string, records: readonly Uint8Array[]): Uint8Array {
    const target = column(name)
    const rows = records.map((record, i): Row => {
      const at = target.cells.length + i
      return { array: name, at, hex: bytesToHex(record) }
    })
    target.cells.push(...records)
    target.visible = target.cells.length
    return encode(rows)
  }

  return {
    append: (term, records) => push(`L:${String(term)}`, records),
    republish: (peer: PeerId, records) => push(`R:${peer}`, records),
    merge(update) {
      const arrived: Uint8Array[] = []
      const rows = decode(update).filter((row) => mergeRow(column(row.array), row))
      for (const name of new Set(rows.map((row) => row.array))) reveal(column(name), arrived)
      return { records: arrived, change: rows.length === 0 ? null : encode(rows) }
    },
    mergeAll(updates) {
      return updates.flatMap((update) => this.merge(update).records)
    },
    prune(below) {
      const rows = [...columns].flatMap(([name, target]) => pruneColumn(name, target, below))
      return rows.length === 0 ? null : encode(rows)
    },
    stateVector() {
      const seen = [...columns].map(([name, target]) => [name, target.visible])
      return encoder.encode(JSON.stringify(Object.fromEntries(seen)))
    },
    diff(stateVector) {
      const seen = decodeVector(stateVector)
      return encode(
        [...columns].flatMap(([name, target]) => rowsAfter(name, target, seen[name] ?? 0)),
      )
    },
    extent() {
      return { arrays: columns.size, bytes: this.diff().length }
    },
    records() {
      return [...columns.values()].flatMap((target) =>
        target.cells.slice(0, target.visible).filter((cell) => cell instanceof Uint8Array),
      )
    },
  }
}

/** Returns whether the row was news. */
function mergeRow(target: Column, row: Row): boolean {
  while (target.cells.length < row.at) target.cells.push(undefined)
  const known = target.cells[row.at]
  if (known === null || (known !== undefined && row.hex !== null)) return false
  target.cells[row.at] = row.hex === null ? null : hexToBytes(row.hex)
  return true
}

function reveal(target: Column, arrived: Uint8Array[]): void {
  while (target.visible < target.cells.length) {
    const cell = target.cells[target.visible]
    if (cell === undefined) return
    if (cell !== null) arrived.push(cell)
    target.visible++
  }
}

function pruneColumn(name: string, target: Column, below: Position): Row[] {
  const rows: Row[] = []
  for (let at = 0; at < target.visible; at++) {
    const cell = target.cells[at]
    if (cell === null || cell === undefined) continue
    if (comparePositions(positionOfBytes(cell), below) >= 0) continue
    target.cells[at] = null
    rows.push({ array: name, at, hex: null })
  }
  return rows
}

/** Everything after the vector, also behind a gap, and, as in Yjs, every deletion. */
function rowsAfter(name: string, target: Column, seen: number): Row[] {
  return target.cells.flatMap((cell, at): Row[] => {
    if (cell === null) return [{ array: name, at, hex: null }]
    return at < seen || cell === undefined ? [] : [{ array: name, at, hex: bytesToHex(cell) }]
  })
}

function encode(rows: readonly Row[]): Uint8Array {
  return encoder.encode(JSON.stringify(rows.map((row) => [row.array, row.at, row.hex])))
}

function decode(update: Uint8Array): Row[] {
  try {
    const rows = JSON.parse(decoder.decode(update)) as [string, number, string | null][]
    return rows.map(([array, at, hex]) => ({ array, at, hex }))
  } catch (cause) {
    throw new SkeinError('LEDGER_DAMAGED', 'an update that is no list of rows', { cause })
  }
}

function decodeVector(bytes?: Uint8Array): Record<string, number> {
  if (bytes === undefined || bytes.length === 0) return {}
  return JSON.parse(decoder.decode(bytes)) as Record<string, number>
}
