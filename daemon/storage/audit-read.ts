// Reads the lines of an audit segment from either end, some kilobytes at a time, so that a log of any size can be walked.
// Lines come in groups, as many as a chunk completes: an await for each line would cost more than the line.
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { SkeinError } from '../../protocol/index.ts'
import { errnoOf } from './files.ts'

export interface ReadOptions {
  readonly chunkBytes?: number
  /** Bytes to leave out at the beginning; forward only. */
  readonly start?: number
  /** It was there a moment ago, and a reader who passes over it would miss what it held; forward only. */
  readonly isListed?: boolean
  readonly signal?: AbortSignal | undefined
}

const CHUNK_BYTES = 256 * 1024
const NEWLINE = 0x0a
const NOTHING: Buffer = Buffer.alloc(0)

/** Groups of lines without their newlines, oldest first. A last line that has no newline counts as one. */
export async function* readForward(
  file: string,
  { chunkBytes = CHUNK_BYTES, start = 0, isListed = false, signal }: ReadOptions = {},
): AsyncGenerator<readonly Buffer[]> {
  const handle = await openIfThere(file)
  if (handle === null && isListed)
    throw new SkeinError('EVENTS_GONE', `${file} was removed while it was read: it was too old`)
  if (handle === null) return
  try {
    let begun: Buffer[] = []
    for (let at = start; ;) {
      signal?.throwIfAborted()
      const chunk = await readAt(handle, at, chunkBytes)
      if (chunk.length === 0) break
      at += chunk.length
      begun.push(chunk)
      if (!chunk.includes(NEWLINE)) continue
      const lines = splitLines(Buffer.concat(begun))
      begun = [lines.pop() ?? NOTHING]
      yield lines
    }
    const last = Buffer.concat(begun)
    if (last.length > 0) yield [last]
  } finally {
    await handle.close()
  }
}

/** The same lines, newest first, from what the file holds at the call. */
export async function* readBackward(
  file: string,
  { chunkBytes = CHUNK_BYTES, signal }: ReadOptions = {},
): AsyncGenerator<readonly Buffer[]> {
  const handle = await openIfThere(file)
  if (handle === null) return
  try {
    let at = (await handle.stat()).size
    let ended: Buffer[] = []
    while (at > 0) {
      signal?.throwIfAborted()
      const start = Math.max(0, at - chunkBytes)
      const chunk = await readAt(handle, start, at - start)
      at = start
      ended.unshift(chunk)
      if (at > 0 && !chunk.includes(NEWLINE)) continue
      const lines = splitLines(Buffer.concat(ended))
      ended = at > 0 ? [lines.shift() ?? NOTHING] : []
      yield lines.filter((line) => line.length > 0).reverse()
    }
  } finally {
    await handle.close()
  }
}

/** Retention may have removed the segment since it was listed. */
async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null
    throw cause
  }
}

async function readAt(handle: FileHandle, position: number, bytesMax: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytesMax), 0, bytesMax, position)
  return buffer.subarray(0, bytesRead)
}

/** What stands between newlines; the last part is what follows the last one, often empty. */
function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end === -1) break
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  lines.push(bytes.subarray(start))
  return lines
}
