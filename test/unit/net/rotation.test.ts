import '../../../daemon/shims.ts'
import { randomBytes } from 'node:crypto'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { until } from '../../helpers/poll.ts'
import { libp2pPlace, type RealMachine } from '../../helpers/libp2p-place.ts'

const [OLD, NEW] = [randomBytes(32), randomBytes(32)]
const keys = (networkKey: Uint8Array, ...acceptedNetworkKeys: Uint8Array[]) => ({
  networkKey,
  acceptedNetworkKeys,
})

/** The first dials, the second waits. */
function connect(from: RealMachine, to: RealMachine): void {
  to.transport.setPeers([{ peer: from.transport.self, addresses: [] }])
  from.transport.setPeers([{ peer: to.transport.self, addresses: to.transport.addresses() }])
}

describe('a change of the key of the network', () => {
  for (const [what, caller, called] of [
    ['a machine that knows both calls one that knows the old one', keys(NEW, OLD), keys(OLD)],
    ['a machine that knows the old one calls one that knows both', keys(OLD), keys(NEW, OLD)],
    ['both know both', keys(NEW, OLD), keys(NEW, OLD)],
    ['both know both, in another order', keys(NEW, OLD), keys(OLD, NEW)],
  ] as const) {
    it(`keeps machines together: ${what}`, async (t) => {
      const place = libp2pPlace(t)
      const [a, b] = await Promise.all([place.join({}, caller), place.join({}, called)])
      connect(a, b)
      await Promise.all([
        a.witness.last(b.transport.self, 'up'),
        b.witness.last(a.transport.self, 'up'),
      ])
    })
  }

  it('parts machines that share no key', async (t) => {
    const place = libp2pPlace(t)
    const [a, b] = await Promise.all([place.join({}, keys(OLD)), place.join({}, keys(NEW))])
    connect(a, b)
    await until('three refusals', () => b.transport.counters().refusedKeys >= 3)
    assert.deepEqual(a.witness.story(b.transport.self), [])
    b.transport.setNetworkKeys(NEW, [OLD])
    await a.witness.last(b.transport.self, 'up')
  })

  it('leaves a link standing, and lets it come back with the new key alone', async (t) => {
    const place = libp2pPlace(t)
    const [a, b] = await Promise.all([place.join({}, keys(OLD)), place.join({}, keys(OLD))])
    const line = await place.line(a, b)
    b.transport.setPeers([{ peer: a.transport.self, addresses: [] }])
    a.transport.setPeers([{ peer: b.transport.self, addresses: [line.address] }])
    await a.witness.last(b.transport.self, 'up')
    for (const { transport } of [a, b]) transport.setNetworkKeys(NEW, [])
    assert.equal(a.transport.send(b.transport.self, randomBytes(10)), true)
    await b.witness.until(() => b.witness.messages === 1)
    line.reset()
    await a.witness.last(b.transport.self, 'up', 2)
    assert.equal(b.transport.counters().refusedKeys, 0)
  })
})
