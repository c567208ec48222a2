// The home: one folder that belongs to one user of one machine and to one daemon at a time, and the only ways in which files
// get into it.
// 1. Nobody else can read it or write to it; a home that others can write to is refused, not repaired.
// 2. A file in it is whole: it is written beside its place, synced, and moved in one step.
// 3. What is created once (token, key, name) is never overwritten, even by two daemons that start together.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import {
  SOCKETS_FILE,
  chooseSocketFolder,
  isOwn,
  socketFolderOf,
  socketsIn,
  type SocketPaths,
} from './client/place.ts'

/** Format of the home; a rise needs a migration. */
const HOME_VERSION = 1
const FOLDERS = ['ledger', 'audit', 'logs']
const TOKEN = /^skein_[0-9a-f]{64}$/

export interface Home {
  readonly path: string
  /** The bearer token of the local HTTP port. */
  readonly token: string
}

/**
 * Makes the home ready, creating what is missing.
 * @param home absolute path, as `homePath` gives it.
 * @throws SkeinError HOME_UNUSABLE, HOME_NEWER, DISK_FULL.
 */
export function openHome(home: string): Home {
  return explain(home, () => {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    requirePrivate(home)
    for (const folder of FOLDERS)
      mkdirSync(path.join(home, folder), { recursive: true, mode: 0o700 })
    requireVersion(home)
    return { path: home, token: readToken(home) }
  })
}

/**
 * The paths to listen on; makes the short folder and the file that names it when the home's own path is too long. Only the
 * daemon that holds the home calls this: a second one must not move the sockets of the first.
 * @throws SkeinError HOME_UNUSABLE when the short folder is not ours alone.
 */
export function socketPaths(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): SocketPaths {
  return explain(home, () => {
    const folder = chooseSocketFolder(home, env)
    const file = path.join(home, SOCKETS_FILE)
    if (folder === home) {
      // Left over when a home was moved to a shorter path.
      rmSync(file, { force: true })
      return socketsIn(home)
    }
    // Run-time folders end with the login that made them; while the one that clients know is there, it stays.
    const named = socketFolderOf(home)
    const known = named !== null && existsSync(named) ? named : folder
    mkdirSync(known, { recursive: true, mode: 0o700 })
    requirePrivate(known)
    replaceFile(file, `${known}\n`)
    return socketsIn(known)
  })
}

/** Counts this start of a daemon, durably: the number is never given again. */
export function countStart(home: string): number {
  const file = path.join(home, 'starts')
  const known = existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : 0
  const count = Number.isSafeInteger(known) ? known + 1 : 1
  replaceFile(file, `${String(count)}\n`)
  return count
}

/** Renames a folder to a free name beside it and returns that; null if there is no such folder. */
export function setAside(folder: string): string | null {
  if (!existsSync(folder)) return null
  let number = 1
  while (existsSync(`${folder}.lost-${String(number)}`)) number++
  const kept = `${folder}.lost-${String(number)}`
  renameSync(folder, kept)
  return kept
}

/**
 * Renames the folders of a ledger and of its audit log to `NAME.of-WHOSE`; may be repeated after a crash in between.
 * @returns where the ledger is kept.
 */
export function archive(home: string, folder: string, whose: string): string {
  for (const kind of ['ledger', 'audit']) {
    const from = path.join(home, kind, folder)
    const to = `${from}.of-${whose}`
    // Moved already before a crash; what lies there now is of what came after, and empty.
    if (!existsSync(from) || existsSync(to)) continue
    renameSync(from, to)
  }
  return `${path.join(home, 'ledger', folder)}.of-${whose}`
}

/**
 * Writes a file of this user alone, whole and durable, in place of an older one.
 * @throws SkeinError HOME_UNUSABLE, DISK_FULL; then the older one is as it was.
 */
export function replaceFile(file: string, content: string): void {
  explain(path.dirname(file), () => {
    const next = writeBeside(file, content)
    try {
      renameSync(next, file)
    } finally {
      rmSync(next, { force: true })
    }
    syncFolder(path.dirname(file))
  })
}

/**
 * Creates a file of this user alone, whole and durable; false when it is there already, and then nothing has changed.
 * @throws SkeinError HOME_UNUSABLE, DISK_FULL.
 */
export function createFile(file: string, content: string): boolean {
  return explain(path.dirname(file), () => {
    if (existsSync(file)) return false
    const next = writeBeside(file, content)
    try {
      // link(2) fails where rename(2) would overwrite.
      linkSync(next, file)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      rmSync(next, { force: true })
    }
    syncFolder(path.dirname(file))
    return true
  })
}

/** The code of a system error, as in ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function requirePrivate(folder: string): void {
  const stat = lstatSync(folder)
  if (!stat.isDirectory()) throw unusable(folder, 'is not a folder')
  if (!isOwn(stat.uid)) throw unusable(folder, `belongs to another user (uid ${String(stat.uid)})`)
  if ((stat.mode & 0o022) !== 0) {
    // Tightening it would hide that others may have put files there already.
    const hint = `Look through it, then: chmod 700 ${folder}`
    throw unusable(folder, 'can be written to by other users', { hint })
  }
  if ((stat.mode & 0o777) !== 0o700) chmodSync(folder, 0o700)
}

function requireVersion(home: string): void {
  const file = path.join(home, 'VERSION')
  createFile(file, `${String(HOME_VERSION)}\n`)
  const text = readFileSync(file, 'utf8').trim()
  const version = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
  if (version === null) throw unusable(home, 'has a VERSION file that holds no version')
  if (version > HOME_VERSION) {
    throw new SkeinError(
      'HOME_NEWER',
      `${home} has format ${String(version)}; this skein knows formats up to ${String(HOME_VERSION)}.`,
      { data: { home, version, known: HOME_VERSION } },
    )
  }
}

function readToken(home: string): string {
  const file = path.join(home, 'token')
  createFile(file, `skein_${randomBytes(32).toString('hex')}\n`)
  const token = readFileSync(file, 'utf8').trim()
  if (TOKEN.test(token)) {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
    return token
  }
  const hint = `rm ${file} && skein up`
  throw unusable(home, 'has a token file that holds no token', { hint })
}

function writeBeside(file: string, content: string): string {
  const next = `${file}.${String(process.pid)}.${randomBytes(6).toString('hex')}.new`
  const descriptor = openSync(next, 'wx', 0o600)
  try {
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  return next
}

/** A new name is durable only when its folder is. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'cannot be written to',
  EPERM: 'cannot be written to',
  EROFS: 'is on a read-only disk',
  EEXIST: 'is not a folder',
  ENOTDIR: 'is not a folder',
  ELOOP: 'is a circle of links',
  ENAMETOOLONG: 'has a path that is too long',
  ENOTSUP: 'is on a disk without hard links',
}

/** Turns the system's word for a failure into ours; what it does not know stays as it is. */
function explain<Result>(home: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    if (error instanceof SkeinError) throw error
    const code = codeOf(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new SkeinError('DISK_FULL', `The disk of ${home} is full.`, { cause: error })
    }
    if (code === undefined) throw error
    throw unusable(home, SYSTEM_REASONS[code] ?? `cannot be used (${code})`, { cause: error })
  }
}

function unusable(
  folder: string,
  why: string,
  details: { readonly hint?: string; readonly cause?: unknown } = {},
): SkeinError {
  return new SkeinError('HOME_UNUSABLE', `${folder} ${why}.`, { ...details, data: { folder } })
}
