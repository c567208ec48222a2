// How many connections a door holds. Above the bound the one that was idle longest goes, so that whoever opens thousands and
// says nothing takes nobody's place; a connection with a call under way is never cut, and where all have one the newcomer
// has to come back.
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server, Socket } from 'node:net'

function bound(
  server: Server,
  max: number,
  pool: { readonly add: (socket: Socket) => void; readonly oldestIdle: () => Socket | undefined },
): void {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    pool.add(socket)
    if (open.size <= max) return
    const given = pool.oldestIdle() ?? socket
    open.delete(given)
    given.destroy()
  })
}

/** An HTTP connection is idle between its calls, and until a call is whole: slow ones take nobody's place. */
export function boundHttp(server: HttpServer, max: number): void {
  // In the order in which they became idle.
  const idle = new Set<Socket>()
  const calling = new Map<Socket, IncomingMessage>()
  bound(server, max, {
    add(socket) {
      idle.add(socket)
      socket.once('close', () => {
        idle.delete(socket)
        calling.delete(socket)
      })
    },
    oldestIdle() {
      const [oldest] = idle
      if (oldest !== undefined) {
        idle.delete(oldest)
        return oldest
      }
      for (const [socket, request] of calling) if (!request.complete) return socket
      return undefined
    },
  })
  // From then on it is another door's.
  server.on('upgrade', ({ socket }: IncomingMessage) => {
    idle.delete(socket)
    calling.delete(socket)
  })
  server.on('request', (request, response) => {
    const { socket } = request
    idle.delete(socket)
    calling.set(socket, request)
    response.once('close', () => {
      calling.delete(socket)
      if (!socket.destroyed) idle.add(socket)
    })
  })
}

/** Another connection is idle until it says its first byte. */
export function boundSilent(server: Server, max: number): void {
  const silent = new Set<Socket>()
  bound(server, max, {
    add(socket) {
      silent.add(socket)
      socket.once('close', () => silent.delete(socket))
    },
    oldestIdle() {
      for (const socket of silent) {
        silent.delete(socket)
        if (socket.bytesRead === 0) return socket
      }
      return undefined
    },
  })
}
