// What is said over a link: messages out of one stream and into the other, and the pings between them. It counts, and says
// what it noticed; what becomes of the link is link.ts's business.
import type { Stream } from '@libp2p/interface'
import type { Link } from '../../ports.ts'
import { grantSparingly } from './credit.ts'
import { PING_BYTES, createFrameReader, encodeMessageHeader, encodePing } from './frames.ts'
import type { FrameIn } from './frames.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createVitals, type Vitals, type VitalsTiming } from './vitals.ts'

export interface TalkOptions {
  readonly timing: VitalsTiming
  readonly waitingBytesMax: number
  readonly messageBytesMax: number
  readonly onMessage: (message: Uint8Array) => void
  readonly onWrite: () => void
  readonly onBadFrame: () => void
}

/** Over any number of links to the same peer, one after another. */
export interface Talk {
  /** Both streams stand. `told` comes before the first message. */
  begin(out: Stream, input: Stream, told: () => void): void
  /** Nothing more is told; what was sent leaves. */
  retire(): void
  /** @returns whether a new link is worth seeking at once */
  end(): boolean
  /** @returns false when it was dropped */
  send(message: Uint8Array): boolean
  /** Sends a ping when one is due. @returns whether the peer has been silent for too long. */
  isSilent(): boolean
  /** Asks for a sign of life, unless there was one just now. */
  probe(): void
  isPunished(): boolean
  facts(): Pick<
    Link,
    | 'rttMs'
    | 'lastSeenMs'
    | 'isDoubtful'
    | 'waitingBytes'
    | 'sent'
    | 'received'
    | 'dropped'
    | 'badFrames'
  >
}

export function createTalk(options: TalkOptions): Talk {
  return new StreamTalk(options)
}

class StreamTalk implements Talk {
  readonly #options: TalkOptions
  readonly #vitals: Vitals
  #outbox: Outbox | null = null
  #input: Stream | null = null
  /** The ping that waits for its pong. */
  #pinged: Buffer | null = null
  #rtt: number | null = null
  #seen: number | null = null
  readonly #sent = { messages: 0, bytes: 0 }
  readonly #received = { messages: 0, bytes: 0 }
  #dropped = 0
  #badFrames = 0

  constructor(options: TalkOptions) {
    this.#options = options
    this.#vitals = createVitals(options.timing)
  }

  begin(out: Stream, input: Stream, told: () => void): void {
    this.#outbox = createOutbox(out, this.#options.onWrite)
    this.#input = input
    this.#rtt = null
    this.#vitals.noteUp(performance.now())
    this.#seen = Date.now()
    this.#ping()
    told()
    // Last: until here what the peer sent was held back by its stream.
    this.#listen(input)
  }

  retire(): void {
    this.#input = null
    this.#outbox?.flush()
  }

  end(): boolean {
    if (this.#outbox === null) return false
    this.#outbox.stop()
    this.#outbox = null
    this.#input = null
    return this.#vitals.noteDown(performance.now())
  }

  send(message: Uint8Array): boolean {
    const outbox = this.#outbox
    if (outbox === null) return false
    const isTooMuch = outbox.waitingBytes() + message.length > this.#options.waitingBytesMax
    if (isTooMuch || message.length > this.#options.messageBytesMax) {
      this.#dropped++
      return false
    }
    outbox.put(encodeMessageHeader(message.length), message)
    this.#vitals.noteSent(performance.now())
    this.#sent.messages++
    this.#sent.bytes += message.length
    return true
  }

  isSilent(): boolean {
    if (this.#outbox === null) return false
    const due = this.#vitals.check(performance.now())
    if (due === 'ping') this.#ping()
    return due === 'silent'
  }

  probe(): void {
    if (this.#outbox !== null && this.#vitals.mayProbe(performance.now())) this.#ping()
  }

  isPunished(): boolean {
    return this.#vitals.isPunished(performance.now())
  }

  facts(): ReturnType<Talk['facts']> {
    return {
      rttMs: this.#outbox === null ? null : this.#rtt,
      lastSeenMs: this.#seen,
      isDoubtful: this.#outbox !== null && this.#vitals.isDoubtful(performance.now()),
      waitingBytes: this.#outbox?.waitingBytes() ?? 0,
      sent: { ...this.#sent },
      received: { ...this.#received },
      dropped: this.#dropped,
      badFrames: this.#badFrames,
    }
  }

  #listen(input: Stream): void {
    const reader = createFrameReader(this.#options.messageBytesMax)
    grantSparingly(input)
    input.addEventListener('message', ({ data }) => {
      if (this.#input !== input) return
      this.#vitals.noteHeard(performance.now())
      this.#seen = Date.now()
      const frames = reader.read(data.subarray())
      if (frames === null) {
        this.#badFrames++
        this.#vitals.noteOffence(performance.now())
        this.#options.onBadFrame()
        return
      }
      for (const frame of frames) {
        // What is told may end the link.
        if (this.#input !== input) return
        this.#take(frame)
      }
    })
  }

  #take(frame: FrameIn): void {
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
        if (this.#pinged?.equals(frame.bytes) === true)
          this.#rtt = Math.max(0, performance.now() - this.#pinged.readDoubleBE())
        break
    }
  }

  #ping(): void {
    this.#pinged = Buffer.alloc(PING_BYTES)
    this.#pinged.writeDoubleBE(performance.now())
    this.#vitals.notePinged(performance.now())
    this.#write(encodePing('ping', this.#pinged))
  }

  #write(frame: Uint8Array): void {
    // Bounded like messages: a peer could ask for pongs, and read none.
    if (this.#outbox === null || this.#outbox.waitingBytes() > this.#options.waitingBytesMax) return
    this.#outbox.put(frame)
    this.#vitals.noteSent(performance.now())
  }
}
