// Which lines of work of a clone would stop each other at a merge, before anybody merges: branches, worktrees with what is not
// committed in them, and the branches that were fetched. Only pairs that changed the same files are merged, and those in memory.
import { SkeinError } from '../../protocol/index.ts'
import type { MergeConflict, Merges, Tip } from '../git-merge.ts'

export interface ForecastOptions {
  readonly root: string
  /** The branch that work lands on, as a ref. */
  readonly trunk: string
  /** Only pairs with this branch, or with this worktree's. */
  readonly of: string | null
  /** Branches of others without a commit for longer are left out. */
  readonly remoteSinceMs: number
  readonly signal: AbortSignal
}

/** A line of work that is ahead of the trunk. */
export interface Line {
  readonly name: string
  readonly kind: Tip['kind']
  readonly commit: string
  readonly worktree: string | null
  /** It has work that is not committed. */
  readonly isDirty: boolean
  readonly files: readonly string[]
}

export interface Collision {
  readonly a: Line
  readonly b: Line
  readonly files: readonly MergeConflict[]
}

export interface Forecast {
  /** `paths`: this git cannot merge without a worktree, so files that both changed count. */
  readonly method: 'merge' | 'paths'
  readonly lines: readonly Line[]
  readonly collisions: readonly Collision[]
  /** Pairs with files in common that were not looked at, and lines over the limit. */
  readonly skipped: number
}

/** Each costs git a few milliseconds for what it changed, and one walk over its worktree. */
const LINES_MAX = 80
/** Each costs a merge in memory. */
const MERGES_MAX = 400
const AT_ONCE = 2

export async function forecast(merges: Merges, options: ForecastOptions): Promise<Forecast> {
  const { lines, left } = await linesOf(merges, options)
  if (options.of !== null && !lines.some((line) => isCalled(line, options.of)))
    throw await strangerTo(merges, options)
  const pairs = pairsOf(lines, options.of)
  const looked = pairs.slice(0, MERGES_MAX)
  const method = (await merges.canMerge(options.root)) ? 'merge' : 'paths'
  const collisions: Collision[] = []
  await eachOf(looked, async ({ a, b, both }) => {
    const files =
      method === 'paths'
        ? both.map((path) => ({ path, kind: 'changed by both' }))
        : await merges.conflicts(options.root, a.commit, b.commit, options.signal)
    if (files.length > 0) collisions.push({ a, b, files })
  })
  collisions.sort((x, y) => y.files.length - x.files.length || byName(x, y))
  return { method, lines, collisions, skipped: left + pairs.length - looked.length }
}

async function linesOf(
  merges: Merges,
  { root, trunk, remoteSinceMs, signal }: ForecastOptions,
): Promise<{ readonly lines: readonly Line[]; readonly left: number }> {
  const tips = await merges.tips(root, signal)
  const own = new Set(tips.filter(({ kind }) => kind !== 'remote').map(({ commit }) => commit))
  const wanted = tips.filter(
    ({ kind, commit, committedAtMs }) =>
      kind !== 'remote' || (!own.has(commit) && committedAtMs >= remoteSinceMs),
  )
  const lines: Line[] = []
  await eachOf(wanted.slice(0, LINES_MAX), async (tip) => {
    const snapshot = tip.worktree === null ? null : await merges.snapshot(tip.worktree, signal)
    const commit = snapshot ?? tip.commit
    const files = (await merges.changedSince(root, trunk, commit, signal)) ?? []
    const { name, kind, worktree } = tip
    if (files.length > 0)
      lines.push({ name, kind, commit, worktree, isDirty: snapshot !== null, files })
  })
  lines.sort((x, y) => (x.name < y.name ? -1 : 1))
  return { lines, left: Math.max(0, wanted.length - LINES_MAX) }
}

interface Pair {
  readonly a: Line
  readonly b: Line
  readonly both: readonly string[]
}

function pairsOf(lines: readonly Line[], of: string | null): readonly Pair[] {
  const pairs: Pair[] = []
  lines.forEach((a, at) => {
    for (const b of lines.slice(at + 1)) {
      // A remote branch is the same line of work as its local twin, further on or behind.
      if (isTwin(a, b) || isTwin(b, a)) continue
      if (of !== null && !isCalled(a, of) && !isCalled(b, of)) continue
      const both = meeting(a.files, b.files)
      if (both.length > 0) pairs.push({ a, b, both })
    }
  })
  return pairs.sort((x, y) => y.both.length - x.both.length)
}

function isTwin(local: Line, remote: Line): boolean {
  if (local.kind === 'remote' || remote.kind !== 'remote') return false
  return remote.name.slice(remote.name.indexOf('/') + 1) === local.name
}

/** Files that both changed, or that one changed where the other has a folder of that name. */
function meeting(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [mine, other] = [placesOf(ours), placesOf(theirs)]
  return [
    ...new Set([
      ...ours.filter((file) => other.has(file)),
      ...theirs.filter((file) => mine.has(file)),
    ]),
  ]
}

/** The files, and every folder above one. */
function placesOf(files: readonly string[]): ReadonlySet<string> {
  const places = new Set(files)
  for (const file of files) {
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1))
      places.add(file.slice(0, at))
  }
  return places
}

function isCalled({ name, worktree }: Line, of: string | null): boolean {
  return name === of || (worktree !== null && worktree === of)
}

async function strangerTo(
  merges: Merges,
  { root, of, signal }: ForecastOptions,
): Promise<SkeinError> {
  const tips = await merges.tips(root, signal)
  const isThere = tips.some(({ name, worktree }) => name === of || worktree === of)
  const what = isThere
    ? `${of ?? ''} is not ahead of the branch that work lands on`
    : `no branch or worktree here is called ${of ?? ''}`
  return new SkeinError('NOT_FOUND', `${what}.`, { hint: 'skein forecast' })
}

function byName(x: Collision, y: Collision): number {
  const [a, b] = [`${x.a.name} ${x.b.name}`, `${y.a.name} ${y.b.name}`]
  return a < b ? -1 : 1
}

/** A few at a time: each is a process of git. */
async function eachOf<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items]
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
