// /mcp: the Model Context Protocol over Streamable HTTP. The door is loaded with the first request to it.
import { SkeinError } from '../../protocol/index.ts'
import type { Operations } from '../client/operations.ts'
import type { HttpCall, Method, Route } from './http-call.ts'
import type { McpHttpDoor, OpenMcpHttp } from './mcp-http.ts'

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
