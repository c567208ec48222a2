// The MCP socket: hands each connection to the door that the composition root was given, within bounds.
import { randomBytes } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { withCall, type Operations } from '../client/operations.ts'
import type { Log } from '../log.ts'
import { boundSilent } from './connections.ts'

/** Serves MCP on one connection until it ends. */
export type McpDoor = (stream: Duplex, operations: Operations) => Promise<void>

export interface McpSocket {
  listen(file: string): Promise<void>
  close(): Promise<void>
  /** Connections now. */
  readonly count: () => number
}

/** A harness opens one connection a session; above it something is wrong. */
const CONNECTIONS_MAX = 512

export function createMcpSocket(
  operations: Operations,
  loadDoor: () => Promise<McpDoor>,
  log: Log,
): McpSocket {
  const connections = new Set<Socket>()
  const server: Server = createServer((socket) => {
    connections.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => connections.delete(socket))
    const session = `mcp_${randomBytes(8).toString('hex')}`
    loadDoor()
      .then((door) => door(socket, withSession(operations, session)))
      .catch((error: unknown) => {
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'an MCP connection failed',
        )
        socket.destroy()
      })
  })
  boundSilent(server, CONNECTIONS_MAX)
  return {
    count: () => connections.size,
    listen(file) {
      rmSync(file, { force: true })
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(file, () => {
          chmodSync(file, 0o600)
          resolve()
        })
      })
    },
    close() {
      for (const socket of connections) socket.destroy()
      return new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}

/** A client that names no session is one for as long as its connection lives. */
function withSession(operations: Operations, session: string): Operations {
  return withCall(operations, (name, input, context) =>
    operations.call(name, input, { ...context, caller: { session, ...context.caller } }),
  )
}
