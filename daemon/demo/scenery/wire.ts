// One way between two machines of the demonstration: a port on loopback that leads to another machine's, and can be cut as a
// cable is pulled. Bytes wait, nothing is closed, and nothing tells either side.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'

export interface Wire {
  /** Where the machine at this end dials. */
  readonly port: number
  /** What the other end leads to; until it is known, connections are refused. */
  leadTo(port: number): void
  cut(): void
  mend(): void
  close(): void
}

export async function layWire(): Promise<Wire> {
  const pairs = new Set<Pair>()
  let target: number | null = null
  let isCut = false
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    if (target === null) {
      client.destroy()
      return
    }
    const pair = new Pair(client, target, () => pairs.delete(pair))
    pairs.add(pair)
    if (!isCut) pair.open()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      target = port
    },
    cut() {
      isCut = true
      for (const pair of pairs) pair.shut()
    },
    mend() {
      isCut = false
      for (const pair of pairs) pair.open()
    },
    close() {
      server.close()
      for (const pair of pairs) pair.end()
    },
  }
}

/** A connection that came in, and the one that goes on from it. */
class Pair {
  readonly #client: net.Socket
  readonly #port: number
  readonly #onEnd: () => void
  #target: net.Socket | null = null
  #isOpen = false
  #isOver = false

  constructor(client: net.Socket, port: number, onEnd: () => void) {
    this.#client = client
    this.#port = port
    this.#onEnd = onEnd
    this.#watch(client)
  }

  open(): void {
    this.#isOpen = true
    if (this.#isOver) {
      this.end()
      return
    }
    if (this.#target === null) {
      this.#target = net.connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true })
      this.#watch(this.#target)
    }
    this.#client.pipe(this.#target)
    this.#target.pipe(this.#client)
  }

  shut(): void {
    this.#isOpen = false
    for (const socket of [this.#client, this.#target]) socket?.unpipe().pause()
  }

  end(): void {
    this.#onEnd()
    this.#client.destroy()
    this.#target?.destroy()
  }

  #watch(socket: net.Socket): void {
    socket.setNoDelay(true)
    // What ends a connection is told by `close`.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#isOver = true
      // Through a cut wire not even an end is heard.
      if (this.#isOpen) this.end()
    })
  }
}
