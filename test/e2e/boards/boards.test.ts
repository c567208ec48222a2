// A short form of `npm run soak:boards`.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runBoards } from './boards-run.ts'

describe('the boards of three machines', () => {
  it('show what skein claims --json says, through random operations and a split', async (t) => {
    const seed = 11
    t.diagnostic(`seed ${String(seed)}`)
    const { agreed, provisional } = await runBoards({ seed, operations: 108, splits: 1 })
    assert.ok(Math.max(...agreed) > 5, 'there was something to show')
    assert.ok(provisional > 0, 'also without a majority')
  })
})
