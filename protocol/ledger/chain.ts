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

type Admit = (record: LedgerRecord, voters: readonly PeerId[]) => boolean

/**
 * @param admit decides, once a record's ancestry is complete, whether it may count (a term must have been won); it is
 * given the voters in force before the record.
 */
export function createChain(admit: Admit = () => true): Chain {
  return new RecordTree(admit)
}

class RecordTree implements Chain {
  readonly #admit: Admit
  readonly #nodes = new Map<number, Node>()
  readonly #waiting = new Map<number, Node[]>()
  #head: Node | null = null
  #rejected = 0

  constructor(admit: Admit) {
    this.#admit = admit
  }

  add(record: LedgerRecord): readonly LedgerRecord[] {
    const key = positionKey(record)
    const known = this.#nodes.get(key)
    if (known !== undefined) {
      if (known.record.hash !== record.hash) this.#rejected++
      return []
    }
    const node: Node = { record, complete: false, voters: [] }
    this.#nodes.set(key, node)
    const done: LedgerRecord[] = []
    this.#complete(node, done)
    if (!node.complete && record.parent !== null) {
      this.#waitForParent(node, record.parent)
      this.#finishCheckpoint(node, done)
    }
    return done
  }

  get(position: Position): LedgerRecord | null {
    return this.#find(position)?.record ?? null
  }
  head(): LedgerRecord | null {
    return this.#head?.record ?? null
  }
  isComplete(id: RecordId): boolean {
    const node = this.#find(id)
    return node?.complete === true && node.record.hash === id.hash
  }

  votersAt(id: RecordId): readonly PeerId[] {
    const node = this.#find(id)
    assert(node?.complete === true, 'voters asked of an incomplete record')
    return node.voters
  }

  isAncestor(ancestor: RecordId, descendant: RecordId): boolean {
    return this.#walk(ancestor, descendant) !== null
  }
  pathBetween(from: RecordId | null, to: RecordId): readonly LedgerRecord[] | null {
    return this.#walk(from, to)?.map((node) => node.record) ?? null
  }
  pathFromBase(to: RecordId): readonly LedgerRecord[] {
    const path: Node[] = []
    let start = 0
    for (let node = this.#find(to); node !== undefined; node = this.#parentOf(node)) {
      path.push(node)
      const parts = this.#checkpointParts(node)
      if (parts !== null) start = path.length - 1 + parts.length
      else if (node.record.parent === null) start = path.length
    }
    return path
      .slice(0, start)
      .reverse()
      .map((found) => found.record)
  }

  forget(below: Position): void {
    for (const [key, node] of this.#nodes) {
      if (comparePositions(node.record, below) < 0 && node !== this.#head) this.#nodes.delete(key)
    }
    for (const [key, children] of this.#waiting) {
      const kept = children.filter((child) => this.#nodes.get(positionKey(child.record)) === child)
      if (kept.length === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, kept)
    }
  }

  *all(): Iterable<LedgerRecord> {
    for (const node of this.#nodes.values()) yield node.record
  }

  size(): number {
    return this.#nodes.size
  }
  rejected(): number {
    return this.#rejected
  }

  #find(position: Position): Node | undefined {
    return this.#nodes.get(positionKey(position))
  }

  #parentOf(node: Node): Node | undefined {
    const { parent } = node.record
    if (parent === null) return undefined
    const found = this.#find(parent)
    return found?.record.hash === parent.hash ? found : undefined
  }

  /** Parts of a finished checkpoint, first to last, if all are here. */
  #checkpointParts(last: Node): Node[] | null {
    const { body } = last.record
    if (body.kind !== 'checkpoint' || body.part !== body.parts) return null
    const parts = [last]
    let node: Node | undefined = last
    for (let part = body.parts - 1; part >= 1; part--) {
      node = this.#parentOf(node)
      if (node?.record.body.kind !== 'checkpoint' || node.record.body.part !== part) return null
      parts.unshift(node)
    }
    return parts
  }

  #canComplete(node: Node): boolean {
    if (node.record.parent === null) return node.record.body.kind === 'genesis'
    return this.#parentOf(node)?.complete === true || this.#checkpointParts(node) !== null
  }

  #complete(node: Node, done: LedgerRecord[]): void {
    const stack = [node]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.complete || !this.#canComplete(next)) continue
      const before = this.#parentOf(next)?.voters ?? votersIn(next.record)
      if (!this.#admit(next.record, before)) {
        this.#rejected++
        this.#nodes.delete(positionKey(next.record))
        continue
      }
      next.complete = true
      next.voters = votersIn(next.record).length > 0 ? votersIn(next.record) : before
      if (this.#head === null || comparePositions(next.record, this.#head.record) > 0)
        this.#head = next
      done.push(next.record)
      stack.push(...this.#takeChildren(next).reverse())
    }
  }

  #takeChildren(node: Node): Node[] {
    const key = positionKey(node.record)
    const children = this.#waiting.get(key) ?? []
    this.#waiting.delete(key)
    return children
  }

  #waitForParent(node: Node, parent: RecordId): void {
    const key = positionKey(parent)
    const siblings = this.#waiting.get(key)
    if (siblings === undefined) this.#waiting.set(key, [node])
    else siblings.push(node)
  }

  /** A late part may finish a checkpoint whose last part is here. */
  #finishCheckpoint(node: Node, done: LedgerRecord[]): void {
    let next: Node | undefined = node
    while (next !== undefined && next.record.body.kind === 'checkpoint') {
      if (next.record.body.part === next.record.body.parts) {
        this.#complete(next, done)
        return
      }
      next = this.#waiting
        .get(positionKey(next.record))
        ?.find((child) => this.#parentOf(child) === next)
    }
  }

  #walk(from: RecordId | null, to: RecordId): Node[] | null {
    const path: Node[] = []
    let node = this.#find(to)
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
      node = this.#parentOf(node)
    }
    return null
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
