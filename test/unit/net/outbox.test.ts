import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOutbox } from '../../../daemon/net/link/outbox.ts'

/** A stream that takes what it is told to take. */
class FakeSink extends EventTarget {
  readonly pieces: Buffer[] = []
  writableNeedsDrain = false
  writeBufferLength = 0
  /** Calls until it is full. */
  room = Infinity
  aborted = 0
  isClosed = false

  send(data: Uint8Array): boolean {
    if (this.isClosed) throw new Error('closed')
    this.pieces.push(Buffer.from(data))
    this.room--
    this.writableNeedsDrain = this.room <= 0
    return !this.writableNeedsDrain
  }

  drain(room: number): void {
    this.room = room
    this.writableNeedsDrain = false
    this.dispatchEvent(new Event('drain'))
  }

  abort(): void {
    this.aborted++
  }

  all(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

function open() {
  const sink = new FakeSink()
  let writes = 0
  const outbox = createOutbox(sink, () => writes++)
  return { sink, outbox, writes: () => writes }
}

const turn = (): Promise<void> => new Promise(setImmediate)

describe('the outbox of a link', () => {
  it('hands over everything of one turn in one piece, and nothing before its end', async () => {
    const { sink, outbox, writes } = open()
    for (let i = 0; i < 100; i++) outbox.put(Buffer.from([i]), Buffer.from('x'))
    assert.equal(sink.pieces.length, 0)
    assert.equal(outbox.waitingBytes(), 200)
    await turn()
    assert.equal(writes(), 1)
    assert.deepEqual([sink.all().length, sink.all()[198]], [200, 99])
    assert.equal(outbox.waitingBytes(), 0)
  })

  it('keeps the order of small and large parts, and copies them', async () => {
    const { sink, outbox } = open()
    const parts = [10, 70_000, 5, 600_000, 63_999, 2, 64_000].map((size, i) =>
      Buffer.alloc(size, i),
    )
    const expected = Buffer.concat(parts)
    outbox.put(...parts)
    for (const part of parts) part.fill(255)
    await turn()
    assert.ok(sink.all().equals(expected))
    assert.ok(sink.pieces.every(({ length }) => length <= 262_144))
  })

  it('waits for the drain of a full stream, each time anew', async () => {
    const { sink, outbox } = open()
    sink.room = 1
    const part = Buffer.alloc(64_000)
    for (let i = 0; i < 10; i++) outbox.put(part)
    await turn()
    assert.equal(sink.pieces.length, 1)
    for (let taken = 2; taken <= 10; taken++) {
      outbox.put(Buffer.alloc(1))
      await turn()
      assert.equal(sink.pieces.length, taken - 1)
      sink.drain(1)
      await turn()
      assert.equal(sink.pieces.length, taken)
    }
    sink.drain(5)
    await turn()
    assert.equal(sink.all().length, 640_009)
  })

  it('counts what the stream holds back, and forgets everything when it is stopped', async () => {
    const { sink, outbox } = open()
    sink.writableNeedsDrain = true
    sink.writeBufferLength = 7
    outbox.put(Buffer.alloc(100))
    assert.equal(outbox.waitingBytes(), 107)
    outbox.stop()
    assert.equal(outbox.waitingBytes(), 7)
    outbox.put(Buffer.alloc(5))
    sink.drain(5)
    await turn()
    assert.equal(sink.pieces.length, 0)
  })

  it('gives a stream up that throws', async () => {
    const { sink, outbox } = open()
    sink.isClosed = true
    outbox.put(Buffer.alloc(1))
    await turn()
    outbox.put(Buffer.alloc(1))
    await turn()
    assert.equal(sink.aborted, 1)
  })
})
