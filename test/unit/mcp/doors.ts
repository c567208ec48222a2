// The clients of both SDKs, in both eras, at each door: the socket, the bridge in front of it, and Streamable HTTP.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type net from 'node:net'
import type { AddressInfo } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/server'
import { runBridge } from '../../../mcp/bridge.ts'
import type { McpOptions } from '../../../mcp/client.ts'
import { serveMcpHttp, type McpHttpDoor } from '../../../mcp/http.ts'
import type { ConnectionCaller } from '../../../daemon/client/operations.ts'
import { GREETING } from './greeting.ts'
import { dial, FakeOperations, listen } from './twins.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onprogress?: (progress: {
    readonly progress: number
    readonly message?: string | undefined
  }) => void
  readonly timeout?: number
}

export interface CallResult {
  readonly content?: readonly { readonly text?: string }[]
  readonly isError?: boolean
  readonly structuredContent?: unknown
  readonly _meta?: Readonly<Record<string, unknown>>
}

interface Contents {
  readonly contents: readonly { readonly uri: string; readonly text?: string }[]
}

/** What a client of either SDK does, in the words of the newer one. */
export interface AnyClient {
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(
    request: { name: string; arguments?: Record<string, unknown>; _meta?: object },
    options?: CallOptions,
  ): Promise<CallResult>
  listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>
  listResourceTemplates(): Promise<{
    readonly resourceTemplates: readonly { readonly uriTemplate: string }[]
  }>
  readResource(request: { uri: string }): Promise<Contents>
  complete(request: {
    ref: { type: 'ref/resource'; uri: string }
    argument: { name: string; value: string }
  }): Promise<{ readonly completion: { readonly values: readonly string[] } }>
  listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>
  getPrompt(request: { name: string; arguments?: Record<string, string> }): Promise<{
    readonly messages: readonly { readonly content: unknown }[]
  }>
  /** Hears of changes at these addresses, and what ends it. */
  subscribe(uris: readonly string[], onUpdated: (uri: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export interface Question {
  readonly message: string
  readonly requestedSchema: { readonly properties: Readonly<Record<string, unknown>> }
}
/** A type and no interface: the SDKs want an index signature. */
export type Reply = {
  action: 'accept' | 'decline' | 'cancel'
  content?: Record<string, string>
}
/** Answers for a person. */
export type Person = (question: Question) => Reply | Promise<Reply>

export interface Door {
  readonly operations: FakeOperations
  readonly errors: Error[]
  readonly connect: (person?: Person) => Promise<AnyClient>
  /** Another daemon at the same place. */
  readonly restart: () => Promise<FakeOperations>
}

export interface Way {
  readonly name: string
  readonly door: 'socket' | 'bridge' | 'http'
  readonly era: '2025' | '2026'
  open(t: TestContext, options?: Partial<McpOptions>): Promise<Door>
}

type Sdk = 'v1' | 'v2' | 'v2 at 2026-07-28'
const INFO = { name: 'test', version: '1' }

export const WAYS: readonly Way[] = (['socket', 'bridge', 'http'] as const).flatMap((door) =>
  (['v1', 'v2', 'v2 at 2026-07-28'] as const).map((sdk) => ({
    name: `the ${sdk} SDK client over ${door}`,
    door,
    era: sdk === 'v2 at 2026-07-28' ? '2026' : '2025',
    open: (t: TestContext, options?: Partial<McpOptions>) => open(t, door, sdk, options),
  })),
)

async function open(
  t: TestContext,
  door: Way['door'],
  sdk: Sdk,
  options: Partial<McpOptions> = {},
): Promise<Door> {
  if (door === 'http') {
    const http = await listenHttp(t, options)
    const connect = (person?: Person): Promise<AnyClient> =>
      sdk === 'v1'
        ? connectOld(t, new OldHttp(http.url), person)
        : connectModern(t, new ModernHttp(http.url), sdk, person)
    const restart = (): never => assert.fail('nothing finds it again')
    return { operations: http.operations, errors: http.errors, connect, restart }
  }
  const daemon = await listen(t, options)
  return {
    operations: daemon.operations,
    errors: daemon.errors,
    async restart() {
      await daemon.stop()
      return (await listen(t, { ...options, at: daemon.path })).operations
    },
    async connect(person) {
      const stream: Duplex =
        door === 'socket' ? await dial(t, daemon.path) : bridged(t, daemon.path)
      const transport = new StreamTransport(stream)
      return sdk === 'v1'
        ? connectOld(t, transport, person)
        : connectModern(t, transport, sdk, person)
    },
  }
}

/** The other side of a bridge's stdio. */
function bridged(t: TestContext, socketPath: string): Duplex {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const running = runBridge({
    socketPath: () => socketPath,
    greeting: GREETING,
    stdin,
    stdout,
    start: null,
    patience: { startMs: 1_000, restartMs: 300, drainMs: 200 },
  })
  t.after(() => {
    stdin.end()
    return running
  })
  return Duplex.from({ readable: stdout, writable: stdin })
}

export interface HttpDoor {
  readonly url: URL
  readonly operations: FakeOperations
  readonly errors: Error[]
  readonly door: McpHttpDoor
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<net.Socket>
}

/** Streamable HTTP on a bare server, as the API server calls it. */
export async function listenHttp(
  t: TestContext,
  options: Partial<McpOptions> = {},
): Promise<HttpDoor> {
  const operations = new FakeOperations()
  const errors: Error[] = []
  const onError = (error: Error): void => void errors.push(error)
  const door = serveMcpHttp(operations, { version: '0.0.0', onError, ...options })
  const server = createServer((request, response) => {
    void door.handle(request, response, callerOf(request.headers))
  })
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    await door.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: new URL(`http://127.0.0.1:${String(port)}/mcp`), operations, errors, door, sockets }
}

function callerOf(headers: NodeJS.Dict<string | string[]>): ConnectionCaller {
  const said = (name: string): object => {
    const value = headers[`skein-${name}`]
    return typeof value === 'string' ? { [name]: value } : {}
  }
  return { ...said('repo'), ...said('agent'), ...said('session') }
}

/** What both SDKs ask of a transport, over a stream. */
export class StreamTransport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: never) => void
  readonly #buffer = new ReadBuffer()
  readonly #stream: Duplex

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  start(): Promise<void> {
    this.#stream.on('data', (chunk: Buffer) => {
      this.#buffer.append(chunk)
      for (let message; (message = this.#buffer.readMessage()) !== null;)
        this.onmessage?.(message as never)
    })
    this.#stream.on('close', () => this.onclose?.())
    this.#stream.on('error', () => undefined)
    return Promise.resolve()
  }

  send(message: object): Promise<void> {
    this.#stream.write(serializeMessage(message as never))
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#stream.destroy()
    return Promise.resolve()
  }
}

const withElicitation = (person: Person | undefined): object =>
  person === undefined ? {} : { capabilities: { elicitation: {} } }

async function connectOld(
  t: TestContext,
  transport: object,
  person: Person | undefined,
): Promise<AnyClient> {
  const client = new OldClient(INFO, withElicitation(person))
  if (person !== undefined)
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) =>
      person(params as never as Question),
    )
  await client.connect(transport as never)
  t.after(() => client.close())
  return {
    listTools: () => client.listTools(),
    callTool: async (request, options) =>
      (await client.callTool(request as never, undefined, options)) as CallResult,
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: async (request) => await client.readResource(request),
    complete: (request) => client.complete(request),
    listPrompts: () => client.listPrompts(),
    getPrompt: (request) => client.getPrompt(request),
    async subscribe(uris, onUpdated) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        onUpdated(params.uri)
      })
      for (const uri of uris) await client.subscribeResource({ uri })
      return async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri })
      }
    },
    close: () => client.close(),
  }
}

async function connectModern(
  t: TestContext,
  transport: object,
  sdk: Sdk,
  person: Person | undefined,
): Promise<AnyClient> {
  const isModern = sdk === 'v2 at 2026-07-28'
  const client = new ModernClient(INFO, {
    ...withElicitation(person),
    ...(isModern ? { versionNegotiation: { mode: 'auto' as const } } : {}),
  })
  if (person !== undefined)
    client.setRequestHandler('elicitation/create', async ({ params }) =>
      person(params as never as Question),
    )
  await client.connect(transport as never)
  t.after(() => client.close())
  const version = isModern ? '2026-07-28' : '2025-11-25'
  assert.equal(client.getNegotiatedProtocolVersion(), version)
  return {
    listTools: () => client.listTools(),
    callTool: async (request, options) =>
      (await client.callTool(request as never, options)) as CallResult,
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: async (request) => await client.readResource(request),
    complete: (request) => client.complete(request),
    listPrompts: () => client.listPrompts(),
    getPrompt: (request) => client.getPrompt(request),
    async subscribe(uris, onUpdated) {
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        onUpdated(params.uri)
      })
      if (isModern) {
        const subscription = await client.listen({ resourceSubscriptions: [...uris] })
        return () => subscription.close()
      }
      for (const uri of uris) await client.subscribeResource({ uri })
      return async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri })
      }
    },
    close: () => client.close(),
  }
}
