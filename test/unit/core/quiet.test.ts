import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayRest } from '../../../daemon/core/quiet.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

describe('a ledger without work', () => {
  it('needs a look a second once it is quiet, and every tick while it has work', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const rests = (afterMs: number): boolean[] =>
      ALL.map((name) => {
        const engine = script.engine(name)
        return mayRest(engine, engine.consensus.now + afterMs)
      })
    assert.deepEqual(rests(250), [false, false, false])
    script.pass(ALL, 65_000)
    assert.deepEqual(rests(250), [true, true, true])
    assert.deepEqual(rests(1_000), [false, false, false])
    script.request('a', 1, claimOf(partyOf('s', 'a'), 'src/a.ts'))
    script.pass(ALL, 1_000)
    assert.deepEqual(rests(250), [false, false, false])
  })
})
