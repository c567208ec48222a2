// Writes kept work into a checkout. First everything is looked at, then everything is written, and what changed between is found: a file with work in it that is not
// committed is never overwritten, and nothing outside of the checkout is reached, whatever the names and links in it say.
import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import type { Checkout } from '../git.ts'
import type { GitObjects } from '../git-objects.ts'
import type { Replacement, Replay, Replays } from '../git-replay.ts'
import type { Worktree } from '../git-worktree.ts'
import { putTogether, type Put } from './write.ts'

export interface Restored extends Put {
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

/** @throws SkeinError WIP_OVERWRITES, WIP_UNMERGEABLE, WIP_UNWRITABLE, and then nothing has changed */
export async function writeReplay(
  { objects, worktree, replays }: RestoreTools,
  checkout: Checkout,
  { changes, names }: Replay,
  signal: AbortSignal | undefined,
): Promise<Restored> {
  const { root } = checkout
  const going = new Set(changes.filter(({ after }) => after === null).map((change) => change.path))
  // Taken before git is asked: what is written from now on is another stamp.
  const stamps = new Map(changes.map(({ path: file }) => [file, stampOf(root, file, going)]))
  const unwatched = await replays.unwatched(root, signal)
  const changed = new Set([...unwatched, ...(await worktree.changed(checkout))])
  const found = changes.map((change) => ({ change, state: stateOf(root, change, changed, going) }))
  const inTheWay = found.filter(({ state }) => state === 'other').map(({ change }) => change.path)
  if (inTheWay.length > 0) throw overwrites(inTheWay)
  const wanted = found.filter(({ state }) => state === 'before').map(({ change }) => change)
  // A blob that is missing must not leave half a work.
  const contents = await objects.withReader(root, signal, async (reader) => {
    const read: (Buffer | null)[] = []
    for (const { path: file, after } of wanted) {
      const bytes = after === null ? null : await reader.read(after.id, 'blob', BLOB_BYTES_MAX)
      if (after !== null && bytes === null) throw unreadable(file)
      read.push(bytes === null ? null : named(bytes, names))
    }
    return read
  })
  const files = wanted.map(({ path: file, after }, at) => {
    const bytes = contents[at] ?? null
    return { path: file, content: after && bytes && { mode: after.mode, bytes } }
  })
  const put = putTogether(root, files, () => {
    const moved = wanted.filter(({ path: file }) => stampOf(root, file, going) !== stamps.get(file))
    if (moved.length > 0) throw overwrites(moved.map((change) => change.path))
  })
  const already = found.filter(({ state }) => state === 'after').map(({ change }) => change.path)
  return { ...put, already }
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

function lookAt(root: string, file: string, going: ReadonlySet<string>): There | 'in-the-way' {
  const facts = factsOf(root, file, going)
  if (facts === null || facts === 'in-the-way') return facts
  const place = path.join(root, file)
  if (facts.isSymbolicLink()) {
    const target = readlinkSync(place, { encoding: 'buffer' })
    return { mode: '120000', id: (length) => blobId(target, length) }
  }
  if (!facts.isFile()) return 'in-the-way'
  if (facts.size > BLOB_BYTES_MAX) return { mode: '', id: () => '' }
  const mode = (facts.mode & 0o100) === 0 ? '100644' : '100755'
  return { mode, id: (length) => blobId(readFileSync(place), length) }
}

/** Another one for whatever is written, or put there instead. */
function stampOf(root: string, file: string, going: ReadonlySet<string>): string {
  const facts = factsOf(root, file, going)
  if (facts === null || facts === 'in-the-way') return String(facts)
  const { dev, ino, mode, size, mtimeMs, ctimeMs } = facts
  return [dev, ino, mode, size, mtimeMs, ctimeMs].map(String).join(' ')
}

/** Null: nothing is there, and a file can be put there; folders are made. @param going what is removed first */
function factsOf(
  root: string,
  file: string,
  going: ReadonlySet<string>,
): Stats | null | 'in-the-way' {
  try {
    for (let end = file.indexOf('/'); end !== -1; end = file.indexOf('/', end + 1)) {
      const folder = file.slice(0, end)
      const facts = lstatSync(path.join(root, folder), { throwIfNoEntry: false })
      if (facts === undefined) return null
      // Behind a link lies another place.
      if (!facts.isDirectory()) return going.has(folder) ? null : 'in-the-way'
    }
    return lstatSync(path.join(root, file), { throwIfNoEntry: false }) ?? null
  } catch {
    // No right to look, or a name that no disk takes.
    return 'in-the-way'
  }
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
