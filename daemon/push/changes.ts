// Which files a push changes at the remote: those of the commits that it does not have yet, and of those that it loses. Merges
// count with what they change themselves, beyond all their parents: the base that was merged is others' work.
import type { UserGit } from '../git-user.ts'

/** A blob before and after; null: the file was not there. */
export interface Edit {
  readonly before: string | null
  readonly after: string | null
}

/** Edits by path, in order of the commits. */
export type Changes = Map<string, Edit[]>

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

/** More in one push is an import, of which every file is asked about all the same, by names alone. */
const COMMITS_MAX = 200_000

/**
 * @param tips what the remote has, by ref: ids, of which some may not be here.
 * @param published what is known here to have been published before: ids.
 */
export async function changesOf(
  git: UserGit,
  updates: readonly RefUpdate[],
  tips: ReadonlyMap<string, string>,
  published: readonly string[],
): Promise<ChangesFound> {
  const sources = updates.flatMap(({ source }) => source ?? [])
  const commits = new Set(await revisions(git, sources, [...tips.values(), ...published]))
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
    for (const commit of await revisions(git, [old], stays)) commits.add(commit)
  }
  return { kind: 'found', changes: await filesOf(git, [...commits]), commits: commits.size }
}

/** Commits that are reachable from the one and not from the others. */
export async function revisions(
  git: UserGit,
  from: readonly string[],
  without: readonly string[],
): Promise<readonly string[]> {
  if (from.length === 0) return []
  const lines = [...from, ...without.map((id) => `^${id}`)]
  const max = `--max-count=${String(COMMITS_MAX)}`
  const args = ['rev-list', '--ignore-missing', max, '--stdin']
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

async function filesOf(git: UserGit, commits: readonly string[]): Promise<Changes> {
  const changes: Changes = new Map()
  if (commits.length === 0) return changes
  const what = ['-r', '-c', '--root', '--no-renames', '--raw', '-z', '--no-commit-id']
  const plain = ['--no-ext-diff', '--ignore-submodules=none', '--stdin']
  const input = commits.map((id) => `${id}\n`).join('')
  parseRaw(await git.read(['diff-tree', ...what, ...plain], { input }), changes)
  return changes
}

/**
 * Entries of `git diff-tree --raw -z`: as many colons as there are parents, a mode for each version, their ids, the letters, and
 * behind a NUL the path.
 */
export function parseRaw(text: string, changes: Changes): void {
  const fields = text.split('\0')
  for (let at = 0; at < fields.length; at++) {
    const header = /^(:+)(.*)$/.exec(fields[at] ?? '')
    const path = fields[at + 1]
    if (header === null || path === undefined) continue
    at++
    const parents = header[1]?.length ?? 1
    const words = (header[2] ?? '').split(' ')
    const [after = '', ...rest] = words.slice(parents + 1, 2 * parents + 2).reverse()
    const edits = changes.get(path) ?? []
    for (const before of rest) edits.push({ before: blobOf(before), after: blobOf(after) })
    changes.set(path, edits)
  }
}

function blobOf(id: string): string | null {
  return /^0+$/.test(id) ? null : id
}

function linesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
