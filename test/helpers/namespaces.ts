// Machines with a network of their own on one host: Linux network namespaces, joined by a bridge in one more. Only root may
// make them. A cable is pulled at the switch, so that the machine at its end sees nothing but silence.
import { execFileSync } from 'node:child_process'
import { onCleanup, type Cleaner } from './cleanup.ts'

/** Why there can be none here; null where there can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    const probe = `skp${String(process.pid)}`
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    return null
  } catch (error) {
    return `network namespaces: ${error instanceof Error ? error.message.slice(0, 200) : ''}`
  }
}

let networks = 0

export class Namespaces {
  readonly #prefix = `sk${String(process.pid)}n${String(networks++)}`
  readonly #cleaner: Cleaner
  readonly #numbers = new Map<string, number>()

  constructor(cleaner: Cleaner) {
    this.#cleaner = cleaner
    this.#make(this.#switch())
    this.#inside(this.#switch(), 'link', 'add', 'br0', 'type', 'bridge')
    this.#inside(this.#switch(), 'link', 'set', 'br0', 'up')
  }

  /** A namespace with an address and a cable to the switch; what its daemon is started with. */
  add(machine: string): { wrapper: string[]; env: Record<string, string> } {
    const number = this.#numbers.size + 1
    this.#numbers.set(machine, number)
    const [own, port] = [this.#namespaceOf(machine), this.#portOf(machine)]
    this.#make(own)
    const peer = ['peer', 'name', port, 'netns', this.#switch()]
    this.#inside(own, 'link', 'add', 'eth0', 'type', 'veth', ...peer)
    this.#inside(own, 'addr', 'add', `${this.#addressOf(machine)}/24`, 'dev', 'eth0')
    this.#inside(own, 'link', 'set', 'lo', 'up')
    this.#inside(own, 'link', 'set', 'eth0', 'up')
    this.#inside(this.#switch(), 'link', 'set', port, 'master', 'br0')
    this.#inside(this.#switch(), 'link', 'set', port, 'up')
    return {
      wrapper: ['ip', 'netns', 'exec', own],
      env: { SKEIN_MESH_LISTEN: `${this.#addressOf(machine)}:7451` },
    }
  }

  pull(machine: string): void {
    // The machine's own end stays up: a carrier that is gone would tell it.
    this.#inside(this.#switch(), 'link', 'set', this.#portOf(machine), 'nomaster')
  }

  plug(machine: string): void {
    this.#inside(this.#switch(), 'link', 'set', this.#portOf(machine), 'master', 'br0')
  }

  /** What the one sends to the other goes to a card that nobody has. */
  mute(from: string, to: string): void {
    const nobody = ['lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'permanent']
    this.#inside(this.#namespaceOf(from), 'neigh', 'replace', this.#addressOf(to), ...nobody)
  }

  /** All cables are in, and everybody asks anew for the others' cards. */
  heal(): void {
    for (const machine of this.#numbers.keys()) {
      this.plug(machine)
      this.#inside(this.#namespaceOf(machine), 'neigh', 'flush', 'all', 'nud', 'permanent')
    }
  }

  #make(namespace: string): void {
    ip('netns', 'add', namespace)
    onCleanup(this.#cleaner, () => {
      ip('netns', 'del', namespace)
    })
  }

  #addressOf(machine: string): string {
    return `10.77.0.${String(this.#numbers.get(machine))}`
  }

  #switch(): string {
    return `${this.#prefix}s`
  }

  #namespaceOf(machine: string): string {
    return `${this.#prefix}m${String(this.#numbers.get(machine))}`
  }

  /** Names of interfaces have at most 15 characters. */
  #portOf(machine: string): string {
    return `port${String(this.#numbers.get(machine))}`
  }

  #inside(namespace: string, ...words: readonly string[]): void {
    ip('-n', namespace, ...words)
  }
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' })
}
