import '../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { describe, it } from 'node:test'
import { libp2pPlace } from '../../helpers/libp2p-place.ts'
import { makeMachineKey } from '../../helpers/machine-keys.ts'

/** Does a packet to a group come back to this machine? Not in every container. */
function hasMulticast(): Promise<boolean> {
  const group = '224.0.0.251'
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  return new Promise((resolve) => {
    const end = (result: boolean): void => {
      clearTimeout(timer)
      socket.close()
      resolve(result)
    }
    const timer = setTimeout(end, 1_000, false)
    socket.once('error', () => {
      end(false)
    })
    socket.once('message', () => {
      end(true)
    })
    socket.bind(0, () => {
      socket.addMembership(group)
      socket.send('skein', socket.address().port, group)
    })
  })
}

describe('discovery in the same network', () => {
  it('brings members together that know no address, and nobody else', async (t) => {
    if (!(await hasMulticast())) {
      t.skip('no multicast here')
      return
    }
    const place = libp2pPlace(t)
    const join = () => place.join({}, { discovery: { mdns: true } })
    const [a, b, c] = await Promise.all([join(), join(), join()])
    const listed = (...peers: string[]) =>
      [a, b]
        .filter(({ transport }) => peers.includes(transport.self))
        .map(({ transport }) => ({ peer: transport.self, addresses: [] }))
    c.transport.setPeers([{ peer: makeMachineKey().peer, addresses: [] }])
    a.transport.setPeers(listed(b.transport.self))
    b.transport.setPeers(listed(a.transport.self))
    await Promise.all([
      a.witness.last(b.transport.self, 'up'),
      b.witness.last(a.transport.self, 'up'),
    ])
    assert.deepEqual(c.witness.seen, [])
  })
})
