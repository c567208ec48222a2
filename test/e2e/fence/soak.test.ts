// The short form of `npm run soak:fence`.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mulberry } from '../../helpers/mulberry.ts'
import { raceTakeovers } from './soak.ts'

describe('takeovers raced against late pushes', () => {
  it('let nothing land after the successor', async (t) => {
    const random = mulberry(7)
    const counts = await raceTakeovers(t, { transport: 'local', takeovers: 3, random })
    assert.equal(counts.stale, 0)
    assert.deepEqual(counts.others, [])
    const told = counts.landed + counts.refusedHere + counts.refusedThere
    assert.equal(told, counts.latePushes, 'each late push is accounted for')
  })
})
