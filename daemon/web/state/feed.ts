// The board's feed over WebSockets of the browser, and its snapshots at a pace that a screen can show.
import { createBoardFeed, type BoardFeed } from '../../client/board/board-feed.ts'
import type { BoardSnapshot } from '../../client/board/board-feed.ts'
import type { SocketLike } from '../../client/board/sync-socket.ts'
import { SYNC_PROTOCOL, SYNC_TOKEN_PREFIX } from '../../../protocol/index.ts'
import type { Login } from './login.ts'

export interface PacedFeed extends Pick<BoardFeed, 'watch' | 'retry' | 'close'> {
  readonly snapshot: () => BoardSnapshot
  readonly subscribe: (listener: () => void) => () => void
}

/** Nobody reads faster, and a burst of grants is one picture. */
const PACE_MS = 60

export function openFeed({ token }: Login): PacedFeed {
  const feed = createBoardFeed({
    open: (name) => openSocket(name, token),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  })
  let shown = feed.snapshot()
  let timer: ReturnType<typeof setTimeout> | null = null
  let toldAt = 0
  const listeners = new Set<() => void>()
  const tell = (): void => {
    timer = null
    toldAt = performance.now()
    shown = feed.snapshot()
    for (const listener of listeners) listener()
  }
  feed.subscribe(() => {
    timer ??= setTimeout(tell, Math.max(0, PACE_MS - (performance.now() - toldAt)))
  })
  return {
    watch: feed.watch,
    retry: feed.retry,
    close: feed.close,
    snapshot: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

function openSocket(name: string, token: string): SocketLike {
  const url = `ws://${location.host}/sync/${encodeURIComponent(name)}`
  return new WebSocket(url, [SYNC_PROTOCOL, `${SYNC_TOKEN_PREFIX}${token}`]) as SocketLike
}
