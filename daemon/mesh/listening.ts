// Where this machine listens for the others and where it says that it can be dialled; and whom it knew last, so that it finds
// back into its mesh after a restart, whatever its copy of the mesh ledger says by then.
import { existsSync, readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { SkeinError, type PeerId } from '../../protocol/index.ts'
import { parseListenAddress, type ListenAddress } from '../config-words.ts'
import { replaceFile } from '../home.ts'
import type { Transport } from '../ports.ts'

export interface KnownPeer {
  readonly peer: PeerId
  /** Absent in what earlier versions remembered. */
  readonly machine?: string
  readonly addresses: readonly string[]
}

export interface Listening {
  /**
   * Takes further addresses, as `host`, `host:port` or `[v6]:port`: kept from the next `listen` on that succeeds.
   * @returns those that are new. @throws SkeinError INPUT_USAGE
   */
  add(addresses: readonly string[]): readonly string[]
  /** Takes them back. */
  remove(addresses: readonly string[]): void
  /** Keeps what was added for the next start. */
  keep(): void
  /**
   * Begins to listen, wherever this machine can: an address that is not its own, or not yet, may be one that a router or a
   * tunnel forwards. @throws SkeinError PORT_TAKEN for a port that somebody chose
   */
  listen(transport: Transport): Promise<Listened>
  /** Tries again what could not be listened on. */
  again(transport: Transport, missing: readonly string[]): Promise<Listened>
  /** Multiaddrs for others, the ones that a person named first. */
  announced(listened: readonly string[]): readonly string[]
  remember(peers: readonly KnownPeer[]): void
  known(): readonly KnownPeer[]
  /** This machine was let in by a record of the mesh ledger at this index or before it. */
  noteJoined(index: number): void
  /** That index; 0: it was let in by nobody, or by one that did not say. */
  joinedAt(): number
}

export interface Listened {
  /** What others can dial. */
  readonly addresses: readonly string[]
  /** What is not an address of this machine now. */
  readonly missing: readonly string[]
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
  readonly joinedAt?: number
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
  let texts = kept.named ?? []
  const portOf = (): number => kept.port ?? addresses[0]?.port ?? 0
  /** Port 0: none was named. */
  const named = (): readonly ListenAddress[] => texts.map((text) => readAddress(text, 0))
  /** @param port instead of the one of the settings */
  const wanted = (port: number | null): readonly string[] => {
    const given = addresses.map((one) => (port === null ? one : { ...one, port }))
    const own = port ?? portOf()
    const more = named().map((one) =>
      net.isIP(one.host) > 0
        ? { host: one.host, port: one.port || own }
        : { host: EVERYWHERE, port: own },
    )
    return [...new Set(withoutCovered([...given, ...more]).map(multiaddrOf))]
  }

  return {
    add(given) {
      for (const text of given) readAddress(text, 0)
      const fresh = [...new Set(given)].filter((text) => !texts.includes(text))
      texts = [...texts, ...fresh]
      return fresh
    },
    remove(given) {
      texts = texts.filter((text) => !given.includes(text))
    },
    keep: () => {
      keep({ named: texts })
    },
    async listen(transport) {
      const fixed = isChosenHere() ? (kept.port ?? null) : null
      let listened: Listened
      try {
        listened = await listenOn(transport, wanted(fixed))
      } catch (error) {
        if (!isTaken(error) || !isChosenHere()) throw error
        listened = await listenOn(transport, wanted(0))
      }
      const [port] = portsOf(listened.addresses)
      keep({
        ...(port !== undefined && isChosenHere() ? { port } : {}),
        ...(texts.length > 0 ? { named: texts } : {}),
      })
      return listened
    },
    again: listenOn,
    announced(listened) {
      const own = portsOf(listened)[0] ?? portOf()
      const said = named().map(({ host, port }) => multiaddrOf({ host, port: port || own }))
      return [...new Set([...said, ...listened])]
    },
    remember(peers) {
      keep({ known: peers.map(bareOf) })
    },
    known: () => kept.known ?? [],
    noteJoined: (index) => {
      keep({ joinedAt: index })
    },
    joinedAt: () => kept.joinedAt ?? 0,
  }

  /** Nobody insists on a port: the one that was free once is kept, so that others find this machine where it was. */
  function isChosenHere(): boolean {
    return !isExplicit || addresses.every((one) => one.port === 0)
  }
}

/** A member is more than what is kept of it. */
function bareOf({ peer, machine, addresses }: KnownPeer): KnownPeer {
  return machine === undefined ? { peer, addresses } : { peer, machine, addresses }
}

const EVERYWHERE = '0.0.0.0'

/** One port cannot be listened on everywhere and on one address as well. */
function withoutCovered(all: readonly ListenAddress[]): readonly ListenAddress[] {
  const isOpen = (port: number): boolean =>
    all.some((one) => one.host === EVERYWHERE && one.port === port)
  return all.filter(
    ({ host, port }) => net.isIP(host) !== 4 || host === EVERYWHERE || !isOpen(port),
  )
}

function isTaken(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'PORT_TAKEN'
}

async function listenOn(transport: Transport, wanted: readonly string[]): Promise<Listened> {
  const missing: string[] = []
  for (const address of wanted) {
    try {
      await transport.listen([address])
    } catch (error) {
      if (!(error instanceof SkeinError) || error.code !== 'INPUT_USAGE') throw error
      missing.push(address)
    }
  }
  return { addresses: transport.addresses(), missing }
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
