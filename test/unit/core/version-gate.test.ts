import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asPeerId } from '../../../protocol/index.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

function tell(script: EngineScript, version: number): void {
  for (const name of ALL) {
    const copies = ALL.filter((other) => other !== name).map(asPeerId)
    const members = { willing: ALL.map(asPeerId), copies, asOf: 1, version }
    script.give(name, { kind: 'members', members })
  }
}

describe('a leader among older machines', () => {
  it('writes what all of them can read, and settles provisional claims once they can', () => {
    const script = new EngineScript(ALL)
    tell(script, 1)
    script.provisional('b', claimOf(partyOf('s1', 'b'), 'src/a.ts'))
    script.settle(ALL)
    script.elect('a', ['b', 'c'])
    script.request('b', 9, claimOf(partyOf('s2', 'b'), 'src/b.ts'))
    script.pass(ALL, 10_000)
    const patterns = () =>
      [...script.engine('c').committed.state.claims.values()].map(({ pattern }) => pattern)
    assert.deepEqual(patterns(), ['src/b.ts'])
    tell(script, 2)
    script.pass(ALL, 10_000)
    assert.deepEqual(patterns().sort(), ['src/a.ts', 'src/b.ts'])
  })
})
