import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

describe('a claim whose request was given up', () => {
  it('is taken back although its session renewed it, when that was given up, too', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const party = partyOf('s', 'b')
    const stamp = { wallMs: 0, boot: 'b', uptimeMs: 0 }
    // Decided and committed by the others; its machine hears of neither before it gives both up.
    const claim = script.request('b', 1, claimOf(party, 'src/a.ts'))
    script.deliver(({ from, to }) => from === 'b' && to === 'a')
    script.settle(['a', 'c'])
    script.drop(({ to }) => to === 'b')
    const renewal = script.request('b', 2, {
      kind: 'renew',
      party,
      ids: [],
      ttlSeconds: 60,
      stamp,
    })
    script.deliver(({ from, to }) => from === 'b' && to === 'a')
    script.settle(['a', 'c'])
    script.drop(({ to }) => to === 'b')
    assert.equal(script.engine('a').committed.state.claims.size, 1)
    script.give('b', { kind: 'abandon', rid: claim }, { kind: 'abandon', rid: renewal })
    script.pass(ALL, 10_000)
    for (const name of ALL) assert.equal(script.engine(name).committed.state.claims.size, 0)
  })
})
