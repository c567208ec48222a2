// The stdio framing over one socket, for the MCP SDK: a JSON-RPC message a line. In place of the SDK's own transport because
// that one neither answers a broken line, nor ends the socket, nor stops reading from a client that does not read.
import type { Duplex } from 'node:stream'
import {
  parseJSONRPCMessage,
  serializeMessage,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server'
import { LIMITS } from '../protocol/index.ts'
import { makeLineSplitter } from './lines.ts'
import { blameCaller } from './mistakes.ts'
import { INVALID_REQUEST, PARSE_ERROR } from './opening.ts'

/** A peer that does not take our last bytes is cut off after this time. */
const FAREWELL_MS = 1_000

/** Sees the messages of a connection. */
export interface LineMonitor {
  /** An answer in place of passing the message on, or null. */
  judge(message: JSONRPCMessage): JSONRPCMessage | null
  onSent(message: JSONRPCMessage): void
}

export class LineTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void

  readonly #stream: Duplex
  readonly #splitter = makeLineSplitter(LIMITS.inputBytesMax)
  readonly #monitor: LineMonitor | null
  #isClosed = false

  constructor(stream: Duplex, monitor: LineMonitor | null = null) {
    this.#stream = stream
    this.#monitor = monitor
  }

  start(): Promise<void> {
    const stream = this.#stream
    stream.on('data', this.#onData).on('drain', this.#onDrain)
    stream.on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onEnd)
    if (stream.destroyed || stream.readableEnded) setImmediate(this.#onEnd)
    else stream.resume()
    return Promise.resolve()
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the connection has ended'))
    this.#stream.write(serializeMessage(blameCaller(message)))
    this.#monitor?.onSent(message)
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#stream.off('data', this.#onData).off('drain', this.#onDrain)
      endStream(this.#stream)
      this.onclose?.()
    }
    return Promise.resolve()
  }

  readonly #onData = (chunk: Buffer): void => {
    for (const line of this.#splitter.push(chunk)) this.#take(line)
    if (this.#splitter.isOverlong()) this.#take(null)
    // Answers pile up: take no more questions until they are read.
    if (!this.#isClosed && this.#stream.writableNeedDrain) this.#stream.pause()
  }

  readonly #onDrain = (): void => {
    this.#stream.resume()
  }

  readonly #onEnd = (): void => {
    void this.close()
  }

  #take(line: Buffer | null): void {
    if (this.#isClosed) return
    if (line === null) {
      const limit = String(LIMITS.inputBytesMax)
      this.#refuse(INVALID_REQUEST, `A line is longer than ${limit} bytes; the connection ends.`)
      void this.close()
      return
    }
    const text = line.toString('utf8')
    if (text.trim() === '') return
    const message = this.#parse(text)
    if (message === null) return
    const refusal = this.#monitor?.judge(message) ?? null
    if (refusal === null) this.onmessage?.(message)
    else this.#stream.write(serializeMessage(refusal))
  }

  #parse(text: string): JSONRPCMessage | null {
    try {
      return parseJSONRPCMessage(JSON.parse(text))
    } catch (error) {
      const isJson = !(error instanceof SyntaxError)
      if (isJson) this.#refuse(INVALID_REQUEST, 'The line is not a JSON-RPC 2.0 message.')
      else this.#refuse(PARSE_ERROR, 'The line is not JSON.')
      return null
    }
  }

  #refuse(code: number, message: string): void {
    this.#stream.write(errorLine(code, message))
    this.onerror?.(new Error(message))
  }
}

/** An answer to something whose id is unknown. */
export function errorLine(code: number, message: string): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })}\n`
}

/** Ends a stream after its last bytes, which may take a second and no longer. */
export function endStream(stream: Duplex): void {
  if (stream.destroyed) return
  const timer = setTimeout(() => stream.destroy(), FAREWELL_MS).unref()
  stream.once('close', () => {
    clearTimeout(timer)
  })
  // Unread bytes of the peer would keep the stream from closing.
  stream.resume()
  stream.end()
}
