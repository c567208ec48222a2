// Engines whose every message and sync is played by hand. See script.ts for the consensus cores alone.
import {
  asPeerId,
  asSessionId,
  createArrayDocument,
  encodeRecord,
  formatRequestId,
  LEDGER_VERSION,
  type LedgerRecord,
  type Party,
  type PeerId,
  type RequestId,
} from '../../protocol/index.ts'
import type { ClaimCommand, Command, Outcome } from '../../daemon/core/claims/command.ts'
import { campaign } from '../../daemon/core/consensus/candidate.ts'
import { DEFAULT_TIMING, type Rotation } from '../../daemon/core/consensus/types.ts'
import {
  createEngine,
  isLeading,
  stepEngine,
  type Engine,
  type EngineInput,
} from '../../daemon/core/engine.ts'
import type { Frame } from '../../daemon/ports.ts'
import type { SettledProvisional } from '../../daemon/core/engine-state.ts'
import type { PeerMessage } from '../../daemon/core/messages.ts'
import { nextRequestId } from '../../daemon/core/provisional/ask.ts'
import type { Letter as ConsensusLetter } from './script.ts'

export type Letter = Omit<ConsensusLetter, 'message'> & { readonly message: PeerMessage }
type Which = (letter: Letter) => boolean

interface Part {
  engine: Engine
  disk: Frame[]
  waiting: (Frame | { readonly replaces: readonly Frame[] })[]
  position: number
}

export class EngineScript {
  readonly #parts = new Map<string, Part>()
  readonly #genesis: LedgerRecord
  readonly replies: { readonly by: string; readonly rid: RequestId; readonly outcome: Outcome }[] =
    []
  readonly settled: { readonly by: string; readonly settled: SettledProvisional }[] = []
  mail: Letter[] = []
  #now = 1_000
  #chance = 1
  #mesh = 1

  /** What every machine runs with, the next time it is started. */
  settings: {
    readonly checkpointRecords?: number
    readonly rotateAbove?: Rotation
    readonly starts?: number
  }

  constructor(
    voters: readonly string[],
    others: readonly string[] = [],
    settings: EngineScript['settings'] = {},
  ) {
    this.settings = settings
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
    const { term, index, hash, generation } = this.#genesis
    const first: Frame = { kind: 'record', bytes: this.#genesis.bytes }
    // Whoever joins later knows which ledger it is, and nothing of it.
    const joined: Frame = {
      kind: 'meta',
      value: { genesis: { term, index, hash, generation } },
    }
    for (const name of [...voters, ...others]) {
      const disk = voters.includes(name) ? [first] : [joined]
      const part = { engine: this.#open(name, disk), disk, waiting: [], position: 0 }
      this.#parts.set(name, part)
      this.give(name)
    }
  }

  engine(name: string): Engine {
    return this.#part(name).engine
  }

  restart(name: string): void {
    const part = this.#part(name)
    part.waiting = []
    part.position = 0
    part.engine = this.#open(name, part.disk)
    this.give(name)
  }

  /** Begins with a new log, as a machine that left and comes back. */
  comeBack(name: string, starts: number): void {
    const { term, index, hash, generation } = this.#genesis
    this.#part(name).disk = [
      { kind: 'meta', value: { genesis: { term, index, hash, generation } } },
    ]
    const { settings } = this
    this.settings = { ...settings, starts }
    this.restart(name)
    this.settings = settings
  }

  give(name: string, ...inputs: EngineInput[]): void {
    const part = this.#part(name)
    const ready = stepEngine(part.engine, inputs)
    for (const order of ready.persist) {
      if (order.kind === 'append') part.waiting.push(...order.frames)
      else part.waiting.push({ replaces: order.frames })
    }
    for (const { to, message } of ready.send) this.mail.push({ from: name, to, message })
    for (const settled of ready.settled) this.settled.push({ by: name, settled })
    for (const { rid, outcome } of ready.replies) this.replies.push({ by: name, rid, outcome })
  }

  tick(name: string, byMs = 100): void {
    this.#now += byMs
    this.give(name, { kind: 'tick', now: this.#now, uptimeMs: this.#now, wallMs: this.#now })
  }

  /** Much time passes at once, with nothing in it. */
  skip(ms: number): void {
    this.#now += ms
  }

  sync(name: string): void {
    const part = this.#part(name)
    if (part.waiting.length === 0) return
    for (const write of part.waiting) {
      if ('replaces' in write) part.disk = [...write.replaces]
      else part.disk.push(write)
    }
    part.position += part.waiting.length
    part.waiting = []
    this.give(name, { kind: 'durable', position: part.position })
  }

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

  settle(names: readonly string[]): void {
    for (let round = 0; round < 50; round++) {
      for (const name of names) this.sync(name)
      const among = ({ from, to }: Letter): boolean => names.includes(from) && names.includes(to)
      if (this.deliver(among) === 0 && names.every((name) => this.#part(name).waiting.length === 0))
        return
    }
  }

  stand(name: string): void {
    campaign(this.engine(name).consensus)
    this.give(name)
  }

  request(name: string, sequence: number, command: Command): RequestId {
    const rid = formatRequestId({ peer: asPeerId(name), incarnation: 1, sequence })
    const entropy = Uint8Array.from({ length: 16 }, (_, i) => sequence * 16 + i)
    this.give(name, { kind: 'request', request: { rid, command, entropy } })
    return rid
  }

  /** The mesh tells a machine who may vote, and who has a copy. */
  tellMembers(name: string, willing: readonly string[], copies: readonly string[]): void {
    const others = copies.filter((peer) => peer !== name).map(asPeerId)
    const members = {
      ...{ willing: willing.map(asPeerId), copies: others },
      ...{ isCopy: copies.includes(name), asOf: this.#mesh++, version: LEDGER_VERSION },
    }
    this.give(name, { kind: 'members', members })
  }

  /** The voters at a machine's head. */
  votersAt(name: string): readonly string[] {
    const { chain } = this.engine(name).consensus
    const head = chain.head()
    return head === null ? [] : chain.votersAt(head)
  }

  /** A call for which there is no quorum; what it is answered stands in `replies`. */
  provisional(name: string, command: ClaimCommand): RequestId {
    const rid = nextRequestId(this.engine(name))
    const entropy = Uint8Array.from({ length: 16 }, (_, i) => this.#chance * 16 + i)
    this.#chance++
    this.give(name, { kind: 'provisional', request: { rid, command, entropy } })
    return rid
  }

  outcomeOf(rid: RequestId): Outcome | undefined {
    return this.replies.find((reply) => reply.rid === rid)?.outcome
  }

  /** Lets time pass for these machines, and all that it brings happen. */
  pass(names: readonly string[], ms: number): void {
    for (let passed = 0; passed < ms; passed += 500) {
      for (const name of names) this.tick(name, 500 / names.length)
      this.settle(names)
    }
  }

  /** Has it lead, with the votes of these. */
  elect(name: string, by: readonly string[]): void {
    const all = [name, ...by]
    for (let i = 0; i < 4 && !isLeading(this.engine(name)); i++) {
      this.stand(name)
      this.settle(all)
    }
    this.tick(name, 600)
    this.settle(all)
  }

  #open(name: string, frames: readonly Frame[]): Engine {
    return createEngine({
      self: asPeerId(name),
      createDocument: createArrayDocument,
      signer: { sign: () => name, verify: (peer: PeerId, _, signature) => signature === peer },
      random: () => 0.5,
      timing: DEFAULT_TIMING,
      frames: [...frames],
      genesis: this.#genesis,
      caseExact: false,
      leaseMs: 600_000,
      checkpointRecords: 1_000,
      ...this.settings,
      boot: 'b',
    })
  }

  #part(name: string): Part {
    const part = this.#parts.get(name)
    if (part === undefined) throw new Error(`no machine ${name}`)
    return part
  }
}

export function partyOf(session: string, machine: string): Party {
  return {
    agent: session,
    agentGiven: false,
    session: asSessionId(session),
    peer: asPeerId(machine),
    machine,
    branch: null,
  }
}

export function claimOf(party: Party, pattern: string, waitSeconds = 0): ClaimCommand {
  return {
    kind: 'claim',
    party,
    scopes: [{ kind: 'file', pattern, symbols: [], mode: 'exclusive' }],
    terms: {
      description: '',
      narrowable: false,
      ttlSeconds: 3_600,
      ttlDefaultSeconds: 3_600,
      ttlSharedSeconds: 3_600,
      claimsPerAgent: 0,
    },
    stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 },
    key: null,
    urgency: 'normal',
    waitSeconds,
  }
}
