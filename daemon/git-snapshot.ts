// The door to git's snapshots: what is not committed in a worktree, as objects of its repository. The index is one of our own, and
// nothing of the user's changes: no file, index, HEAD, branch or stash. No filter of the checkout runs: files count as they lie on
// the disk.
import { lstatSync, mkdtempSync, readlinkSync, rmSync, type Stats } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SkeinError } from '../protocol/index.ts'
import { durably } from './git-durable.ts'
import { withoutFilters } from './git-filters.ts'
import { createRunner, type Run, type RunOptions } from './git-process.ts'

/** A file that could not be taken, and why, in words. */
export interface Skipped {
  readonly path: string
  readonly why: string
}

export interface SnapshotTree {
  /** What is checked out; null before the first commit. */
  readonly head: string | null
  /** HEAD's tree with the work in it. */
  readonly tree: string
  /** Paths in which it differs from HEAD's. */
  readonly files: readonly string[]
  readonly skipped: readonly Skipped[]
  /** Of the files that were taken. */
  readonly bytes: number
}

export interface SnapshotBounds {
  readonly files: number
  readonly fileBytes: number
  readonly bytes: number
}

export interface SnapshotWish {
  /** Only these paths, from the root. */
  readonly covers: (file: string) => boolean
  readonly bounds: SnapshotBounds
  readonly signal: AbortSignal | undefined
}

/** All of these throw as those of Git do. */
export interface Snapshots {
  /** Without work in it, it is HEAD's tree. */
  take(root: string, wish: SnapshotWish): Promise<SnapshotTree>
  /** Commits of HEAD that no branch, tag or remote branch has: they hang on a detached HEAD alone. */
  unreferenced(root: string, signal: AbortSignal | undefined): Promise<number>
  /** A commit of nobody's: neither the user's name nor a signature is needed. @returns its id. */
  commit(root: string, of: CommitOf): Promise<string>
}

export interface CommitOf {
  readonly tree: string
  readonly parent: string | null
  readonly message: string
  readonly atMs: number
  readonly signal: AbortSignal | undefined
}

/** @param env the environment to start git in, before it is cleaned. */
export function createSnapshots(env: Readonly<Record<string, string | undefined>>): Snapshots {
  const run = createRunner(env)
  return {
    async take(root, wish) {
      try {
        return await takeTree(run, root, wish)
      } catch (error) {
        if (!(error instanceof SkeinError) || error.code !== 'REPO_NOT_GIT') throw error
        // Whoever works there may have moved a file between the look and the reading of it.
        return takeTree(run, root, wish)
      }
    },
    async unreferenced(root, signal) {
      const known = ['--not', '--branches', '--tags', '--remotes']
      const options = { signal, refusals: /bad revision|unknown revision/ }
      const count = await run(root, ['rev-list', '--count', 'HEAD', ...known, '--'], options)
      return count === null ? 0 : Number(count.trim())
    },
    commit: (root, of) => commitTree(run, root, of),
  }
}

/** The author of what is nobody's commit, at a moment that its maker says: it needs no user.name. */
export function nobodyAt(milliseconds: number): Readonly<Record<`GIT_${string}`, string>> {
  const at = `@${String(Math.floor(milliseconds / 1000))} +0000`
  return {
    ...{ GIT_AUTHOR_NAME: 'skein', GIT_AUTHOR_EMAIL: 'skein@localhost', GIT_AUTHOR_DATE: at },
    ...{ GIT_COMMITTER_NAME: 'skein', GIT_COMMITTER_EMAIL: 'skein@localhost' },
    GIT_COMMITTER_DATE: at,
  }
}

/** Some hundred megabytes are packed in this time on a slow disk. */
const WRITE_MS_MAX = 60_000
const GITLINK = '160000'
/** Each file costs a write through to the disk; of more a slow one would not be done in time, and then nothing is kept. */
const FSYNC_FILES_MAX = 500

async function commitTree(
  run: Run,
  root: string,
  { tree, parent, message, atMs, signal }: CommitOf,
): Promise<string> {
  const from = parent === null ? [] : ['-p', parent]
  const args = ['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', ...from, '-F', '-', tree]
  const variables = { ...nobodyAt(atMs), ...(await durably(run, root, signal)) }
  return wordOf(await run(root, args, { signal, variables, stdin: message }))
}

async function takeTree(
  run: Run,
  root: string,
  { covers, bounds, signal }: SnapshotWish,
): Promise<SnapshotTree> {
  const head = await headOf(run, root, signal)
  const changed = await changedIn(run, root, head, signal)
  const found = sortOut(
    root,
    changed.filter(({ path: file }) => covers(file)),
    bounds,
  )
  const { gone, taken, skipped, bytes } = found
  if (gone.length + taken.length === 0 && head !== null) {
    const tree = await run(root, ['rev-parse', '--verify', `${head}^{tree}`], { signal })
    return { head, tree: wordOf(tree), files: [], skipped, bytes: 0 }
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-index-'))
  const variables = { GIT_INDEX_FILE: path.join(folder, 'index') }
  try {
    const write = { signal, variables, millisecondsMax: WRITE_MS_MAX }
    await run(root, ['read-tree', ...(head === null ? ['--empty'] : [head])], write)
    const before = await treeOf(run, root, write)
    const durable = await durably(run, root, signal)
    const each = taken.length > FSYNC_FILES_MAX ? {} : { variables: durable }
    const blobs = await writeBlobs(run, root, taken, { ...each, signal })
    const none = '0'.repeat(before.length)
    const info = [
      ...gone.map((file) => `0 ${none}\t${file}\0`),
      ...taken.map(({ path: file, mode }, at) => `${mode} ${blobs[at] ?? none}\t${file}\0`),
    ]
    const update = ['update-index', '-z', '--index-info']
    await run(root, update, { ...write, stdin: info.join('') })
    const tree = await treeOf(run, root, { ...write, variables: { ...variables, ...durable } })
    const files = await differing(run, root, before, tree, signal)
    return { head, tree, files, skipped, bytes }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function headOf(
  run: Run,
  root: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']
  const answer = await run(root, args, { signal, refusals: /^$/ })
  return answer === null ? null : wordOf(answer)
}

/** A partial clone has not all objects of the tree that it writes. */
async function treeOf(run: Run, root: string, options: RunOptions): Promise<string> {
  return wordOf(await run(root, ['write-tree', '--missing-ok'], options))
}

async function differing(
  run: Run,
  root: string,
  before: string,
  after: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, after, '--']
  return fields((await run(root, args, { signal })) ?? '')
}

interface Change {
  readonly path: string
  readonly isSubmodule: boolean
}

/** By stamps, as git has them in the index: what only looks changed is found out later, by its blob. */
async function changedIn(
  run: Run,
  root: string,
  head: string | null,
  signal: AbortSignal | undefined,
): Promise<readonly Change[]> {
  const own = '--ignore-submodules=dirty'
  const variables = await withoutFilters(run, root, signal)
  const staged =
    head === null ? ['ls-files', '-z'] : ['diff-index', '--cached', '-z', own, head, '--']
  const [onDisk, inIndex, unknown] = await Promise.all([
    run(root, ['diff-files', '-z', own], { signal, variables }),
    run(root, staged, { signal }),
    run(root, ['ls-files', '-z', '--others', '--exclude-standard'], { signal }),
  ])
  const tracked = head === null ? plain(inIndex) : parseRaw(inIndex)
  const found = [...parseRaw(onDisk), ...tracked, ...plain(unknown)]
  return [...new Map(found.map((change) => [change.path, change])).values()]
}

function plain(answer: string | null): readonly Change[] {
  return fields(answer ?? '').map((file) => ({ path: file, isSubmodule: false }))
}

/** `:<mode> <mode> <id> <id> <status> NUL <path> NUL`, git-diff-files(1), RAW OUTPUT FORMAT; without renames one path. */
function parseRaw(answer: string | null): readonly Change[] {
  const parts = fields(answer ?? '')
  const changes: Change[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [before = '', after = ''] = (parts[at] ?? '').slice(1).split(' ')
    const isSubmodule = before === GITLINK || after === GITLINK
    changes.push({ path: parts[at + 1] ?? '', isSubmodule })
  }
  return changes
}

interface Taken {
  readonly path: string
  readonly mode: '100644' | '100755' | '120000'
  /** Of a symlink. */
  readonly target: Buffer | null
}

interface Sorted {
  readonly gone: readonly string[]
  readonly taken: readonly Taken[]
  readonly skipped: readonly Skipped[]
  readonly bytes: number
}

function sortOut(root: string, changes: readonly Change[], bounds: SnapshotBounds): Sorted {
  const gone: string[] = []
  const taken: Taken[] = []
  const skipped: Skipped[] = []
  let bytes = 0
  for (const change of changes) {
    const { path: file } = change
    const facts = factsOf(root, file)
    const why = objection(change, facts, {
      ...bounds,
      files: bounds.files - taken.length,
      bytes: bounds.bytes - bytes,
    })
    if (why !== null) skipped.push({ path: file, why })
    else if (facts === null || facts.isDirectory()) gone.push(file)
    else if (facts.isSymbolicLink()) {
      const target = readlinkSync(path.join(root, file), { encoding: 'buffer' })
      taken.push({ path: file, mode: '120000', target })
    } else {
      bytes += facts.size
      const mode = (facts.mode & 0o100) === 0 ? '100644' : '100755'
      taken.push({ path: file, mode, target: null })
    }
  }
  return { gone, taken, skipped, bytes }
}

/** Why it cannot be taken; null: it can, or is gone. */
function objection(
  { path: file, isSubmodule }: Change,
  facts: Stats | null,
  left: SnapshotBounds & { readonly bytes: number },
): string | null {
  if (isSubmodule) return 'a submodule is a repository of its own'
  if (file.endsWith('/')) return 'it is a repository of its own'
  // What is not UTF-8 in a name has become this sign: the file is there under another name.
  if (file.includes('\uFFFD')) return 'its name is not UTF-8'
  if (facts === null || facts.isDirectory() || facts.isSymbolicLink()) return null
  if (!facts.isFile()) return 'it is no plain file'
  if (left.files <= 0) return 'too many files have changed'
  if (facts.size > left.fileBytes) return `it is larger than ${mebibytes(left.fileBytes)}`
  return facts.size > left.bytes ? 'too much has changed for one snapshot' : null
}

function mebibytes(bytes: number): string {
  return `${String(Math.floor(bytes / 1_048_576))} MiB`
}

/** Null for what is gone: behind a link that has taken a folder's place there is another file. */
function factsOf(root: string, file: string): Stats | null {
  const names = file.split('/')
  let place = root
  for (const [at, name] of names.entries()) {
    place = path.join(place, name)
    const facts = lookAt(place)
    if (facts === null) return null
    if (at === names.length - 1) return facts
    if (!facts.isDirectory()) return null
  }
  return null
}

function lookAt(place: string): Stats | null {
  try {
    return lstatSync(place, { throwIfNoEntry: false }) ?? null
  } catch {
    // No right to look, or a name that no disk takes.
    return null
  }
}

/** How many paths git is told as words: a name may hold what ends a line. */
async function writeBlobs(
  run: Run,
  root: string,
  files: readonly Taken[],
  how: RunOptions,
): Promise<readonly string[]> {
  const write = ['hash-object', '-w', '--no-filters']
  const options = { ...how, millisecondsMax: WRITE_MS_MAX }
  const listed = files.filter(isListed)
  const stdin = listed.map((file) => `${file.path}\n`).join('')
  const answer = await run(root, [...write, '--stdin-paths'], { ...options, stdin })
  const hashes = fields((answer ?? '').replaceAll('\n', '\0'))
  const blobs: string[] = []
  for (const file of files) {
    if (isListed(file)) blobs.push(hashes.shift() ?? '')
    else if (file.target === null)
      blobs.push(wordOf(await run(root, [...write, '--', file.path], options)))
    else
      blobs.push(wordOf(await run(root, [...write, '--stdin'], { ...options, stdin: file.target })))
  }
  return blobs
}

/** Can its path be told to git in a line? */
function isListed({ path: file, target }: Taken): boolean {
  return target === null && !file.includes('\n') && !file.startsWith('"')
}

function wordOf(answer: string | null): string {
  return (answer ?? '').trim()
}

function fields(text: string): string[] {
  return text.split('\0').filter((field) => field !== '')
}
