// The Transport's twin in memory: machines in one process and the lines between them, which can be refused, reset, delayed,
// made deaf in one direction or both, and held up. Time is the caller's if it likes: every step goes through `schedule`.
import net from 'node:net'
import type { Link, PeerAddresses, Transport, TransportEvents } from '../../daemon/ports.ts'
import { LIMITS, SkeinError, type PeerId } from '../../protocol/index.ts'

/** Runs it after so many milliseconds, and equal ones in order. @returns what takes it back */
export type Schedule = (delayMs: number, act: () => void) => () => void

export interface MemorySettings {
  readonly waitingBytesMax?: number
  readonly silentMs?: number
  readonly doubtMs?: number
  readonly backoffMs?: number
  /** The first is shown, each is accepted; without any, whoever shows none comes in. */
  readonly networkKeys?: readonly Uint8Array[]
}

export interface MemoryHub {
  createTransport(self: PeerId, events: TransportEvents, settings?: MemorySettings): Transport
  /** Whatever goes between these two; `forth` is from the first to the second. */
  between(from: PeerId, to: PeerId): MemoryLine
  /** An address that takes connections and says nothing. */
  muteAddress(): string
  /** How often this machine handed something to the network. */
  writes(peer: PeerId): number
}

export interface MemoryLine {
  reset(): void
  /** Dials forth are refused; the connection of now stays. */
  refuse(): void
  /** Everything on the way is lost and nothing closes. A connection that lost something stays so. */
  swallow(way: 'forth' | 'both'): void
  /** What goes forth stays with its sender. */
  stall(): void
  /** Of one way. */
  delay(ms: number): void
  heal(): void
  /** Dials forth so far. */
  tried(): number
}

interface Way {
  isSwallowed: boolean
  isStalled: boolean
  isRefused: boolean
  delayMs: number
  dials: number
}

export function createMemoryHub(schedule: Schedule = inRealTime): MemoryHub {
  return new Hub(schedule)
}

function inRealTime(delayMs: number, act: () => void): () => void {
  if (delayMs === 0) {
    const turn = setImmediate(act)
    return () => {
      clearImmediate(turn)
    }
  }
  const timer = setTimeout(act, delayMs)
  return () => {
    clearTimeout(timer)
  }
}

class Hub implements MemoryHub {
  readonly schedule: Schedule
  readonly listening = new Map<string, Node | 'mute'>()
  readonly nodes = new Map<PeerId, Node>()
  readonly #ways = new Map<string, Way>()
  #port = 20_000

  constructor(schedule: Schedule) {
    this.schedule = schedule
  }

  createTransport(self: PeerId, events: TransportEvents, settings: MemorySettings = {}): Transport {
    const node = new Node(this, self, events, settings)
    this.nodes.set(self, node)
    return node
  }

  between(from: PeerId, to: PeerId): MemoryLine {
    const [forth, back] = [this.wayOf(from, to), this.wayOf(to, from)]
    const node = this.nodes.get(from)
    return {
      reset: () => node?.connectionTo(to)?.end('reset', 'reset'),
      refuse: () => {
        forth.isRefused = true
      },
      swallow: (way) => {
        forth.isSwallowed = true
        if (way === 'both') back.isSwallowed = true
        node?.connectionTo(to)?.startDying()
      },
      stall: () => {
        forth.isStalled = true
      },
      delay: (ms) => {
        forth.delayMs = back.delayMs = ms
      },
      heal: () => {
        for (const way of [forth, back])
          Object.assign(way, { isSwallowed: false, isStalled: false, isRefused: false, delayMs: 0 })
        node?.connectionTo(to)?.flush()
      },
      tried: () => forth.dials,
    }
  }

  muteAddress(): string {
    const address = this.freeAddress()
    this.listening.set(address, 'mute')
    return address
  }

  writes(peer: PeerId): number {
    return this.nodes.get(peer)?.writes ?? 0
  }

  wayOf(from: PeerId, to: PeerId): Way {
    const key = `${from} ${to}`
    let way = this.#ways.get(key)
    if (way === undefined) {
      way = { isSwallowed: false, isStalled: false, isRefused: false, delayMs: 0, dials: 0 }
      this.#ways.set(key, way)
    }
    return way
  }

  freeAddress(host = '/ip4/127.0.0.1'): string {
    return `${host}/tcp/${String(this.#port++)}`
  }
}

/** One machine's end of a link. */
interface Entry {
  readonly peer: PeerId
  addresses: readonly string[]
  connection: Connection | null
  isUp: boolean
  hasToldRefused: boolean
  cancel: (() => void) | null
  since: number
  seen: number | null
  /** When it was asked for a sign of life, if none came. */
  probedAt: number | null
  readonly sent: { messages: number; bytes: number }
  readonly received: { messages: number; bytes: number }
  dropped: number
}

/** What is on its way in one direction. */
interface Flow {
  readonly from: Node
  readonly to: Node
  readonly way: Way
  /** With the sender still. */
  batch: Uint8Array[]
  waitingBytes: number
  isFlushing: boolean
  /** Let go by the sender; null is its farewell. */
  readonly underWay: (readonly Uint8Array[] | null)[]
  isDead: boolean
}

class Connection {
  readonly #hub: Hub
  readonly address: string
  readonly #flows: readonly [Flow, Flow]
  #isOver = false

  constructor(hub: Hub, from: Node, to: Node, address: string) {
    this.#hub = hub
    this.address = address
    this.#flows = [flowOf(hub, from, to), flowOf(hub, to, from)]
    for (const { from: node, to: other } of this.#flows) node.attach(other.self, this)
    const [forth] = this.#flows
    hub.schedule(0, () => {
      if (!this.#isOver) from.noteUp(to.self)
    })
    hub.schedule(forth.way.delayMs, () => {
      if (!this.#isOver) to.noteUp(from.self)
    })
  }

  rttMs(): number {
    return this.#flows[0].way.delayMs + this.#flows[1].way.delayMs
  }

  waitingBytes(from: Node): number {
    return this.#flowFrom(from).waitingBytes
  }

  put(from: Node, message: Uint8Array): void {
    const flow = this.#flowFrom(from)
    flow.batch.push(message)
    flow.waitingBytes += message.length
    if (flow.isFlushing) return
    flow.isFlushing = true
    queueMicrotask(() => {
      flow.isFlushing = false
      this.#flush(flow)
    })
  }

  flush(): void {
    for (const flow of this.#flows) this.#flush(flow)
  }

  /** What is said reaches the other end, both ways. */
  isWhole(): boolean {
    return this.#flows.every(({ way, isDead }) => !isDead && !way.isSwallowed && !way.isStalled)
  }

  /** Both ends say goodbye after what was sent. */
  leave(from: Node): void {
    const flow = this.#flowFrom(from)
    this.#flush(flow)
    this.#push(flow, null)
  }

  startDying(): void {
    for (const flow of this.#flows) {
      if (!flow.way.isSwallowed || flow.isDead) continue
      flow.isDead = true
      this.#hub.schedule(flow.to.silentMs, () => {
        // The other hears of it only if this end can still be heard.
        if (!this.#isOver) this.#endAt(flow.to, 'silent', 'reset')
      })
    }
  }

  /** @param how at the end of `first`, and at the other */
  end(how: 'reset' | 'silent', other: 'reset' | 'silent', first = this.#flows[0].from): void {
    if (this.#isOver) return
    this.#isOver = true
    const second = this.#flowFrom(first).to
    first.noteDown(second.self, this, how)
    second.noteDown(first.self, this, other)
  }

  #endAt(node: Node, how: 'reset' | 'silent', other: 'reset' | 'silent'): void {
    const away = this.#flowFrom(node)
    if (!away.isDead) this.end(how, other, node)
    else node.noteDown(away.to.self, this, how)
  }

  #flush(flow: Flow): void {
    if (flow.batch.length === 0 || flow.way.isStalled || this.#isOver) return
    const { batch } = flow
    flow.batch = []
    flow.waitingBytes = 0
    flow.from.writes++
    this.#push(flow, batch)
  }

  #push(flow: Flow, batch: readonly Uint8Array[] | null): void {
    flow.underWay.push(batch)
    this.#hub.schedule(flow.way.delayMs, () => {
      // Whatever the delays were, the first comes first.
      const next = flow.underWay.shift()
      if (this.#isOver || flow.isDead || next === undefined) return
      if (next === null) {
        this.end('reset', 'reset')
        return
      }
      for (const message of next) flow.to.take(flow.from.self, this, message)
    })
  }

  #flowFrom(node: Node): Flow {
    const [forth, back] = this.#flows
    return forth.from === node ? forth : back
  }
}

function flowOf(hub: Hub, from: Node, to: Node): Flow {
  const way = hub.wayOf(from.self, to.self)
  return {
    from,
    to,
    way,
    batch: [],
    waitingBytes: 0,
    isFlushing: false,
    underWay: [],
    isDead: false,
  }
}

class Node implements Transport {
  readonly self: PeerId
  readonly silentMs: number
  writes = 0
  readonly #hub: Hub
  readonly #events: TransportEvents
  readonly #waitingBytesMax: number
  readonly #backoffMs: number
  readonly #doubtMs: number
  readonly #entries = new Map<PeerId, Entry>()
  #keys: readonly string[]
  #addresses: readonly string[] = []
  #isClosed = false

  constructor(hub: Hub, self: PeerId, events: TransportEvents, settings: MemorySettings) {
    this.#hub = hub
    this.self = self
    this.#events = events
    this.#waitingBytesMax = settings.waitingBytesMax ?? 33_554_432
    this.silentMs = settings.silentMs ?? 15_000
    this.#backoffMs = settings.backoffMs ?? 250
    this.#doubtMs = settings.doubtMs ?? 2_000
    this.#keys = (settings.networkKeys ?? [new Uint8Array()]).map(hexOf)
  }

  listen(addresses: readonly string[]): Promise<readonly string[]> {
    for (const address of addresses) {
      const [, host = '', port = ''] = /^(\/[^/]+\/[^/]+)\/tcp\/(\d+)$/.exec(address) ?? []
      const [, kind = '', name = ''] = host.split('/')
      const isIp4 = kind === 'ip4' && net.isIPv4(name)
      if (!isIp4 && !(kind === 'ip6' && net.isIPv6(name)) && !kind.startsWith('dns'))
        return Promise.reject(new SkeinError('INPUT_USAGE', `${address} is no address.`))
      const own = port === '0' ? this.#hub.freeAddress(host) : address
      if (this.#hub.listening.has(own))
        return Promise.reject(new SkeinError('PORT_TAKEN', `${own} is taken.`))
      this.#hub.listening.set(own, this)
      this.#addresses = [...this.#addresses, own]
    }
    return Promise.resolve(this.#addresses)
  }

  addresses(): readonly string[] {
    return this.#addresses
  }

  setPeers(peers: readonly PeerAddresses[]): void {
    if (this.#isClosed) return
    const listed = new Map(peers.map(({ peer, addresses }) => [peer, addresses]))
    listed.delete(this.self)
    for (const [peer, entry] of this.#entries) if (!listed.has(peer)) this.#remove(peer, entry)
    for (const [peer, addresses] of listed) {
      const entry = this.#entries.get(peer) ?? this.#add(peer)
      const hasNew = addresses.some((address) => !entry.addresses.includes(address))
      entry.addresses = addresses
      if (hasNew) this.#seek(entry, 0)
    }
  }

  send(to: PeerId, message: Uint8Array): boolean {
    const entry = this.#entries.get(to)
    if (this.#isClosed || entry?.isUp !== true || entry.connection === null) return false
    const waiting = entry.connection.waitingBytes(this)
    if (
      message.length > LIMITS.peerMessageBytesMax ||
      waiting + message.length > this.#waitingBytesMax
    ) {
      entry.dropped++
      return false
    }
    entry.sent.messages++
    entry.sent.bytes += message.length
    entry.connection.put(this, Uint8Array.from(message))
    return true
  }

  probe(peer: PeerId): void {
    const entry = this.#entries.get(peer)
    if (entry?.connection === null || entry?.isUp !== true) return
    if (entry.connection.isWhole()) entry.probedAt = null
    else entry.probedAt ??= performance.now()
  }

  links(): readonly Link[] {
    return [...this.#entries.values()].map((entry) => ({
      peer: entry.peer,
      isUp: entry.isUp,
      address: entry.isUp ? (entry.connection?.address ?? null) : null,
      rttMs: entry.isUp ? (entry.connection?.rttMs() ?? null) : null,
      // Whoever is up is heard all the time.
      lastSeenMs: entry.isUp ? Date.now() : entry.seen,
      isDoubtful: this.#isDoubtful(entry),
      sinceMs: entry.since,
      waitingBytes: entry.connection?.waitingBytes(this) ?? 0,
      sent: { ...entry.sent },
      received: { ...entry.received },
      dropped: entry.dropped,
      badFrames: 0,
    }))
  }

  #isDoubtful({ isUp, connection, probedAt }: Entry): boolean {
    if (!isUp || probedAt === null || connection?.isWhole() !== false) return false
    return performance.now() - probedAt >= this.#doubtMs
  }

  async ask(target: PeerAddresses, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (question.length > LIMITS.questionBytesMax)
      throw new SkeinError('INPUT_SIZE', 'The question is too long to ask a stranger.')
    signal.throwIfAborted()
    const unreachable = new SkeinError('PEER_UNREACHABLE', `${target.peer} did not answer.`)
    const places = target.addresses.map((address) => this.#hub.listening.get(address))
    const node = places.find((place) => place instanceof Node && place.self === target.peer)
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(asError(signal.reason))
      })
    })
    if (!(node instanceof Node)) {
      if (places.includes('mute')) return aborted
      throw unreachable
    }
    aborted.catch(() => undefined)
    await new Promise<void>((resolve) => this.#hub.schedule(0, resolve))
    const answer = await Promise.race([
      node.#events.onQuestion(this.self, Uint8Array.from(question)).catch(() => null),
      aborted,
    ])
    if (answer === null || answer.length > LIMITS.answerBytesMax) throw unreachable
    return Uint8Array.from(answer)
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#isClosed = true
    for (const address of this.#addresses) this.#hub.listening.delete(address)
    for (const { connection, cancel } of this.#entries.values()) {
      cancel?.()
      connection?.leave(this)
    }
    return Promise.resolve()
  }

  connectionTo(peer: PeerId): Connection | null {
    return this.#entries.get(peer)?.connection ?? null
  }

  setNetworkKeys(networkKey: Uint8Array, accepted: readonly Uint8Array[]): void {
    this.#keys = [networkKey, ...accepted].map(hexOf)
  }

  sharesKey(other: Node): boolean {
    return this.#keys.some((key) => other.#keys.includes(key))
  }

  lists(peer: PeerId): boolean {
    return !this.#isClosed && this.#entries.has(peer)
  }

  attach(peer: PeerId, connection: Connection): void {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return
    entry.connection = connection
    entry.cancel?.()
    entry.cancel = null
  }

  noteUp(peer: PeerId): void {
    const entry = this.#entries.get(peer)
    if (this.#isClosed || entry === undefined) return
    entry.isUp = true
    entry.since = entry.seen = Date.now()
    entry.hasToldRefused = false
    this.#events.onUp(peer)
  }

  noteDown(peer: PeerId, connection: Connection, how: 'reset' | 'silent'): void {
    const entry = this.#entries.get(peer)
    if (this.#isClosed || entry?.connection !== connection) return
    const wasUp = entry.isUp
    entry.connection = null
    entry.isUp = false
    entry.since = Date.now()
    if (wasUp) {
      entry.seen = Date.now()
      this.#events.onDown(peer, how)
    }
    this.#seek(entry, 0)
  }

  take(from: PeerId, connection: Connection, message: Uint8Array): void {
    const entry = this.#entries.get(from)
    if (this.#isClosed || entry?.connection !== connection || !entry.isUp) return
    entry.received.messages++
    entry.received.bytes += message.length
    this.#events.onMessage(from, message)
  }

  #add(peer: PeerId): Entry {
    const entry: Entry = {
      peer,
      addresses: [],
      connection: null,
      isUp: false,
      hasToldRefused: false,
      cancel: null,
      since: Date.now(),
      seen: null,
      probedAt: null,
      sent: { messages: 0, bytes: 0 },
      received: { messages: 0, bytes: 0 },
      dropped: 0,
    }
    this.#entries.set(peer, entry)
    return entry
  }

  #remove(peer: PeerId, entry: Entry): void {
    entry.cancel?.()
    this.#entries.delete(peer)
    const { connection, isUp } = entry
    this.#hub.schedule(0, () => {
      if (isUp && !this.#isClosed) this.#events.onDown(peer, 'reset')
      connection?.end('reset', 'reset')
    })
  }

  #seek(entry: Entry, delayMs: number): void {
    entry.cancel?.()
    entry.cancel = null
    if (entry.connection !== null || entry.addresses.length === 0) return
    entry.cancel = this.#hub.schedule(delayMs, () => {
      entry.cancel = null
      const outcome = this.#dial(entry)
      if (outcome === 'connected') return
      if (outcome === 'refused' && !entry.hasToldRefused) this.#events.onDown(entry.peer, 'refused')
      entry.hasToldRefused = outcome === 'refused'
      this.#seek(entry, this.#backoffMs)
    })
  }

  #dial(entry: Entry): 'connected' | 'refused' | 'unreachable' {
    const outcomes = entry.addresses.map((address) => this.#dialAt(entry.peer, address))
    if (outcomes.includes('connected')) return 'connected'
    const isCertain = outcomes.every((outcome) => outcome === 'refused' || outcome === 'none')
    return isCertain && outcomes.includes('refused') ? 'refused' : 'unreachable'
  }

  #dialAt(peer: PeerId, address: string): 'connected' | 'refused' | 'unreachable' | 'none' {
    if (this.connectionTo(peer) !== null) return 'connected'
    const place = this.#hub.listening.get(address)
    if (place === undefined) return address.startsWith('/') ? 'refused' : 'none'
    if (place === 'mute') return 'unreachable'
    const [forth, back] = [this.#hub.wayOf(this.self, peer), this.#hub.wayOf(peer, this.self)]
    forth.dials++
    if (forth.isRefused) return 'refused'
    const isDeaf = forth.isSwallowed || back.isSwallowed
    if (isDeaf || place.self !== peer || !place.lists(this.self)) return 'unreachable'
    if (!this.sharesKey(place)) return 'unreachable'
    // The other may still hold on to one that died on this side only.
    place.connectionTo(this.self)?.end('reset', 'reset')
    new Connection(this.#hub, this, place, address)
    return 'connected'
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
