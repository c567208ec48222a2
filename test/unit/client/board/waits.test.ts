import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  queueFields,
  waitersFor,
  wantedOf,
  whyWaits,
  type QueueRow,
} from '../../../../daemon/client/board/waits.ts'

const SCOPES: QueueRow['scopes'] = [
  { kind: 'symbol', pattern: 'src/a.ts', symbols: ['A::b'], mode: 'exclusive' },
  { kind: 'task', pattern: 'T-3', symbols: [], mode: 'exclusive' },
]

function aWait(more: Partial<QueueRow> = {}): QueueRow {
  return {
    id: 'que_1',
    agent: 'eve',
    session: 's5',
    machine: 'ada',
    patterns: ['src/a.ts', 'T-3'],
    scopes: SCOPES,
    urgency: 'high',
    description: 'fix it',
    joined_at: '2026-01-01T10:00:00.000Z',
    expires_at: '2026-01-01T10:10:00.000Z',
    position: 1,
    ahead: [],
    ended: null,
    blocked_by: [],
    ...more,
  }
}

describe('a place in the queue', () => {
  it('says what is wanted, and is found by it', () => {
    assert.equal(wantedOf(aWait()), 'src/a.ts A::b, task T-3')
    assert.equal(queueFields(aWait())['path'], 'src/a.ts A::b, task T-3')
  })

  it('says why: holders, then who is before it', () => {
    const part = { claim: 'clm_1', agent: 'ann', pattern: 'src/**', symbols: [] }
    const ahead = aWait({ agent: 'bob', urgency: 'blocking' })
    assert.equal(
      whyWaits(aWait({ blocked_by: [part], ahead: [ahead] })),
      'ann holds src/**; bob is before it (blocking)',
    )
    assert.match(whyWaits(aWait()), /^next/)
    assert.equal(whyWaits(aWait({ ended: 'cancelled' })), 'cancelled')
  })

  it('is found from the claim that is in its way', () => {
    const part = { claim: 'clm_1', agent: 'ann', pattern: 'src/**', symbols: [] }
    const queue = [aWait({ id: 'que_1' }), aWait({ id: 'que_2', blocked_by: [part] })]
    assert.deepEqual(
      waitersFor('clm_1', queue).map(({ id }) => id),
      ['que_2'],
    )
    assert.deepEqual(waitersFor('clm_2', queue), [])
  })
})
