// The tree of records that a machine knows, and which of them have their whole ancestry here. The document's deletions
// do not reach it: it forgets only below a checkpoint that is durable and committed (see `forget`).
//
// 1. A record is complete when its parent is complete and has the hash that it names; the genesis is complete; the last
//    part of a checkpoint is complete when all its parts are here, for it stands for everything before them.
// 2. The head is the greatest complete record by (term, index) and never decreases.
// 3. (term, index) names at most one record; a second one with another hash is refused and reported.
import { assert } from '../assert.ts'
import type { PeerId } from '../ids.ts'
import {
  comparePositions,
  positionKey,
  type LedgerRecord,
  type Position,
  type RecordId,
} from './record.ts'

export interface Chain {
  /** Takes a record in; `rejected` says why one was not. Returns the records that became complete, in order. */
  add(record: LedgerRecord): readonly LedgerRecord[]
  get(position: Position): LedgerRecord | null
  /** The greatest complete record; null before the genesis. */
  head(): LedgerRecord | null
  isComplete(position: RecordId): boolean
  /** The voters in force at a complete record. */
  votersAt(position: RecordId): readonly PeerId[]
  /** Is `ancestor` on the path that ends at `descendant`? A record is its own ancestor. */
  isAncestor(ancestor: RecordId, descendant: RecordId): boolean
  /** The records after `from` up to and with `to`, in order; null when `from` is not on the path or has been forgotten. */
  pathBetween(from: RecordId | null, to: RecordId): readonly LedgerRecord[] | null
  /**
   * The path that a newcomer folds: up to `to`, from the genesis or else from the oldest finished checkpoint known here.
   * The oldest, so that whoever keeps history (the audit log) sees everything that is still to be seen.
   */
  pathFromBase(to: RecordId): readonly LedgerRecord[]
  /** Drops every record before this position; the caller has shown a durable, committed checkpoint there. */
  forget(below: Position): void
  /** Records known here, complete or not. */
  all(): Iterable<LedgerRecord>
  size(): number
  /** Records refused because their place was taken by another, or because `admit` said no. */
  rejected(): number
}

interface Node {
  readonly record: LedgerRecord
  complete: boolean
  voters: readonly PeerId[]
}

/**
 * @param admit decides, once a record's ancestry is complete, whether it may count (a term must have been won); it is
 * given the voters in force before the record.
 */
export function createChain(
  admit: (record: LedgerRecord, voters: readonly PeerId[]) => boolean = () => true,
): Chain {
  const nodes = new Map<number, Node>()
  const waiting = new Map<number, Node[]>()
  let head: Node | null = null
  let rejected = 0

  function find(position: Position): Node | undefined {
    return nodes.get(positionKey(position))
  }

  function parentOf(node: Node): Node | undefined {
    const { parent } = node.record
    if (parent === null) return undefined
    const found = find(parent)
    return found?.record.hash === parent.hash ? found : undefined
  }

  /** Parts of a finished checkpoint, first to last, if all are here. */
  function checkpointParts(last: Node): Node[] | null {
    const { body } = last.record
    if (body.kind !== 'checkpoint' || body.part !== body.parts) return null
    const parts = [last]
    let node: Node | undefined = last
    for (let part = body.parts - 1; part >= 1; part--) {
      node = parentOf(node)
      if (node?.record.body.kind !== 'checkpoint' || node.record.body.part !== part) return null
      parts.unshift(node)
    }
    return parts
  }

  function canComplete(node: Node): boolean {
    if (node.record.parent === null) return node.record.body.kind === 'genesis'
    return parentOf(node)?.complete === true || checkpointParts(node) !== null
  }

  function complete(node: Node, done: LedgerRecord[]): void {
    const stack = [node]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.complete || !canComplete(next)) continue
      const before = parentOf(next)?.voters ?? votersIn(next.record)
      if (!admit(next.record, before)) {
        rejected++
        nodes.delete(positionKey(next.record))
        continue
      }
      next.complete = true
      next.voters = votersIn(next.record).length > 0 ? votersIn(next.record) : before
      if (head === null || comparePositions(next.record, head.record) > 0) head = next
      done.push(next.record)
      stack.push(...takeChildren(next).reverse())
    }
  }

  function takeChildren(node: Node): Node[] {
    const key = positionKey(node.record)
    const children = waiting.get(key) ?? []
    waiting.delete(key)
    return children
  }

  function waitForParent(node: Node, parent: RecordId): void {
    const key = positionKey(parent)
    const siblings = waiting.get(key)
    if (siblings === undefined) waiting.set(key, [node])
    else siblings.push(node)
  }

  /** A late part may finish a checkpoint whose last part is here. */
  function finishCheckpoint(node: Node, done: LedgerRecord[]): void {
    let next: Node | undefined = node
    while (next !== undefined && next.record.body.kind === 'checkpoint') {
      if (next.record.body.part === next.record.body.parts) {
        complete(next, done)
        return
      }
      next = waiting.get(positionKey(next.record))?.find((child) => parentOf(child) === next)
    }
  }

  function walk(from: RecordId | null, to: RecordId): Node[] | null {
    const path: Node[] = []
    let node = find(to)
    if (node?.record.hash !== to.hash) return null
    while (node !== undefined) {
      if (
        from !== null &&
        node.record.hash === from.hash &&
        comparePositions(node.record, from) === 0
      ) {
        return path.reverse()
      }
      if (from !== null && comparePositions(node.record, from) <= 0) return null
      path.push(node)
      if (node.record.parent === null) return from === null ? path.reverse() : null
      node = parentOf(node)
    }
    return null
  }

  return {
    add(record) {
      const key = positionKey(record)
      const known = nodes.get(key)
      if (known !== undefined) {
        if (known.record.hash !== record.hash) rejected++
        return []
      }
      const node: Node = { record, complete: false, voters: [] }
      nodes.set(key, node)
      const done: LedgerRecord[] = []
      complete(node, done)
      if (!node.complete && record.parent !== null) {
        waitForParent(node, record.parent)
        finishCheckpoint(node, done)
      }
      return done
    },
    get: (position) => find(position)?.record ?? null,
    head: () => head?.record ?? null,
    isComplete(id) {
      const node = find(id)
      return node?.complete === true && node.record.hash === id.hash
    },
    votersAt(id) {
      const node = find(id)
      assert(node?.complete === true, 'voters asked of an incomplete record')
      return node.voters
    },
    isAncestor: (ancestor, descendant) => walk(ancestor, descendant) !== null,
    pathBetween: (from, to) => walk(from, to)?.map((node) => node.record) ?? null,
    pathFromBase(to) {
      const path: Node[] = []
      let start = 0
      for (let node = find(to); node !== undefined; node = parentOf(node)) {
        path.push(node)
        const parts = checkpointParts(node)
        if (parts !== null) start = path.length - 1 + parts.length
        else if (node.record.parent === null) start = path.length
      }
      return path
        .slice(0, start)
        .reverse()
        .map((found) => found.record)
    },
    forget(below) {
      for (const [key, node] of nodes) {
        if (comparePositions(node.record, below) < 0 && node !== head) nodes.delete(key)
      }
      for (const [key, children] of waiting) {
        const kept = children.filter((child) => nodes.get(positionKey(child.record)) === child)
        if (kept.length === 0) waiting.delete(key)
        else waiting.set(key, kept)
      }
    },
    *all() {
      for (const node of nodes.values()) yield node.record
    },
    size: () => nodes.size,
    rejected: () => rejected,
  }
}

/** The voters that a record itself sets; empty when it leaves them as they are. */
function votersIn(record: LedgerRecord): readonly PeerId[] {
  const { body } = record
  switch (body.kind) {
    case 'genesis':
    case 'term-start':
    case 'config':
    case 'checkpoint':
      return body.voters
    default:
      return []
  }
}
