import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recover } from '../../../../daemon/operations/setup.ts'
import { asPeerId, asRepoId, emptyState, SkeinError } from '../../../../protocol/index.ts'

const REPO = asRepoId('team/proj')
const SELF = asPeerId('self')

/** Of a repository whose log here is damaged, and which these machines have. */
function recoverDry(machines: readonly string[]): Promise<unknown> {
  const state = emptyState()
  state.repos.set(REPO, { repo: REPO, generation: 1, machines: machines.map(asPeerId) } as never)
  const problem = new SkeinError('LEDGER_DAMAGED', 'the log is missing')
  const parts = {
    mesh: { id: 'mesh_a', self: SELF, host: {}, state: () => state },
    recovery: {
      missingIn: () => null,
      askRemotes: () => Promise.resolve({ ledgers: new Map(), unread: [] }),
    },
    callers: { place: () => Promise.resolve({ repo: { id: REPO, host: null, problem } }) },
  }
  return recover(parts as never, { dry_run: true }, {} as never)
}

describe('a recovery that is only shown', () => {
  it('is refused where it would be refused when it is meant: others have the ledger', async () => {
    await assert.rejects(recoverDry(['self', 'other']), { code: 'FORBIDDEN', exit: 7 })
    const shown = (await recoverDry(['self'])) as { readonly what: string; readonly done: boolean }
    assert.deepEqual([shown.what, shown.done], ['log', false])
  })
})
