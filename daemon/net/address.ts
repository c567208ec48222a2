// Multiaddrs as far as this mesh speaks them: a host and a TCP port.
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { SkeinError, type PeerId } from '../../protocol/index.ts'

const HOSTS = ['ip4', 'ip6', 'dns', 'dns4', 'dns6']

/** @returns null for what is no `/ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT`. */
export function parseAddress(text: string): Multiaddr | null {
  let address: Multiaddr
  try {
    address = multiaddr(text)
  } catch {
    return null
  }
  const [host, port, ...more] = address.getComponents()
  const isOurs = host !== undefined && HOSTS.includes(host.name) && port?.name === 'tcp'
  return isOurs && more.length === 0 ? address : null
}

/** @throws SkeinError INPUT_USAGE */
export function parseListenAddress(text: string): Multiaddr {
  const address = parseAddress(text)
  if (address !== null) return address
  throw new SkeinError('INPUT_USAGE', `${text} is no address to listen on.`, {
    hint: 'Write it as /ip4/127.0.0.1/tcp/7411, /ip6/::/tcp/7411 or /dns4/NAME/tcp/7411.',
  })
}

/** @returns null when the address is none. The result is a new object each time. */
export function addressOfPeer(peer: PeerId, address: string): Multiaddr | null {
  return parseAddress(address)?.encapsulate(`/p2p/${peer}`) ?? null
}

/** Without the peer's id. */
export function textOfAddress(address: Multiaddr): string {
  return address.toString().replace(/\/p2p\/[^/]+$/, '')
}

/** What others can dial: not the loopback addresses of a machine that has others, nor those that hold on one link only. */
export function addressesForOthers(texts: readonly string[]): readonly string[] {
  const wide = texts.filter((text) => !/^\/ip4\/127\.|^\/ip6\/(::1|fe80:[^/]*)\//.test(text))
  return wide.length > 0 ? wide : texts
}
