// Between the ledgers of this machine and the wire: says hello on every new link, hands each message to the ledger that it is
// about, and carries questions between machines with their answers. Until both sides have said hello nothing else passes.
import { isErrorCode, LEDGER_VERSION, SkeinError, type PeerId } from '../../protocol/index.ts'
import type { PeerMessage } from '../core/messages.ts'
import type { Log } from '../log.ts'
import type { Link, Transport, TransportEvents } from '../ports.ts'
import { decodePacket, encodePacket, WIRE_VERSION, type Hello, type Packet } from './packets.ts'

/** A ledger at the wire. */
export interface LedgerLine {
  readonly receive: (from: PeerId, message: PeerMessage) => void
  readonly noteLink: (peer: PeerId, isUp: boolean) => void
  /** May this machine have a copy? Whoever may not hears nothing of the ledger and is not heard. */
  readonly mayHave: (peer: PeerId) => boolean
}

export type Answering = (from: PeerId, body: unknown) => Promise<unknown>

/** A peer as the links and its hello show it. */
export interface PeerLink {
  readonly link: Link
  readonly hello: Hello | null
}

/** How a machine that had said hello went, and what it had said. */
export interface Leaving {
  readonly how: DownHow
  readonly hello: Hello
}

type DownHow = Parameters<TransportEvents['onDown']>[1]

export interface Switchboard {
  /** @returns what takes the ledger off again. */
  join(ledger: string, line: LedgerLine): () => void
  send(ledger: string, to: PeerId, message: PeerMessage): void
  /** @throws SkeinError PEER_UNREACHABLE, or what the other machine refused it with. */
  ask(peer: PeerId, method: string, body: unknown, timeoutMs: number): Promise<unknown>
  answer(method: string, answering: Answering): void
  links(): readonly PeerLink[]
  /** Asks these for a sign of life, where there is a link. */
  probe(peers: readonly PeerId[]): void
  /** Said hello on a link that is up. */
  isReady(peer: PeerId): boolean
  use(transport: Transport | null): void
  readonly events: {
    readonly onMessage: (from: PeerId, message: Uint8Array) => void
    readonly onUp: (peer: PeerId) => void
    readonly onDown: (peer: PeerId, how: DownHow) => void
  }
  /** Null: it is here, or was not since this daemon began. */
  leaving(peer: PeerId): Leaving | null
  /** Packets of this peer that were none, since the start. */
  refused(peer: PeerId): number
}

export interface SwitchboardOptions {
  readonly log: Log
  readonly hello: () => Hello
}

type Answer = Extract<Packet, { kind: 'answer' }>

interface Asked {
  readonly peer: PeerId
  readonly question: Extract<Packet, { kind: 'ask' }>
  isSent: boolean
  readonly settle: (packet: Answer) => void
  readonly giveUp: (why: string) => void
}

const ASKED_MAX = 256
/** Questions of one peer that are being answered: each may cost a process that reads a repository. */
const ANSWERING_MAX = 8

export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  return new Board(options)
}

class Board implements Switchboard {
  readonly #options: SwitchboardOptions
  readonly #lines = new Map<string, LedgerLine>()
  readonly #answering = new Map<string, Answering>()
  readonly #hellos = new Map<PeerId, Hello>()
  readonly #left = new Map<PeerId, Leaving>()
  readonly #asked = new Map<number, Asked>()
  #transport: Transport | null = null
  #nextId = 1
  readonly #refused = new Map<PeerId, number>()
  /** Questions of each peer that are being answered. */
  readonly #busy = new Map<PeerId, number>()

  constructor(options: SwitchboardOptions) {
    this.#options = options
  }

  readonly events = {
    onMessage: (from: PeerId, message: Uint8Array): void => {
      this.#take(from, message)
    },
    onUp: (peer: PeerId): void => {
      this.#send(peer, this.#options.hello())
    },
    onDown: (peer: PeerId, how: DownHow): void => {
      const hello = this.#hellos.get(peer) ?? this.#left.get(peer)?.hello
      if (hello !== undefined) this.#left.set(peer, { how, hello })
      // A peer that never came up leads nobody, but one that refuses the redial is surely gone.
      this.#hellos.delete(peer)
      this.#giveUp((asked) => asked === peer)
      for (const line of this.#lines.values()) if (line.mayHave(peer)) line.noteLink(peer, false)
    },
  }

  join(ledger: string, line: LedgerLine): () => void {
    this.#lines.set(ledger, line)
    for (const peer of this.#hellos.keys()) if (line.mayHave(peer)) line.noteLink(peer, true)
    return () => {
      if (this.#lines.get(ledger) === line) this.#lines.delete(ledger)
    }
  }

  send(ledger: string, to: PeerId, message: PeerMessage): void {
    if (!this.#hellos.has(to) || this.#lines.get(ledger)?.mayHave(to) !== true) return
    this.#send(to, { kind: 'ledger', ledger, message })
  }

  async ask(peer: PeerId, method: string, body: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.isReady(peer) || this.#asked.size >= ASKED_MAX) {
      throw new SkeinError('PEER_UNREACHABLE', `${peer} is not connected`)
    }
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const giveUp = (why: string): void => {
      reject(new SkeinError('PEER_UNREACHABLE', `${peer} ${why}`))
    }
    const timer = setTimeout(
      giveUp,
      timeoutMs,
      `did not answer within ${String(timeoutMs / 1000)} s`,
    )
    this.#asked.set(id, {
      ...{ peer, giveUp, question: { kind: 'ask', id, method, body }, isSent: false },
      settle: ({ error, body: answer }) => {
        if (error === null) resolve(answer)
        else reject(refusal(error))
      },
    })
    this.#sendAsked(peer)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#asked.delete(id)
      this.#sendAsked(peer)
    }
  }

  /** No more at once than the other side answers; the others wait here for their turn. */
  #sendAsked(peer: PeerId): void {
    const of = [...this.#asked.values()].filter((asked) => asked.peer === peer)
    const free = ANSWERING_MAX - of.filter(({ isSent }) => isSent).length
    for (const asked of of.filter(({ isSent }) => !isSent).slice(0, Math.max(0, free))) {
      asked.isSent = true
      this.#send(peer, asked.question)
    }
  }

  answer(method: string, answering: Answering): void {
    this.#answering.set(method, answering)
  }

  links(): readonly PeerLink[] {
    const links = this.#transport?.links() ?? []
    return links.map((link) => ({ link, hello: this.#hellos.get(link.peer) ?? null }))
  }

  probe(peers: readonly PeerId[]): void {
    for (const peer of peers) this.#transport?.probe(peer)
  }

  isReady(peer: PeerId): boolean {
    return this.#hellos.has(peer)
  }

  leaving(peer: PeerId): Leaving | null {
    return this.#left.get(peer) ?? null
  }

  use(transport: Transport | null): void {
    this.#transport = transport
    if (transport !== null) return
    this.#hellos.clear()
    this.#left.clear()
    this.#giveUp(() => true)
  }

  refused(peer: PeerId): number {
    return this.#refused.get(peer) ?? 0
  }

  /** What was asked goes with the link: its answer may be lost already, and a daemon that stops would wait for it in vain. */
  #giveUp(isGone: (peer: PeerId) => boolean): void {
    for (const { peer, giveUp } of this.#asked.values()) if (isGone(peer)) giveUp('hung up')
  }

  #send(to: PeerId, packet: Packet): void {
    this.#transport?.send(to, encodePacket(packet))
  }

  #take(from: PeerId, bytes: Uint8Array): void {
    const decoded = decodePacket(bytes, from)
    if ('problem' in decoded) {
      this.#refuse(from, decoded.problem)
      return
    }
    const { packet } = decoded
    if (packet.kind === 'hello') this.#greet(from, packet)
    else if (this.#hellos.has(from)) this.#deliver(from, packet)
  }

  /** A newer member may say what this one does not know: it is counted and stays. */
  #refuse(from: PeerId, problem: string): void {
    const count = this.refused(from) + 1
    this.#refused.set(from, count)
    // The first, the second, the fourth: nobody outside can fill the log.
    if ((count & (count - 1)) === 0)
      this.#options.log.warn({ peer: from, problem, count }, 'a peer sent what is no packet')
  }

  #greet(from: PeerId, hello: Hello): void {
    const { log } = this.#options
    const mine = this.#options.hello()
    const facts = { peer: from, machine: hello.machine, version: hello.version }
    if (hello.mesh !== mine.mesh) {
      log.warn({ ...facts, mesh: hello.mesh }, 'a peer of another mesh is not heard')
      return
    }
    if (hello.speaks.min > WIRE_VERSION.max || hello.speaks.max < WIRE_VERSION.min) {
      log.error(facts, 'a peer speaks no version that this one knows: upgrade the older of the two')
      return
    }
    if (hello.ledgerVersion !== LEDGER_VERSION)
      log.warn(
        { ...facts, ledgerVersion: hello.ledgerVersion },
        'a peer has another ledger version',
      )
    const isNew = !this.#hellos.has(from)
    this.#hellos.set(from, hello)
    this.#left.delete(from)
    if (!isNew) return
    log.info(facts, 'connected')
    for (const line of this.#lines.values()) if (line.mayHave(from)) line.noteLink(from, true)
  }

  #deliver(from: PeerId, packet: Exclude<Packet, Hello>): void {
    if (packet.kind === 'ledger') {
      const line = this.#lines.get(packet.ledger)
      if (line?.mayHave(from) === true) line.receive(from, packet.message)
      return
    }
    if (packet.kind === 'answer') {
      const asked = this.#asked.get(packet.id)
      if (asked?.peer === from) asked.settle(packet)
      return
    }
    const busy = this.#busy.get(from) ?? 0
    this.#busy.set(from, busy + 1)
    const answered =
      busy < ANSWERING_MAX ? this.#answerOf(from, packet) : Promise.resolve(tooMany(packet.id))
    void answered.then((answer) => {
      this.#busy.set(from, (this.#busy.get(from) ?? 1) - 1)
      this.#send(from, answer)
    })
  }

  async #answerOf(
    from: PeerId,
    { id, method, body }: Extract<Packet, { kind: 'ask' }>,
  ): Promise<Answer> {
    const answering = this.#answering.get(method)
    try {
      if (answering === undefined) throw new SkeinError('NOT_FOUND', `no method '${method}'`)
      return { kind: 'answer', id, body: await answering(from, body), error: null }
    } catch (error) {
      const code = error instanceof SkeinError ? error.code : 'INTERNAL'
      const message = error instanceof Error ? error.message.slice(0, 2_000) : 'it failed'
      if (code === 'INTERNAL')
        this.#options.log.error({ method, peer: from, error: message }, 'an answer failed')
      return { kind: 'answer', id, body: null, error: { code, message } }
    }
  }
}

function tooMany(id: number): Answer {
  const message = `${String(ANSWERING_MAX)} questions of this machine are being answered`
  return { kind: 'answer', id, body: null, error: { code: 'BUSY', message } }
}

function refusal({
  code,
  message,
}: {
  readonly code: string
  readonly message: string
}): SkeinError {
  return new SkeinError(isErrorCode(code) ? code : 'PEER_REFUSED', message)
}
