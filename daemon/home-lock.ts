// One daemon for each home. `daemon.pid` names the holder: pid, start time, boot.
// 1. A lock file is never written in place: it is linked, or renamed over a stale one, complete.
// 2. A stale file is replaced only by the process that holds the breaker named after that file's content; holders of a
//    breaker look again before they act. So one stale file is replaced once, and a fresh one never.
// 3. A breaker is such a lock itself: one left behind by a crash is broken in the same way.
import { createHash, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../protocol/index.ts'
import {
  bootId,
  isLiving,
  systemProcesses,
  type ProcessIdentity,
  type ProcessTable,
} from './client/proc.ts'
import { codeOf } from './home.ts'

export interface HomeLock {
  /** Gives the home up, if it is still ours. Idempotent. */
  release(): void
}

export interface LockOwner extends ProcessIdentity {
  readonly boot: string
  readonly version: string
}

/** Who takes the lock and how living processes are told from dead ones; tests bring twins. */
export interface LockSurroundings {
  readonly pid: number
  readonly boot: string
  /** A new table for each look: some systems only give snapshots. */
  readonly processes: () => ProcessTable
}

/** A breaker is held for two file operations; who holds one for longer than this is starting on a very slow disk. */
const BREAKER_WAIT_MS = 10
const BREAKER_WAITS_MAX = 200
/** Each level needs one more crash between two file operations. */
const BREAKER_DEPTH_MAX = 8

/**
 * Takes the home for this process. Of any number of processes that try at once exactly one gets it.
 * @throws SkeinError DAEMON_RUNNING with the holder's pid; HOME_UNUSABLE when the disk has no hard links.
 */
export async function takeHomeLock(
  home: string,
  version: string,
  around: LockSurroundings = ownSurroundings(),
): Promise<HomeLock> {
  const file = path.join(home, 'daemon.pid')
  const content = `${JSON.stringify(describeOwner(version, around))}\n`
  for (let waits = 0; ; waits++) {
    const attempt = tryTake(file, content, around, 0)
    if (attempt.kind === 'taken')
      return {
        release: () => {
          removeIfOurs(file, content)
        },
      }
    if (attempt.kind === 'held') throw alreadyRunning(home, attempt.owner)
    // Somebody is replacing a stale file right now; in a moment it holds the lock or it is dead.
    if (waits >= BREAKER_WAITS_MAX) throw alreadyRunning(home, attempt.owner)
    await delay(BREAKER_WAIT_MS)
  }
}

/** The living daemon of a home, as its lock names it; null when none lives. */
export function readLockOwner(
  home: string,
  around: LockSurroundings = ownSurroundings(),
): LockOwner | null {
  const content = readIfThere(path.join(home, 'daemon.pid'))
  return content === null ? null : livingOwner(content, around)
}

type Attempt =
  | { readonly kind: 'taken' }
  | { readonly kind: 'held'; readonly owner: LockOwner }
  | { readonly kind: 'breaking'; readonly owner: LockOwner }

function tryTake(file: string, content: string, around: LockSurroundings, depth: number): Attempt {
  for (;;) {
    if (linkNew(file, content)) return { kind: 'taken' }
    const present = readIfThere(file)
    // Released between the two calls: try again.
    if (present === null) continue
    const owner = livingOwner(present, around)
    if (owner !== null) return { kind: 'held', owner }
    if (depth >= BREAKER_DEPTH_MAX) throw tooManyBreakers(file)
    const breaker = `${file}.${createHash('sha256').update(present).digest('hex').slice(0, 16)}`
    const right = tryTake(breaker, content, around, depth + 1)
    if (right.kind !== 'taken') return { kind: 'breaking', owner: right.owner }
    try {
      // An earlier holder of the same breaker may have done the work and gone.
      if (readIfThere(file) === present) {
        renameNew(file, content)
        return { kind: 'taken' }
      }
    } finally {
      removeIfOurs(breaker, content)
    }
  }
}

/** False when a file is there. The content is complete before the name exists, so that no reader sees half of it. */
function linkNew(file: string, content: string): boolean {
  const own = writeBeside(file, content)
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw unusable(file, error)
  } finally {
    rmSync(own, { force: true })
  }
}

function renameNew(file: string, content: string): void {
  renameSync(writeBeside(file, content), file)
}

function writeBeside(file: string, content: string): string {
  const own = `${file}.${randomBytes(8).toString('hex')}.new`
  // Not synced: after a power cut the file is of another boot or empty, and stale either way.
  try {
    writeFileSync(own, content, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw unusable(file, error)
  }
  return own
}

/** Nobody replaces the file of a living process, so between the look and the removal it stays ours. */
function removeIfOurs(file: string, content: string): void {
  if (readIfThere(file) === content) rmSync(file, { force: true })
}

function livingOwner(content: string, around: LockSurroundings): LockOwner | null {
  const owner = parseOwner(content)
  if (owner === null || owner.boot !== around.boot) return null
  return isLiving(owner, around.processes()) ? owner : null
}

function parseOwner(content: string): LockOwner | null {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { pid, started, boot, version } = value as Readonly<Record<keyof LockOwner, unknown>>
  if (!Number.isSafeInteger(pid) || typeof pid !== 'number' || pid <= 0) return null
  if (typeof started !== 'string' || typeof boot !== 'string') return null
  return { pid, started, boot, version: typeof version === 'string' ? version : 'unknown' }
}

function describeOwner(version: string, around: LockSurroundings): LockOwner {
  const self = around.processes().read(around.pid)
  if (self === null) {
    // Without it a lock of ours would look stale to every other daemon.
    const message = `Neither /proc nor ps tells when process ${String(around.pid)} started.`
    throw new SkeinError('DAEMON_FAILED', message, { hint: 'Mount /proc, or install ps.' })
  }
  return { pid: self.pid, started: self.started, boot: around.boot, version }
}

function ownSurroundings(): LockSurroundings {
  return { pid: process.pid, boot: bootId(), processes: systemProcesses }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw unusable(file, error)
  }
}

function alreadyRunning(home: string, owner: LockOwner): SkeinError {
  const message = `A daemon already runs on ${home}: pid ${String(owner.pid)}, version ${owner.version}.`
  return new SkeinError('DAEMON_RUNNING', message, { data: { home, ...owner } })
}

function tooManyBreakers(file: string): SkeinError {
  const hint = `rm ${file}.*`
  return new SkeinError('HOME_UNUSABLE', `${file} cannot be taken over.`, { hint })
}

function unusable(file: string, cause: unknown): SkeinError {
  const code = codeOf(cause)
  if (code === 'ENOSPC') return new SkeinError('DISK_FULL', `No room for ${file}.`, { cause })
  const message = `${file} cannot be used as a lock (${code ?? String(cause)}).`
  return new SkeinError('HOME_UNUSABLE', message, { cause })
}
