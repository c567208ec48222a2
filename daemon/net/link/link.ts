// The link to one peer: a stream from us and a stream from it, over whichever connections there are.
//
// 1. Up means both streams stand. Messages of a stream are told only while it is up, in order, between its up and its down.
// 2. The end of either stream, or of the connection below it, is the end of the link: everything towards the peer is cut,
//    so that both sides see the same, and sought anew.
// 3. Each side chooses the connection for its own stream and stays with it. When both dial at once there may be two
//    connections, one stream on each, and neither has to give way: nothing is agreed on, so nothing can flap.
// 4. A peer has one stream. A second one says that the peer has lost the first: the link begins anew with it.
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../../protocol/index.ts'
import type { Link } from '../../ports.ts'
import { textOfAddress } from '../address.ts'
import type { Dialer } from '../dialer.ts'
import { grantSparingly } from './credit.ts'
import {
  PING_BYTES,
  createFrameReader,
  encodeMessageHeader,
  encodePing,
  type FrameReader,
} from './frames.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createVitals, type Vitals, type VitalsTiming } from './vitals.ts'

export type DownHow = 'refused' | 'reset' | 'silent'

export interface LinkOptions {
  readonly peer: PeerId
  readonly dialer: Dialer
  readonly openStream: (connection: Connection) => Promise<Stream>
  readonly timing: LinkTiming
  readonly waitingBytesMax: number
  readonly messageBytesMax: number
  readonly onUp: () => void
  readonly onDown: (how: DownHow) => void
  readonly onMessage: (message: Uint8Array) => void
  readonly onWrite: () => void
  readonly onBadFrame: () => void
}

export interface LinkTiming extends VitalsTiming {
  /** From the first connection to a link that is up. */
  readonly settleMs: number
}

/** A link as the transport handles it. */
export interface PeerLink {
  facts(): Link
  send(message: Uint8Array): boolean
  /** Of this peer, whoever dialled. */
  addConnection(connection: Connection): void
  /** The peer's stream. */
  addStream(stream: Stream, connection: Connection): void
  isPunished(): boolean
  /** Looks at the clock: now and then, at least four times in silentMs. */
  tick(): void
  /** Nobody listens there: told once until something else is heard. */
  noteRefused(): void
  noteUnreachable(): void
  /** Nothing is sought, sent or told any more; what was sent leaves. */
  retire(): void
  /** For good, and without a word. */
  cut(): void
}

export function createLink(options: LinkOptions): PeerLink {
  return new StreamLink(options)
}

class StreamLink implements PeerLink {
  readonly #options: LinkOptions
  readonly #connections = new Set<Connection>()
  #opening: Connection | null = null
  #out: { readonly outbox: Outbox; readonly connection: Connection } | null = null
  #in: { readonly stream: Stream; readonly connection: Connection } | null = null
  #isUp = false
  #isCut = false
  #hasToldRefused = false
  #settling: NodeJS.Timeout | null = null

  readonly #vitals: Vitals
  #since = Date.now()
  #seen: number | null = null
  #rtt: number | null = null
  readonly #sent = { messages: 0, bytes: 0 }
  readonly #received = { messages: 0, bytes: 0 }
  #dropped = 0
  #badFrames = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#vitals = createVitals(options.timing)
  }

  facts(): Link {
    const address = this.#out?.connection.remoteAddr
    return {
      peer: this.#options.peer,
      isUp: this.#isUp,
      address: this.#isUp && address !== undefined ? textOfAddress(address) : null,
      rttMs: this.#isUp ? this.#rtt : null,
      lastSeenMs: this.#seen,
      sinceMs: this.#since,
      waitingBytes: this.#out?.outbox.waitingBytes() ?? 0,
      sent: { ...this.#sent },
      received: { ...this.#received },
      dropped: this.#dropped,
      badFrames: this.#badFrames,
    }
  }

  send(message: Uint8Array): boolean {
    const { waitingBytesMax, messageBytesMax } = this.#options
    if (!this.#isUp || this.#out === null) return false
    const { outbox } = this.#out
    const isTooMuch = outbox.waitingBytes() + message.length > waitingBytesMax
    if (isTooMuch || message.length > messageBytesMax) {
      this.#dropped++
      return false
    }
    outbox.put(encodeMessageHeader(message.length), message)
    this.#vitals.noteSent(performance.now())
    this.#sent.messages++
    this.#sent.bytes += message.length
    return true
  }

  addConnection(connection: Connection): void {
    if (this.#isCut || connection.status !== 'open') {
      hangUp(connection)
      return
    }
    if (this.#connections.has(connection)) return
    this.#connections.add(connection)
    connection.addEventListener('close', () => {
      this.#lose(connection)
    })
    this.#hasToldRefused = false
    if (!this.#isUp) this.#startSettling()
    this.#openOut(connection)
  }

  addStream(stream: Stream, connection: Connection): void {
    this.addConnection(connection)
    if (!this.#connections.has(connection)) return
    if (this.#in !== null) this.#beginAnew(connection)
    if (!this.#connections.has(connection)) return
    this.#in = { stream, connection }
    stream.addEventListener('close', () => {
      if (this.#in?.stream === stream) this.#end('reset')
    })
    stream.addEventListener('remoteCloseWrite', () => {
      if (this.#in?.stream === stream) this.#end('reset')
    })
    this.#openOut(connection)
    this.#tryUp()
  }

  isPunished(): boolean {
    return this.#vitals.isPunished(performance.now())
  }

  tick(): void {
    if (!this.#isUp) return
    const due = this.#vitals.check(performance.now())
    if (due === 'silent') this.#end('silent')
    else if (due === 'ping') this.#ping()
  }

  noteRefused(): void {
    if (this.#hasToldRefused || this.#isUp || this.#isCut) return
    this.#hasToldRefused = true
    this.#options.onDown('refused')
  }

  noteUnreachable(): void {
    this.#hasToldRefused = false
  }

  retire(): void {
    this.#isCut = true
    this.#isUp = false
    this.#options.dialer.rest()
    this.#stopSettling()
    this.#out?.outbox.flush()
  }

  cut(): void {
    this.retire()
    this.#drop()
  }

  #openOut(connection: Connection): void {
    if (this.#out !== null || this.#opening !== null) return
    this.#opening = connection
    this.#options.openStream(connection).then(
      (stream) => {
        if (this.#opening !== connection) {
          stream.abort(new Error('the link was cut'))
          return
        }
        this.#opening = null
        this.#takeOut(stream, connection)
      },
      () => {
        if (this.#opening !== connection) return
        this.#opening = null
        // Its close is what makes us look for another.
        hangUp(connection)
      },
    )
  }

  #takeOut(stream: Stream, connection: Connection): void {
    const outbox = createOutbox(stream, this.#options.onWrite)
    this.#out = { outbox, connection }
    stream.addEventListener('close', () => {
      if (this.#out?.outbox === outbox) this.#end('reset')
    })
    this.#tryUp()
  }

  #tryUp(): void {
    if (this.#isUp || this.#out === null || this.#in === null) return
    this.#isUp = true
    this.#stopSettling()
    this.#options.dialer.rest()
    this.#vitals.noteUp(performance.now())
    this.#since = this.#seen = Date.now()
    this.#options.onUp()
    this.#ping()
    // Last: until here what the peer sent was held back by its stream.
    this.#listen(this.#in.stream)
  }

  #listen(stream: Stream): void {
    const reader = createFrameReader(this.#options.messageBytesMax)
    grantSparingly(stream)
    stream.addEventListener('message', ({ data }) => {
      if (this.#in?.stream !== stream || !this.#isUp) return
      this.#vitals.noteHeard(performance.now())
      this.#seen = Date.now()
      this.#read(reader, data.subarray(), stream)
    })
  }

  #read(reader: FrameReader, bytes: Uint8Array, stream: Stream): void {
    const frames = reader.read(bytes)
    if (frames === null) {
      this.#punish()
      return
    }
    for (const frame of frames) {
      // What is told may end the link.
      if (this.#in?.stream !== stream) return
      switch (frame.kind) {
        case 'message':
          this.#received.messages++
          this.#received.bytes += frame.bytes.length
          this.#options.onMessage(frame.bytes)
          break
        case 'ping':
          this.#write(encodePing('pong', frame.bytes))
          break
        case 'pong':
          this.#rtt = Math.max(0, performance.now() - Buffer.from(frame.bytes).readDoubleBE())
      }
    }
  }

  #ping(): void {
    const payload = Buffer.alloc(PING_BYTES)
    payload.writeDoubleBE(performance.now())
    this.#write(encodePing('ping', payload))
  }

  #write(frame: Uint8Array): void {
    this.#out?.outbox.put(frame)
    this.#vitals.noteSent(performance.now())
  }

  #punish(): void {
    this.#badFrames++
    this.#vitals.noteOffence(performance.now())
    this.#options.onBadFrame()
    this.#end('reset')
  }

  /** The peer lost its stream, and with it the link, before we did. */
  #beginAnew(connection: Connection): void {
    this.#end('reset', this.#in?.connection === connection ? undefined : connection)
  }

  #lose(connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    const wasOpening = this.#opening === connection
    if (wasOpening) this.#opening = null
    if (this.#out?.connection === connection || this.#in?.connection === connection) {
      this.#end('reset')
      return
    }
    const [other] = this.#connections
    if (other !== undefined && this.#out === null) this.#openOut(other)
    if (other === undefined && !this.#isCut) {
      this.#stopSettling()
      this.#options.dialer.seekLater()
    }
  }

  readonly #giveUp = (): void => {
    this.#settling = null
    this.#drop()
    if (!this.#isCut) this.#options.dialer.seekLater()
  }

  /** @param kept the one connection that stays, for a new link. */
  #end(how: 'reset' | 'silent', kept?: Connection): void {
    if (this.#isCut) return
    const wasUp = this.#isUp
    const isWorthIt = wasUp && this.#vitals.noteDown(performance.now())
    this.#drop(kept)
    if (kept !== undefined) this.#startSettling()
    if (wasUp) {
      this.#since = Date.now()
      this.#options.onDown(how)
    }
    if (kept !== undefined) return
    if (isWorthIt) this.#options.dialer.seek()
    else this.#options.dialer.seekLater()
  }

  #drop(kept?: Connection): void {
    this.#stopSettling()
    this.#isUp = false
    this.#opening = null
    this.#out?.outbox.stop()
    this.#out = null
    this.#in = null
    for (const connection of this.#connections) {
      if (connection === kept) continue
      this.#connections.delete(connection)
      hangUp(connection)
    }
  }

  #startSettling(): void {
    this.#settling ??= setTimeout(this.#giveUp, this.#options.timing.settleMs)
  }

  #stopSettling(): void {
    if (this.#settling !== null) clearTimeout(this.#settling)
    this.#settling = null
  }
}

/**
 * At the end of this turn: it is called from within events of the connection's own streams, and libp2p, which goes on after
 * them, would write into what is closed and throw where nobody catches it.
 */
function hangUp(connection: Connection): void {
  queueMicrotask(() => {
    connection.abort(new Error('the link is over'))
  })
}
