import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StreamMessageEvent, type Stream } from '@libp2p/interface'
import { grantSparingly } from '../../../../daemon/net/link/credit.ts'

/** The part of a yamux stream that speaks of its window. */
class FakeStream extends EventTarget {
  isPaused = false
  grants = 0

  sendPause(): void {
    this.isPaused = true
  }

  sendResume(): void {
    this.isPaused = false
    this.grants++
  }

  bring(bytes: number): void {
    this.dispatchEvent(new StreamMessageEvent(new Uint8Array(bytes)))
  }
}

function streamWithCredit(): FakeStream {
  const stream = new FakeStream()
  grantSparingly(stream as unknown as Stream)
  return stream
}

describe('the credit of a stream', () => {
  it('leaves the first word to the stream: it accepts it', () => {
    const stream = streamWithCredit()
    stream.bring(100)
    assert.equal(stream.isPaused, false)
  })

  it('is granted once half of the window is used, and not with each message', () => {
    const stream = streamWithCredit()
    for (let i = 0; i < 1_310; i++) stream.bring(100)
    assert.deepEqual([stream.grants, stream.isPaused], [0, true])
    stream.bring(100)
    assert.deepEqual([stream.grants, stream.isPaused], [1, true])
  })

  it('is granted at once for a message that takes half of it alone', () => {
    const stream = streamWithCredit()
    stream.bring(1)
    stream.bring(200_000)
    assert.equal(stream.grants, 1)
  })
})
