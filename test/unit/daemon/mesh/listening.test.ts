import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createListening } from '../../../../daemon/mesh/listening.ts'
import type { Transport } from '../../../../daemon/ports.ts'
import { SkeinError } from '../../../../protocol/index.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const PORT = 7451

/** A machine with these addresses, on which other programs have taken these ports. */
function machine(own: readonly string[], taken: readonly string[] = []) {
  const listened: string[] = []
  const listen = (addresses: readonly string[]): Promise<readonly string[]> => {
    for (const address of addresses) {
      const host = address.split('/')[2] ?? ''
      if (taken.includes(address)) return Promise.reject(new SkeinError('PORT_TAKEN', address))
      if (!own.includes(host)) return Promise.reject(new SkeinError('INPUT_USAGE', address))
      listened.push(address.replace(/\/tcp\/0$/, '/tcp/4711'))
    }
    return Promise.resolve(listened)
  }
  const transport = { listen, addresses: () => listened } as unknown as Transport
  return { transport, own: own as string[] }
}

function listeningAt(t: TestContext, home = makeFolder(t), isExplicit = false) {
  return createListening({ home, addresses: [{ host: '127.0.0.1', port: PORT }], isExplicit })
}

describe('the addresses of a machine', () => {
  it('are listened on where they are its own, and told to the others in any case', async (t) => {
    const home = makeFolder(t)
    const { transport, own } = machine(['127.0.0.1'])
    const first = listeningAt(t, home)
    assert.deepEqual(first.add(['203.0.113.9:9000', '100.64.0.3']), [
      '203.0.113.9:9000',
      '100.64.0.3',
    ])
    const { addresses, missing } = await first.listen(transport)
    assert.deepEqual(addresses, ['/ip4/127.0.0.1/tcp/7451'])
    assert.deepEqual(missing, ['/ip4/203.0.113.9/tcp/9000', '/ip4/100.64.0.3/tcp/7451'])
    assert.deepEqual(first.announced(addresses), [...missing, ...addresses])

    own.push('100.64.0.3')
    const later = await first.again(transport, missing)
    assert.deepEqual(later.missing, ['/ip4/203.0.113.9/tcp/9000'])
    assert.ok(later.addresses.includes('/ip4/100.64.0.3/tcp/7451'))

    const restarted = await listeningAt(t, home).listen(machine(own).transport)
    assert.deepEqual(restarted.missing, later.missing)
  })

  it('are kept once they were tried, and not where a port of theirs is taken', async (t) => {
    const home = makeFolder(t)
    const taken = machine(['127.0.0.1', '100.64.0.3'], ['/ip4/100.64.0.3/tcp/9000'])
    const first = listeningAt(t, home, true)
    first.add(['100.64.0.3:9000'])
    await assert.rejects(first.listen(taken.transport), { code: 'PORT_TAKEN' })
    const free = machine(['127.0.0.1', '100.64.0.3'])
    const { addresses } = await listeningAt(t, home, true).listen(free.transport)
    assert.deepEqual(addresses, ['/ip4/127.0.0.1/tcp/7451'])
    first.remove(['100.64.0.3:9000'])
    assert.deepEqual(first.announced(addresses), addresses)
  })

  it('are all of IPv4 for a name, which then is the one port of all', async (t) => {
    const listening = listeningAt(t)
    listening.add(['laptop.example'])
    const { addresses } = await listening.listen(machine(['127.0.0.1', '0.0.0.0']).transport)
    assert.deepEqual(addresses, ['/ip4/0.0.0.0/tcp/7451'])
    assert.deepEqual(listening.announced(addresses)[0], '/dns/laptop.example/tcp/7451')
  })

  it('move to a free port where nobody chose one', async (t) => {
    const listening = listeningAt(t)
    const { transport } = machine(['127.0.0.1'], ['/ip4/127.0.0.1/tcp/7451'])
    const { addresses } = await listening.listen(transport)
    assert.deepEqual(addresses, ['/ip4/127.0.0.1/tcp/4711'])
  })
})
