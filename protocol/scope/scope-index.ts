// Finds the held scopes that a new one overlaps without looking at all of them: a tree over the leading names of patterns,
// and maps of tasks and resources. What it finds is to be judged (symbols, modes, parties); what it leaves out cannot overlap.
//
// Invariant: an alternative with leading names n1/n2/… lies at that node. Two alternatives can overlap only if one's node
// is the other's or above it, so the nodes on the way down and all below the last one are enough.
import { assert } from '../assert.ts'
import { intersects } from './intersect.ts'
import type { JudgedScope, PathScope } from './overlap.ts'

export interface ScopeIndex<T> {
  readonly size: number
  /** Adds a key, or moves it to another scope. */
  add(key: T, scope: JudgedScope): void
  /** Forgets a key; one that is not there is fine. */
  remove(key: T): void
  /** Each key whose paths or name overlap the scope's, once, in no order to rely on. */
  candidates(scope: JudgedScope): Iterable<T>
}

export function createScopeIndex<T>(): ScopeIndex<T> {
  const root = createNode<T>()
  const names = new Map<string, Set<T>>()
  const entries = new Map<T, Entry<T, JudgedScope>>()

  function remove(key: T): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    if (isOnPaths(entry)) for (const head of headsOf(entry.scope)) uproot(root, head, entry)
    else removeFrom(names, nameOf(entry.scope), key)
  }

  return {
    get size() {
      return entries.size
    },
    add(key, scope) {
      remove(key)
      const entry: Entry<T, JudgedScope> = { key, scope }
      entries.set(key, entry)
      if (isOnPaths(entry)) for (const head of headsOf(entry.scope)) plant(root, head, entry)
      else addTo(names, nameOf(scope), key)
    },
    remove,
    candidates(scope) {
      if (!('compiled' in scope)) return new Set(names.get(nameOf(scope)))
      const found = new Set<T>()
      for (const head of headsOf(scope)) {
        // Where everything is below, a list is walked faster than the tree.
        if (head.length === 0) for (const entry of entries.values()) compare(entry, scope, found)
        else gather(root, head, scope, found)
      }
      return found
    },
  }
}

/** The scope lies beside its key: to look it up for ten thousand candidates costs more than to compare them. */
interface Entry<T, S extends JudgedScope> {
  readonly key: T
  readonly scope: S
}

interface Node<T> {
  readonly entries: Entry<T, PathScope>[]
  /** Null for a leaf, which most are. */
  children: Map<string, Node<T>> | null
}

function createNode<T>(): Node<T> {
  return { entries: [], children: null }
}

function isOnPaths<T>(entry: Entry<T, JudgedScope>): entry is Entry<T, PathScope> {
  return 'compiled' in entry.scope
}

/** The different leading names of its alternatives. */
function headsOf(scope: PathScope): readonly (readonly string[])[] {
  const heads = new Set(scope.compiled.alternatives.map((alternative) => alternative.head))
  return [...heads].map((head) => head.split('/').slice(0, -1))
}

/** A task never meets a resource of the same name. */
function nameOf(scope: JudgedScope): string {
  return `${scope.kind}:${scope.pattern}`
}

function plant<T>(root: Node<T>, head: readonly string[], entry: Entry<T, PathScope>): void {
  let node = root
  for (const name of head) {
    node.children ??= new Map()
    let child = node.children.get(name)
    if (child === undefined) node.children.set(name, (child = createNode()))
    node = child
  }
  node.entries.push(entry)
}

/** Takes the entry out, and the nodes that are left with nothing. */
function uproot<T>(node: Node<T>, head: readonly string[], entry: Entry<T, PathScope>): void {
  const [name, ...rest] = head
  if (name === undefined) {
    node.entries.splice(node.entries.indexOf(entry), 1)
    return
  }
  const child = node.children?.get(name)
  assert(child !== undefined, 'an indexed scope has its node')
  uproot(child, rest, entry)
  if (child.entries.length > 0 || child.children !== null) return
  node.children?.delete(name)
  if (node.children?.size === 0) node.children = null
}

function gather<T>(root: Node<T>, head: readonly string[], scope: PathScope, found: Set<T>): void {
  let node = root
  for (const name of head) {
    gatherHere(node, scope, found)
    const child = node.children?.get(name)
    if (child === undefined) return
    node = child
  }
  gatherBelow(node, scope, found)
}

function gatherBelow<T>(node: Node<T>, scope: PathScope, found: Set<T>): void {
  gatherHere(node, scope, found)
  if (node.children === null) return
  for (const child of node.children.values()) gatherBelow(child, scope, found)
}

function gatherHere<T>(node: Node<T>, scope: PathScope, found: Set<T>): void {
  for (const entry of node.entries) compare(entry, scope, found)
}

function compare<T>(entry: Entry<T, JudgedScope>, scope: PathScope, found: Set<T>): void {
  if (isOnPaths(entry) && intersects(scope.compiled, entry.scope.compiled)) found.add(entry.key)
}

function addTo<T>(map: Map<string, Set<T>>, name: string, key: T): void {
  const keys = map.get(name)
  if (keys === undefined) map.set(name, new Set([key]))
  else keys.add(key)
}

function removeFrom<T>(map: Map<string, Set<T>>, name: string, key: T): void {
  const keys = map.get(name)
  keys?.delete(key)
  if (keys?.size === 0) map.delete(name)
}
