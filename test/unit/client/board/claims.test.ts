// Live claims as a board lists them: those of the ledger, and what a machine noted beside it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claimsIn } from '../../../../daemon/client/board/claims.ts'
import { asClaimId, emptyState, type LedgerClaim } from '../../../../protocol/index.ts'
import { aClaim } from '../../../helpers/board-claims.ts'
import { aRepo } from '../../../helpers/board-snapshots.ts'

/** Granted, with as much of it as is shown without asking for more. */
function granted(id: string): LedgerClaim {
  return {
    ...{ id: asClaimId(id), agent: 'ann', session: 's1', peer: 'peer-ada', pattern: 'src/a.ts' },
    ...{ grantedAtMs: 0, ttlSeconds: 60, stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 } },
    ...{ clamps: [], coexistsWith: [], narrowedBy: [], symbols: [], fence: 7 },
  } as unknown as LedgerClaim
}

describe('the claims of a board', () => {
  it('are listed once, also while the machine has not yet said that its note was granted', () => {
    const noted = ['clm_kept', 'clm_open'].map((id) =>
      aClaim({ id: asClaimId(id), state: 'provisional', fence: null }),
    )
    const [kept, open] = noted
    const claims = new Map([[asClaimId('clm_kept'), granted('clm_kept')]])
    const ledger = { ...emptyState(), claims }
    const local = { provisional: noted, states: {}, activity: {}, peer: 'peer-ada' }
    const shown = claimsIn(aRepo({ ledger, local }))
    assert.deepEqual(
      shown.map(({ id, state, fence }) => [id, state, fence]),
      [
        [kept?.id, 'active', 7],
        [open?.id, 'provisional', null],
      ],
    )
  })
})
