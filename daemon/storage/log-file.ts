// The open file of one ledger's log: what is in it at the start, and how frames get to its end and to the disk. It does one
// thing at a time and keeps no queue (durable.ts does).
//
// 1. A batch is one write that begins with a mark, then one sync; the next batch is written only after it (log-image.ts).
// 2. What openLogFile returns is durable. The last batch may have outlived its process in the page cache only, or its sync
//    may have failed and left clean pages that the disk never saw: it is written again and synced before anyone reads it.
// 3. The file appears, and is replaced, whole: built beside, synced, renamed, its directory synced.
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Frame, LoadedLog } from '../ports.ts'
import type { FileOps } from './files.ts'
import {
  errnoOf,
  installFile,
  makeDirectory,
  temporaryOf,
  writeAll,
  writeAllSync,
} from './files.ts'
import { HEADER_BYTES, LOG_ID_BYTES, MARK_BYTES, encodeMark } from './frames.ts'
import type { LogImage } from './log-image.ts'
import { decodeLog, encodeLog } from './log-image.ts'

/** The bytes of a whole log, to put in the place of the present one. */
export interface NewLog {
  readonly logId: Uint8Array
  readonly bytes: Uint8Array
}

export function makeNewLog(frames: readonly Frame[]): NewLog {
  const logId = randomBytes(LOG_ID_BYTES)
  return { logId, bytes: encodeLog(logId, frames) }
}

/** Opens the log, or makes an empty one; cuts a torn end off. @throws SkeinError as decodeLog, and errors of node:fs. */
export async function openLogFile(
  file: string,
  ops: FileOps,
): Promise<{ log: LogFile; loaded: LoadedLog }> {
  await makeDirectory(ops, path.dirname(file))
  await ops.remove(temporaryOf(file))
  const bytes = await readIfThere(file, ops)
  if (bytes === null) {
    const fresh = makeNewLog([])
    const fd = await installFile(ops, file, fresh.bytes)
    return {
      log: new LogFile(file, ops, {
        fd,
        logId: fresh.logId,
        end: fresh.bytes.length,
        isSealed: true,
      }),
      loaded: { frames: [], tornBytes: 0 },
    }
  }
  const image = decodeLog(bytes, file)
  const { logId, end, frames, tornBytes } = image
  const fd = await openSettled(file, ops, bytes, image)
  const isSealed = end === HEADER_BYTES || end === image.provenEnd + MARK_BYTES
  return {
    log: new LogFile(file, ops, { fd, logId, end, isSealed }),
    loaded: { frames, tornBytes },
  }
}

/** Copied in some ten microseconds. */
const WRITTEN_AT_ONCE_MAX = 65_536

interface State {
  readonly fd: number
  /** The file's name for itself in its marks. */
  readonly logId: Uint8Array
  /** Where the next write belongs; everything below is synced. */
  readonly end: number
  /** It ends with a mark, so that nothing in it is in doubt. */
  readonly isSealed: boolean
}

export class LogFile {
  readonly #file: string
  readonly #ops: FileOps
  #state: State

  constructor(file: string, ops: FileOps, state: State) {
    this.#file = file
    this.#ops = ops
    this.#state = state
  }

  size(): number {
    return this.#state.end
  }

  /** Writes and syncs while the event loop stands still; returns how long the sync took. */
  commitBlocking(frames: readonly Uint8Array[]): number {
    const { fd, end } = this.#state
    const batch = this.#batchOf(frames)
    writeAllSync(this.#ops, fd, batch, end)
    const startedAt = performance.now()
    this.#ops.datasyncSync(fd)
    const milliseconds = performance.now() - startedAt
    this.#advance(batch.length)
    return milliseconds
  }

  /** Syncs in the thread pool, and writes there what is large; returns how long the sync took as seen from here. */
  async commitPooled(frames: readonly Uint8Array[]): Promise<number> {
    const { fd, end } = this.#state
    const batch = this.#batchOf(frames)
    // Into the page cache: some microseconds, against two ways through the pool.
    if (batch.length <= WRITTEN_AT_ONCE_MAX) writeAllSync(this.#ops, fd, batch, end)
    else await writeAll(this.#ops, fd, batch, end)
    const startedAt = performance.now()
    await this.#ops.datasync(fd)
    const milliseconds = performance.now() - startedAt
    this.#advance(batch.length)
    return milliseconds
  }

  /** After a crash at any moment the file is the one before or the new one. */
  async replace({ logId, bytes }: NewLog): Promise<void> {
    const before = this.#state.fd
    const fd = await installFile(this.#ops, this.#file, bytes)
    this.#state = { fd, logId, end: bytes.length, isSealed: true }
    await this.#ops.close(before)
  }

  /** Says that all is synced, so that the next load can tell damage from a tear up to the last byte. */
  seal(): void {
    const { fd, logId, end, isSealed } = this.#state
    if (isSealed) return
    try {
      writeAllSync(this.#ops, fd, encodeMark(logId, end), end)
    } catch {
      // A log without its seal, or with half of one, is whole.
    }
  }

  async close(): Promise<void> {
    await this.#ops.close(this.#state.fd)
  }

  #batchOf(frames: readonly Uint8Array[]): Uint8Array {
    return Buffer.concat([encodeMark(this.#state.logId, this.#state.end), ...frames])
  }

  #advance(bytes: number): void {
    this.#state = { ...this.#state, end: this.#state.end + bytes, isSealed: false }
  }
}

async function readIfThere(file: string, ops: FileOps): Promise<Uint8Array | null> {
  try {
    return await ops.readFile(file)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null
    throw cause
  }
}

/** Opens the file, cuts the torn end off, and makes the rest durable whatever the last process left undone (2). */
async function openSettled(
  file: string,
  ops: FileOps,
  bytes: Uint8Array,
  image: LogImage,
): Promise<number> {
  const fd = await ops.open(file, 'r+')
  try {
    if (image.tornBytes > 0) await ops.truncate(fd, image.end)
    await writeAll(ops, fd, bytes.subarray(image.provenEnd, image.end), image.provenEnd)
    await ops.fsync(fd)
    return fd
  } catch (cause) {
    await ops.close(fd)
    throw cause
  }
}
