// The Transport on libp2p: TCP, Noise, yamux, and on them one long-lived stream for each peer and direction. Loaded only when
// the mesh opens. admission.ts and gater.ts decide who comes in, dialer.ts seeks peers, link.ts keeps what is found.
//
// 1. Nobody but the listed peers gets a message in or out.
// 2. Whatever a peer or a stranger does costs a bounded amount of memory, and at most its own link.
import type { Connection, Libp2p } from '@libp2p/interface'
import { SkeinError, type PeerId } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { MachineKey } from '../machine-key.ts'
import type { Transport, TransportEvents } from '../ports.ts'
import { addressesForOthers, parseListenAddress, textOfAddress } from './address.ts'
import { createAdmission, type Refusal } from './door/admission.ts'
import { createCaller, type Caller } from './caller.ts'
import { openDiscovery, type Discovery } from './discovery.ts'
import { createGater, createStrangers } from './door/gater.ts'
import { startNode, type NodeParts } from './node.ts'
import { createPeers, type Peers } from './peers.ts'
import { closeOf, untilAborted } from './door/question.ts'
import { MESH_PROTOCOL, receive } from './door/reception.ts'
import { createSay } from './say.ts'
import { NET_LIMITS, NET_TIMING, type NetLimits, type NetTiming } from './settings.ts'

export interface Libp2pOptions {
  readonly key: MachineKey
  /** 32 bytes that the members of a mesh share; keeps strangers cheap, and makes nobody a member. */
  readonly networkKey: Uint8Array
  /** Older ones, for the time after a change. */
  readonly acceptedNetworkKeys?: readonly Uint8Array[]
  readonly log: Log
  /** This many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly discovery: { readonly mdns: boolean }
  readonly limits?: Partial<NetLimits>
  readonly timing?: Partial<NetTiming>
}

export interface Libp2pTransport extends Transport {
  counters(): NetCounters
}

/** Since the start. */
export interface NetCounters {
  /** Calls that handed bytes to a stream. */
  readonly writes: number
  /** Callers without a key of the mesh. */
  readonly refusedKeys: number
  /** Callers that are no members, beyond those that are let in to ask. */
  readonly refusedStrangers: number
  /** Members that had sent what is no frame. */
  readonly refusedPunished: number
  readonly questions: number
}

/** A transport that listens nowhere and knows nobody yet. */
export async function createLibp2pTransport(
  options: Libp2pOptions,
  events: TransportEvents,
): Promise<Libp2pTransport> {
  const timing = { ...NET_TIMING, ...options.timing }
  const limits = { ...NET_LIMITS, ...options.limits }
  const say = createSay(options.log, timing.logMs)
  const keys: Keys = { all: [options.networkKey, ...(options.acceptedNetworkKeys ?? [])] }
  const count = { writes: 0, refusedKeys: 0, refusedStrangers: 0, refusedPunished: 0, questions: 0 }
  const onRefused = (why: Refusal): void => {
    count[`refused${why}`]++
    say(`refused ${why}`, { why: why.toLowerCase() }, 'callers of the mesh port were refused')
  }
  const strangers = createStrangers(limits.strangersMax, limits.strangersPerSecond)
  const admission = createAdmission({
    self: options.key.peer,
    keys: () => keys.all,
    proofMs: timing.proofMs,
    admitStranger: strangers.admit,
    onRefused,
  })
  const { purposeOf, protector } = admission
  const gater = createGater({
    purposeOf,
    isMember: (peer) => peers.linkOf(peer) !== undefined,
    isPunished: (peer) => peers.linkOf(peer)?.isPunished() === true,
    strangers,
    onRefused,
  })
  const { upgradeMs } = timing
  const { node, parts } = await startNode({ key: options.key, protector, gater, upgradeMs })
  const caller = createCaller({
    manager: parts.transportManager,
    admission,
    timing,
    keys: () => keys.all,
  })
  const peers = createPeers({
    self: options.key.peer,
    timing,
    limits,
    say,
    events,
    random: () => Buffer.from(options.random(4)).readUInt32BE() / 2 ** 32,
    dial: caller.dialMember,
    openStream: (connection) =>
      connection.newStream(MESH_PROTOCOL, { signal: AbortSignal.timeout(timing.settleMs) }),
    onWrite: () => count.writes++,
  })
  const answer = (from: PeerId, question: Uint8Array): Promise<Uint8Array | null> => {
    count.questions++
    return events.onQuestion(from, question)
  }
  await receive(node, { purposeOf, peers, timing, answer })
  return new MeshTransport({ options, timing, node, parts, caller, peers, keys, count })
}

interface Keys {
  /** The first is the mesh's own. */
  all: readonly Uint8Array[]
}

interface Works {
  readonly options: Libp2pOptions
  readonly timing: NetTiming
  readonly node: Libp2p
  readonly parts: NodeParts
  readonly caller: Caller
  readonly peers: Peers
  readonly keys: Keys
  readonly count: NetCounters
}

class MeshTransport implements Libp2pTransport {
  readonly self: PeerId
  readonly #works: Works
  #discovery: Promise<Discovery | null>
  #closing: Promise<void> | null = null

  constructor(works: Works) {
    this.self = works.options.key.peer
    this.#works = works
    this.#discovery = this.#discover()
  }

  async listen(addresses: readonly string[]): Promise<readonly string[]> {
    const parsed = addresses.map(parseListenAddress)
    for (const address of parsed) {
      try {
        await this.#works.parts.transportManager.listen([address])
      } catch (error) {
        throw listenError(textOfAddress(address), error)
      }
    }
    return this.addresses()
  }

  addresses(): readonly string[] {
    const all = this.#works.parts.transportManager.getAddrs().map(textOfAddress)
    return addressesForOthers([...new Set(all)])
  }

  readonly setPeers: Transport['setPeers'] = (peers) => {
    if (this.#closing === null) this.#works.peers.set(peers)
  }

  send(to: PeerId, message: Uint8Array): boolean {
    return this.#works.peers.linkOf(to)?.send(message) ?? false
  }

  probe(peer: PeerId): void {
    this.#works.peers.linkOf(peer)?.probe()
  }

  readonly links: Transport['links'] = () => this.#works.peers.facts()

  readonly ask: Transport['ask'] = (target, question, signal) =>
    this.#works.caller.ask(target, question, signal)

  setNetworkKeys(networkKey: Uint8Array, accepted: readonly Uint8Array[]): void {
    this.#works.keys.all = [networkKey, ...accepted]
    this.#discovery = this.#discovery.then(async (discovery) => {
      await discovery?.close()
      return this.#discover()
    })
  }

  counters(): NetCounters {
    return { ...this.#works.count }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { node, peers, timing } = this.#works
    peers.retire()
    const bounded = AbortSignal.timeout(timing.closeMs)
    await Promise.all(node.getConnections().map((connection) => leave(connection, bounded)))
    peers.cut()
    const ended = Promise.all([this.#discovery.then((open) => open?.close()), node.stop()])
    await Promise.race([ended, untilAborted(AbortSignal.timeout(2 * timing.closeMs))])
  }

  async #discover(): Promise<Discovery | null> {
    const { options, parts, peers, keys } = this.#works
    const [networkKey] = keys.all
    if (!options.discovery.mdns || networkKey === undefined || this.#closing !== null) return null
    try {
      return await openDiscovery(parts, networkKey, peers.addFound)
    } catch (cause) {
      options.log.warn({ cause: String(cause) }, 'peers in the same network are not looked for')
      return null
    }
  }
}

/** What was sent last leaves, unless the other side is gone. */
async function leave(connection: Connection, signal: AbortSignal): Promise<void> {
  const left = connection.close({ signal }).catch(() => {
    connection.abort(new Error('closed'))
  })
  // Its own close() waits for streams that ended with it.
  await Promise.race([left, closeOf(connection)])
}

function listenError(address: string, cause: unknown): SkeinError {
  const text = String(cause)
  if (text.includes('EADDRINUSE'))
    return new SkeinError('PORT_TAKEN', `${address} is taken.`, { cause })
  return new SkeinError('INPUT_USAGE', `This machine cannot listen on ${address}.`, {
    cause,
    hint: 'Name an address of this machine.',
  })
}
