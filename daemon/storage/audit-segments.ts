// The files of an audit log: NNNNNN.ndjson, numbered from 1 without gaps, the last one growing. Where they are, what the
// last one's end is worth after a crash, and the writer that fills one and goes on to the next.
//
// 1. A line is never split between segments. A finished segment is synced before the next one gets its first line.
// 2. At most UNSYNCED_BYTES_MAX bytes are not yet on the disk, so whatever a power loss tears lies in the tail that
//    readTail reads.
// 3. A tear is a last line without its newline, or NUL bytes where a page never reached the disk (JSON has none). From
//    there on everything is cut. Anything else that is wrong is not a tear and is left for verify to tell.
import * as fs from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { FileOps } from './files.ts'
import { writeAllSync } from './files.ts'

export interface Segment {
  readonly number: number
  readonly file: string
}

/** A write may fill this much before it is synced in the background ... */
const SYNC_BYTES = 1_048_576
/** ... and the writer stands still for its sync above this: a disk that cannot keep up. */
const UNSYNCED_BYTES_MAX = 4 * SYNC_BYTES
/** The tail that can be torn, and one line of the longest sort before it. */
const TAIL_BYTES = UNSYNCED_BYTES_MAX + 4 * SYNC_BYTES
const NEWLINE = 0x0a

/** The segments in their order; none if the directory is not there. */
export function listSegments(directory: string): readonly Segment[] {
  if (!fs.existsSync(directory)) return []
  return fs
    .readdirSync(directory)
    .filter((name) => /^\d{6,}\.ndjson$/.test(name))
    .map((name) => ({ number: Number.parseInt(name, 10), file: path.join(directory, name) }))
    .sort((a, b) => a.number - b.number)
}

/**
 * The last line of a segment, null if it has none, and the bytes of its torn end. `settle` cuts them off and syncs the
 * rest: for the last segment only, since the others were synced and cannot be torn.
 * @throws SkeinError AUDIT_BROKEN when there is no line in as much as can be torn: not the work of a crash.
 */
export function readTail(
  file: string,
  settle: boolean,
): { lastLine: string | null; tornBytes: number } {
  const fd = fs.openSync(file, settle ? 'r+' : 'r')
  try {
    const size = fs.fstatSync(fd).size
    const start = Math.max(0, size - TAIL_BYTES)
    const tail = readFully(fd, start, size)
    const sound = soundPart(tail)
    if (start > 0 && sound.length === 0) {
      throw new SkeinError('AUDIT_BROKEN', `${file} ends in more than any crash could tear.`)
    }
    if (settle) {
      if (sound.length < tail.length) fs.ftruncateSync(fd, start + sound.length)
      fs.fsyncSync(fd)
    }
    return { lastLine: lastLineOf(sound), tornBytes: tail.length - sound.length }
  } finally {
    fs.closeSync(fd)
  }
}

/** Appends whole lines to the last segment, and to the next one when it is full. Throws what node:fs throws. */
export class SegmentWriter {
  readonly #directory: string
  readonly #bytesMax: number
  readonly #ops: Pick<FileOps, 'writeSync' | 'datasync' | 'datasyncSync'>
  #number: number
  #fd: number | null = null
  #size = 0
  /** Bytes of the present segment that are on the disk. */
  #synced = 0
  /** The last of the pooled syncs, which run one after the other; a descriptor must outlive those on it. */
  #syncing: Promise<void> = Promise.resolve()
  #syncsUnderWay = 0

  constructor(
    directory: string,
    last: Segment | undefined,
    bytesMax: number,
    ops: Pick<FileOps, 'writeSync' | 'datasync' | 'datasyncSync'>,
  ) {
    this.#directory = directory
    this.#bytesMax = bytesMax
    this.#ops = ops
    this.#number = last?.number ?? 0
    if (last === undefined) return
    this.#fd = fs.openSync(last.file, 'r+')
    this.#size = fs.fstatSync(this.#fd).size
    this.#synced = this.#size
  }

  /** Bytes that the present segment still takes; the first line of a segment always fits. */
  room(): number {
    if (this.#fd === null) return 0
    return this.#size === 0 ? Infinity : this.#bytesMax - this.#size
  }

  /** Ends the present segment and begins the next. */
  startNext(): void {
    const before = this.#fd
    if (before !== null) {
      this.#ops.datasyncSync(before)
      const close = (): void => {
        fs.closeSync(before)
      }
      void this.#syncing.then(close, close)
    }
    this.#number += 1
    const name = `${String(this.#number).padStart(6, '0')}.ndjson`
    this.#fd = fs.openSync(path.join(this.#directory, name), 'wx', 0o600)
    this.#size = 0
    this.#synced = 0
    syncDirectory(this.#directory)
  }

  /** Writes lines, newlines included, to the present segment; returns a sync to be waited for when one was begun. */
  write(lines: string): Promise<void> | null {
    const fd = this.#fd
    if (fd === null) throw new Error('no segment is open')
    const bytes = Buffer.from(lines)
    writeAllSync(this.#ops, fd, bytes, this.#size)
    this.#size += bytes.length
    if (this.#size - this.#synced >= UNSYNCED_BYTES_MAX) {
      this.#ops.datasyncSync(fd)
      this.#synced = this.#size
    }
    const isDue = this.#size - this.#synced >= SYNC_BYTES && this.#syncsUnderWay === 0
    return isDue ? this.sync() : null
  }

  /** All that was written before the call is on the disk; rejects for good after the first failure. */
  sync(): Promise<void> {
    const fd = this.#fd
    if (fd === null) return this.#syncing
    const [number, covered] = [this.#number, this.#size]
    this.#syncsUnderWay += 1
    this.#syncing = this.#syncing.then(async () => {
      await this.#ops.datasync(fd)
      this.#syncsUnderWay -= 1
      if (this.#number === number) this.#synced = Math.max(this.#synced, covered)
    })
    return this.#syncing
  }

  async close(): Promise<void> {
    const fd = this.#fd
    this.#fd = null
    await this.#syncing.catch(() => undefined)
    if (fd !== null) fs.closeSync(fd)
  }
}

function readFully(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start)
  for (let done = 0; done < bytes.length;) {
    const read = fs.readSync(fd, bytes, done, bytes.length - done, start + done)
    // Zeros for what was not read would look like a tear.
    if (read === 0) throw new Error('the file became shorter while it was read')
    done += read
  }
  return bytes
}

/** Up to the first hole, and there up to the last newline. */
function soundPart(tail: Buffer): Buffer {
  const hole = tail.indexOf(0)
  const whole = hole === -1 ? tail : tail.subarray(0, hole)
  return whole.subarray(0, whole.lastIndexOf(NEWLINE) + 1)
}

function lastLineOf(lines: Buffer): string | null {
  if (lines.length === 0) return null
  const end = lines.length - 1
  return lines.subarray(lines.lastIndexOf(NEWLINE, end - 1) + 1, end).toString('utf8')
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
