// Where this machine listens for the others and where it says that it can be dialled; and whom it knew last, so that it finds
// back into its mesh after a restart, whatever its copy of the mesh ledger says by then.
import { existsSync, readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { SkeinError, type PeerId } from '../../protocol/index.ts'
import { parseListenAddress, type ListenAddress } from '../config-schema.ts'
import { replaceFile } from '../home.ts'
import type { Transport } from '../ports.ts'

export interface KnownPeer {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

export interface Listening {
  /** Notes further addresses, as `host`, `host:port` or `[v6]:port`. @returns whether one of them is new. @throws SkeinError INPUT_USAGE */
  add(addresses: readonly string[]): boolean
  /** Begins to listen. @throws SkeinError PORT_TAKEN for a port that somebody chose */
  listen(transport: Transport): Promise<readonly string[]>
  /** Multiaddrs for others, the ones that a person named first. */
  announced(listened: readonly string[]): readonly string[]
  remember(peers: readonly KnownPeer[]): void
  known(): readonly KnownPeer[]
}

export interface ListeningOptions {
  readonly home: string
  readonly addresses: readonly ListenAddress[]
  /** Somebody chose them: a taken port is an error. */
  readonly isExplicit: boolean
}

interface Kept {
  /** The port that was free when the default was taken. */
  readonly port?: number
  readonly named?: readonly string[]
  readonly known?: readonly KnownPeer[]
}

export function createListening({ home, addresses, isExplicit }: ListeningOptions): Listening {
  const file = path.join(home, 'listening.json')
  let kept = read(file)
  const keep = (more: Partial<Kept>): void => {
    const next = { ...kept, ...more }
    if (JSON.stringify(next) === JSON.stringify(kept)) return
    kept = next
    replaceFile(file, `${JSON.stringify(kept, null, 2)}\n`)
  }
  const portOf = (): number => kept.port ?? addresses[0]?.port ?? 0
  const named = (): readonly ListenAddress[] =>
    (kept.named ?? []).map((text) => readAddress(text, portOf()))

  return {
    add(given) {
      for (const text of given) readAddress(text, 0)
      const all = [...new Set([...(kept.named ?? []), ...given])]
      const isNew = all.length > (kept.named ?? []).length
      keep({ named: all })
      return isNew
    },
    async listen(transport) {
      const wanted = (port: number | null): string[] => {
        const given = addresses.map((one) => (port === null ? one : { ...one, port }))
        const more = named().map((one) => ({
          host: net.isIP(one.host) > 0 ? one.host : '0.0.0.0',
          port: portOf(),
        }))
        return [...new Set([...given, ...more].map(multiaddrOf))]
      }
      const fixed = isChosenHere() ? (kept.port ?? null) : null
      try {
        const listened = await transport.listen(wanted(fixed))
        keepPort(listened)
        return listened
      } catch (error) {
        const isTaken = error instanceof SkeinError && error.code === 'PORT_TAKEN'
        if (!isTaken || !isChosenHere()) throw error
        const listened = await transport.listen(wanted(0))
        keepPort(listened)
        return listened
      }
    },
    announced(listened) {
      const port = portsOf(listened)[0] ?? portOf()
      const said = named().map(({ host }) => multiaddrOf({ host, port }))
      return [...new Set([...said, ...listened])]
    },
    remember(peers) {
      keep({ known: peers.map(({ peer, addresses: where }) => ({ peer, addresses: where })) })
    },
    known: () => kept.known ?? [],
  }

  function keepPort(listened: readonly string[]): void {
    const [port] = portsOf(listened)
    if (port !== undefined && isChosenHere()) keep({ port })
  }

  /** Nobody insists on a port: the one that was free once is kept, so that others find this machine where it was. */
  function isChosenHere(): boolean {
    return !isExplicit || addresses.every((one) => one.port === 0)
  }
}

/** `/ip4/…/tcp/…` of a host and a port; a name is looked up by whoever dials. */
export function multiaddrOf({ host, port }: ListenAddress): string {
  const version = net.isIP(host)
  const kind = version === 4 ? 'ip4' : version === 6 ? 'ip6' : 'dns'
  return `/${kind}/${host}/tcp/${String(port)}`
}

function readAddress(text: string, port: number): ListenAddress {
  if (net.isIP(text) > 0) return { host: text, port }
  const found = /:\d+$|^\d+$/.test(text) ? parseListenAddress(text) : null
  if (found !== null) return found
  if (/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text)) return { host: text, port }
  throw new SkeinError('INPUT_USAGE', `'${text}' is no address of a machine`, {
    hint: 'Write an address or a name of this machine: 100.64.0.3, [fd7a::3]:7451, laptop.tailnet.ts.net',
  })
}

function portsOf(addresses: readonly string[]): number[] {
  return addresses.flatMap((text) => {
    const port = Number(/\/tcp\/(\d+)/.exec(text)?.[1])
    return Number.isInteger(port) && port > 0 ? [port] : []
  })
}

function read(file: string): Kept {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept
  } catch (cause) {
    throw new SkeinError('HOME_UNUSABLE', `${file} cannot be read.`, {
      cause,
      hint: `rm ${file}: the addresses are found again from config.yml and the mesh.`,
    })
  }
}
