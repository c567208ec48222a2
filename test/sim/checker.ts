// What must hold after every step, judged from outside: from the records as they are born, the disks as they are, and the
// commits as the machines report them.
import {
  encodeState,
  emptyState,
  foldRecord,
  decodeRecord,
  positionKey,
  type LedgerRecord,
  type PeerId,
  type Position,
  type RecordId,
} from '../../protocol/index.ts'
import type { Engine } from '../../daemon/core/engine.ts'
import type { Frame } from '../../daemon/ports.ts'
import type { DiskObserver } from './disk.ts'
import { at, Spec, type SpecWorld } from './spec.ts'
import { isMajorityOf, Voters } from './voters.ts'
import { check, Violation } from './violation.ts'

interface Written {
  readonly machine: number
  readonly term: number
  readonly records: readonly Uint8Array[]
  readonly commit: RecordId | null
  /** Into the document that this process began with? */
  readonly isFirst: boolean
}

interface Born {
  readonly record: LedgerRecord
  readonly by: number
  readonly trueMs: number
}

/** The durable content of one machine, by keys of records. */
class Holding implements DiskObserver {
  readonly keys = new Set<number>()
  /** The commit that the log knows of. */
  mark: RecordId | null = null
  /** Up to here the committed path is known to be on the disk. */
  verifiedTo = -1
  readonly #keysOf: (frame: Frame) => readonly number[]

  constructor(keysOf: (frame: Frame) => readonly number[]) {
    this.#keysOf = keysOf
  }

  kept(frame: Frame): void {
    for (const key of this.#keysOf(frame)) this.keys.add(key)
    if (frame.kind === 'meta' && 'commit' in frame.value)
      this.mark = frame.value['commit'] as RecordId
  }

  emptied(): void {
    this.keys.clear()
    this.mark = null
    this.verifiedTo = -1
  }
}

export class Checker {
  readonly spec: Spec
  /** The committed path, by index. */
  readonly path: LedgerRecord[] = []
  readonly #born = new Map<number, Born>()
  readonly #writers = new Map<number, number>()
  readonly #leaders = new Map<number, number>()
  readonly #holdings: Holding[] = []
  readonly #nameOf: (machine: number) => PeerId | undefined
  readonly #voters: Voters
  readonly #heads: (LedgerRecord | null)[] = []
  readonly #durableHeads: (RecordId | null)[] = []
  readonly #states = new Map<number, string>()
  readonly #seenApplied: number[] = []
  readonly #now: () => number
  elections = 0

  get configs(): number {
    return this.#voters.configs
  }

  constructor(
    genesis: LedgerRecord,
    nameOf: (machine: number) => PeerId | undefined,
    world: Omit<SpecWorld, 'bornAt'>,
    now: () => number,
  ) {
    this.#nameOf = nameOf
    this.#voters = new Voters(this.path, (id) => this.#born.get(positionKey(id))?.record)
    this.#now = now
    this.#born.set(positionKey(genesis), { record: genesis, by: -1, trueMs: 0 })
    this.path.push(genesis)
    this.spec = new Spec({
      ...world,
      bornAt: (record) => this.#born.get(positionKey(record))?.trueMs ?? 0,
    })
  }

  /** Last index that is committed anywhere. */
  committed(): number {
    return this.path.length - 1
  }

  watchDisk(machine: number, keysOf: (frame: Frame) => readonly number[]): DiskObserver {
    const holding = new Holding(keysOf)
    this.#holdings[machine] = holding
    return holding
  }

  /** A machine wrote records into the array of a term. */
  noteAppend({ machine, term, records, commit, isFirst }: Written): void {
    if (commit !== null) this.#noteCommit(machine, commit)
    for (const bytes of records) {
      const record = decodeRecord(bytes)
      const writer = this.#writers.get(record.term) ?? machine
      this.#writers.set(record.term, writer)
      check(
        writer === machine && record.term === term,
        'I1 one leader per term',
        `term ${String(record.term)} is written by ${String(writer)} and ${String(machine)}`,
      )
      const known = this.#born.get(positionKey(record))
      // A document that was begun anew gets them once more.
      if (!isFirst && known?.record.hash === record.hash) continue
      check(
        known === undefined,
        'I2 unique naming',
        `${at(record)} was made twice${known?.record.hash === record.hash ? ', the same' : ''}`,
      )
      this.#born.set(positionKey(record), { record, by: machine, trueMs: this.#now() })
      this.#voters.noteBirth(record)
    }
  }

  /** Looks at a machine after a step of its engine. */
  afterStep(machine: number, engine: Engine): void {
    const { consensus } = engine
    const { role, commit } = consensus
    if (role.kind === 'leader' && this.#leaders.get(role.term) !== machine) {
      check(
        !this.#leaders.has(role.term),
        'I1 one leader per term',
        `${String(machine)} and ${String(this.#leaders.get(role.term))} lead term ${String(role.term)}`,
      )
      this.#leaders.set(role.term, machine)
      this.elections++
    }
    this.#checkHead(machine, consensus.chain.head())
    this.#durableHeads[machine] = consensus.durableHead
    if (commit !== null) this.#noteCommit(machine, commit)
    this.#checkState(machine, engine)
  }

  /** A machine came back with what its disk kept. */
  afterRestart(machine: number, engine: Engine): void {
    const head = engine.consensus.chain.head()
    const durable = this.#durableHeads[machine] ?? null
    check(
      durable === null || (head !== null && isAtLeast(head, durable)),
      'I3 monotone head',
      `machine ${String(machine)} restarts below what was durable`,
    )
    const mark = this.#holdings[machine]?.mark ?? null
    const { commit } = engine.consensus
    check(
      mark === null || (commit !== null && isAtLeast(commit, mark)),
      'marked commit',
      `machine ${String(machine)} has forgotten that ${String(mark?.term)}.${String(mark?.index)} is committed`,
    )
    this.#heads[machine] = head
    this.#durableHeads[machine] = engine.consensus.durableHead
    this.#seenApplied[machine] = -1
  }

  /** Nothing committed may be lost: a majority of disks holds the whole path. */
  checkDurable(): void {
    const last = this.path.length - 1
    const record = this.path[last]
    if (record === undefined) return
    const holders = this.#holdings
      .map((_, machine) => (this.#holds(machine, last) ? this.#nameOf(machine) : undefined))
      .filter((name) => name !== undefined)
    // A leader counts by the voters at its head.
    const counted = [this.votersInForce(), ...this.#voters.proposed()]
    check(
      counted.some((voters) => isMajorityOf(voters, holders)),
      'I5 nothing committed is lost',
      `${at(record)} is committed and whole on the disks of ${holders.join(', ')}, of the voters ${this.votersInForce().join(', ')}`,
    )
  }

  /** The voters at the last committed record. */
  votersInForce(): readonly PeerId[] {
    return this.#voters.at(this.path.at(-1))
  }

  /** The voters that a machine may go by, wherever it is. */
  votersAnywhere(): (readonly PeerId[])[] {
    const heads = this.#heads.filter((head) => head !== null)
    return [this.path.at(-1), ...heads].map((head) => this.#voters.at(head))
  }

  /** The path folded from the genesis gives the state that this machine has. */
  checkFold(machine: number, engine: Engine): void {
    const { applied } = engine.committed.state
    const state = emptyState()
    for (const record of this.path) {
      if (record.index > applied.index) break
      foldRecord(state, record)
    }
    check(
      encodeState(state) === encodeState(engine.committed.state),
      'fold',
      `machine ${String(machine)} has another state than the whole path up to ${String(applied.index)} gives:\n${diffStates(encodeState(state), encodeState(engine.committed.state))}`,
    )
  }

  #checkHead(machine: number, head: LedgerRecord | null): void {
    const before = this.#heads[machine] ?? null
    if (head === before) return
    check(
      before === null || (head !== null && isAtLeast(head, before)),
      'I3 monotone head',
      `the head of ${String(machine)} went back`,
    )
    this.#heads[machine] = head
  }

  #noteCommit(machine: number, commit: RecordId): void {
    const known = this.path[commit.index]
    if (known !== undefined) {
      check(
        known.hash === commit.hash && known.term === commit.term,
        'I5 one committed path',
        `${String(machine)} has ${String(commit.term)}.${String(commit.index)} committed, others ${at(known)}`,
      )
      return
    }
    const fresh: LedgerRecord[] = []
    let id: RecordId | null = commit
    while (id !== null && id.index >= this.path.length) {
      const born = this.#born.get(positionKey(id))
      check(
        born?.record.hash === id.hash,
        'I5 one committed path',
        `${String(id.term)}.${String(id.index)} is committed and was never made`,
      )
      fresh.push(born.record)
      id = born.record.parent
    }
    const end = this.path.at(-1)
    check(
      id !== null && end !== undefined && id.hash === end.hash,
      'I5 one committed path',
      `${String(commit.term)}.${String(commit.index)} is committed and does not follow ${end === undefined ? '' : at(end)}`,
    )
    for (const record of fresh.reverse()) {
      this.path.push(record)
      this.#voters.noteCommit(record, commit.term)
      this.spec.apply(record)
    }
    this.checkDurable()
  }

  #holds(machine: number, index: number): boolean {
    const holding = this.#holdings[machine]
    if (holding === undefined) return false
    if (holding.verifiedTo >= index) return true
    for (let i = index; i >= 0; i--) {
      if (i === holding.verifiedTo) break
      const record = this.path[i]
      if (record === undefined || !holding.keys.has(positionKey(record))) return false
      const { body } = record
      if (body.kind !== 'checkpoint' || body.part !== body.parts) continue
      const parts = this.path.slice(i - body.parts + 1, i + 1)
      if (parts.every((part) => holding.keys.has(positionKey(part)))) break
    }
    holding.verifiedTo = index
    return true
  }

  #checkState(machine: number, engine: Engine): void {
    const { index, hash } = engine.committed.state.applied
    if (index === this.#seenApplied[machine]) return
    this.#seenApplied[machine] = index
    const record = this.path[index]
    if (hash === '') return
    check(record?.hash === hash, 'fold', `machine ${String(machine)} applied what is not committed`)
    if (index % 16 !== 0) return
    const text = encodeState(engine.committed.state)
    const known = this.#states.get(index)
    if (known === undefined) this.#states.set(index, text)
    else if (known !== text) {
      throw new Violation(
        'fold',
        `two states at ${String(index)}, one of machine ${String(machine)}:\n${diffStates(known, text)}`,
      )
    }
  }
}

export function isAtLeast(a: Position, b: Position): boolean {
  return a.term > b.term || (a.term === b.term && a.index >= b.index)
}

function diffStates(a: string, b: string): string {
  let from = 0
  while (from < a.length && a[from] === b[from]) from++
  const start = Math.max(0, from - 60)
  return `  …${a.slice(start, from + 100)}\n  …${b.slice(start, from + 100)}`
}
