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

describe('a late copy of a request', () => {
  it('is not decided in a later term: its answer left no record, and only its own leader knew of it', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const party = partyOf('session', 'b')
    const target = { by: 'mine' } as const
    const released = script.request('b', 1, { kind: 'release', party, target, force: null })
    const copy = script.mail.find(({ to, message }) => to === 'a' && message.kind === 'request')
    assert.ok(copy)
    script.settle(ALL)
    const none = script.outcomeOf(released)
    assert.deepEqual([none?.kind, none?.kind === 'ended' && none.claims.length], ['ended', 0])
    const claimed = script.request('b', 2, claimOf(party, 'src/a.ts'))
    script.settle(ALL)
    assert.equal(script.outcomeOf(claimed)?.kind, 'granted')
    script.elect('c', ['a', 'b'])
    script.elect('a', ['b', 'c'])
    script.settle(ALL)
    script.mail.push(copy)
    script.settle(ALL)
    assert.equal(liveIds(script).length, 1)
  })

  it('is not decided by the leader that it came to too early, when that one leads again', () => {
    const script = new EngineScript(ALL)
    script.stand('a')
    for (const kind of ['vote', 'vote-response']) {
      for (const name of ALL) script.sync(name)
      script.deliver(({ message }) => message.kind === kind)
    }
    // Its term has not begun: the others hear of it, and their word does not come back.
    script.sync('a')
    script.deliver(({ message }) => message.kind === 'append')
    for (const name of ALL) script.sync(name)
    script.drop()
    assert.equal(script.engine('a').consensus.role.kind, 'leader')
    assert.equal(script.engine('a').tail, null)
    const party = partyOf('session', 'b')
    const target = { by: 'mine' } as const
    const released = script.request('b', 1, { kind: 'release', party, target, force: null })
    script.deliver(({ to, message }) => to === 'a' && message.kind === 'request')
    assert.equal(script.engine('a').early.size, 1)
    script.drop()
    script.elect('c', ['b'])
    script.pass(['b', 'c'], 1_000)
    assert.equal(script.outcomeOf(released)?.kind, 'ended')
    const claimed = script.request('b', 2, claimOf(party, 'src/a.ts'))
    script.pass(['b', 'c'], 1_000)
    assert.equal(script.outcomeOf(claimed)?.kind, 'granted')
    script.pass(ALL, 1_000)
    script.elect('a', ['b', 'c'])
    script.settle(ALL)
    assert.equal(liveIds(script).length, 1)
  })

  it('is decided where it names no term: who sends it is older', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const claimed = script.request('b', 1, claimOf(partyOf('session', 'b'), 'src/a.ts'))
    script.mail = script.mail.map((letter) =>
      letter.message.kind === 'request'
        ? { ...letter, message: { kind: 'request', request: letter.message.request } }
        : letter,
    )
    script.settle(ALL)
    assert.equal(script.outcomeOf(claimed)?.kind, 'granted')
  })
})

function liveIds(script: EngineScript) {
  return [...script.engine('a').committed.state.claims.keys()]
}

describe('a machine that votes by records which are not here', () => {
  it('is not voted for, and asked for them', () => {
    const voters = ['a', 'b', 'd']
    const script = new EngineScript(voters, ['c'])
    script.elect('a', ['b', 'd'])
    script.settle(voters)
    for (const name of ['a', 'b']) script.tellMembers(name, voters, [...voters, 'c'])
    script.pass([...voters, 'c'], 3_000)
    script.request('a', 1, claimOf(partyOf('session', 'a'), 'src/a.ts'))
    script.drop(({ to }) => to === 'b')
    script.settle(['a', 'c'])
    script.drop()
    const heads = () => ['b', 'c'].map((name) => script.engine(name).consensus.chain.head()?.index)
    assert.notEqual(heads()[0], heads()[1])
    const { self, document, rotation, promise } = script.engine('c').consensus
    const head = script.engine('c').consensus.chain.head()
    assert.ok(head !== null)
    const term = promise.term + 1
    const at = { term: head.term, index: head.index }
    const stateVector = document.stateVector()
    const message = { kind: 'pre-vote', term, head: at, stateVector, rotation } as const
    script.give('b', { kind: 'receive', from: self, message })
    script.settle(['b', 'c'])
    assert.equal(heads()[0], heads()[1])
    assert.equal(script.engine('b').consensus.promise.term, promise.term)
  })
})
