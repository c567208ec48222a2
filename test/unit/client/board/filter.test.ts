import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchesFilter, NO_FILTER, parseFilter } from '../../../../daemon/client/board/filter.ts'

const ROW = { agent: 'Ann', path: 'src/auth/Login.ts', symbol: 'Session::open', machine: 'ada' }

describe('a filter', () => {
  for (const [text, expected] of [
    ['', true],
    ['   ', true],
    ['login', true],
    ['LOGIN ann', true],
    ['login bob', false],
    ['agent:ann', true],
    ['agent:ada', false],
    ['machine:ada', true],
    ['-bob', true],
    ['-ann', false],
    ['-agent:ada', true],
    ['branch:main', false],
    ['session::open', true],
    // Half typed: nothing is hidden by what is not said yet.
    ['agent:', true],
    ['-', false],
    ['(', false],
  ] as const)
    it(`${JSON.stringify(text)} ${expected ? 'finds' : 'hides'} the row`, () => {
      assert.equal(matchesFilter(parseFilter(text), ROW), expected)
    })

  it('is the same one for every text that says nothing', () => {
    assert.equal(parseFilter(' agent: '), NO_FILTER)
  })
})
