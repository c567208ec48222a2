// Who is at fault when a batch fails.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { sift } from '../../../daemon/core/merge/sift.ts'

function search(count: number, passes: (trial: readonly number[]) => boolean) {
  const trials: (readonly number[])[] = []
  const found = sift(count)
  let step = found.next()
  while (step.done !== true) {
    trials.push(step.value)
    step = found.next(passes(step.value))
  }
  const { kept, culprits } = step.value
  return { kept, culprits: culprits.map(({ at }) => at), shown: culprits, trials }
}

describe('a batch that fails', () => {
  it('is tried once when it passes', () => {
    assert.deepEqual(search(5, () => true).trials, [[0, 1, 2, 3, 4]])
    assert.deepEqual(search(0, () => true).trials, [])
  })

  it('gives exactly those that fail by themselves, in bounded trials', () => {
    const sets = fc.record({ count: fc.integer({ min: 1, max: 16 }), bad: fc.array(fc.nat(15)) })
    fc.assert(
      fc.property(sets, ({ count, bad }) => {
        const wrong = [...new Set(bad)].filter((at) => at < count).sort((a, b) => a - b)
        const { kept, culprits, trials } = search(
          count,
          (trial) => !trial.some((at) => wrong.includes(at)),
        )
        assert.deepEqual(
          [...culprits].sort((a, b) => a - b),
          wrong,
        )
        assert.equal(kept.length, count - wrong.length)
        assert.ok(trials.length <= 2 * count - 1 || count === 0)
        if (wrong.length === 1) assert.ok(trials.length <= 2 * Math.ceil(Math.log2(count)) + 1)
      }),
    )
  })

  it('keeps one of two that fail together only, and only what was seen to pass', () => {
    const pair = fc.record({ count: fc.integer({ min: 2, max: 16 }), a: fc.nat(15), b: fc.nat(15) })
    fc.assert(
      fc.property(pair, ({ count, a, b }) => {
        fc.pre(a < b && b < count)
        const passes = (trial: readonly number[]) => !(trial.includes(a) && trial.includes(b))
        const { kept, culprits, shown, trials } = search(count, passes)
        assert.deepEqual(culprits, [b])
        assert.equal(kept.length, count - 1)
        assert.ok(trials.some((trial) => trial.join() === kept.join()) && passes(kept))
        for (const { at, trial } of shown) assert.ok(trial.at(-1) === at && !passes(trial))
      }),
    )
  })

  it('keeps what passes only because something before it does', () => {
    // The second mends what the first alone breaks not, and fails without it.
    const { kept, culprits } = search(3, (trial) => !trial.includes(1) || trial.includes(0))
    assert.deepEqual([kept, culprits], [[0, 1, 2], []])
  })
})
