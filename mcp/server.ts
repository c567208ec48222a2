// One connection of the daemon's MCP socket: the greeting, then MCP in both of its eras, by the SDK. Holds no state between
// connections and decides nothing: a tool shapes an operation's input and shows its result. How many connections there may
// be is the caller's business.
import type { Duplex } from 'node:stream'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { ConnectionCaller, Operations } from '../daemon/client/operations.ts'
import { createGate, createSeal, type Client, type McpOptions } from './client.ts'
import { endStream, errorLine, LineTransport } from './line-transport.ts'
import { makeServer, type Server } from './make-server.ts'
import { readOpening } from './opening.ts'
import { ListenNotes } from './resources/listens.ts'
import { Subscriptions, SUBSCRIPTIONS_MAX } from './resources/subscriptions.ts'

export interface McpConnection {
  /** Settles when the connection has ended and its running calls were aborted; never rejects. */
  readonly closed: Promise<void>
  /** Ends it. Idempotent; takes at most a second. */
  close(): Promise<void>
}

const FIRST_LINE_MS = 5_000

/** Calls of one connection that run at once; above it they are told BUSY. Harnesses run a handful. */
const CALLS_MAX = 64

/** Serves MCP on a stream (the stdio framing) until either side ends it. */
export function serveMcp(
  stream: Duplex,
  operations: Operations,
  options: McpOptions,
): McpConnection {
  // A reset is how many clients leave; what follows from it is the stream's `close`.
  stream.on('error', () => undefined)
  const streamClosed = new Promise<void>((resolve) => {
    if (stream.closed) resolve()
    else stream.once('close', resolve)
  })
  const served = serve(stream, operations, options).catch((error: unknown) => {
    options.onError?.(error instanceof Error ? error : new Error(String(error)))
    stream.destroy()
  })
  const closed = Promise.all([served, streamClosed]).then(() => undefined)
  return {
    closed,
    close() {
      endStream(stream)
      return closed
    },
  }
}

async function serve(stream: Duplex, operations: Operations, options: McpOptions): Promise<void> {
  const opening = await readOpening(stream, options.firstLineMs ?? FIRST_LINE_MS)
  switch (opening.kind) {
    case 'gone':
      endStream(stream)
      return
    case 'refused':
      stream.write(errorLine(opening.code, opening.message))
      endStream(stream)
      return
    case 'bare':
      await speak(stream, operations, {}, options)
      return
    case 'greeted':
      await speak(stream, operations, opening.caller, options)
  }
}

async function speak(
  stream: Duplex,
  operations: Operations,
  caller: ConnectionCaller,
  options: McpOptions,
): Promise<void> {
  const closed = new Promise((resolve) => stream.once('close', resolve))
  let server: Server | null = null
  const subscriptions = new Subscriptions({
    operations,
    everyMs: options.updateMs,
    send(uri) {
      // Who does not read is told later, and once.
      if (server === null || stream.destroyed || stream.writableNeedDrain) return false
      // A client that is gone ends its connection by itself.
      server.sendResourceUpdated({ uri }).catch(() => undefined)
      return true
    },
  })
  const callerOf = (): ConnectionCaller => caller
  const client: Client = {
    operations,
    options,
    callerOf,
    memory: { repo: null },
    gate: createGate(CALLS_MAX),
    seal: createSeal(callerOf),
    subscriptions,
  }
  const handle = serveStdio(({ era }) => (server = makeServer(client, era)), {
    transport: new LineTransport(stream, new ListenNotes(subscriptions)),
    maxSubscriptions: SUBSCRIPTIONS_MAX,
    ...(options.onError === undefined ? {} : { onerror: options.onError }),
  })
  await closed
  subscriptions.close()
  await handle.close()
}
