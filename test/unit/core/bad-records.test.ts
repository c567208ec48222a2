// What a member may write into a document: bytes that are no record, bodies that lack what decides, terms that nobody won.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asPeerId,
  createYjsDocument,
  decodeRecord,
  encodeRecord,
  SkeinError,
  type LedgerRecord,
  type RecordBody,
} from '../../../protocol/index.ts'
import { isTermWon } from '../../../daemon/core/consensus/ballot.ts'

const A = asPeerId('a')
const B = asPeerId('b')
const SIGNER = {
  sign: () => 'yes',
  verify: (_: unknown, __: unknown, said: string) => said === 'yes',
}
const PARENT = { term: 3, index: 7, hash: '00'.repeat(16) }
const HEAD = { term: 3, index: 7 }
const VOTES = [
  { voter: A, signature: 'yes' },
  { voter: B, signature: 'yes' },
]

function recordOf(body: object, term = 4): LedgerRecord {
  const place = { generation: 1, term, index: 8, parent: PARENT, atMs: 0 }
  // Whatever it is: that is what is asked.
  return encodeRecord({ ...place, body: body as RecordBody })
}

function isDamaged(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'LEDGER_DAMAGED'
}

describe('a record from anybody', () => {
  it('is none when it lacks what decides whether records count', () => {
    const start = { kind: 'term-start', leader: A, voters: [A, B], votes: VOTES, head: HEAD }
    const parts = { kind: 'checkpoint', part: 1, parts: 1, voters: [A], leader: A, data: '' }
    for (const good of [start, parts, { kind: 'config', voters: [A] }, { kind: 'of the future' }])
      assert.equal(decodeRecord(recordOf(good).bytes).body.kind, good.kind)
    const bad = [
      { kind: 'term-start' },
      { ...start, votes: [null] },
      { ...start, votes: undefined },
      { ...start, head: { term: 'three', index: 7 } },
      { ...start, voters: [] },
      { ...start, leader: 7 },
      { kind: 'config' },
      { kind: 'config', voters: 'all' },
      { ...parts, part: 0 },
      { ...parts, part: 2 },
      { ...parts, voters: undefined },
      { ...parts, leader: undefined },
      { ...parts, data: 7 },
      [],
    ]
    for (const body of bad)
      assert.throws(() => decodeRecord(recordOf(body).bytes), isDamaged, JSON.stringify(body))
  })

  it('goes into another term by a TermStart with the votes of a majority, and by nothing else', () => {
    const may = (body: object, term?: number): boolean =>
      isTermWon(recordOf(body, term), [A, B], '', SIGNER)
    const start = { kind: 'term-start', leader: A, voters: [A, B], votes: VOTES, head: HEAD }
    assert.equal(may(start, 4), true)
    assert.equal(may(start, 3), false)
    assert.equal(may(start, 2), false)
    assert.equal(may({ ...start, votes: VOTES.slice(1) }), false)
    assert.equal(
      may({ ...start, votes: VOTES.map((vote) => ({ ...vote, signature: 'no' })) }),
      false,
    )
    for (const body of [
      { kind: 'release', rid: null, ids: [], reason: 'idle', by: 'daemon' },
      { kind: 'config', voters: [B] },
    ]) {
      assert.equal(may(body, 3), true)
      assert.equal(may(body, 4), false)
      assert.equal(may(body, 2), false)
    }
  })
})

describe('a document that anybody may write to', () => {
  it('takes nothing of an update that ends too early, and says so', () => {
    const update = createYjsDocument(1).append(1, [recordOf({ kind: 'config', voters: [A] }).bytes])
    for (let end = 0; end < update.length; end++) {
      const document = createYjsDocument(2)
      assert.throws(() => document.merge(update.subarray(0, end)), isDamaged)
      assert.deepEqual(document.records(), [])
    }
    assert.throws(() => createYjsDocument(2).diff(Uint8Array.of(3, 1)), isDamaged)
  })

  it('passes over what is no record, and prunes it with the records around it', () => {
    const document = createYjsDocument(1)
    const { bytes } = recordOf({ kind: 'config', voters: [A] }, 4)
    document.append(4, [Uint8Array.of(1, 2, 3), bytes])
    assert.deepEqual(document.records(), [bytes])
    document.prune({ term: 4, index: 9 })
    assert.deepEqual(document.records(), [])
  })
})
