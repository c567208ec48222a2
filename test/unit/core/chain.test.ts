import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  asPeerId,
  createChain,
  encodeRecord,
  type LedgerRecord,
  type RecordBody,
} from '../../../protocol/index.ts'

const VOTERS = ['a', 'b', 'c'].map(asPeerId)

const GENESIS = encodeRecord({
  generation: 1,
  term: 0,
  index: 0,
  parent: null,
  atMs: 0,
  body: {
    kind: 'genesis',
    ledger: 'repo',
    mesh: 'm',
    name: 'o/n',
    founder: asPeerId('a'),
    voters: VOTERS,
    version: 1,
  },
})

function child(parent: LedgerRecord, term: number, body: RecordBody = noop('')): LedgerRecord {
  const { index, hash } = parent
  const id = { term: parent.term, index, hash }
  return encodeRecord({ generation: 1, term, index: index + 1, parent: id, atMs: 0, body })
}

function noop(by: string): RecordBody {
  return { kind: 'release', rid: null, ids: [], reason: 'released', by }
}

function part(number: number, parts: number): RecordBody {
  return {
    kind: 'checkpoint',
    part: number,
    parts,
    voters: VOTERS,
    leader: asPeerId('a'),
    data: '',
  }
}

describe('a chain', () => {
  const a1 = child(GENESIS, 1)
  const a2 = child(a1, 1)
  const a3 = child(a2, 1)
  const b2 = child(a1, 2)
  const b3 = child(b2, 2)

  it('has no head before the genesis', () => {
    const chain = createChain()
    assert.deepEqual(chain.add(a1), [])
    assert.equal(chain.head(), null)
    assert.deepEqual(chain.add(GENESIS), [GENESIS, a1])
    assert.equal(chain.head(), a1)
  })

  it('counts a record once its whole ancestry is here, in any order of arrival', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([GENESIS, a1, a2, a3, b2, b3], { minLength: 6 }), (order) => {
        const chain = createChain()
        const seen = order.flatMap((record) => {
          const done = chain.add(record)
          for (const one of done) {
            assert.ok(one.parent === null || chain.isComplete(one.parent))
            assert.ok(chain.isComplete(one))
          }
          return done
        })
        assert.equal(seen.length, 6)
        assert.equal(chain.head(), b3)
      }),
    )
  })

  it('compares heads by term first: a short path of a later term beats a long one', () => {
    const chain = createChain()
    for (const record of [GENESIS, a1, a2, a3, b2]) chain.add(record)
    assert.equal(chain.head(), b2)
  })

  it('refuses a second record in a place, and reports it', () => {
    const chain = createChain()
    for (const record of [GENESIS, a1]) chain.add(record)
    const other = child(GENESIS, 1, noop('other'))
    assert.deepEqual(chain.add(other), [])
    assert.equal(chain.rejected(), 1)
    assert.equal(chain.get(a1), a1)
    assert.equal(chain.isComplete(other), false)
  })

  it('does not count a record whose parent has another hash', () => {
    const chain = createChain()
    for (const record of [GENESIS, a1]) chain.add(record)
    const orphan = child(child(GENESIS, 1, noop('other')), 1)
    assert.deepEqual(chain.add(orphan), [])
    assert.equal(chain.head(), a1)
  })

  it('drops what is not admitted, with all that would follow it', () => {
    const chain = createChain((record) => record.term !== 2)
    for (const record of [GENESIS, a1, b3, b2]) chain.add(record)
    assert.equal(chain.head(), a1)
    assert.equal(chain.rejected(), 1)
    assert.equal(chain.isComplete(b3), false)
  })

  it('knows the path between two records, and that there is none', () => {
    const chain = createChain()
    for (const record of [GENESIS, a1, a2, a3, b2, b3]) chain.add(record)
    assert.deepEqual(chain.pathBetween(a1, b3), [b2, b3])
    assert.deepEqual(chain.pathBetween(null, a2), [GENESIS, a1, a2])
    assert.deepEqual(chain.pathBetween(a2, a2), [])
    assert.equal(chain.pathBetween(a2, b3), null)
    assert.equal(chain.pathBetween(b2, a1), null)
    assert.equal(chain.isAncestor(a1, b3), true)
    assert.equal(chain.isAncestor(b2, a3), false)
  })

  it('keeps the voters of the latest record that sets them', () => {
    const chain = createChain()
    const voters = [...VOTERS, asPeerId('d')]
    const config = child(a1, 1, { kind: 'config', voters })
    for (const record of [GENESIS, a1, config]) chain.add(record)
    assert.deepEqual(chain.votersAt(a1), VOTERS)
    assert.deepEqual(chain.votersAt(config), voters)
  })

  describe('with a checkpoint', () => {
    const first = child(a2, 1, part(1, 2))
    const last = child(first, 1, part(2, 2))
    const after = child(last, 1)

    it('stands on all its parts, without anything before them', () => {
      for (const order of [
        [last, first, after],
        [first, last, after],
        [after, last, first],
      ]) {
        const chain = createChain()
        const done = order.flatMap((record) => chain.add(record))
        assert.equal(chain.head(), after)
        assert.deepEqual(done.includes(last) && done.includes(after), true)
        assert.deepEqual(chain.pathFromBase(after), [first, last, after])
      }
    })

    it('does not stand on a part alone', () => {
      const chain = createChain()
      chain.add(last)
      assert.equal(chain.head(), null)
    })

    it('starts a path from the oldest of them, or from the genesis', () => {
      const chain = createChain()
      for (const record of [GENESIS, a1, a2, first, last, after]) chain.add(record)
      assert.deepEqual(chain.pathFromBase(after), [GENESIS, a1, a2, first, last, after])
      chain.forget(first)
      assert.deepEqual(chain.pathFromBase(after), [first, last, after])
      assert.equal(chain.get(a1), null)
      assert.equal(chain.size(), 3)
    })

    it('never loses its head to forgetting', () => {
      const chain = createChain()
      for (const record of [GENESIS, a1]) chain.add(record)
      chain.forget(last)
      assert.equal(chain.head(), a1)
    })
  })
})
