import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runSeed } from '../../sim/run.ts'
import { createLeases, delaysNow, restartLeases } from '../../../daemon/core/leases.ts'
import {
  asClaimId,
  asPeerId,
  asRequestId,
  asSessionId,
  decodeState,
  emptyState,
  encodeCheckpoint,
  encodeRecord,
  encodeState,
  foldRecord,
  formatRequestId,
  outcomeOf,
  parseRequestId,
  restoreCheckpoint,
  type LedgerState,
  type RecordBody,
} from '../../../protocol/index.ts'

const PEER = asPeerId('a')

function fold(state: LedgerState, index: number, body: RecordBody, atMs = index, term = 1): void {
  const parent = index === 0 ? null : { term: 1, index: index - 1, hash: '0'.repeat(32) }
  foldRecord(state, encodeRecord({ generation: 1, term, index, parent, atMs, body }))
}

function answered(incarnation: number, sequence: number): RecordBody {
  const rid = formatRequestId({ peer: PEER, incarnation, sequence })
  return { kind: 'release', rid, ids: [], reason: 'released', by: 'x' }
}

describe('the memory of requests', () => {
  const rid = (incarnation: number, sequence: number) =>
    formatRequestId({ peer: PEER, incarnation, sequence })

  it('reads a request id as it was written', () => {
    const name = { peer: PEER, incarnation: 3, sequence: 17 }
    assert.deepEqual(parseRequestId(formatRequestId(name)), name)
    assert.equal(asRequestId('a.3.17'), formatRequestId(name))
  })

  it('knows nothing of a request that nobody answered', () => {
    assert.equal(outcomeOf(emptyState(), rid(1, 1)), null)
  })

  it('remembers what an earlier incarnation was answered', () => {
    const state = emptyState()
    fold(state, 1, answered(1, 5))
    fold(state, 2, answered(2, 1))
    assert.notEqual(outcomeOf(state, rid(1, 5)), 'forgotten')
    assert.notEqual(outcomeOf(state, rid(1, 5)), null)
  })

  it('decides nothing more for an earlier incarnation', () => {
    const state = emptyState()
    fold(state, 1, answered(2, 1))
    assert.equal(outcomeOf(state, rid(1, 9)), 'forgotten')
    assert.equal(outcomeOf(state, rid(2, 2)), null)
  })

  it('forgets the oldest, and says so', () => {
    const state = emptyState()
    for (let i = 1; i <= 1_030; i++) fold(state, i, answered(1, i))
    assert.equal(outcomeOf(state, rid(1, 1)), 'forgotten')
    assert.equal(typeof outcomeOf(state, rid(1, 1_030)), 'object')
    assert.equal(state.requests.get(PEER)?.outcomes.size, 1_024)
  })
})

describe('a checkpoint', () => {
  it('gives back the same text for the same state', () => {
    const state = emptyState()
    for (let i = 1; i <= 20; i++) fold(state, i, answered(1, i))
    const text = encodeState(state)
    assert.equal(encodeState(decodeState(text)), text)
  })

  it('is cut into parts, and made whole again', () => {
    const state = emptyState()
    for (let i = 1; i <= 1_024; i++) fold(state, i, answered(1, i))
    const parts = encodeCheckpoint({ ...state, name: 'x'.repeat(150_000) })
    assert.ok(parts.length > 2)
    const records = parts.map((body, i) => {
      const parent = { term: 1, index: 1_999 + i, hash: '0'.repeat(32) }
      const index = 2_000 + i
      return { ...encodeRecord({ generation: 1, term: 1, index, parent, atMs: 0, body }), body }
    })
    const restored = restoreCheckpoint(records)
    assert.equal(restored.applied.index, 1_999 + parts.length)
    const applied = state.applied
    assert.equal(
      encodeState({ ...restored, name: '', applied }),
      encodeState({ ...state, name: '' }),
    )
  })

  it('restores what a fold of everything gives, in a mesh that compacts all the time', () => {
    // Machines of these seeds come back over checkpoints; the simulator compares their states with the full fold.
    for (const seed of [4, 9, 12])
      assert.equal(runSeed(seed, { yjsEvery: 1, voters: 1 }).violation, null)
  })
})

describe('the memory of claims that ended by force', () => {
  const HOLDER = { agent: 'ann', agentGiven: true, session: asSessionId('s'), peer: PEER }
  const OTHER = { ...HOLDER, agent: 'bob', session: asSessionId('t') }

  function granted(id: string, pattern: string, party: typeof HOLDER): RecordBody {
    return {
      kind: 'grant',
      rid: null,
      party: { ...party, machine: 'box', branch: null },
      claims: [
        {
          ...{ id: asClaimId(id), kind: 'file', pattern, symbols: [], mode: 'exclusive' },
          ...{ description: '', ttlSeconds: 60, narrowable: false, coexistsWith: [], rid: null },
          stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 },
        },
      ],
      narrows: [],
      key: null,
      from: null,
    } as unknown as RecordBody
  }

  function revoked(id: string): RecordBody {
    return { kind: 'revoke', rid: null, ids: [asClaimId(id)], by: 'a person', note: '' }
  }

  /** The scopes that a leader whose term begins now keeps shut. */
  function shut(state: LedgerState): readonly string[] {
    const leases = createLeases()
    restartLeases(leases, { state } as Parameters<typeof restartLeases>[1])
    return delaysNow(leases, false).map(({ claim }) => claim.pattern)
  }

  it('outlasts any number of claims that their holders gave up', () => {
    const state = emptyState()
    let index = 1
    fold(state, index++, granted('clm_x', 'src/a.ts', HOLDER))
    fold(state, index++, revoked('clm_x'))
    for (let at = 0; at < 100; at++) {
      const id = `clm_${String(at)}`
      fold(state, index++, granted(id, 'src/b.ts', HOLDER))
      const ids = [asClaimId(id)]
      fold(state, index++, { kind: 'release', rid: null, ids, reason: 'released', by: 'ann' })
    }
    assert.deepEqual(shut(state), ['src/a.ts'])
    assert.deepEqual(shut(decodeState(encodeState(state))), ['src/a.ts'])
  })

  it('ends for a scope that somebody else got, and not for one that its holder got back', () => {
    const state = emptyState()
    let index = 1
    for (const pattern of ['src/a.ts', 'src/b.ts']) {
      fold(state, index++, granted(`clm_${pattern}`, pattern, HOLDER))
      fold(state, index++, revoked(`clm_${pattern}`))
    }
    fold(state, index++, granted('clm_1', 'src/a.ts', OTHER))
    fold(state, index++, granted('clm_2', 'src/b.ts', HOLDER))
    assert.deepEqual(shut(state), ['src/b.ts'])
  })

  it('ends with a grant that the delay kept out, whatever its pattern', () => {
    const state = emptyState()
    let index = 1
    for (const pattern of ['src/api', 'src/a.ts', 'src/b.ts']) {
      fold(state, index++, granted(`clm_${pattern}`, pattern, HOLDER))
      fold(state, index++, revoked(`clm_${pattern}`))
    }
    fold(state, index++, granted('clm_1', 'src/api/x.ts', OTHER))
    fold(state, index++, granted('clm_2', 'src/a*', OTHER))
    assert.deepEqual(shut(state), ['src/b.ts'])
  })

  it('ends in time, which no clock that jumps can shorten', () => {
    const state = emptyState()
    fold(state, 1, granted('clm_x', 'src/a.ts', HOLDER))
    fold(state, 2, revoked('clm_x'))
    const month = 30 * 24 * 3_600_000
    fold(state, 3, answered(1, 1), month)
    fold(state, 4, answered(1, 2), 0)
    fold(state, 5, answered(1, 3), month)
    for (let at = 0; at < 20; at++) fold(state, 6 + at, answered(1, 4 + at), at * month, 2 + at)
    assert.deepEqual(shut(state), ['src/a.ts'], 'two jumps, and leaders whose clocks differ')
    for (let at = 1; at <= 6; at++) fold(state, 30 + at, answered(2, at), at * month, 40)
    const restored = decodeState(encodeState(state))
    for (const each of [state, restored]) {
      fold(each, 37, answered(2, 7), 7 * month, 40)
      assert.deepEqual(shut(each), [])
    }
  })

  it('is taken from what ended lately where a checkpoint is older', () => {
    const state = emptyState()
    fold(state, 1, granted('clm_x', 'src/a.ts', HOLDER))
    fold(state, 2, revoked('clm_x'))
    const { forced, ...old } = JSON.parse(encodeState(state)) as Record<string, unknown>
    assert.notDeepEqual(forced, [])
    assert.deepEqual(shut(decodeState(JSON.stringify(old))), ['src/a.ts'])
  })
})
