import '../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  addressOfPeer,
  addressesForOthers,
  parseAddress,
  textOfAddress,
} from '../../../daemon/net/address.ts'
import { makeMachineKey } from '../../helpers/machine-keys.ts'

describe('an address', () => {
  it('is a host and a TCP port', () => {
    for (const text of [
      '/ip4/127.0.0.1/tcp/7411',
      '/ip6/::1/tcp/0',
      '/dns4/laptop.tail1234.ts.net/tcp/7411',
      '/dns6/laptop/tcp/1',
      '/dns/laptop/tcp/1',
    ])
      assert.equal(parseAddress(text)?.toString(), text)
    for (const text of [
      '',
      'laptop:7411',
      '/ip4/1.2.3.4',
      '/tcp/1',
      '/ip4/1.2.3.4/udp/1',
      '/ip4/1.2.3.4/tcp/1/ws',
      '/dnsaddr/bootstrap/tcp/1',
      '/unix/tmp',
    ])
      assert.equal(parseAddress(text), null, text)
  })

  it('carries the id of a peer, and loses it again', () => {
    const { peer } = makeMachineKey()
    const address = addressOfPeer(peer, '/ip4/1.2.3.4/tcp/5')
    assert.ok(address !== null)
    assert.equal(address.toString(), `/ip4/1.2.3.4/tcp/5/p2p/${peer}`)
    assert.equal(textOfAddress(address), '/ip4/1.2.3.4/tcp/5')
    assert.equal(addressOfPeer(peer, address.toString()), null)
  })

  it('is told to others when they can dial it', () => {
    const own = ['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip6/fe80::1/tcp/1']
    const wide = ['/ip4/192.168.1.2/tcp/1', '/ip6/fd00::1/tcp/1']
    assert.deepEqual(addressesForOthers([...own, ...wide]), wide)
    assert.deepEqual(addressesForOthers(own), own)
  })
})
