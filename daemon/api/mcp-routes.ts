// /mcp: the Model Context Protocol over Streamable HTTP. The door is loaded with the first request to it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SkeinError } from '../../protocol/index.ts'
import type { ConnectionCaller, Operations } from '../client/operations.ts'
import type { HttpCall, Method, Route } from './http-call.ts'

/** Handed in from above: the daemon knows no front end. */
export interface McpHttpDoor {
  /** Answers one HTTP request; who may call at all was judged before. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: ConnectionCaller,
  ): Promise<void>
  close(): Promise<void>
}

/** Opens the door to these operations. */
export type OpenMcpHttp = (operations: Operations) => McpHttpDoor

export interface McpRoutes {
  readonly routes: readonly Route[]
  close(): Promise<void>
}

const METHODS: Readonly<Partial<Record<Method, string>>> = {
  POST: 'A message of the Model Context Protocol, over Streamable HTTP',
  GET: 'What the server says of itself to a session of the 2025 era',
  DELETE: 'The end of such a session',
}

export function createMcpRoutes(
  operations: Operations,
  load: () => Promise<OpenMcpHttp>,
): McpRoutes {
  let opened: Promise<McpHttpDoor> | null = null
  let isClosed = false
  const answer = async ({ request, response, context }: HttpCall): Promise<null> => {
    if (isClosed) throw new SkeinError('DAEMON_DOWN', 'the daemon is stopping')
    opened ??= load().then((open) => open(operations))
    const door = await opened
    await door.handle(request, response, context.caller)
    return null
  }
  return {
    routes: Object.entries(METHODS).map(([method, summary]) => ({
      method: method as Method,
      path: '/mcp',
      access: 'token',
      about: { summary, tag: 'mcp' },
      answer,
    })),
    async close() {
      isClosed = true
      await opened?.then((door) => door.close())
    },
  }
}
