// From what a tool call says that it writes to files of enrolled checkouts.
import path from 'node:path'
import { escapePath, matchesPath, parsePattern } from '../../protocol/index.ts'
import type { Checkout, TrackedFiles } from '../git.ts'
import type { Parts } from '../operations/context.ts'
import type { FileEdit } from '../ports-symbols.ts'
import type { RepoAt } from '../repos.ts'
import { REWRITE } from './decode/act.ts'
import { enrolledAt, isFolder, locate, type Located } from './places.ts'
import type { ShellWrite, Value } from './shell/writes.ts'

export interface Target extends RepoAt {
  /** From the checkout's root; empty for the root itself. */
  readonly file: string
  readonly isFolder: boolean
  readonly edit: FileEdit
  /** Is it claimed when nobody holds it? What git sweeps away in one go is only held against others' claims. */
  readonly mayClaim: boolean
}

export interface Targets {
  readonly targets: readonly Target[]
  /** It may write more than these. */
  readonly hasUnknown: boolean
}

/** Files that a glob names one by one; more are one target, the glob's folder. */
const GLOB_FILES_MAX = 200

export async function targetsOf(parts: Parts, writes: readonly ShellWrite[]): Promise<Targets> {
  const found = new Map<string, Target>()
  let hasUnknown = false
  for (const write of writes) {
    if (write.kind === 'unknown') {
      hasUnknown = true
      continue
    }
    const targets = await targetsIn(parts, write)
    for (const target of targets) {
      const key = `${target.checkout.root}\0${target.file}`
      const before = found.get(key)
      found.set(key, before === undefined ? target : joined(before, target))
    }
  }
  return { targets: [...found.values()], hasUnknown }
}

/** Two changes of one file in one act. */
function joined(a: Target, b: Target): Target {
  const edit: FileEdit =
    a.edit.kind === 'replace' && b.edit.kind === 'replace'
      ? { kind: 'replace', changes: [...a.edit.changes, ...b.edit.changes] }
      : REWRITE
  return { ...a, edit, isFolder: a.isFolder || b.isFolder, mayClaim: a.mayClaim || b.mayClaim }
}

async function targetsIn(
  parts: Parts,
  write: Exclude<ShellWrite, { kind: 'unknown' }>,
): Promise<readonly Target[]> {
  switch (write.kind) {
    case 'worktree':
      return sweep(parts, write.folder, write.which)
    case 'copy':
      return (
        await Promise.all(write.sources.map((source) => copied(parts, source, write.place)))
      ).flat()
    case 'file': {
      const { place, tree, edit = REWRITE, isMaybe } = write
      if (place.glob !== null) return globbed(parts, place, tree)
      const located = await locate(parts.repos, place.text)
      if (located === null) return []
      const isThere = isFolder(located.real)
      if (isThere && tree === undefined) return []
      if (isThere && tree === 'changed') return changedBelow(parts, located)
      if (isMaybe === true && !(await isTracked(parts, located.checkout, located.file))) return []
      return [{ ...located, isFolder: isThere, edit, mayClaim: true }]
    }
  }
}

async function copied(parts: Parts, source: Value, into: Value): Promise<readonly Target[]> {
  if (into.glob !== null) return []
  // `cp src/*.ts lib`: their names are those of the tracked ones.
  if (source.glob !== null) {
    const sources = await globbed(parts, source, undefined)
    const names = sources.map(({ file }) => path.join(into.text, path.basename(file)))
    return (await Promise.all(names.map((name) => locate(parts.repos, name)))).flatMap((located) =>
      located === null ? [] : [fileTarget(located)],
    )
  }
  const place = isFolder(into.text) ? path.join(into.text, path.basename(source.text)) : into.text
  const located = await locate(parts.repos, place)
  if (located === null) return []
  return [{ ...fileTarget(located), isFolder: isFolder(source.text) }]
}

function fileTarget(located: Located): Target {
  return { ...located, isFolder: false, edit: REWRITE, mayClaim: true }
}

/** Of the checkout around a folder. */
async function sweep(
  parts: Parts,
  folder: string,
  which: 'changed' | 'untracked',
): Promise<readonly Target[]> {
  const at = await enrolledAt(parts.repos, folder)
  if (at === null) return []
  const files = await parts.worktree[which](at.checkout)
  return files.map((file) => swept(at, file))
}

async function changedBelow(parts: Parts, located: Located): Promise<readonly Target[]> {
  const files = await parts.worktree.changed(located.checkout)
  const below = located.file === '' ? '' : `${located.file}/`
  return files.filter((file) => file.startsWith(below)).map((file) => swept(located, file))
}

function swept({ repo, checkout, config }: RepoAt, file: string): Target {
  return { repo, checkout, config, file, isFolder: false, edit: REWRITE, mayClaim: false }
}

/** The tracked files that a glob means now. */
async function globbed(
  parts: Parts,
  { glob }: Value,
  tree: 'all' | 'changed' | undefined,
): Promise<readonly Target[]> {
  const base = (glob ?? '').replace(/[^/]*[*?[{\\].*$/s, '')
  const at = await locate(parts.repos, path.resolve(base))
  if (at === null || glob === null) return []
  const { repo, checkout, config } = at
  const inside = path.posix.join(escapePath(at.file), glob.slice(base.length))
  const pattern = parsePattern(inside, { caseExact: true })
  const candidates =
    tree === 'changed'
      ? await parts.worktree.changed(checkout)
      : (await parts.git.trackedFiles(checkout)).paths
  const files = candidates.filter((file) => matchesPath(pattern, file))
  if (files.length > GLOB_FILES_MAX)
    return [
      { repo, checkout, config, file: at.file, isFolder: true, edit: REWRITE, mayClaim: false },
    ]
  return files.map((file) => ({ ...swept(at, file), mayClaim: tree !== 'changed' }))
}

/** Is it a tracked file, or a folder with some? */
export async function isTracked(
  parts: Pick<Parts, 'git'>,
  checkout: Checkout,
  file: string,
): Promise<boolean> {
  const tracked = await parts.git.trackedFiles(checkout)
  return namesOf(tracked).has(file) || hasBelow(tracked, file)
}

export function hasBelow({ paths }: TrackedFiles, folder: string): boolean {
  return folder === '' ? paths.length > 0 : paths.some((file) => file.startsWith(`${folder}/`))
}

/** Made once for each list: git keeps it as long as the index stays the same. */
const names = new WeakMap<TrackedFiles, ReadonlySet<string>>()

export function namesOf(tracked: TrackedFiles): ReadonlySet<string> {
  const known = names.get(tracked) ?? new Set(tracked.paths)
  names.set(tracked, known)
  return known
}

/** Is the file one of these, or in a folder that is? Both from the same root. */
export function isTarget(
  file: string,
  targets: readonly Pick<Target, 'file' | 'isFolder'>[],
): boolean {
  return targets.some(
    (target) =>
      target.file === file ||
      (target.isFolder && (target.file === '' || file.startsWith(`${target.file}/`))),
  )
}
