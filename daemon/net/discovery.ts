// Peers in the same network, by multicast DNS: off unless asked for. What it says is a hint and no more: an address is tried
// for a peer that is known already, and whoever answers there must prove that peer's key. Everybody in the network sees
// that a mesh is there and which peer id has which address; which mesh it is, only its members can tell.
import { createHash } from 'node:crypto'
import { start, stop } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { asPeerId, type PeerId } from '../../protocol/index.ts'
import { parseAddress, textOfAddress } from './address.ts'
import type { NodeParts } from './node.ts'

export interface Discovery {
  close(): Promise<void>
}

/** An answer with more is somebody's game. */
const ADDRESSES_MAX = 8

/** Not through libp2p: that would remember whoever says a name. */
export async function openDiscovery(
  parts: NodeParts,
  networkKey: Uint8Array,
  onFound: (peer: PeerId, addresses: readonly string[]) => void,
): Promise<Discovery> {
  const service = mdns({ serviceTag: serviceTagOf(networkKey) })(parts)
  service.addEventListener('peer', ({ detail: { id, multiaddrs } }) => {
    const texts = multiaddrs.map(textOfAddress).filter((text) => parseAddress(text) !== null)
    onFound(asPeerId(id.toString()), texts.slice(0, ADDRESSES_MAX))
  })
  await start(service)
  return {
    close: () => stop(service),
  }
}

/** The same for the members of a mesh, and no way back from it to the key. */
export function serviceTagOf(networkKey: Uint8Array): string {
  const hash = createHash('sha256').update('skein mdns ').update(networkKey).digest('hex')
  return `_skein-${hash.slice(0, 8)}._udp.local`
}
