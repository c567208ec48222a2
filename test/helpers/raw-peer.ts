// A libp2p program that speaks to a transport's port as it likes: with any key of the network, any identity, any bytes.
import '../../daemon/shims.ts'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { byteStream } from '@libp2p/utils'
import { randomBytes } from 'node:crypto'
import { proofOf } from '../../daemon/net/door/admission.ts'
import type { MachineKey } from '../../daemon/machine-key.ts'
import type { PeerId } from '../../protocol/index.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'

export interface RawPeer {
  readonly node: Libp2p
  dial(peer: PeerId, address: string): Promise<Connection>
  /** A stream of members, once the other has accepted it. */
  openMesh(connection: Connection): Promise<Stream>
}

export interface RawPeerOptions {
  readonly isReading?: boolean
  /** What members say to it. */
  readonly onBytes?: (bytes: Uint8Array) => void
}

/** @param networkKey what it proves to know on each connection */
export async function startRawPeer(
  cleaner: Cleaner,
  key: MachineKey,
  networkKey: Uint8Array,
  { isReading = true, onBytes = () => undefined }: RawPeerOptions = {},
): Promise<RawPeer> {
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', key.seed()),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionProtector: () => ({
      async protect(connection) {
        const bytes = byteStream(connection)
        await bytes.write(proofOf(networkKey, randomBytes(16)))
        bytes.unwrap()
        return connection
      },
    }),
  })
  onCleanup(cleaner, async () => {
    for (const connection of node.getConnections()) connection.abort(new Error('over'))
    await node.stop()
  })
  await node.handle('/skein/mesh/1', (stream) => {
    // Taken, or not at all.
    if (!isReading) stream.pause()
    else
      stream.addEventListener('message', ({ data }) => {
        onBytes(data.subarray())
      })
  })
  return {
    node,
    dial: (peer, address) => node.dial(multiaddr(`${address}/p2p/${peer}`)),
    openMesh: (connection) => connection.newStream('/skein/mesh/1'),
  }
}

export function closedOf(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    if (connection.status !== 'open') resolve()
    connection.addEventListener('close', () => {
      resolve()
    })
  })
}
