import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RUNS } from './runs.ts'
import { missingTools, readOutput, runModel } from './spin.ts'

const missing = missingTools()
const skip = missing.length > 0 ? `not installed: ${missing.join(', ')}` : false

describe('the model', () => {
  for (const run of RUNS.filter(({ quick }) => quick)) {
    const claim = run.expect === 'holds' ? 'holds in every state' : 'is caught'
    it(`${run.name}: ${claim}`, { skip }, () => {
      const { verdict, detail } = runModel(run)
      assert.equal(verdict, run.expect, detail)
    })
  }
})

describe('what the verifier prints', () => {
  const whole =
    'State-vector 44 byte, depth reached 16, errors: 0\n    18047 states, stored\n  133.652\ttotal actual memory usage\n'

  it('holds when the search came to its end without an error', () => {
    const { verdict, states, depth, memoryMib } = readOutput(whole)
    assert.deepEqual([verdict, states, depth, memoryMib], ['holds', 18_047, 16, 133.652])
  })

  it('is violated only by a violated assertion', () => {
    const found = whole.replace('errors: 0', 'errors: 1')
    assert.equal(
      readOutput(`pan:1: assertion violated ok (at depth 14)\n${found}`).verdict,
      'violated',
    )
    assert.equal(readOutput(found).verdict, 'unfinished')
  })

  it('is unfinished when depth, memory or time ran out', () => {
    for (const cut of [
      'error: max search depth too small',
      'pan: out of memory',
      'Warning: Search not completed',
    ])
      assert.equal(readOutput(`${cut}\n${whole}`).verdict, 'unfinished')
    assert.equal(readOutput('').verdict, 'unfinished')
  })
})
