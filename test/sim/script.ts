// Consensus cores whose every message and sync is played by hand, for schedules that chance finds too rarely.
import {
  asPeerId,
  createArrayDocument,
  encodeRecord,
  type LedgerRecord,
  type PeerId,
  type RecordBody,
  type RecordId,
} from '../../protocol/index.ts'
import { campaign } from '../../daemon/core/consensus/candidate.ts'
import {
  createConsensus,
  stepConsensus,
  takeReady,
  type ConsensusInput,
} from '../../daemon/core/consensus/consensus.ts'
import {
  confirmLeadership,
  fallQuiet,
  mayChangeVoters,
  propose,
} from '../../daemon/core/consensus/leader.ts'
import {
  DEFAULT_TIMING,
  type Consensus,
  type ConsensusMessage,
} from '../../daemon/core/consensus/types.ts'
import type { Frame } from '../../daemon/ports.ts'
import { check } from './violation.ts'

export interface Letter {
  readonly from: string
  readonly to: string
  readonly message: ConsensusMessage
}

interface Part {
  core: Consensus
  readonly disk: Frame[]
  waiting: Frame[]
  position: number
}

/** Which letters go on; the others are lost with `drop` and wait otherwise. */
export type Which = (letter: Letter) => boolean

export class Script {
  readonly #parts = new Map<string, Part>()
  readonly #genesis: LedgerRecord
  /** The committed record at each index, whoever said so first. */
  readonly #committed = new Map<number, RecordId>()
  readonly #leaders = new Map<number, string>()
  mail: Letter[] = []
  readonly barriers: { readonly by: string; readonly id: number; readonly ok: boolean }[] = []
  #now = 1_000

  constructor(voters: readonly string[], others: readonly string[] = []) {
    this.#genesis = encodeRecord({
      generation: 1,
      term: 0,
      index: 0,
      parent: null,
      atMs: 0,
      body: {
        kind: 'genesis',
        ledger: 'repo',
        mesh: 'mesh',
        name: 'owner/name',
        founder: asPeerId(voters[0] ?? ''),
        voters: voters.map(asPeerId),
        version: 1,
      },
    })
    const first: Frame = { kind: 'record', bytes: this.#genesis.bytes }
    for (const name of [...voters, ...others]) {
      const part = { core: this.#open(name, [first]), disk: [first], waiting: [], position: 0 }
      this.#parts.set(name, part)
    }
  }

  core(name: string): Consensus {
    return this.#part(name).core
  }

  /** Starts anew from what is durable. */
  restart(name: string): void {
    const part = this.#part(name)
    part.waiting = []
    part.position = 0
    part.core = this.#open(name, part.disk)
    this.mail = this.mail.filter((letter) => letter.to !== name)
  }

  /** Gives an input; what comes of it waits in `mail`. */
  give(name: string, input: ConsensusInput): void {
    stepConsensus(this.core(name), input)
    this.#take(name)
  }

  tick(name: string, byMs = 100): void {
    this.#now += byMs
    this.give(name, { kind: 'tick', now: this.#now, wallMs: this.#now })
  }

  sync(name: string): void {
    const part = this.#part(name)
    if (part.waiting.length === 0) return
    part.disk.push(...part.waiting)
    part.position += part.waiting.length
    part.waiting = []
    this.give(name, { kind: 'durable', position: part.position })
  }

  /** Delivers the letters that wait now and are chosen; returns how many. */
  deliver(which: Which = () => true): number {
    const chosen = this.mail.filter(which)
    this.mail = this.mail.filter((letter) => !chosen.includes(letter))
    for (const { from, to, message } of chosen) {
      this.give(to, { kind: 'receive', from: asPeerId(from), message })
    }
    return chosen.length
  }

  drop(which: Which = () => true): void {
    this.mail = this.mail.filter((letter) => !which(letter))
  }

  /** Lets these machines talk and sync until nothing is left to say. */
  settle(names: readonly string[]): void {
    for (let round = 0; round < 50; round++) {
      for (const name of names) this.sync(name)
      const among = ({ from, to }: Letter): boolean => names.includes(from) && names.includes(to)
      if (this.deliver(among) === 0) return
    }
  }

  /** Has it campaign; returns the term that it stands for. */
  stand(name: string): number {
    campaign(this.core(name))
    this.#take(name)
    this.sync(name)
    return this.core(name).promise.term
  }

  /** Has it campaign, and its votes asked of and given by these. */
  elect(name: string, by: readonly string[]): void {
    this.stand(name)
    this.deliver(({ from, to, message }) => {
      return from === name && by.includes(to) && message.kind === 'vote'
    })
    for (const voter of by) this.sync(voter)
    this.deliver(({ from, to, message }) => {
      return by.includes(from) && to === name && message.kind === 'vote-response'
    })
    this.drop(({ message }) => message.kind === 'vote' || message.kind === 'vote-response')
  }

  /** One machine gets all that another knows, as by gossip. */
  gossip(from: string, to: string): void {
    const { document, rotation } = this.core(from)
    const update = document.diff(this.core(to).document.stateVector())
    this.give(to, {
      kind: 'receive',
      from: asPeerId(from),
      message: { kind: 'sync-response', update, rotation },
    })
  }

  propose(name: string, body: RecordBody): void {
    propose(this.core(name), [body])
    this.#take(name)
  }

  /** The leader has nothing to do. */
  quiet(name: string): void {
    const { role } = this.core(name)
    check(role.kind === 'leader', 'script', `${name} does not lead`)
    fallQuiet(this.core(name), role)
    this.#take(name)
  }

  confirm(name: string, id: number): void {
    confirmLeadership(this.core(name), id)
    this.#take(name)
  }

  /** Changes the voters if the leader finds that it may. */
  changeVoters(name: string, voters: readonly string[]): boolean {
    const wanted = voters.map(asPeerId)
    if (!mayChangeVoters(this.core(name), wanted)) return false
    this.propose(name, { kind: 'config', voters: wanted })
    return true
  }

  isLeading(name: string): boolean {
    return this.core(name).role.kind === 'leader'
  }

  #open(name: string, frames: readonly Frame[]): Consensus {
    return createConsensus({
      self: asPeerId(name),
      createDocument: createArrayDocument,
      signer: { sign: () => name, verify: (peer: PeerId, _, signature) => signature === peer },
      random: () => 0.5,
      timing: DEFAULT_TIMING,
      frames,
      genesis: this.#genesis,
    })
  }

  #take(name: string): void {
    const part = this.#part(name)
    const { persist, send, barriers } = takeReady(part.core)
    for (const order of persist) part.waiting.push(...order.frames)
    for (const { to, message } of send) this.mail.push({ from: name, to, message })
    for (const { id, ok } of barriers) this.barriers.push({ by: name, id, ok })
    this.#check(name, part.core)
  }

  #check(name: string, { role, commit, chain }: Consensus): void {
    if (role.kind === 'leader') {
      const leader = this.#leaders.get(role.term) ?? name
      check(leader === name, 'I1 one leader per term', `${leader} and ${name}`)
      this.#leaders.set(role.term, name)
    }
    if (commit === null) return
    for (const record of chain.pathFromBase(commit)) {
      const known = this.#committed.get(record.index) ?? record
      check(
        known.hash === record.hash,
        'I5 one committed path',
        `${name} has ${String(record.term)}.${String(record.index)} committed, others ${String(known.term)}.${String(known.index)}`,
      )
      this.#committed.set(record.index, record)
    }
  }

  #part(name: string): Part {
    const part = this.#parts.get(name)
    if (part === undefined) throw new Error(`no machine ${name}`)
    return part
  }
}
