import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']
/** The engines of the script lease for this long; a leader waits 1.02 times that and 5 s. */
const LEASE_MS = 600_000

describe('a session that asks', () => {
  it('does not lose in the next moment what it is told to hold', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const plain = claimOf(partyOf('s', 'b'), 'src/a.ts')
    const terms = { ...plain.terms, ttlSeconds: 36_000 }
    // Under its key the answer is what it was, and no record.
    const asked = { ...plain, terms, key: { key: 'once', digest: 'of it' } }
    script.request('b', 1, asked)
    script.pass(ALL, 2_000)
    // Nobody says that it lives, for as long as it may be silent.
    for (let passed = 0; passed < LEASE_MS; passed += 1_000) script.pass(ALL, 1_000)
    const again = script.request('b', 2, asked)
    script.settle(ALL)
    assert.equal(script.outcomeOf(again)?.kind, 'granted')
    script.pass(ALL, 60_000)
    assert.equal(script.engine('b').committed.state.claims.size, 1)
  })
})
