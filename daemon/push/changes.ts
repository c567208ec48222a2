// Which files a push changes at the remote: those of the commits that it does not have yet, and of those that it loses; of the default
// branch, of all that come onto it, for what lay on another branch lands by that. Merges count with what they change themselves, beyond
// all their parents: the base that was merged is others' work.
import type { UserGit } from '../git-user.ts'

/** A blob before and after; null: the file was not there. */
export interface Edit {
  readonly before: string | null
  readonly after: string | null
}

/** Edits by path, in order of the commits. */
export type Edits = Map<string, Edit[]>

/** The files by name; what became of one is asked where its declarations are judged. */
export interface Changes {
  readonly paths: ReadonlySet<string>
  editsOf(paths: readonly string[]): Promise<Edits>
}

export interface RefUpdate {
  readonly ref: string
  /** The object that is pushed, which is here; null deletes the ref. */
  readonly source: string | null
  /** What the remote has there; null: nothing. */
  readonly old: string | null
  readonly isForced: boolean
}

export type ChangesFound =
  | { readonly kind: 'found'; readonly changes: Changes; readonly commits: number }
  /** What the ref loses is not here. */
  | { readonly kind: 'unknown'; readonly ref: string }
  | { readonly kind: 'too-large'; readonly why: string }

export interface ChangesLimits {
  readonly commitsMax: number
  readonly pathsBytesMax: number
}

/** A push beyond these is refused. Ids of a million commits are 41 MB, a million paths of 64 characters 64 MB. */
const LIMITS: ChangesLimits = { commitsMax: 1_000_000, pathsBytesMax: 64 * 1024 * 1024 }

/**
 * @param tips what the remote has, by ref: ids, of which some may not be here.
 * @param published what is known here to have been published before: ids.
 */
export async function changesOf(
  git: UserGit,
  updates: readonly RefUpdate[],
  tips: ReadonlyMap<string, string>,
  published: readonly string[],
  limits: ChangesLimits = LIMITS,
): Promise<ChangesFound> {
  // One more than are taken: a list that was cut is told from a whole one.
  const max = limits.commitsMax + 1
  const sources = updates.flatMap(({ source }) => source ?? [])
  const commits = new Set(await revisions(git, sources, [...tips.values(), ...published], max))
  for (const commit of await landingOf(git, updates, tips.get('HEAD'), max)) commits.add(commit)
  const losing = updates.filter(
    ({ old, isForced, source }) => old !== null && (isForced || source === null),
  )
  const names = new Set(losing.map(({ ref }) => ref))
  // HEAD is another name of a branch, a peeled tag one of the tag.
  const kept = [...tips].filter(([ref]) => ref !== 'HEAD' && !names.has(ref.replace(/\^\{\}$/, '')))
  const stays = [...kept.map(([, id]) => id), ...sources]
  for (const { old, ref } of losing) {
    if (old === null) continue
    if (!(await isHere(git, old))) return { kind: 'unknown', ref }
    for (const commit of await revisions(git, [old], stays, max)) commits.add(commit)
  }
  if (commits.size > limits.commitsMax) {
    const most = String(limits.commitsMax)
    return { kind: 'too-large', why: `this push is of more than ${most} commits; push it in parts` }
  }
  const changes = await filesOf(git, [...commits], limits.pathsBytesMax)
  if (changes === null) {
    const why = 'the names of the files that this push changes are too many; push it in parts'
    return { kind: 'too-large', why }
  }
  return { kind: 'found', changes, commits: commits.size }
}

/** @param head where the remote's default branch stands; a branch that stands there, too, counts as it */
async function landingOf(
  git: UserGit,
  updates: readonly RefUpdate[],
  head: string | undefined,
  max: number,
): Promise<readonly string[]> {
  const onto = updates.filter(({ old, ref }) => old === head && ref.startsWith('refs/heads/'))
  const sources = onto.flatMap(({ source }) => source ?? [])
  // What is not here is in the history of nothing that is: such a push is no fast-forward, and the remote refuses it.
  if (head === undefined || sources.length === 0 || !(await isHere(git, head))) return []
  return revisions(git, sources, [head], max)
}

/** Commits that are reachable from the one and not from the others. */
export async function revisions(
  git: UserGit,
  from: readonly string[],
  without: readonly string[],
  max = LIMITS.commitsMax,
): Promise<readonly string[]> {
  if (from.length === 0) return []
  const lines = [...from, ...without.map((id) => `^${id}`)]
  const args = ['rev-list', '--ignore-missing', `--max-count=${String(max)}`, '--stdin']
  return linesIn(await git.read(args, { input: lines.map((line) => `${line}\n`).join('') }))
}

/**
 * The object that each name means, as git reads it: `HEAD`, `:/text`, `v1^{}`. Null: it means none, or more than one. Names come
 * on stdin, where none is an option; the helper reads them as lines, so there is no line end in any.
 */
export async function objectsOf(
  git: UserGit,
  names: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  if (names.length === 0) return new Map()
  const input = names.map((name) => `${name}\n`).join('')
  const answer = await git.read(['cat-file', '--batch-check=%(objectname)'], { input })
  const lines = linesIn(answer)
  if (lines.length !== names.length) throw new Error('git did not say what each refspec means')
  return new Map(
    names.map((name, at) => {
      const line = lines[at] ?? ''
      return [name, /^[0-9a-f]{40,64}$/.test(line) ? line : null]
    }),
  )
}

async function isHere(git: UserGit, id: string): Promise<boolean> {
  return (await git.run(['cat-file', '-e', id], { env: { GIT_NO_LAZY_FETCH: '1' } })).code === 0
}

/** Null: their names are more than `bytesMax`. */
async function filesOf(
  git: UserGit,
  commits: readonly string[],
  bytesMax: number,
): Promise<Changes | null> {
  const paths = new Set<string>()
  const end = new AbortController()
  let bytes = 0
  const take = (path: string): void => {
    if (path === '' || paths.has(path)) return
    bytes += Buffer.byteLength(path)
    if (bytes > bytesMax) end.abort()
    else paths.add(path)
  }
  try {
    await diffTrees(git, commits, '--name-only', { take, signal: end.signal })
  } catch (error) {
    if (!end.signal.aborted) throw error
  }
  if (bytes > bytesMax) return null
  return { paths, editsOf: (wanted) => readEdits(git, commits, wanted) }
}

/** Of these files alone: blobs of all files of a large push are too many to keep. */
async function readEdits(
  git: UserGit,
  commits: readonly string[],
  wanted: readonly string[],
): Promise<Edits> {
  const edits: Edits = new Map(wanted.map((path) => [path, []]))
  let header = ''
  const take = (field: string): void => {
    if (header === '') header = field
    else {
      edits.get(field)?.push(...editsIn(header))
      header = ''
    }
  }
  await diffTrees(git, commits, '--raw', { take })
  return edits
}

async function diffTrees(
  git: UserGit,
  commits: readonly string[],
  format: '--name-only' | '--raw',
  { take, signal }: { readonly take: (field: string) => void; readonly signal?: AbortSignal },
): Promise<void> {
  if (commits.length === 0) return
  const what = ['-r', '-c', '--root', '--no-renames', format, '-z', '--no-commit-id']
  const plain = ['--no-ext-diff', '--ignore-submodules=none', '--stdin']
  const input = commits.map((id) => `${id}\n`).join('')
  const onStdout = fieldsInto(take)
  await git.read(['diff-tree', ...what, ...plain], {
    ...{ input, onStdout },
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Cuts the output at its NULs, wherever its pieces end. */
function fieldsInto(take: (field: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, at)) {
      take(bytes.toString('utf8', at, end))
      at = end + 1
    }
    rest = bytes.subarray(at)
  }
}

/** Entries of `git diff-tree --raw -z`: a header, and behind a NUL the path. */
export function parseRaw(text: string): Edits {
  const edits: Edits = new Map()
  const fields = text.split('\0')
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const path = fields[at + 1] ?? ''
    edits.set(path, [...(edits.get(path) ?? []), ...editsIn(fields[at] ?? '')])
  }
  return edits
}

/** A header: as many colons as there are parents, a mode for each version, their ids, the letters. */
function editsIn(header: string): readonly Edit[] {
  const found = /^(:+)(.*)$/.exec(header)
  if (found === null) throw new Error('git tells changes in a form that is not known')
  const parents = found[1]?.length ?? 1
  const words = (found[2] ?? '').split(' ')
  const [after = '', ...rest] = words.slice(parents + 1, 2 * parents + 2).reverse()
  return rest.map((before) => ({ before: blobOf(before), after: blobOf(after) }))
}

function blobOf(id: string): string | null {
  return /^0+$/.test(id) ? null : id
}

function linesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
