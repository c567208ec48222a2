// The bytes of a ledger's durable log, one piece at a time: header, frame, mark. What a whole file of them means, a torn
// one included, stands in log-image.ts.
//
//   header   magic "skeinlog" | u32 format version | 8 bytes log id | u32 crc32 of all before
//   frame    u32 length of payload | u32 crc32 of type and payload | u8 type | payload         (little-endian)
//   mark     a frame of type S; payload: 8 bytes log id | u64 offset of this very frame in the file
//
// 1. A mark stands at offset O only if all bytes below O were synced before it was written.
// 2. A mark counts only at its own offset in its own log: bytes that merely look like one (payloads are other people's
//    bytes, and file systems hand out old blocks) do not know the log's random id.
import { asPeerId, assert, unreachable } from '../../protocol/index.ts'
import type { Frame } from '../ports.ts'
import { crc32 } from './crc32.ts'

const FORMAT_VERSION = 1
export const LOG_ID_BYTES = 8
export const HEADER_BYTES = 24
export const MARK_BYTES = 25
/** A frame is one Yjs update, at most a whole compacted document (some MB); more is a damaged length or a bug. */
export const FRAME_BYTES_MAX = 512 * 1_048_576

const PREFIX_BYTES = 9
const MAGIC = Buffer.from('skeinlog', 'latin1')
const TYPE = { update: 0x55, record: 0x52, promise: 0x50, meta: 0x4d, mark: 0x53 } as const // U R P M S

/** A frame whose length is plausible and whose CRC fits; `payload` is a view. */
export interface RawFrame {
  readonly type: number
  readonly payload: Uint8Array
  /** Offset of the byte after it. */
  readonly next: number
}

export type Header =
  | { readonly kind: 'ok'; readonly logId: Uint8Array }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'bad' }

/** The first bytes of a log; `logId` is random and never used for another file. */
export function encodeHeader(logId: Uint8Array): Uint8Array {
  assert(logId.length === LOG_ID_BYTES, 'a log id has 8 bytes')
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.set(MAGIC)
  bytes.writeUInt32LE(FORMAT_VERSION, 8)
  bytes.set(logId, 12)
  bytes.writeUInt32LE(crc32(bytes, 0, 20), 20)
  return bytes
}

export function decodeHeader(bytes: Uint8Array): Header {
  const view = viewOf(bytes)
  if (view.length < HEADER_BYTES || !view.subarray(0, 8).equals(MAGIC)) return { kind: 'bad' }
  if (view.readUInt32LE(20) !== crc32(view, 0, 20)) return { kind: 'bad' }
  const version = view.readUInt32LE(8)
  if (version !== FORMAT_VERSION) return { kind: 'newer', version }
  return { kind: 'ok', logId: Uint8Array.from(view.subarray(12, 20)) }
}

export function encodeFrame(frame: Frame): Uint8Array {
  return encodeRaw(TYPE[frame.kind], payloadOf(frame))
}

/** Bytes that the frame takes in a log. */
export function frameBytes(frame: Frame): number {
  return PREFIX_BYTES + payloadOf(frame).length
}

/** The frame at `offset`, or null if no whole and sound one starts there. */
export function readRaw(bytes: Uint8Array, offset: number): RawFrame | null {
  const view = viewOf(bytes)
  if (offset + PREFIX_BYTES > view.length) return null
  const next = offset + PREFIX_BYTES + view.readUInt32LE(offset)
  if (next > view.length || next - offset > FRAME_BYTES_MAX) return null
  if (crc32(view, offset + 8, next) !== view.readUInt32LE(offset + 4)) return null
  return {
    type: view[offset + 8] ?? 0,
    payload: view.subarray(offset + PREFIX_BYTES, next),
    next,
  }
}

/** What a sound frame says; `unknown` for a type of a later version, null if its payload is not of its type. */
export function decodeFrame(raw: RawFrame): Frame | 'unknown' | null {
  switch (raw.type) {
    case TYPE.update:
      return { kind: 'update', bytes: Uint8Array.from(raw.payload) }
    case TYPE.record:
      return { kind: 'record', bytes: Uint8Array.from(raw.payload) }
    case TYPE.promise:
      return decodePromise(parseObject(raw.payload))
    case TYPE.meta:
      return decodeMeta(parseObject(raw.payload))
    default:
      return 'unknown'
  }
}

/** The mark to be written at `offset`, once everything below it is synced. */
export function encodeMark(logId: Uint8Array, offset: number): Uint8Array {
  const payload = Buffer.alloc(MARK_BYTES - PREFIX_BYTES)
  payload.set(logId)
  payload.writeBigUInt64LE(BigInt(offset), LOG_ID_BYTES)
  return encodeRaw(TYPE.mark, payload)
}

export function isMarkType(raw: RawFrame): boolean {
  return raw.type === TYPE.mark
}

/** Is it the mark of this log at this offset? */
export function isMarkAt(raw: RawFrame, logId: Uint8Array, offset: number): boolean {
  const expected = encodeMark(logId, offset).subarray(PREFIX_BYTES)
  return isMarkType(raw) && viewOf(raw.payload).equals(expected)
}

/** Offset of the first mark of this log at or after `from`, whatever stands between; null if there is none. */
export function findMark(bytes: Uint8Array, logId: Uint8Array, from: number): number | null {
  const view = viewOf(bytes)
  let hit = view.indexOf(logId, from + PREFIX_BYTES)
  while (hit !== -1) {
    const offset = hit - PREFIX_BYTES
    const raw = readRaw(view, offset)
    if (raw !== null && isMarkAt(raw, logId, offset)) return offset
    hit = view.indexOf(logId, hit + 1)
  }
  return null
}

function encodeRaw(type: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + payload.length)
  assert(bytes.length <= FRAME_BYTES_MAX, 'a frame of the durable log is at most 512 MiB')
  bytes.writeUInt32LE(payload.length, 0)
  bytes[8] = type
  bytes.set(payload, PREFIX_BYTES)
  bytes.writeUInt32LE(crc32(bytes, 8), 4)
  return bytes
}

function payloadOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'update':
    case 'record':
      return frame.bytes
    case 'promise':
      return Buffer.from(JSON.stringify({ term: frame.term, votedFor: frame.votedFor }))
    case 'meta':
      return Buffer.from(JSON.stringify(frame.value))
    default:
      return unreachable(frame)
  }
}

function decodePromise(value: Record<string, unknown> | null): Frame | null {
  if (value === null) return null
  const { term, votedFor } = value
  if (typeof term !== 'number' || !Number.isSafeInteger(term)) return null
  if (votedFor === null) return { kind: 'promise', term, votedFor }
  return typeof votedFor === 'string'
    ? { kind: 'promise', term, votedFor: asPeerId(votedFor) }
    : null
}

function decodeMeta(value: Record<string, unknown> | null): Frame | null {
  return value === null ? null : { kind: 'meta', value }
}

function parseObject(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(viewOf(payload).toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
