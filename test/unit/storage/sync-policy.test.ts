import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSyncPolicy } from '../../../daemon/storage/sync-policy.ts'

/** Lets the policy see syncs of these durations, made as it wants them; returns how many blocked. */
function feed(
  policy: ReturnType<typeof createSyncPolicy>,
  milliseconds: readonly number[],
): number {
  let blocked = 0
  for (const duration of milliseconds) {
    const mayBlock = policy.mayBlock()
    if (mayBlock) blocked += 1
    policy.observe(duration, mayBlock)
  }
  return blocked
}
const times = (count: number, duration: number): number[] => new Array<number>(count).fill(duration)

describe('the sync policy', () => {
  it('begins in the pool and blocks once sixteen syncs were fast', () => {
    const policy = createSyncPolicy()
    assert.equal(feed(policy, times(16, 0.2)), 0)
    assert.equal(feed(policy, times(10, 0.2)), 10)
  })

  it('never blocks on a disk that was never fast', () => {
    assert.equal(feed(createSyncPolicy(), times(10_000, 5)), 0)
    assert.equal(feed(createSyncPolicy(), times(10_000, 0.6)), 0)
  })

  it('leaves the loop alone for sixteen syncs after one slow one', () => {
    const policy = createSyncPolicy()
    feed(policy, times(20, 0.2))
    assert.equal(feed(policy, [3]), 1)
    assert.equal(feed(policy, times(15, 0.2)), 0)
    feed(policy, times(1, 0.2))
    assert.ok(policy.mayBlock())
  })

  it('probes a disk that looks slow through a busy loop, and stays with it if it is fast', () => {
    const policy = createSyncPolicy()
    const busy = [...times(15, 0.9), 0.3]
    assert.equal(feed(policy, [...busy, ...busy, ...busy, ...busy]), 0)
    assert.equal(feed(policy, times(40, 0.1)), 40)
  })

  it('ends a probe at the first slow sync', () => {
    const policy = createSyncPolicy()
    const busy = [...times(15, 0.9), 0.3]
    feed(policy, [...busy, ...busy, ...busy, ...busy])
    assert.equal(feed(policy, [8, ...times(10, 8)]), 1)
  })
})
