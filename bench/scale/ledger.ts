// One machine's copy of one ledger in the world: the engine, stepped as the loop of a daemon does it.
import {
  createArrayDocument,
  createYjsDocument,
  encodeRecord,
  formatRequestId,
  LEDGER_VERSION,
  type LedgerRecord,
  type PeerId,
  type RequestId,
} from '../../protocol/index.ts'
import type { Command } from '../../daemon/core/claims/command.ts'
import { DEFAULT_TIMING } from '../../daemon/core/consensus/types.ts'
import {
  createEngine,
  isLeading,
  stepEngine,
  type Engine,
  type EngineInput,
} from '../../daemon/core/engine.ts'
import type { Answered, ScaleMachine, World } from './world.ts'

export interface LedgerPlan {
  readonly name: string
  readonly voters: number
  readonly isYjs: boolean
}

const TICK_MS = 250
const SYNC_MS = 1
const LEASE_MS = 30 * 60_000

export class ScaleLedger {
  readonly engine: Engine
  readonly #world: World
  readonly #machine: ScaleMachine
  readonly #name: string
  readonly #pending = new Map<RequestId, Answered>()
  #inbox: EngineInput[] = []
  #isPlanned = false
  #isSyncing = false
  #sequence = 0

  constructor(world: World, machine: ScaleMachine, plan: LedgerPlan, peers: readonly PeerId[]) {
    this.#world = world
    this.#machine = machine
    this.#name = plan.name
    const voters = peers.slice(0, plan.voters)
    const genesis = genesisOf(plan.name, voters)
    const create = (client: number) =>
      plan.isYjs ? createYjsDocument(client) : createArrayDocument()
    const update = create(0).append(0, [genesis.bytes])
    this.engine = createEngine({
      self: machine.peer,
      signer: { sign: () => 'signature'.repeat(10), verify: () => true },
      createDocument: () => create(1 + peers.indexOf(machine.peer)),
      random: Math.random,
      timing: DEFAULT_TIMING,
      checkpointRecords: 1_000,
      frames: [{ kind: 'update', bytes: update }],
      genesis: { term: 0, index: 0, hash: genesis.hash, generation: 1 },
      caseExact: false,
      leaseMs: LEASE_MS,
    })
    const copies = peers.filter((peer) => peer !== machine.peer)
    const members = { willing: voters, copies, isCopy: true, asOf: 1, version: LEDGER_VERSION }
    this.#take({ kind: 'members', members })
    machine.board.join(plan.name, {
      receive: (from, message) => {
        this.#take({ kind: 'receive', from, message })
      },
      noteLink: (peer, isUp) => {
        this.#take({ kind: isUp ? 'reachable' : 'unreachable', peer })
      },
      mayHave: (peer) => peers.includes(peer),
    })
    this.#tick(Math.random() * TICK_MS)
  }

  isLeading(): boolean {
    return isLeading(this.engine)
  }

  isQuiet(): boolean {
    const { role } = this.engine.consensus
    return (role.kind === 'leader' || role.kind === 'follower') && role.isQuiet
  }

  ask(command: Command, answered: Answered): void {
    const { peer } = this.#machine
    const sequence = this.#sequence++
    const rid = formatRequestId({ peer, incarnation: this.engine.incarnation, sequence })
    const entropy = Uint8Array.from({ length: 16 }, () => Math.floor(Math.random() * 256))
    this.#pending.set(rid, answered)
    this.#take({ kind: 'request', request: { rid, command, entropy } })
  }

  #tick(inMs: number): void {
    this.#world.plan(inMs, () => {
      this.#drain()
      this.#tick(TICK_MS)
    })
  }

  /** What comes in one turn is taken in one step. */
  #take(input: EngineInput): void {
    this.#inbox.push(input)
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.#world.plan(0, () => {
      this.#isPlanned = false
      this.#drain()
    })
  }

  #drain(): void {
    const { now } = this.#world
    const tick = { kind: 'tick', now, uptimeMs: now, wallMs: 1_750_000_000_000 + now } as const
    const ready = stepEngine(this.engine, [tick, ...this.#inbox.splice(0)])
    if (ready.persist.length > 0) this.#sync()
    for (const { to, message } of ready.send) this.#machine.board.send(this.#name, to, message)
    for (const { rid, outcome } of ready.replies) {
      this.#pending.get(rid)?.(outcome)
      this.#pending.delete(rid)
    }
  }

  /** What comes up while a sync runs shares the next one. */
  #sync(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    const { position } = this.engine.consensus
    this.#world.plan(SYNC_MS, () => {
      this.#isSyncing = false
      this.#take({ kind: 'durable', position })
      if (this.engine.consensus.position > position) this.#sync()
    })
  }
}

function genesisOf(name: string, voters: readonly PeerId[]): LedgerRecord {
  const [founder] = voters
  if (founder === undefined) throw new Error('a ledger has a voter')
  return encodeRecord({
    ...{ generation: 1, term: 0, index: 0, parent: null, atMs: 0 },
    body: {
      ...{ kind: 'genesis', ledger: 'repo', mesh: 'mesh_scale', name, founder, voters },
      version: LEDGER_VERSION,
    },
  })
}
