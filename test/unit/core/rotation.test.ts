import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeState, type PeerId } from '../../../protocol/index.ts'
import { claimOf, EngineScript, partyOf } from '../../sim/engine-script.ts'

const ALL = ['a', 'b', 'c']
/** Every checkpoint is followed by a new document. */
const SMALL = { checkpointRecords: 4, rotateAbove: { arraysMax: 0, bytesMax: 1_000_000 } }

function led(others: readonly string[] = []): EngineScript {
  const script = new EngineScript(ALL, others, SMALL)
  script.elect('a', ['b', 'c'])
  return script
}

/** Enough grants for a checkpoint, and a new document after it. */
function work(script: EngineScript, by: string, among: readonly string[], from: number): void {
  for (let i = from; i < from + 6; i++) {
    script.request(by, i, claimOf(partyOf('s', by), `${by}/${String(i)}.ts`))
    script.settle(among)
  }
}

function rotations(script: EngineScript, names: readonly string[]): number[] {
  return names.map((name) => script.engine(name).consensus.rotation)
}

/** What is committed, on each. */
function assertAgree(script: EngineScript, names: readonly string[]): void {
  const states = names.map((name) => encodeState(script.engine(name).committed.state))
  assert.equal(new Set(states).size, 1)
}

describe('a document that has grown too large', () => {
  it('is begun anew by the leader after a checkpoint, and by everybody who hears of it', () => {
    const script = led()
    work(script, 'a', ALL, 1)
    assert.ok((rotations(script, ['a'])[0] ?? 0) >= 1)
    assert.equal(new Set(rotations(script, ALL)).size, 1)
    assertAgree(script, ALL)
    for (const name of ALL) {
      const { document, chain } = script.engine(name).consensus
      const [first] = document.records()
      assert.ok(first !== undefined)
      assert.ok(document.extent().arrays <= 2)
      assert.equal(document.records().length, chain.size())
    }
  })

  it('is known again after a restart, with what it holds and what the one before held', () => {
    const script = led()
    work(script, 'a', ALL, 1)
    const before = rotations(script, ALL)
    for (const name of ALL) script.restart(name)
    assert.deepEqual(rotations(script, ALL), before)
    script.elect('b', ['a', 'c'])
    work(script, 'b', ALL, 1)
    assertAgree(script, ALL)
    assert.equal(script.engine('b').committed.state.claims.size, 12)
  })

  it('reaches whoever was away, and a newcomer', () => {
    const script = led(['d'])
    const there = ['a', 'b']
    work(script, 'a', there, 1)
    script.drop()
    script.tellMembers('a', ALL, [...ALL, 'd'])
    for (let i = 0; i < 8; i++) {
      for (const name of [...ALL, 'd']) script.tick(name, 300)
      script.settle([...ALL, 'd'])
    }
    assertAgree(script, [...ALL, 'd'])
    assert.equal(new Set(rotations(script, [...ALL, 'd'])).size, 1)
  })

  it('is followed by a leader that an older one told of another', () => {
    const script = led()
    // Cut off with a document of its own number: it commits nothing, and so begins none.
    work(script, 'a', ALL, 1)
    const [rotation = 0] = rotations(script, ['a'])
    script.elect('b', ['c'])
    script.drop()
    const { promise, document } = script.engine('a').consensus
    script.give('b', {
      kind: 'receive',
      from: 'a' as PeerId,
      message: { kind: 'sync', stateVector: document.stateVector(), rotation: rotation + 3 },
    })
    script.settle(ALL)
    script.pass(ALL, 5_000)
    assert.ok(promise.term > 0)
    assert.deepEqual(rotations(script, ['b', 'c', 'a']), [rotation + 3, rotation + 3, rotation + 3])
    work(script, 'b', ALL, 1)
    assertAgree(script, ALL)
  })

  it('does not follow a number out of reach', () => {
    const script = led()
    script.give('b', {
      kind: 'receive',
      from: 'a' as PeerId,
      message: { kind: 'sync', stateVector: new Uint8Array(), rotation: 2 ** 40 },
    })
    assert.deepEqual(rotations(script, ['b']), [0])
  })
})
