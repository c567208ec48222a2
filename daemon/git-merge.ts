// What git knows of work side by side: branches and worktrees that are ahead of the trunk, work that is not committed yet, and
// what a merge of two would give. Nothing here changes a file, an index, a branch or a ref of anybody.
import path from 'node:path'
import { createRunner, type Run } from './git-process.ts'
import { createSnapshots, type Snapshots } from './git-snapshot.ts'

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
const SNAPSHOT_BOUNDS = { files: 5_000, fileBytes: 64 * 1_048_576, bytes: 512 * 1_048_576 } as const

/** @param env the environment to start git in, before it is cleaned. */
export function createMerges(env: Readonly<Record<string, string | undefined>>): Merges {
  const run = createRunner(env)
  const snapshots = createSnapshots(env)
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
    snapshot: (worktree, signal) => snapshotOf(snapshots, worktree, signal),
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

async function snapshotOf(
  snapshots: Snapshots,
  worktree: string,
  signal: AbortSignal,
): Promise<string | null> {
  const wish = { covers: () => true, bounds: SNAPSHOT_BOUNDS, signal }
  const taken = await snapshots.take(worktree, wish)
  if (taken.files.length === 0) return null
  // Without a moment of its own the same work is the same commit at each look.
  const of = { parent: taken.head, message: 'not committed yet', atMs: 0, signal }
  return snapshots.commit(worktree, { tree: taken.tree, ...of })
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
