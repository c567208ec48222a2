import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asPeerId, asRepoId, SkeinError, type RepoState } from '../../../protocol/index.ts'
import { hintedFor } from '../../../daemon/failure.ts'

const [ADA, BOB] = [asPeerId('ada'), asPeerId('bob')]
const REPO: RepoState = {
  ...{ repo: asRepoId('team/proj'), generation: 1, founder: ADA, voters: [ADA], roots: [] },
  ...{ genesis: 'g', machines: [ADA] },
}

describe('the hint for a lost log', () => {
  it('names a backup only where no other machine has the ledger', () => {
    const damaged = new SkeinError('LEDGER_DAMAGED', 'gone', { hint: 'Restore it from a backup' })
    assert.equal(hintedFor(damaged, REPO), damaged)
    const shared = hintedFor(damaged, { ...REPO, machines: [ADA, BOB] })
    assert.match(shared.hint, /^No backup: .*skein member remove/)
    assert.deepEqual([shared.code, shared.message], ['LEDGER_DAMAGED', 'gone'])
    const other = new SkeinError('DISK_FULL', 'full')
    assert.equal(hintedFor(other, { ...REPO, machines: [ADA, BOB] }), other)
  })
})
