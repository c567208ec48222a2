// Writes kept work into a checkout. First everything is looked at, then everything is written: a file with work in it that is not
// committed is never overwritten, and nothing outside of the checkout is reached, whatever the names and links in it say.
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { Checkout } from '../git.ts'
import type { GitObjects } from '../git-objects.ts'
import type { Replacement, Replay, Replays } from '../git-replay.ts'
import type { Worktree } from '../git-worktree.ts'

export interface Restored {
  /** Written now. */
  readonly written: readonly string[]
  /** Lay there already as they were kept. */
  readonly already: readonly string[]
}

export interface RestoreTools {
  readonly objects: GitObjects
  readonly worktree: Worktree
  readonly replays: Pick<Replays, 'unwatched'>
}

/** What a snapshot may hold of one file, and room for the marks of conflicts. */
const BLOB_BYTES_MAX = 16 * 1_048_576

/** @throws SkeinError WIP_OVERWRITES, and then nothing has changed */
export async function writeReplay(
  { objects, worktree, replays }: RestoreTools,
  checkout: Checkout,
  { changes, names }: Replay,
  signal: AbortSignal | undefined,
): Promise<Restored> {
  const { root } = checkout
  const unwatched = await replays.unwatched(root, signal)
  const changed = new Set([...unwatched, ...(await worktree.changed(checkout))])
  const going = new Set(changes.filter(({ after }) => after === null).map((change) => change.path))
  const found = changes.map((change) => ({ change, state: stateOf(root, change, changed, going) }))
  const inTheWay = found.filter(({ state }) => state === 'other').map(({ change }) => change.path)
  if (inTheWay.length > 0) throw overwrites(inTheWay)
  const wanted = found.filter(({ state }) => state === 'before').map(({ change }) => change)
  // All of them are read before the first is written: a blob that is missing must not leave half a work.
  const contents = await objects.withReader(root, signal, async (reader) => {
    const read: (Buffer | null)[] = []
    for (const { path: file, after } of wanted) {
      const bytes = after === null ? null : await reader.read(after.id, 'blob', BLOB_BYTES_MAX)
      if (after !== null && bytes === null) throw unreadable(file)
      read.push(bytes === null ? null : named(bytes, names))
    }
    return read
  })
  for (const { path: file, after } of wanted) if (after === null) remove(root, file)
  for (const [at, change] of wanted.entries()) {
    const bytes = contents[at] ?? null
    if (change.after !== null && bytes !== null) put(root, change.path, change.after.mode, bytes)
  }
  const already = found.filter(({ state }) => state === 'after').map(({ change }) => change.path)
  return { written: wanted.map((change) => change.path), already }
}

/** What lies at its place: what was committed, what would be written, or something else. */
function stateOf(
  root: string,
  { path: file, before, after }: Replacement,
  changed: ReadonlySet<string>,
  going: ReadonlySet<string>,
): 'before' | 'after' | 'other' {
  if (!isPlainPath(file)) return 'other'
  const there = lookAt(root, file, going)
  if (there === 'in-the-way') return 'other'
  if (isSame(there, after)) return 'after'
  if (isSame(there, before)) return 'before'
  // Filters may write a file otherwise than it is committed: then git's stamps say that it is unchanged, where it looks at them.
  return before !== null && there !== null && !changed.has(file) ? 'before' : 'other'
}

/** git takes no such names into a tree; somebody who made the commit by hand might. */
function isPlainPath(file: string): boolean {
  return file.split('/').every((name) => name !== '' && !/^(?:\.|\.\.|\.git)$/i.test(name))
}

type There = { readonly mode: string; readonly id: (length: number) => string } | null

function isSame(there: There, wanted: Replacement['after']): boolean {
  if (there === null || wanted === null) return there === wanted
  return there.mode === wanted.mode && there.id(wanted.id.length) === wanted.id
}

/** Null: nothing is there, and a file can be put there; folders are made. @param going what is removed first */
function lookAt(root: string, file: string, going: ReadonlySet<string>): There | 'in-the-way' {
  for (let end = file.indexOf('/'); end !== -1; end = file.indexOf('/', end + 1)) {
    const folder = file.slice(0, end)
    const facts = lstatSync(path.join(root, folder), { throwIfNoEntry: false })
    if (facts === undefined) return null
    // Behind a link lies another place.
    if (!facts.isDirectory()) return going.has(folder) ? null : 'in-the-way'
  }
  const place = path.join(root, file)
  const facts = lstatSync(place, { throwIfNoEntry: false })
  if (facts === undefined) return null
  if (facts.isSymbolicLink()) {
    const target = readlinkSync(place, { encoding: 'buffer' })
    return { mode: '120000', id: (length) => blobId(target, length) }
  }
  if (!facts.isFile()) return 'in-the-way'
  if (facts.size > BLOB_BYTES_MAX) return { mode: '', id: () => '' }
  const mode = (facts.mode & 0o100) === 0 ? '100644' : '100755'
  return { mode, id: (length) => blobId(readFileSync(place), length) }
}

/** As git names a blob: SHA-1, or SHA-256 where ids are that long. */
function blobId(bytes: Buffer, length: number): string {
  const hash = createHash(length === 64 ? 'sha256' : 'sha1')
  return hash
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex')
}

/** The marks of conflicts name the two sides as git would, and not by commits that nobody knows. */
function named(bytes: Buffer, { ours, theirs }: Replay['names']): Buffer {
  if (ours === '' || !bytes.includes(`<<<<<<< ${ours}`)) return bytes
  const text = bytes.toString('latin1')
  return Buffer.from(
    text
      .replaceAll(`<<<<<<< ${ours}`, '<<<<<<< HEAD')
      .replaceAll(`>>>>>>> ${theirs}`, '>>>>>>> kept work'),
    'latin1',
  )
}

function remove(root: string, file: string): void {
  rmSync(path.join(root, file), { force: true })
  for (let folder = path.dirname(file); folder !== '.'; folder = path.dirname(folder)) {
    try {
      rmdirSync(path.join(root, folder))
    } catch {
      // Something is left in it.
      return
    }
  }
}

/** Whole or not at all: beside its place, then moved there. */
function put(root: string, file: string, mode: string, bytes: Buffer): void {
  const place = path.join(root, file)
  mkdirSync(path.dirname(place), { recursive: true })
  const next = path.join(path.dirname(place), `.skein-${String(process.pid)}.tmp`)
  rmSync(next, { force: true })
  if (mode === '120000') symlinkSync(bytes, next)
  else {
    // What the user's umask leaves of it.
    writeFileSync(next, bytes, { flag: 'wx', mode: mode === '100755' ? 0o777 : 0o666 })
  }
  renameSync(next, place)
}

const FILES_TOLD = 20

function overwrites(files: readonly string[]): SkeinError {
  const shown = files.slice(0, FILES_TOLD)
  const more = files.length > shown.length ? ` and ${String(files.length - shown.length)} more` : ''
  const message = `There is other work in ${shown.join(', ')}${more}: nothing was restored.`
  return new SkeinError('WIP_OVERWRITES', message, { data: { files: shown } })
}

function unreadable(file: string): SkeinError {
  return new SkeinError(
    'WIP_UNMERGEABLE',
    `${file} of the kept work cannot be read; nothing was restored.`,
  )
}
