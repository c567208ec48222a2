// How other machines are, as their links and their own answers show it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMachinesNow, type MachinesNow } from '../../../../daemon/mesh/machines-now.ts'
import type { Hello } from '../../../../daemon/mesh/packets.ts'
import type { Answering, Leaving, PeerLink } from '../../../../daemon/mesh/switchboard.ts'
import { asPeerId, SkeinError } from '../../../../protocol/index.ts'

const SELF = asPeerId('self')
const BOB = asPeerId('bob')

interface Wire {
  isReady: boolean
  isDoubtful: boolean
  leaving: Leaving | null
  /** What bob answers. */
  ask: () => Promise<unknown>
  asked: number
  now: number
}

function hello(alwaysOn: boolean): Hello {
  const facts = { mesh: 'm', machine: 'bob', version: '1', ledgerVersion: 1, alwaysOn }
  return { kind: 'hello', speaks: { min: 1, max: 1 }, ...facts }
}

function open(): { readonly wire: Wire; readonly machines: MachinesNow; answer: Answering } {
  const wire: Wire = {
    ...{ isReady: true, isDoubtful: false, leaving: null, asked: 0, now: 0 },
    ask: () => Promise.resolve({ load: 1.234 }),
  }
  let answer: Answering = () => Promise.reject(new Error('nothing answers'))
  const machines = createMachinesNow({
    self: SELF,
    members: () => [SELF, BOB],
    now: () => wire.now,
    load: () => 0.5,
    workersMax: 4,
    board: {
      isReady: () => wire.isReady,
      leaving: () => wire.leaving,
      links: () => [{ link: { peer: BOB, isDoubtful: wire.isDoubtful } } as unknown as PeerLink],
      ask: () => {
        wire.asked++
        return wire.ask()
      },
      answer: (_method, answering) => {
        answer = answering
      },
    },
  })
  return { wire, machines, answer }
}

describe('the machines of a mesh', () => {
  it('are here, up, silent, asleep or away', () => {
    const { wire, machines } = open()
    assert.deepEqual([machines.presence(SELF), machines.presence(BOB)], ['here', 'up'])
    wire.isDoubtful = true
    assert.equal(machines.presence(BOB), 'silent')
    wire.isReady = false
    for (const [how, alwaysOn, presence] of [
      ['silent', false, 'asleep'],
      // A machine that does not sleep, and one that said why.
      ['silent', true, 'away'],
      ['reset', false, 'away'],
      ['refused', false, 'away'],
    ] as const) {
      wire.leaving = { how, hello: hello(alwaysOn) }
      assert.equal(machines.presence(BOB), presence, `${how} ${String(alwaysOn)}`)
    }
    wire.leaving = null
    assert.equal(machines.presence(BOB), 'away', 'it was never here')
  })

  it('tell their load, and are asked for it now and then while somebody looks', async () => {
    const { wire, machines, answer } = open()
    assert.deepEqual([machines.load(SELF), machines.load(BOB)], [0.5, null])
    assert.deepEqual(await answer(BOB, {}), { load: 0.5, workers_max: 4 })
    await machines.refresh()
    await machines.refresh()
    assert.deepEqual([machines.load(BOB), wire.asked], [1.23, 1])
    wire.now = 5_000
    assert.deepEqual([machines.workersMax(SELF), machines.workersMax(BOB)], [4, null])
    wire.ask = () => Promise.resolve({ load: 2, workers_max: 6 })
    await machines.refresh()
    // Nobody waits for a machine of which something is known.
    await new Promise(setImmediate)
    assert.deepEqual([machines.load(BOB), machines.workersMax(BOB), wire.asked], [2, 6, 2])
  })

  it('say nothing where they do not answer, or answered too long ago', async () => {
    const { wire, machines } = open()
    wire.ask = () => Promise.reject(new SkeinError('INPUT_USAGE', 'no such question'))
    await machines.refresh()
    assert.equal(machines.load(BOB), null)
    wire.ask = () => Promise.resolve({ load: 'high' })
    wire.now = 5_000
    await machines.refresh()
    await new Promise(setImmediate)
    assert.equal(machines.load(BOB), null)
    wire.ask = () => Promise.resolve({ load: 3 })
    wire.now = 10_000
    await machines.refresh()
    await new Promise(setImmediate)
    assert.equal(machines.load(BOB), 3)
    wire.now = 41_000
    assert.equal(machines.load(BOB), null)
  })
})
