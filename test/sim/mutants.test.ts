// A checker that catches nothing proves nothing: each mutant must be caught. Those that take chance more than some dozen
// seeds are left to `npm run sim -- --mutants all`.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { detect, loadMutant, MUTANTS } from './mutants.ts'
import { scenarios } from './scenarios.ts'

const QUICK_SEEDS = 100
const TIME_MS = 15_000

describe('directed schedules', () => {
  for (const [name, play] of Object.entries(scenarios)) {
    it(`${name} passes on the protocol as it is`, () => {
      play()
    })
  }
})

describe('mutants', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-mutants-'))
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  for (const mutant of MUTANTS) {
    const { id, what, caughtBy } = mutant
    const isQuick = caughtBy.kind === 'scenario' || caughtBy.within <= QUICK_SEEDS
    it(`${id} is caught: ${what}`, { skip: !isQuick && 'takes too many seeds' }, async (t) => {
      const found = detect(mutant, await loadMutant(mutant.edits, folder, id), TIME_MS)
      if (found.kind === 'out of time') {
        t.skip(`not within ${String(found.seeds)} seeds in the time that there was`)
        return
      }
      assert.equal(found.kind, 'caught', `${id} passed ${String(found.seeds)} seeds`)
      t.diagnostic(`${found.by}: ${found.message}`)
    })
  }

  it('that take long fit the sources', async () => {
    for (const { id, edits, caughtBy } of MUTANTS) {
      if (caughtBy.kind === 'seeds' && caughtBy.within > QUICK_SEEDS)
        await loadMutant(edits, folder, id)
    }
  })
})
