// One document of the daemon, followed: connects, asks what its copy lacks, and comes back when the connection breaks, sooner at
// first and then later. What a WebSocket is, its maker says: a browser's, or one over the daemon's unix socket.
import {
  decodeSync,
  encodeSync,
  SYNC_CLOSE,
  SYNC_LIMITS,
  type AwarenessState,
} from '../../../protocol/index.ts'

/** As much of a WebSocket as is needed (WHATWG WebSockets). */
export interface SocketLike {
  binaryType: string
  send(bytes: Uint8Array): void
  close(): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
  onerror: ((event: never) => void) | null
}

export interface DocumentOptions {
  readonly open: () => SocketLike
  /** The copy lacks what is not in here. */
  readonly stateVector: () => Uint8Array
  readonly onUpdate: (update: Uint8Array) => void
  readonly onStates: (states: readonly AwarenessState[]) => void
  /** The copy is of a document that is not there any more. */
  readonly onAnew: () => void
  readonly onConnection: (connection: Connection) => void
}

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** @param code why the last one ended, as WebSockets say it. */
  | { readonly kind: 'lost'; readonly code: number; readonly reason: string }

export interface FollowedDocument {
  /** Now, and not after the pause. */
  retry(): void
  close(): void
}

const FIRST_PAUSE_MS = 100
const PAUSE_MS_MAX = 3_000
/** The daemon says something at least that often. */
const SILENCE_MS = 2 * SYNC_LIMITS.heartbeatMs + 5_000

export function followDocument(options: DocumentOptions): FollowedDocument {
  let pauseMs = FIRST_PAUSE_MS
  let socket: SocketLike | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let isClosed = false

  function wait(ms: number, act: () => void): void {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(act, ms)
  }

  function connect(): void {
    if (isClosed) return
    options.onConnection({ kind: 'connecting' })
    const own = options.open()
    socket = own
    own.binaryType = 'arraybuffer'
    const listenOn = (): void => {
      wait(SILENCE_MS, () => {
        own.close()
        end(own, 0, 'silent')
      })
    }
    own.onopen = () => {
      own.send(encodeSync({ kind: 'step-1', stateVector: options.stateVector() }))
      listenOn()
    }
    own.onmessage = ({ data }) => {
      if (socket !== own) return
      listenOn()
      take(data)
    }
    own.onerror = () => undefined
    own.onclose = ({ code, reason }) => {
      end(own, code, reason)
    }
    listenOn()
  }

  function take(data: unknown): void {
    const message = data instanceof ArrayBuffer ? decodeSync(new Uint8Array(data)) : null
    if (message === null) return
    if (message.kind === 'step-2' || message.kind === 'update') options.onUpdate(message.update)
    if (message.kind === 'awareness') options.onStates(message.states)
    if (message.kind !== 'step-2') return
    pauseMs = FIRST_PAUSE_MS
    options.onConnection({ kind: 'live' })
  }

  function end(own: SocketLike, code: number, reason: string): void {
    if (socket !== own || isClosed) return
    socket = null
    if (code === SYNC_CLOSE.anew) options.onAnew()
    options.onConnection({ kind: 'lost', code, reason })
    wait(pauseMs * (0.5 + Math.random() / 2), connect)
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
  }

  connect()
  return {
    retry() {
      if (socket === null) connect()
    },
    close() {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      socket?.close()
      socket = null
    },
  }
}
