// A share of the simulation in every test run: the same seeds each time, as many as fit. The long runs are `npm run sim`.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgeable, overlapScopes } from '../../protocol/index.ts'
import { DEFAULT_OPTIONS, type SimOptions } from './plan.ts'
import { runSeed, type SeedResult } from './run.ts'
import { maskOf, PATTERNS } from './universe.ts'

const SEEDS = 300
/** On a busy machine fewer seeds run, but never fewer than this. */
const SEEDS_MIN = 60
const TIME_MS = 20_000

function runSeeds(options: SimOptions): SeedResult[] {
  const startedAt = performance.now()
  const results: SeedResult[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (results.length >= SEEDS_MIN && performance.now() - startedAt > TIME_MS) break
    const result = runSeed(seed, options)
    const replay = `npm run sim -- --seeds 1 --from ${String(seed)} --voters ${String(options.voters)} --trace`
    assert.equal(result.violation?.message, undefined, replay)
    results.push(result)
  }
  return results
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
}

describe('the simulated mesh', () => {
  it('keeps every invariant with one voter', (t) => {
    const results = runSeeds({ ...DEFAULT_OPTIONS, voters: 1 })
    t.diagnostic(`${String(results.length)} seeds`)
    assert.ok(median(results.map((result) => result.commits)) >= 20)
  })

  it('keeps every invariant with three voters, through at least a crash and a cut each', (t) => {
    const results = runSeeds({ ...DEFAULT_OPTIONS, voters: 3 })
    t.diagnostic(`${String(results.length)} seeds`)
    assert.ok(median(results.map((result) => result.commits)) >= 20)
    for (const { seed, steps, crashes, cuts } of results) {
      assert.ok(steps >= 1_200 && crashes > 0 && cuts > 0, `seed ${String(seed)} is too tame`)
    }
  })

  it('runs a seed the same way twice, on either document', () => {
    for (const yjsEvery of [0, 1]) {
      for (const seed of [1, 2, 3]) {
        const options = { yjsEvery, voters: null }
        assert.equal(runSeed(seed, options).traceHash, runSeed(seed, options).traceHash)
      }
    }
  })

  it('judges overlaps in its universe as production does', () => {
    const scopes = PATTERNS.map((pattern) =>
      judgeable({ kind: 'file', pattern, symbols: [], mode: 'exclusive' }, { caseExact: false }),
    )
    scopes.forEach((a, i) => {
      scopes.forEach((b, j) => {
        const [one = '', other = ''] = [PATTERNS[i], PATTERNS[j]]
        const isOverlap = (maskOf(one) & maskOf(other)) !== 0
        assert.equal(overlapScopes(a, b) !== null, isOverlap, `${one} and ${other}`)
      })
    })
  })
})
