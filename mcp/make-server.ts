// The SDK's server with our handlers: all that differs between the eras and the doors is in the client. One is made for each
// connection, and for each request where the era has no connections, so making one is cheap: what is listed is made once.
import {
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ListToolsResult,
  type ServerOptions,
} from '@modelcontextprotocol/server'
import { SkeinError } from '../protocol/index.ts'
import { callTool } from './call-tool.ts'
import { isWorker, operationsOf, sessionOf, type Client, type Era } from './client.ts'
import { getPrompt, PROMPT_LIST } from './prompts.ts'
import { completeVariable, listResources, RESOURCE_TEMPLATES } from './resources/list.ts'
import { asProtocolError, readResource } from './resources/read.ts'
import { parseUri } from './resources/uri.ts'
import type { Grant } from '../daemon/client/operations.ts'
import type { Subscriptions } from './resources/subscriptions.ts'
import { mayHearOf } from './resources/allowed.ts'
import { quote } from './text.ts'
import { TOOLS, toolsFor } from './tools.ts'

const INSTRUCTIONS =
  'skein keeps agents from editing the same files. Before you edit, call claim_files; refused means do not edit: work on something else, or queue with wait_seconds. When done, call release_claims. Between steps call pending_requests: others may wait for you.'

function listOf(isWorker: boolean) {
  return {
    tools: toolsFor(isWorker).map(
      ({ name, description, annotations, inputSchema, outputSchema }) => ({
        name,
        description,
        inputSchema: { ...inputSchema, type: 'object' as const },
        outputSchema: { ...outputSchema, type: 'object' as const },
        annotations,
      }),
    ),
  } satisfies ListToolsResult
}

const TOOL_LIST = listOf(false)
const WORKER_TOOL_LIST = listOf(true)

const TOOLS_BY_NAME = new Map(TOOLS.map((tool) => [tool.name, tool]))

const HOUR_MS = 3_600_000

/** The part of the SDK's server that takes handlers as they are, without a registry that is filled anew for each server. */
export type Server = McpServer['server']

const CAPABILITIES = {
  // The lists of tools and prompts change only with the daemon's version.
  tools: { listChanged: false },
  prompts: { listChanged: false },
  resources: { subscribe: true, listChanged: false },
  completions: {},
}

const SHARED_OPTIONS = {
  instructions: INSTRUCTIONS,
  cacheHints: {
    // Workers are shown some more.
    'tools/list': { ttlMs: HOUR_MS, cacheScope: 'private' },
    'prompts/list': { ttlMs: HOUR_MS, cacheScope: 'public' },
    'resources/templates/list': { ttlMs: HOUR_MS, cacheScope: 'public' },
    'resources/list': { ttlMs: 60_000, cacheScope: 'private' },
    'resources/read': { ttlMs: 0, cacheScope: 'private' },
  },
  // Answers of persons are judged by questions.ts; a validator of the SDK's own costs a millisecond for each server.
  jsonSchemaValidator: {
    getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
  },
} as const satisfies ServerOptions

export function makeServer(client: Client, era: Era): Server {
  const { version } = client.options
  const { server } = new McpServer(
    { name: 'skein', version },
    {
      ...SHARED_OPTIONS,
      requestState: { verify: (state, context) => client.seal.verify(state, context) },
    },
  )
  server.registerCapabilities(CAPABILITIES)
  offerTools(server, client, era)
  offerResources(server, client)
  server.setRequestHandler('prompts/list', () => PROMPT_LIST)
  server.setRequestHandler('prompts/get', ({ params }, context) =>
    getPrompt(params.name, params.arguments, operationsOf(client, context)),
  )
  return server
}

function offerTools(server: Server, client: Client, era: Era): void {
  // The 2025 era says it once for the connection, and the SDK keeps it nowhere else.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const asker = { era, capabilities: () => server.getClientCapabilities() }
  server.setRequestHandler('tools/list', (_request, context) =>
    isWorker(client, context) ? WORKER_TOOL_LIST : TOOL_LIST,
  )
  server.setRequestHandler('tools/call', ({ params }, context) => {
    const tool = TOOLS_BY_NAME.get(params.name)
    if (tool !== undefined) return callTool(client, asker, tool, params.arguments, context)
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Tool ${quote(params.name, 60)} not found`,
    )
  })
}

function offerResources(server: Server, client: Client): void {
  server.setRequestHandler('resources/list', async (_request, context) => {
    const session = sessionOf(context) ?? client.callerOf(context).session
    return listResources(operationsOf(client, context), session).catch(refuse)
  })
  server.setRequestHandler('resources/templates/list', () => RESOURCE_TEMPLATES)
  server.setRequestHandler('resources/read', ({ params }, context) =>
    readResource(params.uri, operationsOf(client, context)),
  )
  server.setRequestHandler('completion/complete', async ({ params }, context) => {
    const session = sessionOf(context) ?? client.callerOf(context).session
    const { name, value } = params.argument
    const call = operationsOf(client, context)
    return completeVariable(name, value, call, session).catch(refuse)
  })
  const { subscriptions } = client
  if (subscriptions === null) return
  server.setRequestHandler('resources/subscribe', ({ params }, context) => {
    subscribe(subscriptions, params.uri, client.callerOf(context).grant)
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscriptions.remove(params.uri)
    return {}
  })
}

function subscribe(subscriptions: Subscriptions, uri: string, grant: Grant | undefined): void {
  // Other schemes never change here: a client that subscribes to all that it knows of is not refused for that.
  if ((uri.startsWith('skein:') && parseUri(uri) === null) || !mayHearOf(uri, grant))
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `There is no resource ${quote(uri, 200)} to subscribe to.`,
      { uri },
    )
  try {
    subscriptions.add(uri, [uri])
  } catch (error) {
    if (error instanceof SkeinError)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message)
    throw error
  }
}

function refuse(error: unknown): never {
  throw asProtocolError(error)
}
