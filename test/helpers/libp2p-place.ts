// A network of real transports on loopback, whose lines run through proxies.
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import {
  createLibp2pTransport,
  type Libp2pOptions,
  type Libp2pTransport,
} from '../../daemon/net/libp2p.ts'
import type { Log } from '../../daemon/log.ts'
import type { Line, Machine, PlaceSettings, TransportPlace } from '../contract/transport.ts'
import { startChaosProxy } from './chaos-proxy.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { makeMachineKey } from './machine-keys.ts'
import { Witness } from './transport-witness.ts'

export interface RealMachine extends Machine {
  readonly transport: Libp2pTransport
}

export interface RealPlace extends TransportPlace {
  join(settings?: PlaceSettings, options?: Partial<Libp2pOptions>): Promise<RealMachine>
  readonly networkKey: Uint8Array
}

export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

export function libp2pPlace(cleaner: Cleaner): RealPlace {
  const networkKey = randomBytes(32)
  const counters = new Map<Machine, Libp2pTransport>()
  return {
    networkKey,
    async join(settings = {}, options = {}) {
      const witness = new Witness()
      const { silentMs, doubtMs, waitingBytesMax } = settings
      const transport = await createLibp2pTransport(
        {
          key: makeMachineKey(),
          networkKey,
          log: SILENT_LOG,
          random: (bytes) => randomBytes(bytes),
          discovery: { mdns: false },
          ...options,
          limits: { ...(waitingBytesMax !== undefined && { waitingBytesMax }), ...options.limits },
          timing: {
            backoffMsMin: 20,
            backoffMsMax: 200,
            ...(doubtMs !== undefined && { doubtMs }),
            ...(silentMs !== undefined && { silentMs, pingMs: silentMs / 4, settleMs: silentMs }),
            ...options.timing,
          },
        },
        witness.events,
      )
      onCleanup(cleaner, () => transport.close())
      await transport.listen(['/ip4/127.0.0.1/tcp/0'])
      const machine = { transport, witness }
      counters.set(machine, transport)
      return machine
    },
    async line(_from, to): Promise<Line> {
      const proxy = await startChaosProxy(portOf(to.transport.addresses()[0] ?? ''))
      onCleanup(cleaner, () => proxy.close())
      return {
        address: proxy.address,
        reset: () => {
          proxy.reset()
        },
        refuse: () => proxy.refuse(),
        swallow: (way) => {
          proxy.swallow(way === 'both' ? ['forth', 'back'] : ['forth'])
        },
        stall: () => {
          proxy.stall(['forth'])
        },
        heal: () => proxy.heal(),
        tried: () => proxy.counts().connections,
      }
    },
    async deadAddress() {
      const { server, address } = await listen()
      server.close()
      await once(server, 'close')
      return address
    },
    async muteAddress() {
      const { server, address } = await listen()
      const sockets = new Set<net.Socket>()
      server.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
      })
      onCleanup(cleaner, () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
      return address
    },
    writes: (machine) => counters.get(machine)?.counters().writes ?? 0,
  }
}

/** Of `/ip4/…/tcp/PORT`. */
export function portOf(address: string): number {
  return Number(address.split('/').at(-1))
}

async function listen(): Promise<{ server: net.Server; address: string }> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, address: `/ip4/127.0.0.1/tcp/${String(port)}` }
}
