import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { propose } from '../../../daemon/core/consensus/leader.ts'
import { asPeerId } from '../../../protocol/index.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

function tell(script: EngineScript, version: number): void {
  for (const name of ALL) {
    const copies = ALL.filter((other) => other !== name).map(asPeerId)
    const members = { willing: ALL.map(asPeerId), copies, isCopy: true, asOf: 1, version }
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

describe('a record of a kind that is not known', () => {
  it('is kept and acknowledged, and nothing from there on is folded or decided', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    script.request('b', 9, claimOf(partyOf('s1', 'b'), 'src/a.ts'))
    script.pass(ALL, 2_000)
    const before = script.engine('b').committed.state.applied.index
    propose(script.engine('a').consensus, [{ kind: 'of-the-future', rid: null } as never])
    script.pass(ALL, 20_000)
    for (const name of ALL) {
      const { consensus, committed, newer } = script.engine(name)
      assert.equal(newer?.code, 'LEDGER_NEWER')
      assert.ok((consensus.commit?.index ?? 0) > before, 'a majority has kept it')
      assert.equal(committed.state.applied.index, before)
      assert.equal(consensus.role.kind, 'follower')
      const patterns = [...committed.state.claims.values()].map(({ pattern }) => pattern)
      assert.deepEqual(patterns, ['src/a.ts'])
    }
    const refused = [
      script.request('b', 10, claimOf(partyOf('s1', 'b'), 'src/b.ts')),
      script.provisional('b', claimOf(partyOf('s1', 'b'), 'src/c.ts')),
    ]
    for (const rid of refused) {
      const outcome = script.outcomeOf(rid)
      assert.equal(outcome?.kind === 'failed' && outcome.failure.code, 'LEDGER_NEWER')
    }
    script.restart('b')
    script.pass(ALL, 10_000)
    assert.equal(script.engine('b').newer?.code, 'LEDGER_NEWER')
  })
})
