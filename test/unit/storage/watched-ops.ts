// File operations for tests: the real ones, watched, and failed or shortened on request. `history` is what a disk saw, from
// which tests make the images that a power loss could leave.
import { readFileSync } from 'node:fs'
import type { FileOps } from '../../../daemon/storage/files.ts'
import { NODE_FILE_OPS } from '../../../daemon/storage/files.ts'

export type DiskEvent =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'sync' }
  | { readonly kind: 'rename'; readonly content: Uint8Array }

export interface WatchedOps {
  readonly ops: FileOps
  readonly history: DiskEvent[]
  /** Every later operation fails, as after the death of the process. */
  kill(): void
  /** Writes or syncs fail with this error number from now on; null for no more. */
  fail(what: 'write' | 'sync', code: string | null): void
  /** No write takes more than this many bytes. */
  shorten(bytesMax: number): void
}

export function watchOps(): WatchedOps {
  const history: DiskEvent[] = []
  const failing = new Map<'write' | 'sync', string>()
  let isDead = false
  let writeBytesMax = Infinity
  const check = (what?: 'write' | 'sync'): void => {
    if (isDead) throw errno('EBADF')
    const code = what === undefined ? undefined : failing.get(what)
    if (code !== undefined) throw errno(code)
  }
  const wrote = (position: number, bytes: Uint8Array): void => {
    history.push({ kind: 'write', position, bytes: Uint8Array.from(bytes) })
  }
  const real = NODE_FILE_OPS
  const ops: FileOps = {
    ...real,
    async write(fd, bytes, position) {
      check('write')
      const part = bytes.subarray(0, writeBytesMax)
      wrote(position, part)
      return real.write(fd, part, position)
    },
    writeSync(fd, bytes, position) {
      check('write')
      const part = bytes.subarray(0, writeBytesMax)
      wrote(position, part)
      return real.writeSync(fd, part, position)
    },
    async datasync(fd) {
      check('sync')
      await real.datasync(fd)
      check()
      history.push({ kind: 'sync' })
    },
    datasyncSync(fd) {
      check('sync')
      real.datasyncSync(fd)
      history.push({ kind: 'sync' })
    },
    async fsync(fd) {
      check('sync')
      await real.fsync(fd)
      check()
    },
    async rename(from, to) {
      check()
      history.push({ kind: 'rename', content: Uint8Array.from(readFileSync(from)) })
      await real.rename(from, to)
    },
  }
  return {
    ops,
    history,
    kill: () => (isDead = true),
    fail: (what, code) => {
      if (code === null) failing.delete(what)
      else failing.set(what, code)
    },
    shorten: (bytesMax) => (writeBytesMax = bytesMax),
  }
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
