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
import { createTalk, type Talk, type TalkOptions } from './talk.ts'
import type { VitalsTiming } from './vitals.ts'

export type DownHow = 'refused' | 'reset' | 'silent'

export interface LinkOptions extends TalkOptions {
  readonly peer: PeerId
  readonly dialer: Dialer
  readonly openStream: (connection: Connection) => Promise<Stream>
  readonly timing: LinkTiming
  readonly onUp: () => void
  readonly onDown: (how: DownHow) => void
}

export interface LinkTiming extends VitalsTiming {
  /** From the first connection to a link that is up. */
  readonly settleMs: number
}

/** A link as the transport handles it. */
export interface PeerLink {
  facts(): Link
  send(message: Uint8Array): boolean
  /** Asks for a sign of life. */
  probe(): void
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

/** A stream, and what it runs on. */
interface Way {
  readonly stream: Stream
  readonly connection: Connection
}

class StreamLink implements PeerLink {
  readonly #options: LinkOptions
  readonly #talk: Talk
  readonly #connections = new Set<Connection>()
  #opening: Connection | null = null
  #out: Way | null = null
  #in: Way | null = null
  #isUp = false
  #isCut = false
  #hasToldRefused = false
  #settling: NodeJS.Timeout | null = null
  #since = Date.now()

  constructor(options: LinkOptions) {
    this.#options = options
    this.#talk = createTalk({
      ...options,
      onBadFrame: () => {
        options.onBadFrame()
        this.#end('reset')
      },
    })
  }

  facts(): Link {
    const address = this.#out?.connection.remoteAddr
    return {
      peer: this.#options.peer,
      isUp: this.#isUp,
      address: this.#isUp && address !== undefined ? textOfAddress(address) : null,
      sinceMs: this.#since,
      ...this.#talk.facts(),
    }
  }

  send(message: Uint8Array): boolean {
    return this.#isUp && this.#talk.send(message)
  }

  probe(): void {
    if (this.#isUp) this.#talk.probe()
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
    for (const over of ['close', 'remoteCloseWrite'] as const)
      stream.addEventListener(over, () => {
        if (this.#in?.stream === stream) this.#end('reset')
      })
    this.#openOut(connection)
    this.#tryUp()
  }

  isPunished(): boolean {
    return this.#talk.isPunished()
  }

  tick(): void {
    if (this.#isUp && this.#talk.isSilent()) this.#end('silent')
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
    this.#talk.retire()
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
    this.#out = { stream, connection }
    stream.addEventListener('close', () => {
      if (this.#out?.stream === stream) this.#end('reset')
    })
    this.#tryUp()
  }

  #tryUp(): void {
    if (this.#isUp || this.#out === null || this.#in === null) return
    this.#isUp = true
    this.#stopSettling()
    this.#options.dialer.rest()
    this.#since = Date.now()
    this.#talk.begin(this.#out.stream, this.#in.stream, this.#options.onUp)
  }

  /** The peer lost its stream, and with it the link, before we did. */
  #beginAnew(connection: Connection): void {
    if (this.#in?.connection === connection) this.#end('reset')
    else this.#end('reset', connection)
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
    const isWorthIt = this.#drop(kept)
    if (kept !== undefined) this.#startSettling()
    if (wasUp) {
      this.#since = Date.now()
      this.#options.onDown(how)
    }
    if (kept !== undefined) return
    if (isWorthIt) this.#options.dialer.seek()
    else this.#options.dialer.seekLater()
  }

  /** @returns whether a new link is worth seeking at once */
  #drop(kept?: Connection): boolean {
    this.#stopSettling()
    const isWorthIt = this.#talk.end()
    this.#isUp = false
    this.#opening = null
    this.#out = null
    this.#in = null
    for (const connection of this.#connections) {
      if (connection === kept) continue
      this.#connections.delete(connection)
      hangUp(connection)
    }
    return isWorthIt
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
