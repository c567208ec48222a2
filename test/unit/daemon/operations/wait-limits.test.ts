// How many claims may wait: what a repository says of it, within what every machine bears.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { waitLimitsOf } from '../../../../daemon/operations/claim.ts'
import { LIMITS } from '../../../../protocol/index.ts'

const most = LIMITS.waitersMax

describe('the places in the queue of a repository', () => {
  it('are bounded also where it sets no bound, or too high a one', () => {
    const cases = [
      { waits: null, waits_per_agent: null, is: { perAgent: 0, inRepo: most } },
      { waits: 5, waits_per_agent: 2, is: { perAgent: 2, inRepo: 5 } },
      { waits: most + 1, waits_per_agent: null, is: { perAgent: 0, inRepo: most } },
    ]
    for (const { is, ...limits } of cases)
      assert.deepEqual(waitLimitsOf({ config: { limits } }).waitLimits, is)
  })
})
