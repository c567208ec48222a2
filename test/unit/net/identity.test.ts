import '../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { openMachineKey } from '../../../daemon/machine-key.ts'
import { serviceTagOf } from '../../../daemon/net/discovery.ts'
import { questionKey } from '../../../daemon/net/door/admission.ts'
import { libp2pPlace } from '../../helpers/libp2p-place.ts'
import { makeMachineKey } from '../../helpers/machine-keys.ts'

describe('a machine on the network', () => {
  it('has the peer id of its key, and proves it to whoever dials that id', async (t) => {
    const home = mkdtempSync(path.join(tmpdir(), 'skein-key-'))
    t.after(() => {
      rmSync(home, { recursive: true })
    })
    const key = openMachineKey(home)
    const place = libp2pPlace(t)
    const [a, b] = await Promise.all([place.join({}, { key }), place.join()])
    assert.equal(a.transport.self, key.peer)
    a.witness.answer = () => Promise.resolve(new Uint8Array(1))
    const ask = (peer = key.peer) =>
      b.transport.ask(
        { peer, addresses: a.transport.addresses() },
        new Uint8Array(1),
        AbortSignal.timeout(10_000),
      )
    await ask()
    await assert.rejects(ask(makeMachineKey().peer), { code: 'PEER_UNREACHABLE' })
  })

  it('is found under a name that says which mesh it is to its members only', () => {
    const [one, other] = [randomBytes(32), randomBytes(32)]
    assert.match(serviceTagOf(one), /^_skein-[0-9a-f]{8}\._udp\.local$/)
    assert.equal(serviceTagOf(one), serviceTagOf(Buffer.from(one)))
    assert.notEqual(serviceTagOf(one), serviceTagOf(other))
    assert.notEqual(questionKey(makeMachineKey().peer), questionKey(makeMachineKey().peer))
  })
})
