// The libp2p node with everything of it that has opinions of its own switched off: it dials nothing, monitors nothing, prunes
// nothing, tells nobody about itself. Connections, Noise and streams are what is taken from it.
import '../shims.ts'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type {
  ComponentLogger,
  ConnectionGater,
  ConnectionProtector,
  Libp2p,
  Logger,
} from '@libp2p/interface'
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { assert } from '../../protocol/index.ts'
import type { MachineKey } from '../machine-key.ts'

/** The parts of a node that its own interface does not show, but shows to services. */
export interface NodeParts {
  readonly transportManager: TransportManager
  readonly addressManager: AddressManager
  readonly logger: ComponentLogger
}

export interface NodeOptions {
  readonly key: MachineKey
  readonly protector: ConnectionProtector
  readonly gater: ConnectionGater
  /** For a connection to come about, from both sides. */
  readonly upgradeMs: number
}

/** Members and strangers; a mesh has tens of machines, and each at most a few connections at once. */
const CONNECTIONS_MAX = 1_000
/** Sockets that have not proven a key yet; they are gone after seconds. */
const PENDING_MAX = 256
/** Streams of one connection: one each way, and room for an unfinished one. */
const STREAMS_MAX = 8

/** A started node that listens nowhere yet. */
export async function startNode(options: NodeOptions): Promise<{ node: Libp2p; parts: NodeParts }> {
  const seen: NodeParts[] = []
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.key.seed()),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: STREAMS_MAX, maxOutboundStreams: STREAMS_MAX })],
    connectionProtector: () => options.protector,
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      maxIncomingPendingConnections: PENDING_MAX,
      // By default five a second from one host, and a NAT or a test is one host. What bounds callers is admission.ts.
      inboundConnectionThreshold: Infinity,
      inboundUpgradeTimeout: options.upgradeMs,
      inboundStreamProtocolNegotiationTimeout: options.upgradeMs,
      outboundStreamProtocolNegotiationTimeout: options.upgradeMs,
      connectionCloseTimeout: 500,
    },
    connectionMonitor: { enabled: false },
    logger: { forComponent: () => SILENT },
    services: {
      parts: (components: NodeParts) => {
        seen.push(components)
        return {}
      },
    },
  })
  assert(node.peerId.toString() === options.key.peer, 'a key has one peer id')
  const [parts] = seen
  assert(parts !== undefined, 'services are made with the node')
  return { node, parts }
}

const nothing = (): void => undefined
const SILENT: Logger = Object.assign(nothing, {
  enabled: false,
  error: nothing,
  trace: nothing,
  newScope: (): Logger => SILENT,
})
