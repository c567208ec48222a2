import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createWays } from '../../../../daemon/mesh/ways.ts'
import { asPeerId } from '../../../../protocol/index.ts'

const PEER = asPeerId('12D3KooWPeer')
const said = ['/ip4/100.64.0.5/tcp/7451']
const ways = createWays({ studio: [{ host: 'localhost', port: 9000 }] })

describe('where a machine is dialled', () => {
  it('is what config.yml says of its name, in the place of all that it says itself', () => {
    assert.deepEqual(ways({ peer: PEER, machine: 'studio', addresses: said }), {
      peer: PEER,
      addresses: ['/dns/localhost/tcp/9000'],
    })
  })

  it('is where it says that it is, when config.yml names another or its name is not known yet', () => {
    for (const machine of ['nas', 'toString'])
      assert.deepEqual(ways({ peer: PEER, machine, addresses: said }).addresses, said)
    assert.deepEqual(ways({ peer: PEER, addresses: said }).addresses, said)
  })
})
