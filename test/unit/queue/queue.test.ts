import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { QueueLedger } from './ledger.ts'

describe('the queue', () => {
  it('gives three waiters on one path three grants in order', () => {
    const ledger = new QueueLedger()
    const first = ledger.hold('holder', 'src/a.ts')
    for (const session of ['w1', 'w2', 'w3']) ledger.queue(session, 'src/a.ts')
    ledger.release('holder', first.id)
    for (const session of ['w1', 'w2', 'w3']) {
      assert.deepEqual(ledger.holders(), [session])
      const [claim] = ledger.engine.committed.state.claims.values()
      assert.ok(claim)
      ledger.release(session, claim.id)
    }
    assert.deepEqual(ledger.holders(), [])
    assert.deepEqual(ledger.waiters(), [])
  })

  it('grants every waiter that fits after one release, not the head alone', () => {
    const ledger = new QueueLedger()
    const wide = ledger.hold('holder', 'src/**')
    ledger.queue('w1', 'src/a.ts')
    ledger.queue('w2', 'src/b.ts')
    ledger.queue('w3', 'src/a.ts')
    ledger.release('holder', wide.id)
    assert.deepEqual(ledger.holders().sort(), ['w1', 'w2'])
    assert.deepEqual(ledger.waiters(), ['w3'])
  })

  it('waits by scope: a waiter behind two holders goes when the second has released', () => {
    const ledger = new QueueLedger()
    const a = ledger.hold('h1', 'a.ts')
    const b = ledger.hold('h2', 'b.ts')
    ledger.queue('w', ['a.ts', 'b.ts'])
    ledger.release('h1', a.id)
    assert.deepEqual(ledger.waiters(), ['w'])
    ledger.release('h2', b.id)
    assert.deepEqual(ledger.holders().sort(), ['w', 'w'])
  })

  it('lets nobody slip past an older waiter of the same urgency, and says whom it waits behind', () => {
    const ledger = new QueueLedger()
    ledger.hold('h1', 'src/a.ts')
    ledger.queue('wide', 'src/**')
    const outcome = ledger.claim('small', 'src/b.ts')
    assert.ok(outcome.kind === 'refused')
    assert.deepEqual(
      outcome.ahead.map(({ party }) => party.session),
      ['wide'],
    )
    assert.equal(ledger.claim('urgent', 'src/b.ts', { urgency: 'high' }).kind, 'granted')
  })

  it('puts a more urgent waiter first, and the older first again once its age has caught up', () => {
    const ledger = new QueueLedger()
    const held = ledger.hold('h', 'a.ts')
    ledger.queue('old', 'a.ts', { urgency: 'low' })
    ledger.pass(30_000)
    ledger.queue('young', 'a.ts', { urgency: 'normal' })
    ledger.pass(30_001)
    ledger.release('h', held.id)
    assert.deepEqual(ledger.holders(), ['old'])
    const other = new QueueLedger()
    const claim = other.hold('h', 'a.ts')
    other.queue('old', 'a.ts', { urgency: 'low' })
    other.queue('young', 'a.ts', { urgency: 'normal' })
    other.release('h', claim.id)
    assert.deepEqual(other.holders(), ['young'])
  })

  it('gives every tenth grant to the oldest, whatever its urgency', () => {
    const ledger = new QueueLedger()
    let held = ledger.hold('h', 'a.ts')
    ledger.queue('patient', 'a.ts', { urgency: 'low' })
    const order: string[] = []
    let holder = 'h'
    for (let i = 0; i < 12; i++) {
      ledger.queue(`u${String(i)}`, 'a.ts', { urgency: 'blocking' })
      ledger.release(holder, held.id)
      const [claim] = ledger.engine.committed.state.claims.values()
      assert.ok(claim)
      held = claim
      holder = claim.session
      order.push(holder)
    }
    assert.equal(order.indexOf('patient'), 9)
  })

  it('refuses the wait that would close a circle, and names it', () => {
    const ledger = new QueueLedger()
    ledger.hold('alice', 'a.ts')
    ledger.hold('bob', 'b.ts')
    ledger.queue('alice', 'b.ts')
    const outcome = ledger.claim('bob', 'a.ts', { wait: 60 })
    assert.ok(outcome.kind === 'refused')
    assert.deepEqual(outcome.circle, ['bob', 'alice'])
  })

  it('finds a circle of three, through a waiter before it', () => {
    const ledger = new QueueLedger()
    ledger.hold('a', 'a.ts')
    ledger.hold('b', 'b.ts')
    ledger.hold('c', 'c.ts')
    ledger.queue('a', 'b.ts')
    ledger.queue('b', 'c.ts')
    const outcome = ledger.claim('c', 'a.ts', { wait: 60 })
    assert.deepEqual(outcome.kind === 'refused' && outcome.circle, ['c', 'a', 'b'])
  })

  it('breaks a circle that a more urgent grant closes', () => {
    const ledger = new QueueLedger()
    const v = ledger.hold('v', 'y.ts')
    ledger.hold('t', 'x.ts')
    ledger.hold('u', 'z.ts')
    ledger.queue('s', 'x.ts')
    ledger.queue('t', 'z.ts')
    ledger.queue('u', 'y.ts')
    ledger.queue('s', 'y.ts', { urgency: 'blocking' })
    ledger.release('v', v.id)
    const dropped = ledger.engine.committed.state
    assert.deepEqual(ledger.holders('y.ts'), ['s'])
    assert.equal(dropped.queue.size, 2, 'one of the three waits in the circle was dropped')
  })

  it('cancels a place for its owner only, and lets those behind it move up', () => {
    const ledger = new QueueLedger()
    ledger.hold('h', 'src/a.ts')
    const wide = ledger.queue('w1', 'src/**')
    ledger.queue('w2', 'src/b.ts')
    assert.equal(ledger.cancel('mallory', wide.id).kind, 'failed')
    assert.deepEqual(ledger.waiters(), ['w1', 'w2'])
    ledger.cancel('w1', wide.id)
    assert.deepEqual(ledger.holders().sort(), ['h', 'w2'])
  })

  it('keeps places and their order over a restart', () => {
    const ledger = new QueueLedger()
    const held = ledger.hold('h', 'a.ts')
    for (const session of ['w1', 'w2']) ledger.queue(session, 'a.ts')
    ledger.restart()
    assert.deepEqual(ledger.waiters(), ['w1', 'w2'])
    ledger.release('h', held.id)
    assert.deepEqual(ledger.holders(), ['w1'])
  })

  it('drops a waiter whose grant would break its limit, and goes on', () => {
    const ledger = new QueueLedger()
    const held = ledger.hold('h', 'a.ts')
    ledger.queue('w1', 'a.ts', { agent: 'busy', claimsPerAgent: 1 })
    ledger.hold('other', 'b.ts', { agent: 'busy' })
    ledger.queue('w2', 'a.ts')
    ledger.release('h', held.id)
    assert.deepEqual(ledger.holders('a.ts'), ['w2'])
  })

  it('gives a waiter its full time from the grant on', () => {
    const ledger = new QueueLedger()
    const held = ledger.hold('h', 'a.ts')
    ledger.queue('w', 'a.ts')
    ledger.pass(100_000)
    ledger.release('h', held.id)
    const [claim] = ledger.engine.committed.state.claims.values()
    assert.ok(claim !== undefined && claim.ttlSeconds >= 14_400 + 99)
  })

  it('never starves a wide waiter by small claims, never overtakes within an urgency, never grants an overlap', () => {
    const paths = ['src/a.ts', 'src/b.ts', 'src/c.ts']
    const small = fc.record({
      session: fc.integer({ min: 0, max: 5 }),
      path: fc.constantFrom(...paths),
      act: fc.constantFrom('claim', 'wait', 'release'),
    })
    fc.assert(
      fc.property(fc.array(small, { minLength: 10, maxLength: 60 }), (acts) => {
        const ledger = new QueueLedger()
        ledger.hold('s0', 'src/a.ts')
        ledger.queue('wide', 'src/**', { wait: 600 })
        const heldAtFirst = new Set(ledger.engine.committed.state.claims.keys())
        for (const { session, path, act } of acts) {
          const name = `s${String(session)}`
          if (act === 'release') releaseAll(ledger, name)
          else ledger.claim(name, path, { wait: act === 'wait' ? 600 : 0 })
          const live = [...ledger.engine.committed.state.claims.values()]
          if (ledger.waiters().includes('wide')) {
            assert.ok(live.every((claim) => heldAtFirst.has(claim.id) || claim.session === 's0'))
          }
          for (const path of paths) assert.ok(new Set(ledger.holders(path)).size <= 1)
        }
        releaseAll(ledger, 's0')
        assert.ok(!ledger.waiters().includes('wide'))
      }),
      { numRuns: 200 },
    )
  })
})

function releaseAll(ledger: QueueLedger, session: string): void {
  for (const claim of [...ledger.engine.committed.state.claims.values()]) {
    if (claim.session === session) ledger.release(session, claim.id)
  }
}
