import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProofAttempts } from '../../../daemon/proof-attempts.ts'
import { asPeerId } from '../../../protocol/index.ts'

const HOUR_MS = 3_600_000
const [ada, bob] = [asPeerId('ada'), asPeerId('bob')]

function makeAttempts(): { attempts: ProofAttempts; pass: (ms: number) => void } {
  let nowMs = 0
  return {
    attempts: new ProofAttempts(() => nowMs),
    pass(ms) {
      nowMs += ms
    },
  }
}

describe('ProofAttempts', () => {
  it('lets a peer fail three times an hour, each peer for itself', () => {
    const { attempts, pass } = makeAttempts()
    for (let failed = 0; failed < 3; failed++) {
      assert.equal(attempts.waitMs(ada), 0)
      attempts.fail(ada)
      pass(1_000)
    }
    assert.equal(attempts.waitMs(ada), HOUR_MS - 3_000)
    assert.equal(attempts.waitMs(bob), 0)
  })

  it('opens again when the first of the three is an hour old', () => {
    const { attempts, pass } = makeAttempts()
    for (let failed = 0; failed < 3; failed++) {
      attempts.fail(ada)
      pass(60_000)
    }
    pass(HOUR_MS - 180_000 - 1)
    assert.equal(attempts.waitMs(ada), 1)
    pass(1)
    assert.equal(attempts.waitMs(ada), 0)
    attempts.fail(ada)
    assert.equal(attempts.waitMs(ada), 60_000)
  })

  it('stays bounded, and forgets whoever failed longest ago', () => {
    const { attempts } = makeAttempts()
    const failThrice = (peer: string): void => {
      for (let failed = 0; failed < 3; failed++) attempts.fail(asPeerId(peer))
    }
    failThrice('ada')
    failThrice('bob')
    attempts.fail(ada)
    for (let other = 0; other < 999; other++) failThrice(`peer-${String(other)}`)
    assert.equal(attempts.waitMs(bob), 0)
    assert.equal(attempts.waitMs(ada), HOUR_MS)
  })
})
