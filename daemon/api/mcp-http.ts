// What the API server is given to serve MCP over Streamable HTTP: front ends are handed in from above.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionCaller, Operations } from '../client/operations.ts'

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
