// One connection of the daemon's MCP socket: the greeting, then MCP in both of its eras, by the SDK. Holds no state between
// connections and decides nothing: a tool shapes an operation's input and shows its result. How many connections there may
// be is the caller's business.
import type { Duplex } from 'node:stream'
import {
  McpServer,
  type CallToolResult,
  type ServerContext,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { LIMITS, SkeinError } from '../protocol/index.ts'
import type { ConnectionCaller, Operations } from '../daemon/client/operations.ts'
import { asSkeinError, renderFailure } from './failure.ts'
import { endStream, errorLine, LineTransport } from './line-transport.ts'
import { readOpening } from './opening.ts'
import { reportProgress } from './progress.ts'
import type { JsonSchema, Tool } from './tool.ts'
import { TOOLS } from './tools.ts'

export interface McpOptions {
  /** Of skein, told to clients. */
  readonly version: string
  /** Hears of bugs and of broken lines; never of a caller's mistakes. */
  readonly onError?: (error: Error) => void
  /** How long a connection may take over its first line. */
  readonly firstLineMs?: number
  /** How often a call that waits says so to clients that want to hear it. */
  readonly progressMs?: number
}

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
  const calls = makeCalls(operations, caller, options)
  const handle = serveStdio(() => makeServer(options.version, calls), {
    transport: new LineTransport(stream),
    ...(options.onError === undefined ? {} : { onerror: options.onError }),
  })
  await closed
  await handle.close()
}

const INSTRUCTIONS =
  'skein keeps agents from editing the same files. Before you edit, call claim_files; refused means do not edit: work on something else, or queue with wait_seconds. When done, call release_claims. Between steps call pending_requests: others may wait for you.'

type CallTool = (tool: Tool, given: unknown, context: ServerContext) => Promise<CallToolResult>

function makeServer(version: string, callTool: CallTool): McpServer {
  const server = new McpServer(
    { name: 'skein', version },
    {
      instructions: INSTRUCTIONS,
      // The list changes only with the daemon's version.
      capabilities: { tools: { listChanged: false } },
      cacheHints: { 'tools/list': { ttlMs: 3_600_000, cacheScope: 'public' } },
    },
  )
  for (const tool of TOOLS) {
    const { name, description, annotations } = tool
    const inputSchema = advertise(tool.inputSchema)
    const outputSchema = advertise(tool.outputSchema)
    const config = { description, annotations, inputSchema, outputSchema }
    server.registerTool(name, config, (given, context) => callTool(tool, given, context))
  }
  return server
}

/** Shows a schema to clients and lets everything pass: the tool itself judges its arguments, and the daemon its results. */
function advertise(schema: JsonSchema): StandardSchemaWithJSON {
  const show = () => ({ ...schema })
  return {
    '~standard': {
      version: 1,
      vendor: 'skein',
      validate: (value) => ({ value }),
      jsonSchema: { input: show, output: show },
    },
  }
}

function makeCalls(
  operations: Operations,
  caller: ConnectionCaller,
  { onError, progressMs }: McpOptions,
): CallTool {
  let running = 0
  return async (tool, given, { mcpReq }) => {
    running += 1
    const stopProgress = reportProgress(mcpReq, progressMs)
    try {
      if (running > CALLS_MAX) throw new SkeinError('BUSY', 'Too many calls of one client at once.')
      const input = tool.toInput(given, sessionOf(mcpReq._meta))
      const context = { door: 'mcp', signal: mcpReq.signal, caller } as const
      return tool.toAnswer(await operations.call(tool.operationOf(given), input, context), given)
    } catch (thrown) {
      const error = asSkeinError(thrown)
      if (error.code === 'INTERNAL' && !mcpReq.signal.aborted) onError?.(error)
      return renderFailure(error)
    } finally {
      stopProgress()
      running -= 1
    }
  }
}

/** Codex names its session in each request; a client's `_meta` is its own business, so anything odd is no session. */
function sessionOf(meta: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const session = meta?.['sessionId']
  const isName = typeof session === 'string' && session.trim() !== ''
  return isName && session.length <= LIMITS.nameCharactersMax ? session : undefined
}
