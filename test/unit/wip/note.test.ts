import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lostClaimOf } from '../../../daemon/wip/lost.ts'
import {
  claimsNoted,
  collectable,
  messageOf,
  readKept,
  type KeptNote,
  type KeptWork,
} from '../../../daemon/wip/note.ts'
import type { KeptRef } from '../../../daemon/git-kept.ts'

const NOTE: KeptNote = {
  repo: 'test/shop',
  agent: 'ann',
  session: 's1',
  machine: 'box',
  branch: null,
  reason: 'ttl',
  claims: [{ id: 'clm_1', pattern: 'src/', fence: 4 }],
  checkout: '/work',
  claims_more: 0,
  skipped: [{ path: 'a\nb', why: 'it is no plain file' }],
  skipped_more: 2,
  commits: 0,
  files: 1,
  bytes: 100,
}

function ref(message: string, keptAtMs = 0, id = 'wip_1'): KeptRef {
  return { id, commit: 'c', tree: 't', parent: null, keptAtMs, message }
}

function work(id: string, keptAtMs: number, bytes: number): KeptWork {
  return { ...ref('', keptAtMs, id), note: { ...NOTE, bytes } }
}

describe('the message of kept work', () => {
  it('says to people and to us what it is', () => {
    const message = messageOf('wip_1', NOTE)
    assert.deepEqual(readKept(ref(message)).note, NOTE)
    assert.match(message, /^Work of ann, kept \(ttl\)$/m)
    assert.match(message, /^Not in it: "a\\nb", it is no plain file\.$/m)
    assert.match(message, /^To get it back: skein wip restore wip_1$/m)
  })

  it('can be read again however many claims there were', () => {
    const claims = Array.from({ length: 1_005 }, (_, at) => {
      return { id: `clm_${String(at)}`, pattern: `src/${String(at)}`, fence: at }
    })
    const note = { ...NOTE, ...claimsNoted(claims) }
    const message = messageOf('wip_1', note)
    const read = readKept(ref(message)).note
    assert.deepEqual([read?.claims.length, read?.claims_more], [1_000, 5])
    assert.match(message, /^Claimed were: src\/0, .*src\/19, and 985 more$/m)
  })

  it('of an older version can be read', () => {
    const message = messageOf('wip_1', NOTE).replace('"claims_more":0,', '')
    assert.deepEqual(readKept(ref(message)).note, NOTE)
  })

  it('of somebody else is nothing to us, whatever it looks like', () => {
    for (const text of ['a commit', 'Skein-Kept: {', 'Skein-Kept: {"repo":1}', ''])
      assert.equal(readKept(ref(text)).note, null)
  })
})

describe('what is collected', () => {
  const bounds = { ageMsMax: 1_000, bytesMax: 250, countMax: 3 }
  const gone = (...all: KeptWork[]): string[] =>
    collectable(all, bounds, 2_000).map(({ work: { id }, why }) => `${id} ${why}`)

  it('is what is too old', () => {
    assert.deepEqual(gone(work('a', 999, 1), work('b', 1_000, 1)), ['a age'])
  })

  it('is the oldest where there is too much, and never the newest', () => {
    assert.deepEqual(gone(work('a', 1_500, 100), work('b', 1_600, 100), work('c', 1_700, 100)), [
      'a room',
    ])
    assert.deepEqual(gone(work('a', 1_900, 900)), [])
    const four = [1, 2, 3, 4].map((at) => work(String(at), 1_500 + at, 1))
    assert.deepEqual(gone(...four), ['1 room'])
  })
})

describe('a lost claim', () => {
  const data = {
    claim: 'clm_1',
    claim_kind: 'file',
    pattern: 'a',
    agent: 'ann',
    session: 's',
    fence: 1,
    branch: null,
  }
  const of = (
    kind: 'claim.released' | 'claim.expired' | 'claim.superseded',
    reason: string | undefined,
    machine = 'box',
  ) => lostClaimOf({ kind, machine, data: { ...data, reason } }, 'box')?.reason ?? null

  it('is one of this machine that ended against the will of its session', () => {
    for (const reason of ['idle', 'process-died', 'revoked'])
      assert.equal(of('claim.released', reason), reason)
    for (const reason of ['ttl', 'lease', 'task-expired'])
      assert.equal(of('claim.expired', reason), reason)
    assert.equal(of('claim.superseded', undefined), 'superseded')
    for (const reason of [
      'released',
      'session-ended',
      'landed',
      'completed',
      'requested',
      'abandoned',
    ])
      assert.equal(of('claim.released', reason), null)
    assert.equal(of('claim.expired', 'ttl', 'another'), null)
  })
})
