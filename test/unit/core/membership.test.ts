import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

describe('a leader that was removed', () => {
  it('never makes itself needed by fewer voters, so that the rest can go on without it', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    script.tellMembers('a', ['b', 'c'], ['b', 'c'])
    script.pass(['a', 'b'], 3_000)
    for (const name of ['a', 'b'])
      assert.ok(
        script.votersAt(name).includes('c'),
        `${name} knows of ${script.votersAt(name).join(', ')}`,
      )
    // Both know now that it is gone, and talk to it no more.
    for (const name of ['b', 'c']) script.tellMembers(name, ['b', 'c'], ['b', 'c'])
    script.pass(['b', 'c'], 10_000)
    const rid = script.request('c', 9, claimOf(partyOf('s1', 'c'), 'src/a.ts'))
    script.pass(['b', 'c'], 3_000)
    assert.equal(script.outcomeOf(rid)?.kind, 'granted')
    assert.equal(script.votersAt('b').length, 1)
  })
})
