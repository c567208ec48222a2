// GET /sync/<document>: copies of documents for boards, by the y-websocket protocol, to read only. It answers the question what a
// copy lacks and tells what comes; whoever sends content is cut off. Bounded in sockets, in what waits for a slow reader, and in
// what it reads.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import {
  decodeSync,
  encodeSync,
  SYNC_CLOSE,
  SYNC_LIMITS,
  SYNC_PROTOCOL,
  type SyncMessage,
} from '../../protocol/index.ts'
import type { Grant } from '../client/operations.ts'
import type { SyncDocument } from './document.ts'
import type { Documents } from './documents.ts'

export interface SyncDoor {
  /** Takes over a connection whose caller is known. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, grant: Grant | null): void
  readonly count: () => number
  /** Closes the sockets of the grants of these names. */
  readonly drop: (names: ReadonlySet<string>) => void
  readonly close: () => void
}

export const SYNC_PATH = '/sync/'

export function createSyncDoor(documents: Documents): SyncDoor {
  const open = new Map<WebSocket, Grant | null>()
  /** Let in already, while the server of them loads: a login that ends meanwhile ends them too. */
  const arriving = new Map<Duplex, Grant | null>()
  let isClosed = false
  /** Loaded with the first board: a daemon without one does not need it. */
  let server: Promise<WebSocketServer> | null = null

  async function take(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    grant: Grant | null,
  ): Promise<void> {
    server ??= makeServer()
    arriving.set(socket, grant)
    const made = await server.finally(() => arriving.delete(socket))
    if (isClosed || socket.destroyed) {
      socket.destroy()
      return
    }
    made.handleUpgrade(request, socket, head, (peer) => {
      open.set(peer, grant)
      peer.once('close', () => open.delete(peer))
      // What a foreign client does wrong with the protocol itself closes its socket; there is nothing else to do about it.
      peer.on('error', () => {
        peer.terminate()
      })
      if (open.size > SYNC_LIMITS.socketsMax) {
        peer.close(SYNC_CLOSE.busy, `${String(SYNC_LIMITS.socketsMax)} sockets are open`)
        return
      }
      const document = documents.find(nameIn(request), grant)
      if (document === null) peer.close(SYNC_CLOSE.unknown, 'no such document')
      else serve(peer, document)
    })
  }

  return {
    upgrade(request, socket, head, grant) {
      void take(request, socket, head, grant)
    },
    count: () => open.size,
    close() {
      isClosed = true
      for (const peer of open.keys()) peer.close(GOING_AWAY)
      for (const peer of open.keys()) peer.terminate()
    },
    drop(names) {
      for (const [socket, grant] of arriving)
        if (grant !== null && names.has(grant.name)) socket.destroy()
      for (const [peer, grant] of open)
        if (grant !== null && names.has(grant.name))
          peer.close(SYNC_CLOSE.ended, 'the login has ended')
    },
  }
}

/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001

async function makeServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: SYNC_LIMITS.messageBytesMax,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SYNC_PROTOCOL) ? SYNC_PROTOCOL : false),
  })
}

function nameIn(request: IncomingMessage): string {
  const path = (request.url ?? '').replace(/[?#].*$/s, '').slice(SYNC_PATH.length)
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}

function serve(peer: WebSocket, document: SyncDocument): void {
  const send = (message: SyncMessage): void => {
    if (peer.readyState !== peer.OPEN) return
    peer.send(encodeSync(message))
    if (peer.bufferedAmount > SYNC_LIMITS.bufferBytesMax) peer.close(SYNC_CLOSE.slow, 'too slow')
  }
  const leave = document.follow({
    onUpdate: (update) => {
      send({ kind: 'update', update })
    },
    onStates: (states) => {
      send({ kind: 'awareness', states })
    },
    onAnew: () => {
      peer.close(SYNC_CLOSE.anew, 'begun anew')
    },
  })
  send({ kind: 'awareness', states: document.states() })
  let isHeard = true
  const heartbeat = setInterval(() => {
    // Nobody there: a laptop that sleeps leaves its connection open.
    if (!isHeard) {
      peer.terminate()
      return
    }
    isHeard = false
    peer.ping()
    send({ kind: 'awareness', states: [] })
  }, SYNC_LIMITS.heartbeatMs).unref()
  peer.on('pong', () => {
    isHeard = true
  })
  peer.once('close', () => {
    clearInterval(heartbeat)
    leave()
  })
  peer.on('message', (data, isBinary) => {
    const message = isBinary ? decodeSync(bytesOf(data)) : null
    if (message === null) peer.close(SYNC_CLOSE.malformed, 'not a message of y-websocket')
    else answer(peer, document, message, send)
  })
}

function answer(
  peer: WebSocket,
  document: SyncDocument,
  message: SyncMessage,
  send: (message: SyncMessage) => void,
): void {
  switch (message.kind) {
    case 'step-1':
      try {
        send({ kind: 'step-2', update: document.diff(message.stateVector) })
      } catch {
        peer.close(SYNC_CLOSE.malformed, 'not a state vector')
      }
      return
    case 'query-awareness':
      send({ kind: 'awareness', states: document.states() })
      return
    case 'step-2':
    case 'update':
    case 'awareness':
      peer.close(SYNC_CLOSE.readOnly, 'read only')
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
