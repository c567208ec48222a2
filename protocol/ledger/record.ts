// A ledger record: who comes before it, when it was decided, and the decision. A record is its bytes; its hash is over
// those bytes. Layout (little endian): u8 format, u32 generation, u32 term, u32 index, u32 parent term, u32 parent
// index, f64 milliseconds since 1970 by the leader's clock (for people, never to decide), 16 bytes parent hash, then the
// body as JSON in UTF-8.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { assert } from '../assert.ts'
import { SkeinError } from '../errors.ts'
import { isBody } from './body-shape.ts'
import type { RecordBody } from './body.ts'
import { sha256 } from './hash.ts'

/** A place in the tree of records. Compared by term first, never by index alone. */
export interface Position {
  readonly term: number
  readonly index: number
}

/** A place and the hash of the record there: names one record for ever. */
export interface RecordId extends Position {
  readonly hash: string
}

export interface LedgerRecord extends RecordId {
  readonly generation: number
  /** Null for the genesis only. */
  readonly parent: RecordId | null
  readonly atMs: number
  readonly body: RecordBody
  readonly bytes: Uint8Array
}

export type RecordDraft = Pick<
  LedgerRecord,
  'generation' | 'term' | 'index' | 'parent' | 'atMs' | 'body'
>

const FORMAT = 1
const HASH_BYTES = 16
const HASH_AT = 29
const BODY_AT = HASH_AT + HASH_BYTES
/** Room for the ids of as many claims as a repo may hold, ended by one call. */
export const RECORD_BYTES_MAX = 4 * 1_048_576

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeRecord(draft: RecordDraft): LedgerRecord {
  assert(draft.index < 2 ** 32 && draft.term < 2 ** 20, 'a record beyond the numbering')
  const body = encoder.encode(JSON.stringify(draft.body))
  const bytes = new Uint8Array(BODY_AT + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, FORMAT)
  view.setUint32(1, draft.generation, true)
  view.setUint32(5, draft.term, true)
  view.setUint32(9, draft.index, true)
  view.setUint32(13, draft.parent?.term ?? 0, true)
  view.setUint32(17, draft.parent?.index ?? 0, true)
  view.setFloat64(21, draft.atMs, true)
  if (draft.parent !== null) bytes.set(hexToBytes(draft.parent.hash), HASH_AT)
  bytes.set(body, BODY_AT)
  // A record that nobody could read back must never be made durable: the doors bound what a call may say.
  assert(bytes.length <= RECORD_BYTES_MAX, `a record of ${String(bytes.length)} bytes`)
  return { ...draft, bytes, hash: hashOf(bytes) }
}

/**
 * A kind of the future passes: such a record is stored and acknowledged, and stops the fold.
 * @throws SkeinError LEDGER_DAMAGED for bytes that are no record, LEDGER_NEWER for a format of the future.
 */
export function decodeRecord(bytes: Uint8Array): LedgerRecord {
  if (bytes.length < BODY_AT || bytes.length > RECORD_BYTES_MAX) {
    throw new SkeinError('LEDGER_DAMAGED', `a record of ${String(bytes.length)} bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) !== FORMAT) {
    throw new SkeinError('LEDGER_NEWER', `a record of format ${String(view.getUint8(0))}`)
  }
  const body = decodeBody(bytes.subarray(BODY_AT))
  const parent =
    body.kind === 'genesis'
      ? null
      : {
          term: view.getUint32(13, true),
          index: view.getUint32(17, true),
          hash: bytesToHex(bytes.subarray(HASH_AT, BODY_AT)),
        }
  return {
    generation: view.getUint32(1, true),
    ...positionOfBytes(bytes),
    parent,
    atMs: view.getFloat64(21, true),
    body,
    bytes,
    hash: hashOf(bytes),
  }
}

/** Could this be a record, by its kind and length? Anybody may write anything into a document. */
export function isRecordBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length >= BODY_AT
}

/** The place that a record's bytes name, without decoding the body. */
export function positionOfBytes(bytes: Uint8Array): Position {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { term: view.getUint32(5, true), index: view.getUint32(9, true) }
}

export function comparePositions(a: Position, b: Position): number {
  return a.term - b.term || a.index - b.index
}

export function isSameRecord(a: RecordId, b: RecordId): boolean {
  return a.term === b.term && a.index === b.index && a.hash === b.hash
}

/** One number for a place, for maps. Exact below term 2^20. */
export function positionKey(position: Position): number {
  return position.term * 2 ** 32 + position.index
}

/** The fence of a grant at this index: rises within a generation, and generations rise. */
export function fenceOf(generation: number, index: number): number {
  return generation * 2 ** 32 + index
}

function decodeBody(bytes: Uint8Array): RecordBody {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw new SkeinError('LEDGER_DAMAGED', 'a record whose body is not JSON', { cause })
  }
  if (!isBody(value)) throw new SkeinError('LEDGER_DAMAGED', 'a record without a kind')
  return value
}

function hashOf(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 2 * HASH_BYTES)
}
