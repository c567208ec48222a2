// Many machines in one process and on one virtual clock: the daemon's own engines and switchboards, with the packets that
// they say to each other encoded, counted and decoded. No disks, no sockets; what is appended is durable a moment later.
import { EventHeap } from '../../test/sim/heap.ts'
import type { Outcome } from '../../daemon/core/claims/command.ts'
import { createSwitchboard, type Switchboard } from '../../daemon/mesh/switchboard.ts'
import { WIRE_VERSION, type Hello } from '../../daemon/mesh/packets.ts'
import type { Log } from '../../daemon/log.ts'
import type { Transport } from '../../daemon/ports.ts'
import { asPeerId, LEDGER_VERSION, type PeerId } from '../../protocol/index.ts'
import { ScaleLedger, type LedgerPlan } from './ledger.ts'

/** One way, on a local network. */
const WAY_MS = 0.5
/** Of a frame of the link, the multiplexer and the cipher around a message. */
const FRAME_BYTES = 5 + 12 + 18

const noWord = (): void => undefined
const SILENT_LOG: Log = { debug: noWord, info: noWord, warn: noWord, error: noWord }

export interface Traffic {
  messages: number
  bytes: number
}

export class ScaleMachine {
  readonly peer: PeerId
  readonly board: Switchboard
  readonly sent: Traffic = { messages: 0, bytes: 0 }
  readonly ledgers = new Map<string, ScaleLedger>()

  constructor(world: World, number: number) {
    // As long as the id of a real key.
    this.peer = asPeerId(`12D3KooW${String(number).padStart(44, 'M')}`)
    const hello: Hello = {
      kind: 'hello',
      speaks: WIRE_VERSION,
      mesh: 'mesh_scale',
      machine: `machine-${String(number)}`,
      version: '0.0.0',
      ledgerVersion: LEDGER_VERSION,
    }
    this.board = createSwitchboard({ log: SILENT_LOG, hello: () => hello })
    this.board.use(wireOf(world, this))
  }
}

export class World {
  readonly machines = new Map<PeerId, ScaleMachine>()
  readonly #heap = new EventHeap()
  now = 1_000

  addMachine(): ScaleMachine {
    const machine = new ScaleMachine(this, this.machines.size)
    this.machines.set(machine.peer, machine)
    return machine
  }

  connect(a: ScaleMachine, b: ScaleMachine): void {
    if (a === b || a.board.isReady(b.peer)) return
    a.board.events.onUp(b.peer)
    b.board.events.onUp(a.peer)
  }

  /** A ledger on these machines, of which the first ones vote. */
  addLedger(plan: LedgerPlan, machines: readonly ScaleMachine[]): readonly ScaleLedger[] {
    const peers = machines.map(({ peer }) => peer)
    return machines.map((machine) => {
      const ledger = new ScaleLedger(this, machine, plan, peers)
      machine.ledgers.set(plan.name, ledger)
      return ledger
    })
  }

  plan(inMs: number, act: () => void): void {
    this.#heap.push(this.now + inMs, act)
  }

  runFor(milliseconds: number): void {
    const until = this.now + milliseconds
    for (let next = this.#heap.popUntil(until); next; next = this.#heap.popUntil(until)) {
      this.now = next.at
      next.run()
    }
    this.now = until
  }

  /** Everything that was sent so far. */
  traffic(): Traffic {
    const all = { messages: 0, bytes: 0 }
    for (const { sent } of this.machines.values()) {
      all.messages += sent.messages
      all.bytes += sent.bytes
    }
    return all
  }
}

export type Answered = (outcome: Outcome) => void

function wireOf(world: World, machine: ScaleMachine): Transport {
  const { peer: self, sent } = machine
  return {
    self,
    listen: (addresses) => Promise.resolve(addresses),
    addresses: () => [],
    setPeers: noWord,
    send(to, message) {
      sent.messages++
      sent.bytes += message.length + FRAME_BYTES
      world.plan(WAY_MS, () => world.machines.get(to)?.board.events.onMessage(self, message))
      return true
    },
    links: () => [],
    probe: noWord,
    setNetworkKeys: noWord,
    ask: () => Promise.reject(new Error('nobody is asked')),
    close: () => Promise.resolve(),
  }
}
