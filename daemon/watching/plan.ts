// Which files of a checkout somebody holds, and so which folders are worth watching. Pure.
import { matchesPath, parsePattern, type LedgerClaim, type Pattern } from '../../protocol/index.ts'

/** Each is held against every file: with 100,000 of them a few milliseconds. */
const GLOBS_MAX = 50
/** A claim of everything in a large repository is not looked at as a whole. */
const FILES_MAX = 20_000
/** A watch costs the kernel about a kilobyte. */
const FOLDERS_MAX = 2_000

export interface Held {
  /** Tracked files, from the root. */
  readonly files: ReadonlySet<string>
  /** Of these and of files that may come to be; the root is the empty text. */
  readonly folders: ReadonlySet<string>
  /** There are more of either. */
  readonly isCut: boolean
}

interface Options {
  readonly caseExact: boolean
}

/** @param tracked files from the root; the same list is looked through once */
export function heldIn(
  claims: Iterable<Pick<LedgerClaim, 'kind' | 'pattern'>>,
  tracked: readonly string[],
  options: Options,
): Held {
  const files = new Set<string>()
  const folders = new Set<string>()
  const seen = new Set<string>()
  let globs = 0
  for (const { kind, pattern: text } of claims) {
    if (kind === 'task' || kind === 'resource' || seen.has(text)) continue
    seen.add(text)
    const pattern = parsePattern(text, options)
    if (pattern.path !== null) folders.add(folderOf(pattern.path))
    else if (++globs > GLOBS_MAX) continue
    for (const file of filesOf(pattern, tracked, options)) {
      if (files.size >= FILES_MAX) break
      files.add(file)
      folders.add(folderOf(file))
    }
  }
  const isCut = globs > GLOBS_MAX || files.size >= FILES_MAX || folders.size > FOLDERS_MAX
  return { files, folders: new Set([...folders].slice(0, FOLDERS_MAX)), isCut }
}

/** What names a file or a folder lies in one stretch of the sorted list. */
function filesOf(
  pattern: Pattern,
  tracked: readonly string[],
  { caseExact }: Options,
): readonly string[] {
  if (pattern.path === null) return tracked.filter((file) => matchesPath(pattern, file))
  const sorted = sortedByKey(tracked, caseExact)
  const start = keyOf(pattern.path, caseExact)
  const found: string[] = []
  for (let at = firstFrom(sorted, start); ; at++) {
    const entry = sorted[at]
    if (entry?.key.startsWith(start) !== true || found.length >= FILES_MAX) return found
    if (matchesPath(pattern, entry.file)) found.push(entry.file)
  }
}

interface Entry {
  readonly key: string
  readonly file: string
}

const SORTED = new WeakMap<readonly string[], readonly Entry[]>()

function sortedByKey(tracked: readonly string[], caseExact: boolean): readonly Entry[] {
  const known = SORTED.get(tracked)
  if (known !== undefined) return known
  const entries = tracked.map((file) => ({ key: keyOf(file, caseExact), file }))
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  SORTED.set(tracked, entries)
  return entries
}

function firstFrom(sorted: readonly Entry[], key: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

function keyOf(path: string, caseExact: boolean): string {
  return caseExact ? path : path.toLowerCase()
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')))
}
