// The wires between daemons of one host: a proxy for each machine and each other machine that it dials, so that any two can
// be parted, one way or both, without the others.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { replaceFile } from '../../daemon/home.ts'
import { startChaosProxy, type ChaosProxy } from './chaos-proxy.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { makeFolder } from './repo.ts'

/**
 * How a wire breaks: bytes wait and go on later, as in a cable that is pulled for a while; they are lost and nothing says
 * so; or everything is reset and refused.
 */
export type Break = 'stall' | 'swallow' | 'refuse'

const SHIM = fileURLToPath(new URL('./lines-shim.mjs', import.meta.url))

export class Lines {
  readonly #cleaner: Cleaner
  readonly #folder: string
  /** By who dials and who is dialled. */
  readonly #proxies = new Map<string, ChaosProxy>()
  readonly #tables = new Map<string, Record<string, number>>()

  constructor(cleaner: Cleaner) {
    this.#cleaner = cleaner
    this.#folder = makeFolder(cleaner, 'skein-lines-')
  }

  /** What a machine's daemon is started with. */
  optionsOf(machine: string): { preload: string[]; env: Record<string, string> } {
    return { preload: [SHIM], env: { SKEIN_TEST_LINES: this.#fileOf(machine) } }
  }

  /** Lays a wire from each of the others to where this machine listens. */
  async lay(to: string, port: number, others: readonly string[]): Promise<void> {
    for (const from of others) {
      if (this.#proxies.has(`${from}>${to}`)) continue
      const proxy = await startChaosProxy(port)
      onCleanup(this.#cleaner, () => proxy.close())
      this.#proxies.set(`${from}>${to}`, proxy)
      const table = { ...this.#tables.get(from), [port]: proxy.port }
      this.#tables.set(from, table)
      replaceFile(this.#fileOf(from), JSON.stringify(table))
    }
  }

  async cut(a: string, b: string, how: Break = 'stall'): Promise<void> {
    for (const proxy of [this.#proxy(a, b), this.#proxy(b, a)]) {
      if (how === 'stall') proxy.stall()
      else if (how === 'swallow') proxy.swallow()
      else {
        await proxy.refuse()
        proxy.reset()
      }
    }
  }

  /** What the one says does not reach the other; the way back stays. */
  mute(from: string, to: string): void {
    this.#proxy(from, to).stall(['forth'])
    this.#proxy(to, from).stall(['back'])
  }

  /** A way that takes so long. */
  delay(a: string, b: string, ms: number): void {
    for (const proxy of [this.#proxy(a, b), this.#proxy(b, a)]) proxy.delay(ms)
  }

  async isolate(machine: string, others: readonly string[], how: Break = 'stall'): Promise<void> {
    for (const other of others) if (other !== machine) await this.cut(machine, other, how)
  }

  async heal(): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy.heal()
  }

  #proxy(from: string, to: string): ChaosProxy {
    const proxy = this.#proxies.get(`${from}>${to}`)
    if (proxy === undefined) throw new Error(`no wire from ${from} to ${to}`)
    return proxy
  }

  #fileOf(machine: string): string {
    return path.join(this.#folder, `${machine}.json`)
  }
}
