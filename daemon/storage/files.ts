// The few file operations that storage stands on: a seam, so that tests can watch, fail and shorten them, and the two
// recipes built from them that must never be done by halves: writing all bytes, and putting a file in place durably.
import * as fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { SkeinError } from '../../protocol/index.ts'

/** As in node:fs. A write may be short; an offset is always given; files are made 0600, directories 0700. */
export interface FileOps {
  open(file: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<number>
  close(fd: number): Promise<void>
  readFile(file: string): Promise<Uint8Array>
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  writeSync(fd: number, bytes: Uint8Array, position: number): number
  datasync(fd: number): Promise<void>
  datasyncSync(fd: number): void
  fsync(fd: number): Promise<void>
  truncate(fd: number, bytes: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Does nothing if there is no such file. */
  remove(file: string): Promise<void>
  /** With its parents; returns the topmost directory that it made, if any. */
  makeDirectory(directory: string): Promise<string | undefined>
}

const open = promisify(fs.open)
const write = promisify(fs.write)

export const NODE_FILE_OPS: FileOps = {
  open: (file, flags) => open(file, flags, 0o600),
  close: promisify(fs.close),
  readFile: (file) => fs.promises.readFile(file),
  write: async (fd, bytes, position) =>
    (await write(fd, bytes, 0, bytes.length, position)).bytesWritten,
  writeSync: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
  datasync: promisify(fs.fdatasync),
  datasyncSync: fs.fdatasyncSync,
  fsync: promisify(fs.fsync),
  truncate: promisify(fs.ftruncate),
  rename: fs.promises.rename,
  remove: (file) => fs.promises.rm(file, { force: true }),
  makeDirectory: (directory) => fs.promises.mkdir(directory, { recursive: true, mode: 0o700 }),
}

export async function writeAll(
  ops: FileOps,
  fd: number,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    done += requireProgress(await ops.write(fd, bytes.subarray(done), position + done))
  }
}

export function writeAllSync(
  ops: Pick<FileOps, 'writeSync'>,
  fd: number,
  bytes: Uint8Array,
  position: number,
): void {
  let done = 0
  while (done < bytes.length) {
    done += requireProgress(ops.writeSync(fd, bytes.subarray(done), position + done))
  }
}

/** Where `installFile` builds the next content; what a crash leaves there is worthless. */
export function temporaryOf(file: string): string {
  return `${file}.tmp`
}

/**
 * Puts a file with these bytes in place, so that after a crash there is the old one or the whole new one.
 * @returns a descriptor of it, open for writing.
 */
export async function installFile(ops: FileOps, file: string, bytes: Uint8Array): Promise<number> {
  const fd = await ops.open(temporaryOf(file), 'w')
  try {
    await writeAll(ops, fd, bytes, 0)
    await ops.fsync(fd)
    await ops.rename(temporaryOf(file), file)
    await syncDirectory(ops, path.dirname(file))
    return fd
  } catch (cause) {
    await ops.close(fd)
    throw cause
  }
}

/** Makes the directory and its parents, durably. */
export async function makeDirectory(ops: FileOps, directory: string): Promise<void> {
  const topmost = await ops.makeDirectory(directory)
  if (topmost === undefined) return
  // A directory is found again only if its parent's entry for it is on the disk.
  for (let made = path.resolve(directory); ; made = path.dirname(made)) {
    await syncDirectory(ops, path.dirname(made))
    if (made === path.resolve(topmost)) return
  }
}

/** Makes names in the directory durable: files created in it, renamed in it. */
export async function syncDirectory(ops: FileOps, directory: string): Promise<void> {
  const fd = await ops.open(directory, 'r')
  try {
    await ops.fsync(fd)
  } finally {
    await ops.close(fd)
  }
}

/** What failed in the world while `file` was used, as an error of the catalogue. */
export function storageError(file: string, cause: unknown): SkeinError {
  if (cause instanceof SkeinError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  const code = errnoOf(cause)
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return isFull
    ? new SkeinError('DISK_FULL', `No room to write ${file} (${reason}).`, { cause })
    : new SkeinError('HOME_UNUSABLE', `${file} cannot be used (${reason}).`, { cause })
}

/** The name of the system's error, such as ENOENT; null for anything else. */
export function errnoOf(cause: unknown): string | null {
  const hasCode = cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
  return hasCode ? String(cause.code) : null
}

/** A write that writes nothing and says no error would be repeated for ever. */
function requireProgress(written: number): number {
  if (written > 0) return written
  throw new Error('a write made no progress')
}
