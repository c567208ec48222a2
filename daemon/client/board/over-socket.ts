// A WebSocket over the daemon's unix socket.
import { WebSocket } from 'ws'
import { SYNC_PROTOCOL } from '../../../protocol/index.ts'
import type { SocketLike } from './sync-socket.ts'

/** @param socket the daemon's `api.sock` */
export function openOverSocket(socket: string, name: string): SocketLike {
  const url = `ws+unix://${socket}:/sync/${encodeURIComponent(name)}`
  return new WebSocket(url, SYNC_PROTOCOL, { perMessageDeflate: false }) as SocketLike
}
