import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

describe('a refusal of an earlier leader', () => {
  it('is not told once another leads, who may have granted it meanwhile', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const holder = partyOf('holder', 'a')
    // It rests on a grant that has not come to `b`, and waits there.
    script.request('a', 1, claimOf(holder, 'src/a.ts'))
    script.settle(['a', 'c'])
    script.drop(({ to }) => to === 'b')
    const refused = script.request('b', 1, claimOf(partyOf('other', 'b'), 'src/a.ts'))
    script.deliver(({ from, to }) => from === 'b' && to === 'a')
    script.settle(['a', 'c'])
    script.deliver(({ to, message }) => to === 'b' && message.kind === 'reply')
    script.drop()
    assert.equal(script.outcomeOf(refused), undefined)
    // The next leader ends what stood in the way before it hears of the question again.
    script.elect('c', ['a'])
    script.request('a', 2, { kind: 'end', ids: liveIds(script), reason: 'released' })
    script.settle(['a', 'c'])
    script.pass(ALL, 5_000)
    assert.equal(script.outcomeOf(refused)?.kind, 'granted')
  })
})

function liveIds(script: EngineScript) {
  return [...script.engine('a').committed.state.claims.keys()]
}
