// The bytes of a link: frames one after another, each a length, a kind and what it carries. Reading is bounded and
// believes nothing: the first frame that is none ends the link.
//
//   u32 big-endian: bytes that follow, 1 … message maximum + 1
//   u8 kind: 0 message, 1 ping, 2 pong
//   the message; or the ping's 8 bytes, which its pong carries back
import { LIMITS } from '../../../protocol/index.ts'

export const HEADER_BYTES = 5
export const PING_BYTES = 8

const KIND_MESSAGE = 0
const KIND_PING = 1
const KIND_PONG = 2

export type FrameIn =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'ping' | 'pong'; readonly bytes: Uint8Array }

export function encodeMessageHeader(messageBytes: number): Uint8Array {
  return encodeHeader(KIND_MESSAGE, messageBytes)
}

export function encodePing(kind: 'ping' | 'pong', payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    encodeHeader(kind === 'ping' ? KIND_PING : KIND_PONG, payload.length),
    payload,
  ])
}

export interface FrameReader {
  /**
   * The frames that are complete with these bytes, which are copied.
   * @returns null for bytes that are no frames; the reader is of no more use then.
   */
  read(bytes: Uint8Array): FrameIn[] | null
}

/** Holds at most one unfinished frame, and no more of it than has arrived. */
export function createFrameReader(
  messageBytesMax: number = LIMITS.peerMessageBytesMax,
): FrameReader {
  let parts: Uint8Array[] = []
  let held = 0
  /** Bytes of the frame that is under way, its length field included; 4 while that is not known. */
  let wanted = LENGTH_BYTES
  return {
    read(bytes) {
      parts.push(bytes)
      held += bytes.length
      // What is unfinished is not copied again with each piece of it: a large frame comes in hundreds.
      if (held < wanted) {
        parts[parts.length - 1] = new Uint8Array(bytes)
        return []
      }
      const all = parts.length === 1 ? bytes : Buffer.concat(parts)
      const { frames, used, next } = split(all, messageBytesMax)
      if (next === null) return null
      const rest = all.subarray(used)
      parts = rest.length === 0 ? [] : [new Uint8Array(rest)]
      held = rest.length
      wanted = next
      return frames
    },
  }
}

const LENGTH_BYTES = 4

/** @returns how many bytes are needed before it is worth asking again; null for what is no frame. */
function split(
  all: Uint8Array,
  messageBytesMax: number,
): { frames: FrameIn[]; used: number; next: number | null } {
  const view = new DataView(all.buffer, all.byteOffset, all.length)
  const frames: FrameIn[] = []
  let used = 0
  while (all.length - used >= LENGTH_BYTES) {
    const length = view.getUint32(used)
    if (length < 1 || length > messageBytesMax + 1) return { frames, used, next: null }
    const end = used + LENGTH_BYTES + length
    if (end > all.length) return { frames, used, next: LENGTH_BYTES + length }
    const frame = frameOf(
      view.getUint8(used + LENGTH_BYTES),
      new Uint8Array(all.subarray(used + HEADER_BYTES, end)),
    )
    if (frame === null) return { frames, used, next: null }
    frames.push(frame)
    used = end
  }
  return { frames, used, next: LENGTH_BYTES }
}

function frameOf(kind: number, bytes: Uint8Array): FrameIn | null {
  if (kind === KIND_MESSAGE) return { kind: 'message', bytes }
  if (bytes.length !== PING_BYTES) return null
  if (kind === KIND_PING) return { kind: 'ping', bytes }
  return kind === KIND_PONG ? { kind: 'pong', bytes } : null
}

function encodeHeader(kind: number, payloadBytes: number): Uint8Array {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(payloadBytes + 1)
  header.writeUInt8(kind, LENGTH_BYTES)
  return header
}
