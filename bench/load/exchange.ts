// One connection on which a question goes out and its answer comes back before the next: what one caller is. Written by
// hand, because node:http's client costs more than the answers that it waits for (see docs/PERFORMANCE.md, method).
import net from 'node:net'

/** The first whole answer in the bytes, and how many bytes it took; null while it is not whole. */
export type Parse<Answer> = (bytes: Buffer) => { answer: Answer; length: number } | null

export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

export class Exchange<Answer> {
  readonly #socket: net.Socket
  readonly #parse: Parse<Answer>
  #received: Buffer = Buffer.alloc(0)
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null
  #failure: Error | null = null

  private constructor(socket: net.Socket, parse: Parse<Answer>) {
    this.#socket = socket
    this.#parse = parse
    socket.on('data', (chunk) => {
      this.#take(chunk)
    })
    socket.on('error', (error) => {
      this.#fail(error)
    })
    socket.on('close', () => {
      this.#fail(new Error('the server closed the connection'))
    })
  }

  static open<Answer>(address: Address, parse: Parse<Answer>): Promise<Exchange<Answer>> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(address)
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Exchange(socket, parse))
      })
    })
  }

  ask(question: string): Promise<Answer> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(question)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const parsed = this.#parse(this.#received)
    if (parsed === null) return
    this.#received = this.#received.subarray(parsed.length)
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(parsed.answer)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
    this.#waiting = null
  }
}
