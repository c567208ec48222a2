import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ageOf, brief, clockOf, daysOf, leftUntil } from '../../../../daemon/client/board/times.ts'

const NOW = new Date(2026, 0, 5, 12, 0, 0).getTime()

function at(ms: number): string {
  return new Date(NOW + ms).toISOString()
}

describe('brief', () => {
  for (const [ms, expected] of [
    [-5, '0s'],
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [14_399_000, '3h59m'],
    [86_400_000, '1d'],
    [90_000_000, '1d1h'],
    [864_000_000, '10d'],
  ] as const)
    it(`says ${expected} of ${String(ms)} ms`, () => {
      assert.equal(brief(ms), expected)
    })
})

describe('times of a row', () => {
  it('tells age and rest, and what is over', () => {
    assert.equal(ageOf(at(-65_000), NOW), '1m')
    assert.equal(leftUntil(at(65_000), NOW), '1m')
    assert.equal(leftUntil(at(0), NOW), 'over')
    assert.equal(ageOf('nonsense', NOW), '-')
    assert.equal(leftUntil('nonsense', NOW), '-')
  })

  it('counts whole days', () => {
    const nowMs = Date.parse('2026-01-05T00:00:01Z')
    assert.equal(daysOf('2026-01-05', nowMs), 'today')
    assert.equal(daysOf('2026-01-04', nowMs), '1d')
    assert.equal(daysOf('nonsense', nowMs), '-')
  })

  it('names the day where it is another one', () => {
    assert.equal(clockOf(at(-60_000), NOW), '11:59:00')
    assert.equal(clockOf(at(-86_400_000), NOW), '01-04 12:00')
    assert.equal(clockOf('nonsense', NOW), 'nonsense')
  })
})
