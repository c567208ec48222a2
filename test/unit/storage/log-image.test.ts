import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Frame } from '../../../daemon/ports.ts'
import { crc32 } from '../../../daemon/storage/crc32.ts'
import {
  HEADER_BYTES,
  MARK_BYTES,
  encodeFrame,
  encodeHeader,
  encodeMark,
} from '../../../daemon/storage/frames.ts'
import { decodeLog, encodeLog } from '../../../daemon/storage/log-image.ts'
import { SkeinError } from '../../../protocol/index.ts'

const LOG_ID = Uint8Array.from([9, 8, 7, 6, 5, 4, 3, 2])
const FILE = '/home/x/.skein/ledger/repo.log'
const update = (length: number, fill: number): Frame => ({
  kind: 'update',
  bytes: new Uint8Array(length).fill(fill),
})
const BATCHES: readonly (readonly Frame[])[] = [
  [update(5, 1)],
  [update(0, 0), { kind: 'promise', term: 3, votedFor: null }, update(40, 0)],
  [{ kind: 'meta', value: { voter: 'v' } }, update(30, 7), update(12, 8)],
]

/** A log as a process that was killed leaves it: each batch after its mark, none at the end. */
function logOf(batches: readonly (readonly Frame[])[]): { bytes: Buffer; starts: number[] } {
  let bytes = Buffer.from(encodeHeader(LOG_ID))
  const starts: number[] = []
  for (const batch of batches) {
    starts.push(bytes.length)
    bytes = Buffer.concat([bytes, encodeMark(LOG_ID, bytes.length), ...batch.map(encodeFrame)])
  }
  return { bytes, starts }
}

const sealed = (bytes: Buffer): Buffer => Buffer.concat([bytes, encodeMark(LOG_ID, bytes.length)])
const isDamage = (error: unknown): boolean =>
  error instanceof SkeinError && error.code === 'LEDGER_DAMAGED'

/** The frames, or null for a refusal; any other error is one of ours. */
function framesOf(bytes: Uint8Array): readonly Frame[] | null {
  try {
    return decodeLog(bytes, FILE).frames
  } catch (error) {
    assert.ok(isDamage(error) || (error instanceof SkeinError && error.code === 'LEDGER_NEWER'))
    return null
  }
}

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

function assertPrefix(frames: readonly Frame[] | null, atLeast: number, what: string): void {
  assert.ok(frames !== null, `${what}: refused`)
  assert.deepEqual(frames, BATCHES.flat().slice(0, frames.length), what)
  assert.ok(frames.length >= atLeast, `${what}: ${String(frames.length)} of ${String(atLeast)}`)
}

describe('decodeLog', () => {
  const { bytes, starts } = logOf(BATCHES)
  const lastStart = starts.at(-1) ?? assert.fail()
  const syncedFrames = 4

  it('reads what was written', () => {
    assert.deepEqual(decodeLog(bytes, FILE), {
      logId: LOG_ID,
      frames: BATCHES.flat(),
      provenEnd: lastStart,
      end: bytes.length,
      tornBytes: 0,
    })
    const whole = encodeLog(LOG_ID, BATCHES.flat())
    assert.deepEqual(framesOf(whole), BATCHES.flat())
    assert.equal(decodeLog(whole, FILE).provenEnd, whole.length - MARK_BYTES)
  })

  it('keeps, of a log torn at any byte, a prefix with everything that had been synced', () => {
    for (let cut = HEADER_BYTES; cut <= bytes.length; cut++) {
      const image = decodeLog(bytes.subarray(0, cut), FILE)
      // Batches whose successor had begun in this image were synced.
      const synced = BATCHES.filter((_, i) => (starts[i + 1] ?? Infinity) < cut).flat().length
      assertPrefix(image.frames, synced, `cut at ${String(cut)}`)
      assert.equal(image.end + image.tornBytes, cut)
    }
  })

  it('drops zeros and garbage after the end, however long', () => {
    for (const tail of [
      Buffer.alloc(1),
      Buffer.alloc(4096),
      Buffer.alloc(300, 0xff),
      Buffer.from('garbage without any sense'),
      Buffer.from(encodeFrame(update(4, 4))).subarray(3),
      Buffer.from(encodeMark(LOG_ID, 1)),
    ]) {
      const image = decodeLog(Buffer.concat([bytes, tail]), FILE)
      assertPrefix(image.frames, BATCHES.flat().length, tail.toString('hex', 0, 8))
      assert.equal(image.tornBytes, tail.length)
    }
  })

  it('takes any loss of pieces of the last batch for a tear, sound frames after the hole included', () => {
    const length = bytes.length - lastStart
    for (let from = 0; from < length; from++) {
      for (const size of [1, 9, 32, length]) {
        const torn = Buffer.from(bytes)
        torn.fill(0, lastStart + from, Math.min(lastStart + from + size, bytes.length))
        assertPrefix(framesOf(torn), syncedFrames, `hole of ${String(size)} at ${String(from)}`)
      }
    }
  })

  it('refuses or keeps everything that was synced, whichever bit has changed', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const frames = framesOf(flip(bytes, bit))
      if (bit >> 3 < lastStart) assert.equal(frames, null, `bit ${String(bit)}`)
      else assertPrefix(frames, syncedFrames, `bit ${String(bit)}`)
    }
  })

  it('notices every changed bit below the seal of a clean close', () => {
    const closed = sealed(bytes)
    for (let bit = 0; bit < closed.length * 8; bit++) {
      const frames = framesOf(flip(closed, bit))
      if (bit >> 3 < bytes.length) assert.equal(frames, null, `bit ${String(bit)}`)
      else assertPrefix(frames, BATCHES.flat().length, `bit ${String(bit)}`)
    }
  })

  it('calls any overwritten stretch below a mark damage', () => {
    for (let from = HEADER_BYTES; from < lastStart; from += 7) {
      for (const fill of [0x00, 0xff, 0x55]) {
        const hurt = Buffer.from(bytes)
        hurt.fill(fill, from, Math.min(from + 16, lastStart))
        if (hurt.equals(bytes)) continue
        assert.throws(() => decodeLog(hurt, FILE), isDamage)
      }
    }
  })

  it('tells file, byte and what to do', () => {
    const hurt = flip(bytes, (HEADER_BYTES + MARK_BYTES + 9) * 8)
    assert.throws(
      () => decodeLog(hurt, FILE),
      (error: SkeinError) => {
        assert.match(error.message, /repo\.log is damaged at byte 49/)
        assert.match(error.hint, /^mv '.*repo\.log' '.*repo\.log\.damaged'.*deletes nothing/)
        assert.deepEqual(error.data, { file: FILE, offset: HEADER_BYTES + MARK_BYTES })
        return true
      },
    )
  })

  it('does not take marks in payloads for its own, neither of other logs nor of other places', () => {
    const other = Uint8Array.from(LOG_ID).reverse()
    const lure: Frame = {
      kind: 'update',
      bytes: Buffer.concat([encodeMark(other, bytes.length), encodeMark(LOG_ID, 12)]),
    }
    const log = logOf([...BATCHES, [lure, update(3, 3)]])
    const at = log.starts.at(-1) ?? assert.fail()
    const image = decodeLog(flip(log.bytes, (at + MARK_BYTES) * 8), FILE)
    assert.deepEqual(image.frames, BATCHES.flat())
  })

  it('refuses a header that is short, strange or of a later format', () => {
    for (let cut = 0; cut < HEADER_BYTES; cut++) {
      assert.throws(() => decodeLog(bytes.subarray(0, cut), FILE), isDamage)
    }
    const later = Buffer.from(bytes)
    later.writeUInt32LE(2, 8)
    later.writeUInt32LE(crc32(later, 0, 20), 20)
    assert.throws(() => decodeLog(later, FILE), { code: 'LEDGER_NEWER' })
  })

  it('refuses a sound frame of a type it does not know, rather than drop it', () => {
    const strange = Buffer.from(encodeFrame(update(3, 3)))
    strange[8] = 0x7a
    strange.writeUInt32LE(crc32(strange, 8), 4)
    assert.throws(() => decodeLog(Buffer.concat([bytes, strange]), FILE), { code: 'LEDGER_NEWER' })
  })
})
