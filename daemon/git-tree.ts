// Where a path leads in a commit, found in git's own bytes: git is never given the path, so that nothing in it can mean
// anything to git.
import type { ObjectReader } from './git-objects.ts'

export interface TreeEntry {
  /** As it stands in the tree; of any encoding. */
  readonly name: Buffer
  /** A symlink is a blob, a submodule is neither. */
  readonly kind: 'tree' | 'blob' | 'other'
  readonly id: string
}

/** Deeper folders than Linux takes in one path are a trap. */
export const TREE_DEPTH_MAX = 256

/** The trees of commits. What was read is remembered: paths that are asked together share most of their folders. */
export class Trees {
  readonly #reader: ObjectReader
  readonly #roots = new Map<string, string | null>()
  readonly #trees = new Map<string, readonly TreeEntry[]>()
  #entriesKept = 0

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  /** The id of a commit's tree; null for what is no commit here. */
  async rootOf(commit: string): Promise<string | null> {
    const known = this.#roots.get(commit)
    if (known !== undefined) return known
    const bytes = await this.#reader.read(commit, 'commit', COMMIT_BYTES_MAX)
    const root = /^tree ([0-9a-f]+)\n/.exec(bytes?.toString('latin1', 0, 80) ?? '')?.[1] ?? null
    this.#roots.set(commit, root)
    return root
  }

  /** None for a tree that is not here. */
  async entriesOf(tree: string): Promise<readonly TreeEntry[]> {
    const known = this.#trees.get(tree)
    if (known !== undefined) return known
    const bytes = await this.#reader.read(tree, 'tree', TREE_BYTES_MAX)
    const entries = bytes === null ? [] : parseTree(bytes, tree.length / 2)
    this.#entriesKept += entries.length
    if (this.#entriesKept <= ENTRIES_KEPT_MAX) this.#trees.set(tree, entries)
    return entries
  }

  /** The blob that a path names in a commit; null without one. `.`, `..` and empty names lead nowhere. */
  async blobAt(commit: string, path: string): Promise<string | null> {
    const names = path.split('/').map((name) => Buffer.from(name))
    let at = await this.rootOf(commit)
    if (names.length > TREE_DEPTH_MAX) return null
    for (const [depth, name] of names.entries()) {
      if (at === null) return null
      const kind = depth + 1 === names.length ? 'blob' : 'tree'
      const entries = await this.entriesOf(at)
      at = entries.find((entry) => entry.kind === kind && entry.name.equals(name))?.id ?? null
    }
    return at
  }
}

/** With long messages and signatures. */
const COMMIT_BYTES_MAX = 1_048_576
/** Some 200,000 files in one folder. */
const TREE_BYTES_MAX = 8 * 1_048_576
/** Some tens of megabytes. */
const ENTRIES_KEPT_MAX = 200_000

/**
 * Entries of a tree object: mode, space, name, NUL, id, one behind the other.
 * @param idBytes 20 or 32.
 */
function parseTree(bytes: Buffer, idBytes: number): readonly TreeEntry[] {
  const entries: TreeEntry[] = []
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const nul = bytes.indexOf(0, space)
    if (space === -1 || nul === -1 || nul + idBytes >= bytes.length) break
    const end = nul + 1 + idBytes
    entries.push({
      name: bytes.subarray(space + 1, nul),
      kind: kindOf(bytes.toString('latin1', at, space)),
      id: bytes.toString('hex', nul + 1, end),
    })
    at = end
  }
  return entries
}

function kindOf(mode: string): TreeEntry['kind'] {
  if (/^0?40000$/.test(mode)) return 'tree'
  return /^1[02]0\d{3}$/.test(mode) ? 'blob' : 'other'
}
