// The door to git's refs of kept work: `refs/skein/wip/<id>`, each a commit of its own. All worktrees of a clone share them; a
// plain push or fetch does not take them along.
import { createRunner, type Run } from './git-process.ts'

/** Where kept work hangs. */
export const WIP_REFS = 'refs/skein/wip/'

export interface KeptRef {
  /** The last part of the ref. */
  readonly id: string
  readonly commit: string
  readonly tree: string
  readonly parent: string | null
  readonly keptAtMs: number
  readonly message: string
}

/** A file of kept work against the commit that it stood on. */
export interface KeptFile {
  readonly path: string
  /** Null: of a binary file. */
  readonly added: number | null
  readonly removed: number | null
}

/** All of these throw as those of Git do. Ids are of `wip_` and 26 letters and digits: no other text reaches git. */
export interface KeptRefs {
  /** False when the id is taken. */
  create(root: string, id: string, commit: string): Promise<boolean>
  /** Oldest first. */
  list(root: string, signal: AbortSignal | undefined): Promise<readonly KeptRef[]>
  /** Files of each commit, in the order of the commits. */
  files(
    root: string,
    commits: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (readonly string[])[]>
  changes(
    root: string,
    kept: KeptRef,
    signal: AbortSignal | undefined,
  ): Promise<readonly KeptFile[]>
  /** Only while it is at this commit. */
  drop(root: string, id: string, commit: string): Promise<void>
  /** False when there is such a branch already. @throws SkeinError REPO_NOT_GIT for what is no name of a branch */
  branch(root: string, name: string, commit: string): Promise<boolean>
  /** May a branch be called so? */
  isBranchName(root: string, name: string): Promise<boolean>
}

/** @param env the environment to start git in, before it is cleaned. */
export function createKeptRefs(env: Readonly<Record<string, string | undefined>>): KeptRefs {
  const run = createRunner(env)
  const update = async (root: string, ref: string, commit: string): Promise<boolean> => {
    const options = { signal: undefined, refusals: /reference already exists|cannot lock ref/ }
    return (await run(root, ['update-ref', ref, commit, ''], options)) !== null
  }
  return {
    create: (root, id, commit) => update(root, WIP_REFS + id, commit),
    list: (root, signal) => readRefs(run, root, signal),
    files: (root, commits, signal) => readFiles(run, root, commits, signal),
    changes: (root, kept, signal) => readChanges(run, root, kept, signal),
    async drop(root, id, commit) {
      const options = { signal: undefined, refusals: /cannot lock ref|unable to resolve reference/ }
      await run(root, ['update-ref', '-d', WIP_REFS + id, commit], options)
    },
    branch: (root, name, commit) => update(root, `refs/heads/${name}`, commit),
    async isBranchName(root, name) {
      const options = { signal: undefined, refusals: /not a valid branch name/ }
      const answer = await run(root, ['check-ref-format', '--branch', name], options)
      // `@{-1}` stands for another name.
      return answer?.trim() === name
    },
  }
}

/** What `%00%01%00` ends is one ref: no field of it holds these. */
const END = '\0\u0001\0\n'
const FORMAT = [
  ...['%(refname)', '%(objectname)', '%(objecttype)', '%(tree)', '%(parent)'],
  ...['%(committerdate:unix)', '%(contents)'],
].join('%00')

async function readRefs(
  run: Run,
  root: string,
  signal: AbortSignal | undefined,
): Promise<readonly KeptRef[]> {
  const args = ['for-each-ref', `--format=${FORMAT}%00%01%00`, '--sort=creatordate', WIP_REFS]
  const answer = (await run(root, args, { signal })) ?? ''
  return answer.split(END).flatMap((record): KeptRef[] => {
    const [ref = '', commit = '', type, tree = '', parents = '', seconds, message = ''] =
      record.split('\0')
    if (type !== 'commit') return []
    const parent = parents.split(' ')[0] || null
    const keptAtMs = Number(seconds) * 1000
    return [{ id: ref.slice(WIP_REFS.length), commit, tree, parent, keptAtMs, message }]
  })
}

async function readFiles(
  run: Run,
  root: string,
  commits: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly (readonly string[])[]> {
  if (commits.length === 0) return []
  const args = [
    'diff-tree',
    '--stdin',
    '--always',
    '--root',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
  ]
  const stdin = commits.map((commit) => `${commit}\n`).join('')
  const answer = (await run(root, args, { signal, stdin })) ?? ''
  const found: string[][] = []
  for (const field of answer.split('\0')) {
    if (field === commits[found.length]) found.push([])
    else if (field !== '') found.at(-1)?.push(field)
  }
  return found
}

async function readChanges(
  run: Run,
  root: string,
  { commit }: KeptRef,
  signal: AbortSignal | undefined,
): Promise<readonly KeptFile[]> {
  const plain = ['--no-renames', '--no-ext-diff', '--no-textconv']
  const args = ['diff-tree', '--root', '--no-commit-id', '-r', '-z', '--numstat', ...plain, commit]
  const answer = (await run(root, args, { signal })) ?? ''
  return answer.split('\0').flatMap((record): KeptFile[] => {
    const [, added = '', removed = '', file] = /^(\S+)\t(\S+)\t([^]*)$/.exec(record) ?? []
    if (file === undefined) return []
    return [{ path: file, added: countIn(added), removed: countIn(removed) }]
  })
}

function countIn(text: string): number | null {
  return text === '-' ? null : Number(text)
}
