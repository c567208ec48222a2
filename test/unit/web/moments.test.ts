import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lanesOf } from '../../../daemon/web/model/lanes.ts'
import { historyOf, momentOf, nextCollision } from '../../../daemon/web/model/moments.ts'
import {
  countsOver,
  folderOf,
  heatOf,
  resolutionsOf,
  waitTimes,
} from '../../../daemon/web/model/series.ts'
import type { AuditEvent, Claim } from '../../../protocol/index.ts'

const T0 = Date.parse('2026-01-01T00:00:00.000Z')
let made = 0

function event(atS: number, kind: AuditEvent['kind'], data: object, actor = 'ann'): AuditEvent {
  const at = new Date(T0 + atS * 1_000).toISOString()
  const place = { term: 1, index: ++made, prev: '', hash: '' }
  const id = `evt_${String(made)}`
  return { id, repo: 'r', kind, at, actor, machine: 'm', data, ...place } as unknown as AuditEvent
}

const held = (claim: string, pattern: string, agent = 'ann') => ({ claim, pattern, agent })

/** ann holds a; ben is refused, then waits, gets it when ann is done. */
const COLLISION = [
  event(10, 'claim.granted', held('c1', 'src/a.ts')),
  event(
    20,
    'claim.refused',
    {
      ...{ agent: 'ben', patterns: ['src/a.ts'] },
      conflicts: [{ pattern: 'src/a.ts', holder: 'ann' }],
    },
    'ben',
  ),
  event(
    30,
    'queue.joined',
    { queue: 'q1', patterns: ['src/a.ts'], agent: 'ben', urgency: 'high' },
    'ben',
  ),
  event(40, 'claim.released', { ...held('c1', 'src/a.ts'), reason: 'released' }),
  event(
    40,
    'queue.granted',
    {
      ...{ queue: 'q1', patterns: ['src/a.ts'], agent: 'ben' },
      ...{ urgency: 'high', waited_ms: 10_000 },
    },
    'ben',
  ),
  event(40, 'claim.granted', held('c2', 'src/a.ts', 'ben'), 'ben'),
]
const history = historyOf(COLLISION, [], T0, T0 + 100_000)

function namesAt(atS: number): string[] {
  return momentOf(history, T0 + atS * 1_000).map(({ kind, agent }) => `${agent} ${kind}`)
}

describe('the ledger at a moment', () => {
  it('shows no claim of a call whose caller was told that nothing was granted', () => {
    const given = event(10, 'claim.granted', held('c9', 'src/z.ts'))
    const back = event(11, 'claim.released', { ...held('c9', 'src/z.ts'), reason: 'abandoned' })
    assert.deepEqual(historyOf([given, back], [], T0, T0 + 100_000).spans, [])
  })

  it('shows a collision come and go', () => {
    assert.deepEqual(namesAt(5), [])
    assert.deepEqual(namesAt(10), ['ann claim'])
    assert.deepEqual(namesAt(35), ['ann claim', 'ben wait'])
    assert.deepEqual(namesAt(40), ['ben claim'])
    assert.deepEqual(namesAt(99), ['ben claim'])
  })

  it('knows what was there before the events: by its end, and by being there still', () => {
    const ended = event(50, 'claim.expired', { ...held('old', 'b.ts'), reason: 'ttl' })
    const live = {
      ...{ id: 'live', pattern: 'c.ts', symbols: ['f'], agent: 'cleo', machine: 'm' },
      ...{ mode: 'shared', fence: 7, granted_at: new Date(T0 - 1_000).toISOString() },
    } as unknown as Claim
    const found = historyOf([ended], [live], T0, T0 + 100_000)
    const shown = (atS: number) => momentOf(found, T0 + atS * 1_000).map(({ pattern }) => pattern)
    assert.deepEqual(shown(0).sort(), ['b.ts', 'c.ts f'])
    assert.deepEqual(shown(50), ['c.ts f'])
  })

  it('begins what was noted without a majority when it was noted, also where it lost', () => {
    const noted_at = new Date(T0 + 30_000).toISOString()
    const lost = { ...held('c7', 'src/b.ts'), noted_at, conflicts: [] }
    const events = [...COLLISION, event(60, 'claim.superseded', lost)]
    const span = historyOf(events, [], T0, T0 + 100_000).spans.find(({ id }) => id === 'c7')
    assert.deepEqual([span?.fromMs, span?.isOlder], [T0 + 30_000, false])
  })

  it('finds the next collision and the one before', () => {
    const at = (found: { atMs: number } | null) =>
      found === null ? null : (found.atMs - T0) / 1_000
    assert.equal(at(nextCollision(history, T0, 'on')), 20)
    assert.equal(at(nextCollision(history, T0 + 20_000, 'on')), 30)
    assert.equal(at(nextCollision(history, T0 + 20_000, 'back')), null)
    assert.deepEqual(history.collisions[0]?.holders, ['ann'])
  })

  it('lays patterns out in lanes, those with collisions first where there is no room', () => {
    const quiet = historyOf(
      [...COLLISION, event(60, 'claim.granted', held('c3', 'a.ts'))],
      [],
      T0,
      T0 + 100_000,
    )
    assert.deepEqual(
      lanesOf(quiet, 9).map(({ pattern }) => pattern),
      ['a.ts', 'src/a.ts'],
    )
    assert.deepEqual(
      lanesOf(quiet, 1).map(({ pattern }) => pattern),
      ['src/a.ts'],
    )
  })
})

describe('numbers over time', () => {
  it('count claims and waits', () => {
    const steps = countsOver(history, 10)
    assert.deepEqual(
      steps.map(({ claims }) => claims),
      [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    )
    assert.deepEqual(
      steps.map(({ waits }) => waits),
      [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    )
  })

  it('say how long waits took, by urgency, and what was resolved', () => {
    assert.deepEqual(waitTimes(COLLISION), [
      { urgency: 'high', count: 1, medianMs: 10_000, mostMs: 10_000 },
    ])
    const counts = Object.fromEntries(
      resolutionsOf(COLLISION).map(({ kind, count }) => [kind, count]),
    )
    assert.equal(counts['queue.granted'], 1)
    assert.equal(counts['claim.coexist'], 0)
  })

  it('show heat by folder and time', () => {
    assert.deepEqual(heatOf(history.collisions, history, 10, 5), [
      { folder: 'src', total: 2, cells: [0, 0, 1, 1, 0, 0, 0, 0, 0, 0] },
    ])
    const folders = ['README.md', 'src/a.ts', 'src/a/b/c.ts f', 'src/**', '**/x'].map(folderOf)
    assert.deepEqual(folders, ['/', 'src', 'src/a', 'src', '/'])
  })
})
