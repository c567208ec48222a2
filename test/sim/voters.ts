// I4 and I6 from outside: every term that is won stands on all that was committed before it, and voters change by one, one
// change after the other, and only in a term whose TermStart is committed. Shares no code with the core.
import type { LedgerRecord, PeerId, RecordId } from '../../protocol/index.ts'
import { at } from './spec.ts'
import { check } from './violation.ts'

export class Voters {
  readonly #path: readonly LedgerRecord[]
  readonly #find: (id: RecordId) => LedgerRecord | undefined
  /** Appended on top of the last committed change, and not committed. */
  #proposed: (readonly PeerId[])[] = []
  /** By index: the term in which it was committed. A leader that lost its term before that bypasses nothing. */
  readonly #committedIn: number[] = []
  readonly #known = new WeakMap<LedgerRecord, readonly PeerId[]>()
  configs = 0

  constructor(path: readonly LedgerRecord[], find: (id: RecordId) => LedgerRecord | undefined) {
    this.#path = path
    this.#find = find
  }

  /** The voters at a record. */
  at(record: LedgerRecord | undefined): readonly PeerId[] {
    const passed: LedgerRecord[] = []
    let voters: readonly PeerId[] | undefined
    for (let next = record; next !== undefined; next = this.#parentOf(next)) {
      const { body } = next
      voters =
        this.#known.get(next) ??
        (body.kind === 'config' || body.kind === 'genesis' ? body.voters : undefined)
      if (voters !== undefined) break
      passed.push(next)
    }
    for (const found of passed) this.#known.set(found, voters ?? [])
    return voters ?? []
  }

  proposed(): readonly (readonly PeerId[])[] {
    return this.#proposed
  }

  noteBirth(record: LedgerRecord): void {
    const { body } = record
    const before = this.at(this.#parentOf(record))
    if (body.kind === 'term-start' || body.kind === 'checkpoint') {
      check(
        isSameSet(body.voters, before),
        'I6 voters',
        `${at(record)} says that ${body.voters.join(', ')} vote, where ${before.join(', ')} do`,
      )
    }
    if (body.kind === 'term-start') this.#checkTerm(record)
    if (body.kind !== 'config') return
    this.#checkChange(record, body.voters, before)
    this.#proposed.push(body.voters)
  }

  /** @param term of the record up to which its leader committed then: its own. */
  noteCommit({ body, index }: LedgerRecord, term: number): void {
    this.#committedIn[index] = term
    if (body.kind !== 'config') return
    this.configs++
    this.#proposed = []
  }

  /** What was committed in the terms before it lies on its path. */
  #checkTerm(record: LedgerRecord): void {
    const last = this.#path.findLast(({ index }) => (this.#committedIn[index] ?? 0) < record.term)
    if (last === undefined) return
    let next = this.#parentOf(record)
    while (next !== undefined && next.index > last.index) next = this.#parentOf(next)
    check(
      next?.hash === last.hash,
      'I4 nothing committed is bypassed',
      `the term of ${at(record)} was won, and ${at(last)} is committed and not on its path`,
    )
  }

  #checkChange(record: LedgerRecord, voters: readonly PeerId[], before: readonly PeerId[]): void {
    const added = voters.filter((voter) => !before.includes(voter))
    const removed = before.filter((voter) => !voters.includes(voter))
    check(
      voters.length > 0 && added.length + removed.length === 1,
      'I6 one change at a time',
      `${at(record)} adds ${added.join(', ') || 'nobody'} and removes ${removed.join(', ') || 'nobody'}`,
    )
    check(
      this.#path.some(({ term, body }) => term === record.term && body.kind === 'term-start'),
      'I6 a committed term',
      `${at(record)} changes the voters before the term's start is committed`,
    )
    for (let next = this.#parentOf(record); next !== undefined; next = this.#parentOf(next)) {
      if (this.#path[next.index]?.hash === next.hash) return
      check(
        next.body.kind !== 'config',
        'I6 one change at a time',
        `${at(record)} changes the voters while ${at(next)} is not committed`,
      )
    }
  }

  #parentOf({ parent }: LedgerRecord): LedgerRecord | undefined {
    return parent === null ? undefined : this.#find(parent)
  }
}

export function isMajorityOf(voters: readonly PeerId[], some: readonly PeerId[]): boolean {
  return voters.filter((voter) => some.includes(voter)).length > voters.length / 2
}

function isSameSet(a: readonly PeerId[], b: readonly PeerId[]): boolean {
  return a.length === b.length && a.every((voter) => b.includes(voter))
}
