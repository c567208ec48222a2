// What waits to be sent to one peer over one stream. The cost of sending is by the call and not by the byte, so everything
// of one turn of the event loop leaves in one; and what the stream does not take waits here, where it is counted. A bound on
// it is its owner's business.
import type { Stream } from '@libp2p/interface'

/** A stream as far as it is written to. */
export type Sink = Pick<
  Stream,
  'send' | 'writableNeedsDrain' | 'writeBufferLength' | 'addEventListener' | 'abort'
>

export interface Outbox {
  /** Takes a copy, which leaves at the end of this turn, after what was put in before. */
  put(...parts: readonly Uint8Array[]): void
  /** Hands the stream what it takes now. */
  flush(): void
  /** In this process: here and in the stream. */
  waitingBytes(): number
  /** Nothing more is sent. */
  stop(): void
}

/** Small messages share blocks of this size: with the framing below it is one packet of Noise, which holds 65,519 bytes. */
const BLOCK_BYTES = 64_000
/** The most that one call hands to the stream, which holds what it cannot send: the window that a stream begins with. */
const PIECE_BYTES = 262_144

/** @param onWrite told of each call that hands bytes to the stream. */
export function createOutbox(sink: Sink, onWrite: () => void): Outbox {
  /** Full ones, oldest first. */
  const blocks: Uint8Array[] = []
  const open = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  let used = 0
  let bytes = 0
  let state: 'idle' | 'scheduled' | 'draining' | 'stopped' = 'idle'

  /** Copies: the block is written over, and the stream may keep what it is given. */
  const seal = (): void => {
    if (used > 0) blocks.push(new Uint8Array(open.subarray(0, used)))
    used = 0
  }

  const flush = (): void => {
    if (state === 'stopped' || state === 'draining') return
    state = 'idle'
    try {
      while (bytes > 0 && !sink.writableNeedsDrain) {
        if (blocks.length === 0) seal()
        const piece = takePiece(blocks)
        bytes -= piece.length
        onWrite()
        sink.send(piece)
      }
    } catch (error) {
      // Closed meanwhile. Its owner learns that from its close event.
      state = 'stopped'
      sink.abort(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (bytes > 0) awaitDrain()
  }

  const schedule = (): void => {
    if (state !== 'idle') return
    state = 'scheduled'
    queueMicrotask(flush)
  }

  const awaitDrain = (): void => {
    state = 'draining'
    // One listener for one drain. The stream's own onDrain() is no way to wait: from its second use on it resolves at once.
    const onDrain = (): void => {
      if (state !== 'draining') return
      state = 'idle'
      // Later: the stream first sends what it held back itself.
      schedule()
    }
    sink.addEventListener('drain', onDrain, { once: true })
  }

  return {
    put(...parts) {
      if (state === 'stopped') return
      for (const part of parts) {
        bytes += part.length
        if (used + part.length > BLOCK_BYTES) seal()
        if (part.length > BLOCK_BYTES) {
          blocks.push(new Uint8Array(part))
        } else {
          open.set(part, used)
          used += part.length
        }
      }
      schedule()
    },
    flush,
    waitingBytes: () => bytes + sink.writeBufferLength,
    stop() {
      state = 'stopped'
      blocks.length = 0
      used = 0
      bytes = 0
    },
  }
}

function takePiece(blocks: Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = blocks
  if (first.length <= PIECE_BYTES) {
    blocks.shift()
    return first
  }
  blocks[0] = first.subarray(PIECE_BYTES)
  return first.subarray(0, PIECE_BYTES)
}
