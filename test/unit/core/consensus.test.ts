import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Script, type Letter } from '../../sim/script.ts'
import { EngineScript, claimOf, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']

function of(kind: Letter['message']['kind'], to?: string) {
  return (letter: Letter): boolean =>
    letter.message.kind === kind && (to === undefined || letter.to === to)
}

function led(): Script {
  const script = new Script(ALL)
  script.elect('a', ['b', 'c'])
  script.settle(ALL)
  script.tick('a', 600)
  script.settle(ALL)
  return script
}

function noop(by: string) {
  return { kind: 'release', rid: null, ids: [], reason: 'released', by } as const
}

describe('an election', () => {
  it('is won with a majority, and its TermStart commits', () => {
    const script = led()
    assert.equal(script.isLeading('a'), true)
    for (const name of ALL) assert.equal(script.core(name).commit?.term, 1)
  })

  it('asks nobody for a vote before the promise to itself is durable', () => {
    const script = new Script(ALL)
    script.tick('b')
    script.tick('b', 10_000)
    assert.equal(script.mail.filter(of('pre-vote')).length, 2)
    assert.equal(script.core('b').promise.term, 0)
    script.deliver()
    script.deliver()
    assert.equal(script.core('b').promise.term, 1)
    assert.equal(script.mail.some(of('vote')), false)
    script.sync('b')
    assert.equal(script.mail.filter(of('vote')).length, 2)
  })

  it('gets one vote of each voter in a term', () => {
    const script = new Script(ALL)
    script.stand('a')
    script.stand('b')
    script.deliver(of('vote', 'c'))
    script.sync('c')
    const answers = script.mail.filter(({ from }) => from === 'c').map(({ message }) => message)
    const granted = answers.filter((message) => message.kind === 'vote-response' && message.granted)
    assert.equal(granted.length, 1)
    assert.equal(answers.length, 2)
  })

  it('is answered only once the vote is durable', () => {
    const script = new Script(ALL)
    script.stand('a')
    script.deliver(of('vote', 'b'))
    assert.equal(script.mail.some(of('vote-response')), false)
    script.sync('b')
    assert.equal(script.mail.some(of('vote-response')), true)
  })

  it('is lost against a later head', () => {
    const script = led()
    script.propose('a', noop('1'))
    script.gossip('a', 'c')
    script.settle(['c'])
    script.drop()
    script.elect('b', ['c'])
    assert.equal(script.isLeading('b'), false)
    // Both stood for the same term: the second attempt is free.
    script.elect('c', ['b'])
    script.elect('c', ['b'])
    assert.equal(script.isLeading('c'), true)
  })

  it('is not helped along by a voter that hears its leader', () => {
    const script = led()
    script.give('b', {
      kind: 'receive',
      from: script.core('c').self,
      message: {
        kind: 'pre-vote',
        term: 9,
        head: { term: 8, index: 99 },
        stateVector: script.core('c').document.stateVector(),
        rotation: 0,
      },
    })
    const [answer] = script.mail.filter(of('pre-vote-response'))
    assert.equal(answer?.message.kind === 'pre-vote-response' && answer.message.granted, false)
  })

  it('is stood for in turn by voters that lose their leader at once', () => {
    const script = led()
    const peer = script.core('a').self
    for (const name of ['b', 'c']) script.give(name, { kind: 'unreachable', peer })
    const [first, second] = ['b', 'c'].map((name) => {
      const { electionAt, now } = script.core(name)
      return electionAt - now
    })
    const step = script.core('b').timing.heartbeatMs / 2
    assert.ok(first !== undefined && first >= 0 && first <= step / 2, String(first))
    assert.ok(second !== undefined && second >= step && second <= 1.5 * step, String(second))
  })

  it('is stood for again soon by a candidate that was refused', () => {
    const script = new Script(ALL)
    script.stand('a')
    script.stand('b')
    script.deliver(of('vote', 'b'))
    script.deliver(of('vote-response', 'a'))
    const { electionAt, now, timing } = script.core('a')
    assert.ok(electionAt - now <= timing.heartbeatMs, String(electionAt - now))
  })

  it('goes to whoever has the newest records, though a voter that it needs has promised higher terms', () => {
    const script = new Script(ALL)
    script.elect('a', ['b', 'c'])
    script.settle(ALL)
    script.propose('a', noop('1'))
    script.settle(['a', 'b'])
    script.drop()
    for (let stood = 0; stood < 3; stood++) {
      script.stand('a')
      script.deliver(of('vote', 'c'))
      script.sync('c')
      script.drop()
    }
    // And `a` is never heard of again.
    for (let tick = 0; tick < 200 && !script.isLeading('b'); tick++) {
      for (const name of ['b', 'c']) script.tick(name)
      script.drop(({ to }) => to === 'a')
      script.settle(['b', 'c'])
    }
    assert.equal(script.isLeading('b'), true)
  })

  it('is not put off by the word of a quiet leader that comes late', () => {
    const script = led()
    script.quiet('a')
    const [late] = script.mail.filter(of('append', 'b'))
    script.settle(['a', 'c'])
    script.drop()
    script.propose('a', noop('1'))
    script.settle(ALL)
    assert.ok(late !== undefined)
    script.give('b', { kind: 'receive', from: script.core('a').self, message: late.message })
    assert.ok(script.core('b').electionAt < Infinity)
  })

  it('is begun by who hears that its quiet leader looks for one', () => {
    const script = led()
    script.quiet('a')
    script.settle(ALL)
    assert.equal(script.core('b').electionAt, Infinity)
    script.give('b', { kind: 'sought', by: script.core('c').self })
    assert.equal(script.core('b').electionAt, Infinity)
    script.give('b', { kind: 'sought', by: script.core('a').self })
    assert.ok(script.core('b').electionAt < Infinity)
  })

  it('goes on where the records that it needs are in no document any more, and nobody leads', () => {
    const script = new Script(['a', 'b'])
    script.elect('a', ['b'])
    script.settle(['a', 'b'])
    // It gives up its vote, and only its own disk knows.
    assert.equal(script.changeVoters('a', ['b']), true)
    script.sync('a')
    script.drop()
    script.restart('a')
    for (const name of ['a', 'b']) {
      const { self, document, rotation } = script.core(name)
      const message = {
        kind: 'sync',
        stateVector: document.stateVector(),
        rotation: rotation + 1,
      } as const
      script.give(name, { kind: 'receive', from: self, message })
      script.sync(name)
    }
    script.drop()
    for (let tick = 0; tick < 300 && !script.isLeading('b'); tick++) {
      for (const name of ['a', 'b']) script.tick(name)
      script.settle(['a', 'b'])
    }
    assert.equal(script.isLeading('b'), true)
  })

  it('is won alone without a question, when alone', () => {
    const script = new Script(['a'])
    script.tick('a')
    script.sync('a')
    script.sync('a')
    assert.equal(script.isLeading('a'), true)
    script.sync('a')
    assert.equal(script.core('a').commit?.term, 1)
  })
})

describe('a leader', () => {
  it('commits what a majority holds durably, and not before', () => {
    const script = led()
    script.propose('a', noop('1'))
    script.deliver(of('append'))
    script.deliver(of('append-response'))
    assert.equal(script.core('a').commit?.index, 1)
    script.sync('b')
    script.deliver(of('append-response'))
    assert.equal(script.core('a').commit?.index, 1)
    script.sync('a')
    assert.equal(script.core('a').commit?.index, 2)
  })

  it('is answered once for each record, when it is durable, and with positions only', () => {
    const script = led()
    script.propose('a', noop('1'))
    script.deliver(of('append', 'b'))
    assert.equal(script.mail.some(of('append-response')), false)
    script.sync('b')
    const [answer, ...more] = script.mail.filter(of('append-response')).map((one) => one.message)
    assert.equal(more.length, 0)
    assert.ok(answer?.kind === 'append-response')
    assert.deepEqual(answer.head, { term: 1, index: 2 })
    assert.deepEqual(answer.ack, { term: 1, index: 2 })
  })

  it('is a follower after a restart, whatever it promised itself', () => {
    const script = led()
    script.restart('a')
    assert.equal(script.core('a').role.kind, 'follower')
    assert.equal(script.core('a').promise.term, 1)
  })

  it('steps down when a higher term is promised', () => {
    const script = led()
    script.elect('b', ['c'])
    script.settle(ALL)
    assert.equal(script.isLeading('a'), false)
    assert.equal(script.isLeading('b'), true)
  })

  it('steps down when it hears no majority', () => {
    const script = led()
    script.tick('a', 2_900)
    assert.equal(script.isLeading('a'), true)
    script.tick('a', 3_100)
    assert.equal(script.isLeading('a'), false)
  })

  it('confirms a round when a majority answered it', () => {
    const script = led()
    script.confirm('a', 7)
    assert.deepEqual(script.barriers, [])
    script.settle(['a', 'b'])
    assert.deepEqual(script.barriers, [{ by: 'a', id: 7, ok: true }])
  })

  it('fails its rounds when it is deposed', () => {
    const script = led()
    script.confirm('a', 7)
    script.drop()
    script.elect('b', ['c'])
    script.settle(ALL)
    assert.deepEqual(script.barriers, [{ by: 'a', id: 7, ok: false }])
  })

  it('repairs a follower that lacks records', () => {
    const script = led()
    script.propose('a', noop('1'))
    script.drop()
    script.propose('a', noop('2'))
    script.drop()
    script.tick('a', 600)
    script.settle(ALL)
    script.tick('a', 600)
    script.settle(ALL)
    for (const name of ALL) assert.equal(script.core(name).commit?.index, 3)
  })

  it('changes one voter at a time', () => {
    const script = led()
    assert.equal(script.changeVoters('a', ['a', 'b', 'c', 'd', 'e']), false)
    assert.equal(script.changeVoters('a', ['a', 'b', 'c', 'd']), true)
    assert.equal(script.changeVoters('a', ['a', 'b', 'c', 'd', 'e']), false)
  })
})

describe('an engine', () => {
  it('answers a request that came twice once', () => {
    const script = new EngineScript(['a'])
    script.tick('a')
    script.settle(['a'])
    const claim = claimOf(partyOf('s', 'a'), 'src/a.ts')
    script.request('a', 1, claim)
    script.request('a', 1, claim)
    script.settle(['a'])
    assert.deepEqual(
      script.replies.map(({ outcome }) => outcome.kind),
      ['granted'],
    )
  })

  it('gives back what was granted to a request that was given up', () => {
    const script = new EngineScript(['a'])
    script.tick('a')
    script.settle(['a'])
    const rid = script.request('a', 1, claimOf(partyOf('s', 'a'), 'src/a.ts'))
    script.give('a', { kind: 'abandon', rid })
    script.settle(['a'])
    assert.equal(script.engine('a').committed.state.claims.size, 0)
    assert.equal(script.engine('a').abandoned.size, 0)
    assert.deepEqual(script.replies, [])
  })

  it('takes the place of a request that was given up out of the queue', () => {
    const script = new EngineScript(['a'])
    script.tick('a')
    script.settle(['a'])
    script.request('a', 1, claimOf(partyOf('s1', 'a'), 'src/a.ts'))
    const rid = script.request('a', 2, claimOf(partyOf('s2', 'a'), 'src/a.ts', 60))
    script.settle(['a'])
    assert.equal(script.engine('a').committed.state.queue.size, 1)
    script.give('a', { kind: 'abandon', rid })
    script.settle(['a'])
    assert.equal(script.engine('a').committed.state.queue.size, 0)
  })
})
