// The four messages of etcd's KV service that a claim needs, in protobuf by hand, and the HTTP/2 frames that carry them.
// Field numbers: etcd 3.4, etcdserverpb/rpc.proto.

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7 } as const
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const
export const FRAME_HEAD_BYTES = 9
export const GRPC_HEAD_BYTES = 5

/** Compare.create_revision = 0, then put: create if absent. */
export function encodeCreate(key: string, value: string): Buffer {
  const name = Buffer.from(key)
  const compare = Buffer.concat([number(2, 1), bytes(3, name), number(5, 0)])
  const put = bytes(2, Buffer.concat([bytes(1, name), bytes(2, Buffer.from(value))]))
  return Buffer.concat([bytes(1, compare), bytes(2, put)])
}

/** Every key with this prefix. */
export function encodeDeletePrefix(prefix: string): Buffer {
  const start = Buffer.from(prefix)
  const end = Buffer.from(start)
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1)
  return Buffer.concat([bytes(1, start), bytes(2, end)])
}

/** A read of one key from this node's memory, without a round of consensus. */
export function encodeSerializableRange(key: string): Buffer {
  return Buffer.concat([bytes(1, Buffer.from(key)), number(7, 1)])
}

/** TxnResponse.succeeded. */
export function isSucceeded(message: Buffer): boolean {
  for (let at = 0; at < message.length;) {
    const tag = readNumber(message, at)
    const value = readNumber(message, tag.next)
    if (tag.value === 0x10) return value.value === 1
    at = (tag.value & 7) === 2 ? value.next + value.value : value.next
  }
  return false
}

/** The gRPC message in its frame: not compressed, length, message. */
export function inGrpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(GRPC_HEAD_BYTES)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

export function encodeHttp2Frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length)
  frame.writeUIntBE(payload.length, 0, 3)
  frame[3] = type
  frame[4] = flags
  frame.writeUInt32BE(stream, 5)
  frame.set(payload, FRAME_HEAD_BYTES)
  return frame
}

/** The header block of a gRPC call in HPACK, without Huffman codes and without entries for later (RFC 7541, 6.2.2). */
export function encodeHeaders(path: string, authority: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    Buffer.concat([Buffer.from([0x04]), text(path)]),
    Buffer.concat([Buffer.from([0x01]), text(authority)]),
    Buffer.concat([Buffer.from([0x0f, 0x10]), text('application/grpc')]), // content-type
    Buffer.concat([Buffer.from([0x00]), text('te'), text('trailers')]),
  ])
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')])
}

function number(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)])
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(value.length)]), value])
}

function varint(value: number): number[] {
  const out: number[] = []
  for (; value > 127; value >>>= 7) out.push((value & 127) | 128)
  return [...out, value]
}

/** Numbers above 2^53 lose their low bits: only those of the header, which nobody reads. */
function readNumber(message: Buffer, start: number): { value: number; next: number } {
  let value = 0
  for (let at = start, scale = 1; ; at++, scale *= 128) {
    const byte = message[at] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return { value, next: at + 1 }
  }
}
