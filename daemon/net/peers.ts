// The members, each with its link and whoever seeks it.
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../protocol/index.ts'
import type { Link, PeerAddresses, TransportEvents } from '../ports.ts'
import { parseAddress } from './address.ts'
import { createDialer, type Dialer } from './dialer.ts'
import { createLink, type PeerLink } from './link/link.ts'
import type { Say } from './say.ts'
import type { NetLimits, NetTiming } from './settings.ts'

export interface PeersOptions {
  readonly self: PeerId
  readonly timing: NetTiming
  readonly limits: NetLimits
  /** 0 … 1 */
  readonly random: () => number
  readonly say: Say
  readonly events: TransportEvents
  readonly dial: (peer: PeerId, address: string, signal: AbortSignal) => Promise<Connection>
  readonly openStream: (connection: Connection) => Promise<Stream>
  readonly onWrite: () => void
}

export interface Peers {
  /** Replaces the list. */
  set(peers: readonly PeerAddresses[]): void
  /** Addresses that a peer may have too. */
  readonly addFound: (peer: PeerId, addresses: readonly string[]) => void
  linkOf(peer: PeerId): PeerLink | undefined
  facts(): readonly Link[]
  /** Nothing is sought or told any more; what was sent leaves. */
  retire(): void
  cut(): void
}

interface Known {
  readonly link: PeerLink
  readonly dialer: Dialer
  given: readonly string[]
  found: readonly string[]
}

/** Looked at this often at least, so that times are kept to within it. */
const TICK_MS_MAX = 1_000

export function createPeers(options: PeersOptions): Peers {
  const { self, timing, events } = options
  const known = new Map<PeerId, Known>()
  let isRetired = false
  const ticker = setInterval(
    () => {
      for (const { link } of known.values()) link.tick()
    },
    Math.min(TICK_MS_MAX, timing.pingMs / 4),
  )

  const add = (peer: PeerId): Known => {
    const { link, dialer } = createLinkTo(peer, options)
    const added = { link, dialer, given: [], found: [] }
    known.set(peer, added)
    return added
  }

  const remove = (peer: PeerId, { link }: Known): void => {
    known.delete(peer)
    const { isUp } = link.facts()
    link.cut()
    // Not from within the call that removed it.
    if (isUp)
      queueMicrotask(() => {
        if (!isRetired) events.onDown(peer, 'reset')
      })
  }

  const seek = (entry: Known): void => {
    entry.dialer.setAddresses([...new Set([...entry.given, ...entry.found])])
    if (!entry.link.facts().isUp) entry.dialer.seek()
  }

  return {
    set(peers) {
      const listed = new Map(peers.map(({ peer, addresses }) => [peer, addresses]))
      listed.delete(self)
      for (const [peer, entry] of known) if (!listed.has(peer)) remove(peer, entry)
      for (const [peer, addresses] of listed) {
        const isNew = !known.has(peer)
        const entry = known.get(peer) ?? add(peer)
        const given = addresses.filter((address) => parseAddress(address) !== null)
        const hasChanged = given.join() !== entry.given.join()
        entry.given = given
        if (isNew || hasChanged) seek(entry)
      }
    },
    addFound(peer, addresses) {
      const entry = known.get(peer)
      if (entry === undefined || addresses.join() === entry.found.join()) return
      entry.found = addresses
      seek(entry)
    },
    linkOf: (peer) => known.get(peer)?.link,
    facts: () => [...known.values()].map(({ link }) => link.facts()),
    retire() {
      isRetired = true
      clearInterval(ticker)
      for (const { link } of known.values()) link.retire()
    },
    cut() {
      for (const { link } of known.values()) link.cut()
    },
  }
}

function createLinkTo(
  peer: PeerId,
  options: PeersOptions,
): { readonly link: PeerLink; readonly dialer: Dialer } {
  const { timing, limits, random, say, events, openStream, onWrite } = options
  const dialer = createDialer({
    timing,
    random,
    dial: (address, signal) => options.dial(peer, address, signal),
    onConnection: (connection) => {
      link.addConnection(connection)
    },
    onFailure: (failure) => {
      if (failure === 'refused') link.noteRefused()
      else link.noteUnreachable()
    },
  })
  const link: PeerLink = createLink({
    peer,
    dialer,
    openStream,
    timing,
    ...limits,
    onWrite,
    onUp: () => {
      events.onUp(peer)
    },
    onDown: (how) => {
      events.onDown(peer, how)
    },
    onMessage: (message) => {
      events.onMessage(peer, message)
    },
    onBadFrame: () => {
      say(`bad frame ${peer}`, { peer }, 'a peer sent what is no frame; its link is cut')
    },
  })
  return { link, dialer }
}
