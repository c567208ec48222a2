// Callers of etcd: gRPC over one HTTP/2 connection, each question a stream. Frames are written by hand because node:http2
// would cost etcd more than its own work does (docs/PERFORMANCE.md, method); answers' headers are not decoded: a call that
// failed brings no message.
import net from 'node:net'
import {
  encodeCreate,
  encodeDeletePrefix,
  encodeHeaders,
  encodeHttp2Frame,
  encodeSerializableRange,
  FLAG,
  FRAME,
  FRAME_HEAD_BYTES,
  GRPC_HEAD_BYTES,
  inGrpcFrame,
  isSucceeded,
} from './etcd-wire.ts'
import type { LoadCaller } from './caller.ts'

interface Stream {
  readonly parts: Buffer[]
  readonly resolve: (message: Buffer) => void
  readonly reject: (error: Error) => void
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
/** No push. */
const SETTINGS = encodeHttp2Frame(FRAME.settings, 0, 0, Buffer.from([0, 2, 0, 0, 0, 0]))
/** The connection's window as large as it can be, so that no answer waits for one. */
const WINDOW = encodeHttp2Frame(8, 0, 0, Buffer.from([0x7f, 0xfe, 0xff, 0xff]))
const NOTHING = Buffer.alloc(0)

export class EtcdSession {
  readonly #socket: net.Socket
  readonly #streams = new Map<number, Stream>()
  readonly #heads: Readonly<Record<'Txn' | 'DeleteRange' | 'Range', Buffer>>
  #received: Buffer = NOTHING
  #nextStream = 1
  #isCorked = false

  private constructor(socket: net.Socket, port: number) {
    this.#socket = socket
    const head = (method: string): Buffer =>
      encodeHeaders(`/etcdserverpb.KV/${method}`, `127.0.0.1:${String(port)}`)
    this.#heads = { Txn: head('Txn'), DeleteRange: head('DeleteRange'), Range: head('Range') }
    socket.on('data', (chunk) => {
      this.#take(chunk)
    })
    socket.on('error', (error) => {
      this.#fail(error)
    })
    socket.on('close', () => {
      this.#fail(new Error('etcd closed the connection'))
    })
    socket.write(Buffer.concat([PREFACE, SETTINGS, WINDOW]))
  }

  static open(port: number): Promise<EtcdSession> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: '127.0.0.1', port })
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new EtcdSession(socket, port))
      })
    })
  }

  caller(prefix: string, value: string): LoadCaller {
    return {
      claim: async (key) => {
        const answer = await this.#ask('Txn', encodeCreate(`${prefix}/${key}`, value))
        if (!isSucceeded(answer)) throw new Error(`etcd did not create ${key}`)
      },
      release: async () => {
        await this.#ask('DeleteRange', encodeDeletePrefix(`${prefix}/`))
      },
      ping: async () => {
        await this.#ask('Range', encodeSerializableRange(`${prefix}/`))
      },
      check: async (key) => {
        await this.#ask('Range', encodeSerializableRange(`${prefix}/${key}`))
      },
      close: () => undefined,
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #ask(method: 'Txn' | 'DeleteRange' | 'Range', message: Buffer): Promise<Buffer> {
    const id = this.#nextStream
    this.#nextStream += 2
    const head = encodeHttp2Frame(FRAME.headers, FLAG.endHeaders, id, this.#heads[method])
    const data = encodeHttp2Frame(FRAME.data, FLAG.endStream, id, inGrpcFrame(message))
    return new Promise((resolve, reject) => {
      this.#streams.set(id, { parts: [], resolve, reject })
      this.#write(Buffer.concat([head, data]))
    })
  }

  /** Questions of one turn of the event loop leave in one write. */
  #write(bytes: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(bytes)
  }

  #take(chunk: Buffer): void {
    let bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    while (bytes.length >= FRAME_HEAD_BYTES) {
      const length = FRAME_HEAD_BYTES + bytes.readUIntBE(0, 3)
      if (bytes.length < length) break
      const [type = 0, flags = 0] = [bytes[3], bytes[4]]
      const payload = bytes.subarray(FRAME_HEAD_BYTES, length)
      this.#onFrame(type, flags, bytes.readUInt32BE(5), payload)
      bytes = bytes.subarray(length)
    }
    this.#received = bytes
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    const isAnswered = type === FRAME.settings || type === FRAME.ping
    if (isAnswered && (flags & FLAG.ack) === 0) {
      const echo = type === FRAME.ping ? payload : NOTHING
      this.#write(encodeHttp2Frame(type, FLAG.ack, 0, echo))
    }
    if (type === FRAME.goaway) this.#fail(new Error('etcd said goodbye'))
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    if (type === FRAME.data) stream.parts.push(payload)
    const isEnd = (type === FRAME.headers || type === FRAME.data) && (flags & FLAG.endStream) !== 0
    if (!isEnd && type !== FRAME.reset) return
    this.#streams.delete(id)
    const message = Buffer.concat(stream.parts).subarray(GRPC_HEAD_BYTES)
    if (stream.parts.length === 0) stream.reject(new Error('etcd refused the call'))
    else stream.resolve(message)
  }

  #fail(error: Error): void {
    for (const stream of this.#streams.values()) stream.reject(error)
    this.#streams.clear()
  }
}
