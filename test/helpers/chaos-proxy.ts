// A TCP line that can be broken in every way that lines break: between a client and a target, on loopback, in this process.
import net from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** Of bytes: from the client forth to the target, or back. */
export type Direction = 'forth' | 'back'

export interface ChaosProxy {
  readonly port: number
  /** As a multiaddr. */
  readonly address: string
  /** Bytes that begin their way from now on take this much longer; order stays. */
  delay(ms: number): void
  /** Takes bytes and forgets them, never closes: a black hole, or with one direction a half-open line. A connection that lost bytes stays so. */
  swallow(directions?: readonly Direction[]): void
  /** Does not read: the sender's bytes stay with it. */
  stall(directions?: readonly Direction[]): void
  /** New bytes and new connections pass again. */
  heal(): Promise<void>
  /** Ends the connections of now with a reset. */
  reset(): void
  /** New connections are refused by the system; those that stand stay. */
  refuse(): Promise<void>
  /** Bytes that were let through, and connections since the start and now. */
  counts(): {
    readonly forth: number
    readonly back: number
    readonly connections: number
    readonly open: number
  }
  close(): Promise<void>
}

const BOTH: readonly Direction[] = ['forth', 'back']

/** @param target what the line leads to, on loopback */
export async function startChaosProxy(target: number): Promise<ChaosProxy> {
  const proxy = new Proxy(target)
  await proxy.listen(0)
  return proxy
}

class Proxy implements ChaosProxy {
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  readonly #counts = { forth: 0, back: 0, connections: 0 }
  readonly #state: State = { delayMs: 0, swallowed: [], stalled: [] }
  #server: net.Server | null = null
  #port = 0

  constructor(target: number) {
    this.#target = target
  }

  get port(): number {
    return this.#port
  }

  get address(): string {
    return `/ip4/127.0.0.1/tcp/${String(this.#port)}`
  }

  async listen(port: number): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      this.#counts.connections++
      const pair = createPair(client, this.#target, this.#state, (direction, bytes) => {
        this.#counts[direction] += bytes
      })
      this.#pairs.add(pair)
      pair.onEnd(() => this.#pairs.delete(pair))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  delay(ms: number): void {
    this.#state.delayMs = ms
  }

  swallow(directions = BOTH): void {
    this.#state.swallowed = directions
    this.#refresh()
  }

  stall(directions = BOTH): void {
    this.#state.stalled = directions
    this.#refresh()
  }

  async heal(): Promise<void> {
    this.#state.delayMs = 0
    this.#state.swallowed = []
    this.#state.stalled = []
    this.#refresh()
    if (this.#server === null) await this.listen(this.#port)
  }

  reset(): void {
    for (const pair of [...this.#pairs]) pair.reset()
  }

  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    // Closed at once for new ones; its callback waits for the old ones, which may stay.
    server.close()
    await new Promise(setImmediate)
  }

  counts() {
    return { ...this.#counts, open: this.#pairs.size }
  }

  async close(): Promise<void> {
    await this.refuse()
    this.reset()
  }

  #refresh(): void {
    for (const pair of this.#pairs) pair.refresh()
  }
}

interface State {
  delayMs: number
  swallowed: readonly Direction[]
  stalled: readonly Direction[]
}

interface Pair {
  refresh(): void
  reset(): void
  onEnd(listener: () => void): void
}

function createPair(
  client: net.Socket,
  port: number,
  state: State,
  count: (direction: Direction, bytes: number) => void,
): Pair {
  const target = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  for (const socket of [client, target]) socket.setNoDelay(true)
  const ways = [
    createWay('forth', client, target, state, count),
    createWay('back', target, client, state, count),
  ]
  let left = 2
  const ended: (() => void)[] = []
  for (const socket of [client, target]) {
    socket.on('error', () => undefined)
    socket.once('close', () => {
      left--
      if (left === 0) for (const listener of ended) listener()
    })
  }
  return {
    refresh: () => {
      for (const way of ways) way.refresh()
    },
    reset: () => {
      client.resetAndDestroy()
      target.resetAndDestroy()
    },
    onEnd: (listener) => ended.push(listener),
  }
}

/** One direction of a connection. */
function createWay(
  direction: Direction,
  from: net.Socket,
  to: net.Socket,
  state: State,
  count: (direction: Direction, bytes: number) => void,
): { refresh(): void } {
  let isDead = false
  let freeAt = 0
  let underWay = 0
  const later = (act: () => void): void => {
    freeAt = Math.max(freeAt, performance.now() + state.delayMs)
    if (state.delayMs === 0 && underWay === 0) {
      act()
      return
    }
    underWay++
    setTimeout(() => {
      underWay--
      act()
    }, freeAt - performance.now())
  }
  const refresh = (): void => {
    if (state.swallowed.includes(direction)) isDead = true
    if (state.stalled.includes(direction)) from.pause()
    else if (!from.destroyed) from.resume()
  }
  from.on('data', (bytes) => {
    if (isDead) return
    later(() => {
      if (isDead || to.destroyed) return
      count(direction, bytes.length)
      if (!to.write(bytes)) from.pause()
    })
  })
  to.on('drain', refresh)
  from.once('end', () => {
    if (!isDead)
      later(() => {
        to.end()
      })
  })
  from.once('close', (hasFailed) => {
    if (!isDead && hasFailed) to.resetAndDestroy()
  })
  refresh()
  return { refresh }
}
