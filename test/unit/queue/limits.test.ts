// What one agent, and one repository, may have at once: judged where a claim would be granted or would wait.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Outcome } from '../../../daemon/core/claims/command.ts'
import { QueueLedger, type Ask } from './ledger.ts'

function failure(outcome: Outcome): { readonly code: string; readonly data: unknown } {
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome))
  const { code, data } = outcome.failure
  return { code, data }
}

const BUSY = { agent: 'busy', wait: 600 } as const
const ofAgent = (perAgent: number): Ask => ({ ...BUSY, waitLimits: { perAgent, inRepo: 0 } })
const ofRepo = (inRepo: number): Ask => ({ wait: 600, waitLimits: { perAgent: 0, inRepo } })

function heldLedger(): QueueLedger {
  const ledger = new QueueLedger()
  ledger.hold('h', ['a.ts', 'b.ts', 'c.ts'])
  return ledger
}

describe('the waits of one agent', () => {
  it('are counted over all its sessions, and no further one joins', () => {
    const ledger = heldLedger()
    ledger.queue('w1', 'a.ts', ofAgent(2))
    ledger.queue('w2', 'b.ts', ofAgent(2))
    const { code, data } = failure(ledger.claim('w3', 'c.ts', ofAgent(2)))
    assert.equal(code, 'LIMIT_WAITS')
    assert.deepEqual(data, { scope: 'queue', waiting: 2, limit: 2, retry_after: 60 })
    assert.deepEqual(ledger.waiters(), ['w1', 'w2'])
  })

  it('count nobody else’s, and whoever gave no limit waits', () => {
    const ledger = heldLedger()
    ledger.queue('other', 'a.ts')
    ledger.queue('w1', 'a.ts', ofAgent(1))
    assert.equal(failure(ledger.claim('w2', 'b.ts', ofAgent(1))).code, 'LIMIT_WAITS')
    ledger.queue('w2', 'b.ts', BUSY)
  })

  it('do not keep it from what is free, nor from the place that it has', () => {
    const ledger = heldLedger()
    const place = ledger.queue('w1', 'a.ts', ofAgent(1))
    assert.equal(ledger.queue('w1', 'a.ts', ofAgent(1)).id, place.id)
    ledger.hold('w1', 'free.ts', ofAgent(1))
    assert.equal(ledger.claim('w1', 'b.ts', { ...ofAgent(1), wait: 0 }).kind, 'refused')
  })

  it('heal: a place that is given up is another’s to take', () => {
    const ledger = heldLedger()
    const place = ledger.queue('w1', 'a.ts', ofAgent(1))
    ledger.cancel('w1', place.id)
    ledger.queue('w1', 'b.ts', ofAgent(1))
  })

  it('come after a circle, which no time heals', () => {
    const ledger = new QueueLedger()
    ledger.hold('one', 'a.ts')
    ledger.hold('two', 'b.ts')
    ledger.hold('three', 'c.ts')
    ledger.queue('one', 'b.ts')
    ledger.queue('two', 'c.ts', ofAgent(1))
    const closing = ledger.claim('two', 'a.ts', { ...ofAgent(1), agent: 'busy' })
    assert.equal(closing.kind === 'refused' && closing.circle.length > 0, true)
  })
})

describe('the waits of a repository', () => {
  it('are everybody’s together', () => {
    const ledger = heldLedger()
    ledger.queue('w1', 'a.ts', ofRepo(2))
    ledger.queue('w2', 'a.ts', ofRepo(2))
    const { code, data } = failure(ledger.claim('w3', 'b.ts', ofRepo(2)))
    assert.equal(code, 'LIMIT_QUEUE')
    assert.deepEqual(data, { scope: 'repo_queue', waiting: 2, limit: 2, retry_after: 60 })
    assert.deepEqual(ledger.waiters(), ['w1', 'w2'])
  })

  it('are told after its own, where both are full', () => {
    const ledger = heldLedger()
    const both = { ...BUSY, waitLimits: { perAgent: 1, inRepo: 1 } }
    ledger.queue('w1', 'a.ts', both)
    assert.equal(failure(ledger.claim('w2', 'b.ts', both)).code, 'LIMIT_WAITS')
  })
})

describe('the claims of one agent', () => {
  it('say when the first of them ends by itself', () => {
    const ledger = new QueueLedger()
    // The ledger's wall clock runs 1e12 ms before the holder's stamp, so the end is long over: not at once all the same.
    ledger.hold('one', 'a.ts', { agent: 'busy' })
    const over = failure(ledger.claim('one', 'b.ts', { agent: 'busy', claimsPerAgent: 1 }))
    assert.equal(over.code, 'LIMIT_CLAIMS')
    assert.deepEqual(over.data, { scope: 'claims', held: 1, limit: 1, retry_after: 5 })
  })

  it('say a minute where there is none, and to ask for fewer', () => {
    const ledger = new QueueLedger()
    const outcome = ledger.claim('one', ['a.ts', 'b.ts'], { agent: 'busy', claimsPerAgent: 1 })
    const { data } = failure(outcome)
    assert.deepEqual(data, { scope: 'claims', held: 0, limit: 1, retry_after: 60 })
    assert.match(outcome.kind === 'failed' ? (outcome.failure.hint ?? '') : '', /fewer/)
  })
})
