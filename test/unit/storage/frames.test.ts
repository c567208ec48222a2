import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Frame } from '../../../daemon/ports.ts'
import { crc32 } from '../../../daemon/storage/crc32.ts'
import {
  FRAME_BYTES_MAX,
  HEADER_BYTES,
  MARK_BYTES,
  decodeFrame,
  encodeFrame,
  encodeHeader,
  encodeMark,
  findMark,
  frameBytes,
  readRaw,
} from '../../../daemon/storage/frames.ts'
import { asPeerId } from '../../../protocol/index.ts'

const LOG_ID = Uint8Array.from([9, 8, 7, 6, 5, 4, 3, 2])
const FRAMES: readonly Frame[] = [
  { kind: 'update', bytes: Uint8Array.from([1, 2, 3]) },
  { kind: 'record', bytes: new Uint8Array(0) },
  { kind: 'promise', term: Number.MAX_SAFE_INTEGER, votedFor: asPeerId('peer') },
  { kind: 'promise', term: 0, votedFor: null },
  { kind: 'meta', value: { text: 'ü', list: [1, null] } },
]

describe('crc32', () => {
  it('is the CRC of zlib and PNG', () => {
    assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926)
    assert.equal(crc32(Buffer.from('xx123456789x'), 2, 11), 0xcbf43926)
    assert.equal(crc32(new Uint8Array(0)), 0)
  })
})

describe('a frame', () => {
  for (const frame of FRAMES) {
    it(`of kind ${frame.kind} comes back as it was`, () => {
      const bytes = encodeFrame(frame)
      assert.equal(bytes.length, frameBytes(frame))
      const raw = readRaw(bytes, 0)
      assert.equal(raw?.next, bytes.length)
      assert.deepEqual(decodeFrame(raw), frame)
    })
  }

  it('is not seen in anything that was cut, prolonged or changed in one bit', () => {
    const bytes = encodeFrame(FRAMES[0] ?? assert.fail())
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(readRaw(bytes.subarray(0, cut), 0), null)
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(readRaw(flipped, 0), null)
    }
  })

  it('is not seen in zeros, nor where a length is absurd', () => {
    assert.equal(readRaw(new Uint8Array(1000), 0), null)
    const bytes = Buffer.from(encodeFrame(FRAMES[0] ?? assert.fail()))
    for (const length of [0xffffffff, 0x7fffffff, FRAME_BYTES_MAX]) {
      bytes.writeUInt32LE(length, 0)
      assert.equal(readRaw(bytes, 0), null)
    }
  })

  it('of a type that is not known is told apart from a payload that is not of its type', () => {
    assert.equal(decodeFrame({ type: 0x7a, payload: new Uint8Array(0), next: 9 }), 'unknown')
    for (const text of [
      '',
      '[]',
      'null',
      '{"term":"1"}',
      '{"term":1.5,"votedFor":null}',
      '{"term":1}',
    ]) {
      assert.equal(decodeFrame({ type: 0x50, payload: Buffer.from(text), next: 9 }), null)
    }
  })
})

describe('a mark', () => {
  it('is found behind any bytes, at its own offset only and in its own log only', () => {
    const header = encodeHeader(LOG_ID)
    assert.equal(header.length, HEADER_BYTES)
    const rubbish = Buffer.alloc(77, 0xa5)
    const at = header.length + rubbish.length
    const mark = encodeMark(LOG_ID, at)
    assert.equal(mark.length, MARK_BYTES)
    const log = Buffer.concat([header, rubbish, mark, rubbish])
    assert.equal(findMark(log, LOG_ID, 0), at)
    assert.equal(findMark(log, LOG_ID, at), at)
    assert.equal(findMark(log, LOG_ID, at + 1), null)
    assert.equal(findMark(log, Uint8Array.from(LOG_ID).reverse(), 0), null)
    assert.equal(findMark(Buffer.concat([header, mark]), LOG_ID, 0), null)
  })
})
