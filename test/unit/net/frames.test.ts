import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  createFrameReader,
  encodeMessageHeader,
  encodePing,
  type FrameIn,
} from '../../../daemon/net/link/frames.ts'

const bytesOf = (frame: FrameIn): Uint8Array =>
  frame.kind === 'message'
    ? Buffer.concat([encodeMessageHeader(frame.bytes.length), frame.bytes])
    : encodePing(frame.kind, frame.bytes)

const anyFrame = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes): FrameIn => ({ kind: 'message', bytes })),
  fc
    .record({
      kind: fc.constantFrom('ping' as const, 'pong' as const),
      bytes: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    })
    .map((frame): FrameIn => frame),
)

/** The bytes in pieces of these sizes, and the rest. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return [...pieces, bytes.slice(at)].filter((piece) => piece.length > 0)
}

describe('the frames of a link', () => {
  it('are read as they were written, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }),
        (frames, sizes) => {
          const reader = createFrameReader(300)
          const read = cut(Buffer.concat(frames.map(bytesOf)), sizes).flatMap((piece) => {
            const some = reader.read(piece)
            assert.ok(some !== null)
            // The reader keeps nothing of what it was given.
            piece.fill(0)
            return some
          })
          assert.deepEqual(
            read.map(({ kind, bytes }) => ({ kind, bytes: [...bytes] })),
            frames.map(({ kind, bytes }) => ({ kind, bytes: [...bytes] })),
          )
        },
      ),
    )
  })

  it('are refused before they are there when they are too long', () => {
    const header = encodeMessageHeader(301)
    assert.equal(createFrameReader(300).read(header.subarray(0, 4)), null)
    assert.deepEqual(createFrameReader(301).read(header), [])
  })

  it('are refused without a kind, with an unknown one, and as a ping of the wrong size', () => {
    for (const bytes of [
      [0, 0, 0, 0],
      [0, 0, 0, 1, 3],
      [0, 0, 0, 2, 1, 7],
      [0xff, 0, 0, 0],
    ])
      assert.equal(createFrameReader(300).read(Uint8Array.from(bytes)), null)
  })

  it('throw for no bytes at all, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const reader = createFrameReader(40)
        for (const piece of pieces) if (reader.read(piece) === null) return
      }),
    )
  })
})
