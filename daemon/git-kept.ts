// The door to git's refs of kept work: `refs/skein/wip/<id>`, each a commit of its own. All worktrees of a clone share them; a
// plain push or fetch does not take them along.
import { SkeinError } from '../protocol/index.ts'
import { createGitObjects, type GitObjects } from './git-objects.ts'
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
  /** Oldest first. Without those whose commit cannot be read: one that a crash has damaged does not hide the others. */
  list(root: string, signal: AbortSignal | undefined): Promise<readonly KeptRef[]>
  /** Files of each commit, in the order of the commits; none of one that cannot be read. */
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
  const objects = createGitObjects(env)
  const update = async (root: string, ref: string, commit: string): Promise<boolean> => {
    const options = { signal: undefined, refusals: /reference already exists|cannot lock ref/ }
    return (await run(root, ['update-ref', ref, commit, ''], options)) !== null
  }
  return {
    create: (root, id, commit) => update(root, WIP_REFS + id, commit),
    list: (root, signal) => readRefs(run, objects, root, signal),
    files: (root, commits, signal) => readAllFiles(run, root, commits, signal),
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

/** Far more than a note holds. */
const COMMIT_BYTES_MAX = 16 * 1_048_576

/** The names come without a look at the objects: on one that is damaged git would end without naming the others. */
async function readRefs(
  run: Run,
  objects: GitObjects,
  root: string,
  signal: AbortSignal | undefined,
): Promise<readonly KeptRef[]> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', WIP_REFS]
  const refs = fieldsOf((await run(root, args, { signal })) ?? '', '\n')
  if (refs.length === 0) return []
  const found = await objects.withReader(root, signal, async (reader) => {
    const kept: KeptRef[] = []
    for (const ref of refs) {
      const [commit = '', name = ''] = ref.split(' ')
      const read = reader.read(commit, 'commit', COMMIT_BYTES_MAX)
      const bytes = await unlessDamaged(read, null, signal)
      if (bytes !== null) kept.push(parseCommit(name.slice(WIP_REFS.length), commit, bytes))
    }
    return kept
  })
  return found.toSorted((a, b) => a.keptAtMs - b.keptAtMs)
}

/** gitformat-commit: lines of `<name> <value>`, an empty one, the message. */
function parseCommit(id: string, commit: string, bytes: Buffer): KeptRef {
  const text = bytes.toString('utf8')
  const end = text.indexOf('\n\n')
  const headers = end === -1 ? text : text.slice(0, end)
  const valueOf = (pattern: RegExp): string | null => pattern.exec(headers)?.[1] ?? null
  const tree = valueOf(/^tree (\w+)$/m) ?? ''
  const parent = valueOf(/^parent (\w+)$/m)
  const keptAtMs = Number(valueOf(/^committer .*> (\d+) [+-]\d+$/m) ?? 0) * 1000
  return { id, commit, tree, parent, keptAtMs, message: end === -1 ? '' : text.slice(end + 2) }
}

/** What git could not read is nothing; what was broken off, or took too long, is not. */
async function unlessDamaged<Result>(
  act: Promise<Result>,
  instead: Result,
  signal: AbortSignal | undefined,
): Promise<Result> {
  try {
    return await act
  } catch (error) {
    const isDamage = error instanceof SkeinError && error.code === 'REPO_NOT_GIT'
    if (!isDamage || signal?.aborted === true) throw error
    return instead
  }
}

async function readAllFiles(
  run: Run,
  root: string,
  commits: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly (readonly string[])[]> {
  const together = await unlessDamaged(readFiles(run, root, commits, signal), null, signal)
  if (together !== null) return together
  const found: (readonly string[])[] = []
  for (const commit of commits) {
    const [files = []] = await unlessDamaged(readFiles(run, root, [commit], signal), [], signal)
    found.push(files)
  }
  return found
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
  for (const field of fieldsOf(answer, '\0')) {
    if (field === commits[found.length]) found.push([])
    else found.at(-1)?.push(field)
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

function fieldsOf(text: string, end: string): readonly string[] {
  return text.split(end).filter((field) => field !== '')
}
