import '../../daemon/shims.ts'
import { onCleanup, type Cleaner } from '../helpers/cleanup.ts'
import { libp2pPlace } from '../helpers/libp2p-place.ts'
import { makeMachineKey } from '../helpers/machine-keys.ts'
import { createMemoryHub } from '../helpers/memory-transport.ts'
import { Witness } from '../helpers/transport-witness.ts'
import { transportContract, type TransportPlace } from './transport.ts'

transportContract('createLibp2pTransport', (t) => libp2pPlace(t))
transportContract('createMemoryHub', memoryPlace)

function memoryPlace(cleaner: Cleaner): TransportPlace {
  const hub = createMemoryHub()
  let dead = 0
  return {
    async join(settings = {}) {
      const witness = new Witness()
      const { peer } = makeMachineKey()
      const transport = hub.createTransport(peer, witness.events, { ...settings, backoffMs: 20 })
      onCleanup(cleaner, () => transport.close())
      await transport.listen(['/ip4/127.0.0.1/tcp/0'])
      return { transport, witness }
    },
    line(from, to) {
      const line = hub.between(from.transport.self, to.transport.self)
      const [address = ''] = to.transport.addresses()
      return Promise.resolve({
        ...line,
        address,
        refuse: () => {
          line.refuse()
          return Promise.resolve()
        },
        heal: () => {
          line.heal()
          return Promise.resolve()
        },
      })
    },
    deadAddress: () => Promise.resolve(`/ip4/127.0.0.1/tcp/${String(++dead)}`),
    muteAddress: () => Promise.resolve(hub.muteAddress()),
    writes: (machine) => hub.writes(machine.transport.self),
  }
}
