// Reads one source file, bounded, and says by which stamp the same content is known again.
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import type { Why } from './file-symbols.ts'

export const FILE_BYTES_MAX = 1_048_576

/** Two writes in one tick of the file system's clock leave one stamp; so young a file is read again. */
const SETTLED_MS = 50

export type Stamp = { readonly kind: 'stamp'; readonly text: string } | Refused

export type Content =
  | {
      readonly kind: 'content'
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly stamp: string | null
    }
  | Refused

export interface Refused {
  readonly kind: 'refused'
  readonly why: Why
  readonly reason: string
}

/** Time of change counts too: tools can set back that of modification. */
export async function stampOf(file: string): Promise<Stamp> {
  try {
    return judge(await stat(file, { bigint: true }))
  } catch (error) {
    return refusalOf(error)
  }
}

/** The whole file; its stamp is null if the content may change under that stamp. */
export async function readSource(file: string): Promise<Content> {
  try {
    // Without O_NONBLOCK a named pipe would hold the call until somebody writes.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const before = await handle.stat({ bigint: true })
      const judged = judge(before)
      if (judged.kind === 'refused') return judged
      const bytes = new Uint8Array(Number(before.size))
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
      const after = await handle.stat({ bigint: true })
      const isSame = bytesRead === bytes.length && textOf(after) === judged.text
      const isSettled = Date.now() - Number(after.ctimeMs) > SETTLED_MS
      const stamp = isSame && isSettled ? judged.text : null
      return { kind: 'content', bytes: bytes.subarray(0, bytesRead), stamp }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return refusalOf(error)
  }
}

function judge(stats: BigIntStats): Stamp {
  if (!stats.isFile()) return refused('unreadable', 'not a regular file')
  if (stats.size > FILE_BYTES_MAX) {
    return refused('size', `larger than ${String(FILE_BYTES_MAX)} bytes`)
  }
  return { kind: 'stamp', text: textOf(stats) }
}

function textOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function refusalOf(error: unknown): Refused {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
  return isMissing
    ? refused('missing', 'no such file')
    : refused('unreadable', `cannot be read: ${code}`)
}

function refused(why: Why, reason: string): Refused {
  return { kind: 'refused', why, reason }
}
