// What git knows of work side by side: branches and worktrees that are ahead of the trunk, work that is not committed yet, and
// what a merge of two would give. Nothing here changes a file, an index, a branch or a ref of anybody.
import { lstatSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRunner, type Run } from './git-process.ts'

/** A line of work. */
export interface Tip {
  /** `feature`, `origin/feature`. */
  readonly name: string
  readonly kind: 'branch' | 'remote' | 'detached'
  readonly commit: string
  readonly committedAtMs: number
  /** Where it is checked out. */
  readonly worktree: string | null
}

export interface MergeConflict {
  readonly path: string
  /** In git's words: `contents`, `modify/delete`, `rename/rename`. */
  readonly kind: string
}

/** All of these throw as those of Git do. */
export interface Merges {
  /** Can it merge without a worktree? Git can since 2.38. */
  canMerge(root: string): Promise<boolean>
  /** Branches, remote branches and detached worktrees, newest first. */
  tips(root: string, signal: AbortSignal): Promise<readonly Tip[]>
  /** Files that a commit changed since it left the trunk; null when they share no history. */
  changedSince(
    root: string,
    trunk: string,
    commit: string,
    signal: AbortSignal,
  ): Promise<readonly string[] | null>
  /**
   * A commit of a worktree as it stands, with what is not committed and not ignored; null when it is clean. It is an object that
   * nothing refers to: git removes it in its own time. Filters do not run, so files that git would convert count as they are.
   */
  snapshot(worktree: string, signal: AbortSignal): Promise<string | null>
  /** Where a merge of the two stops. */
  conflicts(
    root: string,
    ours: string,
    theirs: string,
    signal: AbortSignal,
  ): Promise<readonly MergeConflict[]>
}

const MERGE_MS_MAX = 20_000
/** A worktree with more than this changed is built or unpacked, not edited. */
const SNAPSHOT_FILES_MAX = 5_000

/** @param env the environment to start git in, before it is cleaned. */
export function createMerges(env: Readonly<Record<string, string | undefined>>): Merges {
  const run = createRunner(env)
  let version: Promise<readonly [number, number]> | null = null
  return {
    async canMerge(root) {
      version ??= readVersion(run, root)
      const [major, minor] = await version
      return major > 2 || (major === 2 && minor >= 38)
    },
    tips: (root, signal) => readTips(run, root, signal),
    async changedSince(root, trunk, commit, signal) {
      const args = ['diff', '--name-only', '--no-renames', '-z', `${trunk}...${commit}`, '--']
      const answer = await run(root, args, { signal, refusals: /no merge base/ })
      return answer === null ? null : fields(answer)
    },
    snapshot: (worktree, signal) => takeSnapshot(run, worktree, signal),
    async conflicts(root, ours, theirs, signal) {
      const args = ['merge-tree', '--write-tree', '--name-only', '-z', '--messages', ours, theirs]
      const options = { signal, millisecondsMax: MERGE_MS_MAX, answerExit: 1 }
      const unrelated = { refusals: /unrelated histories/ }
      return parseMerge((await run(root, args, { ...options, ...unrelated })) ?? '')
    },
  }
}

async function readVersion(run: Run, root: string): Promise<readonly [number, number]> {
  const answer = (await run(root, ['version'], { signal: undefined })) ?? ''
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(answer) ?? []
  return [Number(major), Number(minor)]
}

const REF_FORMAT = '%(refname)%00%(objectname)%00%(objecttype)%00%(committerdate:unix)%00%(symref)'

async function readTips(run: Run, root: string, signal: AbortSignal): Promise<readonly Tip[]> {
  const refs = ['for-each-ref', `--format=${REF_FORMAT}`, 'refs/heads', 'refs/remotes']
  const [listed, trees] = await Promise.all([
    run(root, refs, { signal }),
    run(root, ['worktree', 'list', '--porcelain'], { signal }),
  ])
  const worktrees = parseWorktrees(trees ?? '')
  const branches = (listed ?? '').split('\n').flatMap((line): Tip[] => {
    const [ref = '', commit = '', type, seconds, symref] = line.split('\0')
    if (type !== 'commit' || symref !== '') return []
    const worktree = worktrees.find(({ branch }) => branch === ref)?.path ?? null
    const kind = ref.startsWith('refs/heads/') ? 'branch' : 'remote'
    const name = ref.replace(/^refs\/(?:heads|remotes)\//, '')
    return [{ name, kind, commit, committedAtMs: Number(seconds) * 1000, worktree }]
  })
  const detached = worktrees.flatMap(({ path: folder, head, branch }): Tip[] =>
    branch !== null || head === null
      ? []
      : [
          {
            name: path.basename(folder),
            kind: 'detached',
            commit: head,
            committedAtMs: Date.now(),
            worktree: folder,
          },
        ],
  )
  return [...branches, ...detached].sort((a, b) => b.committedAtMs - a.committedAtMs)
}

interface Worktree {
  readonly path: string
  readonly head: string | null
  readonly branch: string | null
}

function parseWorktrees(text: string): readonly Worktree[] {
  return text.split('\n\n').flatMap((block): Worktree[] => {
    const lines = block.split('\n')
    const word = (name: string): string | null =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? null
    const folder = word('worktree')
    if (folder === null || lines.some((line) => /^(?:bare|prunable)\b/.test(line))) return []
    return [{ path: folder, head: word('HEAD'), branch: word('branch') }]
  })
}

/** An author for what is nobody's commit: it needs no user.name. */
const NOBODY = {
  GIT_AUTHOR_NAME: 'skein',
  GIT_AUTHOR_EMAIL: 'skein@localhost',
  GIT_COMMITTER_NAME: 'skein',
  GIT_COMMITTER_EMAIL: 'skein@localhost',
} as const

async function takeSnapshot(
  run: Run,
  worktree: string,
  signal: AbortSignal,
): Promise<string | null> {
  const status = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames']
  const changed = fields((await run(worktree, status, { signal })) ?? '').map((line) => ({
    path: line.slice(3),
    isGone: line[1] === 'D' || (line[0] === 'D' && line[1] === ' '),
    isFolder: line.endsWith('/'),
  }))
  const files = changed.filter(({ isFolder }) => !isFolder).slice(0, SNAPSHOT_FILES_MAX)
  if (files.length === 0) return null
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-index-'))
  const variables = { ...NOBODY, GIT_INDEX_FILE: path.join(folder, 'index') }
  try {
    await run(worktree, ['read-tree', 'HEAD'], { signal, variables })
    const gone = files.filter(({ isGone }) => isGone).map((file) => file.path)
    const there = files
      .filter(({ isGone }) => !isGone)
      .flatMap(({ path: file }) => kept(worktree, file))
    const blobs = await writeBlobs(run, worktree, there, signal)
    const info = [
      ...gone.map((file) => `0 ${'0'.repeat(40)}\t${file}`),
      ...there.map(({ path: file, mode }, at) => `${mode} ${blobs[at] ?? ''}\t${file}`),
    ]
    const update = ['update-index', '-z', '--index-info']
    await run(worktree, update, { signal, variables, stdin: info.map((it) => `${it}\0`).join('') })
    const tree = (await run(worktree, ['write-tree'], { signal, variables }))?.trim() ?? ''
    const commit = ['commit-tree', '-p', 'HEAD', '-m', 'not committed yet', tree]
    return (await run(worktree, commit, { signal, variables }))?.trim() ?? null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Kept {
  readonly path: string
  readonly mode: '100644' | '100755' | '120000'
  /** Of a symlink. */
  readonly target: string | null
}

/** Nothing of what is gone again, and of what git does not keep: sockets, other repositories. */
function kept(worktree: string, file: string): readonly Kept[] {
  const place = path.join(worktree, file)
  const facts = lstatSync(place, { throwIfNoEntry: false })
  if (facts?.isSymbolicLink() === true)
    return [{ path: file, mode: '120000', target: readlinkSync(place) }]
  // Git reads the paths of files to hash a line each.
  if (facts?.isFile() !== true || file.includes('\n') || file.startsWith('"')) return []
  return [{ path: file, mode: (facts.mode & 0o100) === 0 ? '100644' : '100755', target: null }]
}

/** Filters of a checkout are programs that others may have named: its files are taken as they are. */
async function writeBlobs(
  run: Run,
  worktree: string,
  files: readonly Kept[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const write = ['hash-object', '-w', '--no-filters']
  const plain = files.filter(({ target }) => target === null)
  const stdin = plain.map((file) => `${file.path}\n`).join('')
  const answer = (await run(worktree, [...write, '--stdin-paths'], { signal, stdin })) ?? ''
  const hashes = answer.split('\n')
  const blobs: string[] = []
  for (const { target } of files) {
    if (target === null) blobs.push(hashes.shift() ?? '')
    else
      blobs.push(
        ((await run(worktree, [...write, '--stdin'], { signal, stdin: target })) ?? '').trim(),
      )
  }
  return blobs
}

function fields(text: string): string[] {
  return text.split('\0').filter((field) => field !== '')
}

/**
 * `<tree> NUL (<file> NUL)* NUL (<number> NUL (<path> NUL){number} <type> NUL <message> NUL)*`, git-merge-tree(1), OUTPUT. A clean
 * merge has no files.
 */
export function parseMerge(text: string): readonly MergeConflict[] {
  const parts = text.split('\0')
  const end = parts.indexOf('', 1)
  const files = new Set(parts.slice(1, end === -1 ? undefined : end).map(asNamed))
  const kinds = new Map<string, string>()
  for (let at = end + 1; end !== -1 && at < parts.length - 1;) {
    const number = Number(parts[at])
    if (!Number.isSafeInteger(number) || number < 0) break
    const type = parts[at + 1 + number] ?? ''
    const kind = /^CONFLICT \((.+)\)$/.exec(type)?.[1]
    if (kind !== undefined)
      for (const file of parts.slice(at + 1, at + 1 + number)) kinds.set(asNamed(file), kind)
    at += number + 3
  }
  return [...files].map((file) => ({ path: file, kind: kinds.get(file) ?? 'contents' }))
}

/** A file that cannot stand beside the other's is told under a name with its commit behind. */
function asNamed(file: string): string {
  return file.replace(/~[0-9a-f]{40,64}$/, '')
}
