// What a whole log file means after any ending of the process or the machine: which frames count, and whether bytes that
// make no sense are the torn end of a write that was never reported durable, or damage to what was.
//
// The difficulty: a batch of frames is one write and one sync. If power fails before the sync returns, its pages may have
// reached the disk in any order, so a sound frame can follow a bad one, and "sound frames after it" proves no damage. What
// does prove it is a mark (frames.ts): a batch begins with one, and is written only after the sync of the batch before it.
//
//   X = the first offset at which no sound frame starts; O = the offset of any mark above X.
// 1. There is an O > X: the bytes below O, X among them, were synced when the mark was written. No crash can tear what was
//    synced: the disk or a hand changed them. LEDGER_DAMAGED; a vote or an acknowledged record may be among them.
// 2. There is none: X lies in the last batch. It may never have been synced, then nothing in it was reported durable.
//    Everything from X on is dropped, the sound frames of that batch below X are kept: a prefix of what was appended.
// 3. Case 2 cannot tell a tear from later damage inside the last batch; nobody can without a second write (Alagappan et
//    al., "Protocol-Aware Recovery", FAST '18). A clean close, and each replaced log, ends with a mark and leaves no such
//    batch; other machines notice a head that went backwards.
// 4. The header is synced before the file gets its name, so it is never torn, only damaged.
// 5. Scanning for marks needs no length to be right: it looks for the log's random id and checks offset and CRC.
import { SkeinError } from '../../protocol/index.ts'
import type { Frame } from '../ports.ts'
import type { RawFrame } from './frames.ts'
import {
  HEADER_BYTES,
  decodeFrame,
  decodeHeader,
  encodeFrame,
  encodeHeader,
  encodeMark,
  findMark,
  isMarkAt,
  isMarkType,
  readRaw,
} from './frames.ts'

export interface LogImage {
  readonly logId: Uint8Array
  readonly frames: readonly Frame[]
  /** Everything below is known to have been synced: the offset of the last mark, or the header's end. */
  readonly provenEnd: number
  /** Where the sound part ends and the next write belongs. */
  readonly end: number
  /** Bytes from `end` on, to be dropped. */
  readonly tornBytes: number
}

/**
 * Reads a whole log; `file` is for the messages.
 * @throws SkeinError LEDGER_DAMAGED when bytes that were once synced are bad; LEDGER_NEWER for a later format.
 */
export function decodeLog(bytes: Uint8Array, file: string): LogImage {
  const logId = readHeader(bytes, file)
  const frames: Frame[] = []
  let provenEnd = HEADER_BYTES
  let end = HEADER_BYTES
  for (;;) {
    const raw = readRaw(bytes, end)
    if (raw === null) break
    if (isMarkType(raw)) {
      if (!isMarkAt(raw, logId, end)) break
      provenEnd = end
    } else {
      const frame = readFrame(raw, file, end)
      if (frame === null) break
      frames.push(frame)
    }
    end = raw.next
  }
  const provenBy = findMark(bytes, logId, end)
  if (provenBy !== null)
    throw damaged(file, end, `bytes below ${String(provenBy)} were once synced`)
  return { logId, frames, provenEnd, end, tornBytes: bytes.length - end }
}

/** A whole log of these frames that ends with a mark: it may only become visible after it was synced. */
export function encodeLog(logId: Uint8Array, frames: readonly Frame[]): Uint8Array {
  const body = Buffer.concat([encodeHeader(logId), ...frames.map(encodeFrame)])
  return Buffer.concat([body, encodeMark(logId, body.length)])
}

function readHeader(bytes: Uint8Array, file: string): Uint8Array {
  const header = decodeHeader(bytes)
  if (header.kind === 'ok') return header.logId
  if (header.kind === 'bad') throw damaged(file, 0, 'the header is not that of a ledger log')
  throw newer(file, `has format ${String(header.version)}`)
}

function readFrame(raw: RawFrame, file: string, offset: number): Frame | null {
  const frame = decodeFrame(raw)
  if (frame !== 'unknown') return frame
  throw newer(file, `holds a frame of type ${String(raw.type)} at byte ${String(offset)}`)
}

function newer(file: string, what: string): SkeinError {
  return new SkeinError('LEDGER_NEWER', `${file} ${what}, which this version does not know.`)
}

function damaged(file: string, offset: number, why: string): SkeinError {
  return new SkeinError('LEDGER_DAMAGED', `${file} is damaged at byte ${String(offset)}: ${why}.`, {
    hint:
      `mv '${file}' '${file}.damaged' && skein up - this machine then joins its ledger anew from the other ` +
      'members; if it was the only voter, `skein recover --accept-loss`. skein deletes nothing.',
    data: { file, offset },
  })
}
