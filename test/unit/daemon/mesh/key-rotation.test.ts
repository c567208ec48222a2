import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { watchBelonging } from '../../../../daemon/mesh/belonging.ts'
import {
  made,
  openNetworkKeys,
  writeNetworkKey,
  type NetworkKeys,
} from '../../../../daemon/mesh/network-key.ts'
import { encodeValue } from '../../../../daemon/mesh/packets.ts'
import {
  createKeyRotation,
  tellKey,
  type KeyRotation,
} from '../../../../daemon/mesh/key-rotation.ts'
import { createSwitchboard, type Switchboard } from '../../../../daemon/mesh/switchboard.ts'
import type { Transport } from '../../../../daemon/ports.ts'
import type { MemberState, PeerId } from '../../../../protocol/index.ts'
import { SILENT_LOG } from '../../../helpers/libp2p-place.ts'
import { makeMachineKey } from '../../../helpers/machine-keys.ts'
import { createMemoryHub, type MemoryHub } from '../../../helpers/memory-transport.ts'
import { until } from '../../../helpers/poll.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const DAY_MS = 24 * 3_600_000
const FIRST = made(1)

/** A machine with the parts that a key goes through; what its mesh ledger says is the test's word. */
class Machine {
  readonly peer = makeMachineKey().peer
  readonly home: string
  readonly ledger = { members: new Map<PeerId, MemberState>(), removedAt: 0 }
  leads = false
  nowMs = 0
  keys!: NetworkKeys
  rotation!: KeyRotation
  board!: Switchboard
  transport!: Transport
  readonly #hub: MemoryHub
  readonly #t: TestContext

  constructor(t: TestContext, hub: MemoryHub) {
    this.#t = t
    this.#hub = hub
    this.home = makeFolder(t)
  }

  async start(): Promise<void> {
    this.keys = openNetworkKeys(this.home, () => this.nowMs)
    this.board = createSwitchboard({
      log: SILENT_LOG,
      hello: () => ({
        ...{ kind: 'hello', speaks: { min: 1, max: 1 }, mesh: 'm', machine: this.peer },
        ...{ version: '1', ledgerVersion: 1 },
      }),
    })
    this.rotation = createKeyRotation({
      ...{ keys: this.keys, board: this.board, self: this.peer, log: SILENT_LOG },
      state: () => this.ledger,
      leads: () => this.leads,
    })
    const onQuestion = (from: PeerId): Promise<Uint8Array> => {
      const isMember = this.ledger.members.has(from)
      const key = tellKey(isMember ? this.rotation.tellable() : null)
      return Promise.resolve(encodeValue({ isRemoved: !isMember, ...key }))
    }
    const settings = { networkKeys: this.rotation.accepted(), backoffMs: 5 }
    const events = { ...this.board.events, onQuestion }
    this.transport = this.#hub.createTransport(this.peer, events, settings)
    await this.transport.listen(['/ip4/127.0.0.1/tcp/0'])
    this.board.use(this.transport)
    this.rotation.use(this.transport)
    this.#t.after(() => this.transport.close())
  }

  async stop(): Promise<void> {
    await this.transport.close()
  }

  /** Its mesh ledger says so now. */
  knows(members: readonly Machine[], removedAt: number): void {
    this.ledger.members = new Map(
      members.map(({ peer, transport }) => [
        peer,
        { peer, machine: peer, role: 'voter', addresses: transport.addresses(), version: 1 },
      ]),
    )
    this.ledger.removedAt = removedAt
    this.transport.setPeers([...this.ledger.members.values()])
    this.rotation.look()
  }
}

async function machines(t: TestContext, count: number): Promise<Machine[]> {
  const hub = createMemoryHub()
  const all = Array.from({ length: count }, () => new Machine(t, hub))
  for (const machine of all) {
    // As a join hands it over.
    writeNetworkKey(machine.home, FIRST)
    await machine.start()
  }
  for (const machine of all) machine.knows(all, 1)
  await until('all are connected', () =>
    all.every((one) => all.every(({ peer }) => peer === one.peer || one.board.isReady(peer))),
  )
  return all
}

/** What a timer does in a daemon. */
function untilOneKey(all: readonly Machine[], index: number): Promise<unknown> {
  return until(`one key of ${String(index)}`, () => {
    for (const { rotation } of all) rotation.look()
    return new Set(all.map(keyOf)).size === 1 && all[0]?.keys.present().index === index
  })
}

function keyOf({ keys }: Machine): string {
  return Buffer.from(keys.present().bytes).toString('hex')
}

describe('a removal', () => {
  it('gives the others a new key, and the removed one none', async (t) => {
    const [a, b, c, gone] = (await machines(t, 4)) as [Machine, Machine, Machine, Machine]
    const old = keyOf(gone)
    a.leads = true
    // The others hear of it late: their links to the removed one stand.
    a.knows([a, b, c], 5)
    await until('b has heard of the key', () => b.rotation.accepted().length === 2)
    for (let round = 0; round < 50; round++) for (const one of [a, b, c, gone]) one.rotation.look()
    assert.equal(keyOf(b), old, 'not its own before it knows of the removal')
    for (const one of [b, c]) one.knows([a, b, c], 5)
    await untilOneKey([a, b, c], 5)
    assert.notEqual(keyOf(a), old)
    assert.equal(keyOf(gone), old)
    const told = Buffer.from(a.keys.present().bytes).toString('hex')
    assert.ok(!gone.rotation.accepted().some((key) => Buffer.from(key).toString('hex') === told))
  })

  it('is survived by whoever comes back within a day, and by whoever was away for longer', async (t) => {
    for (const awayMs of [DAY_MS / 2, 2 * DAY_MS]) {
      const [a, b, sleeper, gone] = (await machines(t, 4)) as [Machine, Machine, Machine, Machine]
      await sleeper.stop()
      a.leads = true
      for (const one of [a, b]) one.knows([a, b, sleeper], 5)
      await untilOneKey([a, b], 5)
      for (const one of [a, b]) {
        one.nowMs = awayMs
        one.rotation.look()
      }
      assert.equal(a.keys.all().length > 1, awayMs < DAY_MS)
      await sleeper.start()
      // It knows the ledger as it was.
      sleeper.knows([a, b, sleeper, gone], 1)
      for (const one of [a, b]) one.knows([a, b, sleeper], 5)
      const end = watchBelonging({
        ...{ mesh: 'm', index: () => 1, isAlone: () => true, onRemoved: () => assert.fail() },
        lost: () =>
          [...sleeper.ledger.members.values()].filter(({ peer }) => !sleeper.board.isReady(peer)),
        ask: (target, question, signal) => sleeper.transport.ask(target, question, signal),
        onTold: (from, told) => {
          sleeper.rotation.hear(from, told)
        },
      })
      t.after(end)
      await until(
        'it is back',
        () => sleeper.board.isReady(a.peer) || sleeper.board.isReady(b.peer),
      )
      sleeper.knows([a, b, sleeper], 5)
      await untilOneKey([a, b, sleeper], 5)
    }
  })

  it('ends in one key where two leaders made one for it, or made several in turn', async (t) => {
    const [a, b, c] = (await machines(t, 3)) as [Machine, Machine, Machine]
    // Two that led in turn, and neither had heard of the other's key.
    for (const one of [a, b]) {
      one.leads = true
      one.ledger.removedAt = 5
    }
    a.rotation.look()
    b.rotation.look()
    assert.notEqual(keyOf(a), keyOf(b))
    c.ledger.removedAt = 5
    await untilOneKey([a, b, c], 5)
    a.leads = false
    for (const one of [b, c, a]) one.ledger.removedAt = 8
    await untilOneKey([a, b, c], 8)
  })

  it('is finished by the next leader, or after a restart, where the first one died over it', async (t) => {
    const [a, b, c] = (await machines(t, 3)) as [Machine, Machine, Machine]
    await a.stop()
    for (const one of [b, c]) one.ledger.removedAt = 5
    await c.stop()
    b.leads = true
    b.rotation.look()
    const key = keyOf(b)
    await b.stop()
    for (const one of [b, c]) await one.start()
    for (const one of [b, c]) one.knows([a, b, c], 5)
    assert.equal(keyOf(b), key)
    await untilOneKey([b, c], 5)
    assert.equal(keyOf(c), key)
  })
})

describe('a key', () => {
  it('of a machine that is no member, or is none any more, is not taken', async (t) => {
    const [a, b, gone] = (await machines(t, 3)) as [Machine, Machine, Machine]
    const evil = made(9)
    b.rotation.hear(makeMachineKey().peer, tellKey(evil))
    assert.equal(b.rotation.accepted().length, b.keys.all().length)
    b.rotation.hear(gone.peer, tellKey(evil))
    b.knows([a, b], 9)
    assert.notDeepEqual(b.keys.present().bytes, evil.bytes)
    assert.equal(b.rotation.accepted().length, b.keys.all().length)
    for (const told of [null, 7, {}, { networkKey: new Uint8Array(31), keyIndex: 1 }])
      b.rotation.hear(a.peer, told)
    assert.equal(b.rotation.accepted().length, b.keys.all().length)
  })
})
