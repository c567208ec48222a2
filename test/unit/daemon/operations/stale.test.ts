// Who is silent, by a ledger and by what a machine has heard.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentIn } from '../../../../daemon/operations/stale.ts'
import { emptyState, type LedgerState } from '../../../../protocol/index.ts'
import { partyOf } from '../../../sim/engine-script.ts'

const DAY_MS = 86_400_000
const NOW = 100 * DAY_MS
const WEEK_AGO = NOW - 7 * DAY_MS

/** Each of these holds something since then. */
function heldBy(parties: readonly ReturnType<typeof partyOf>[], atMs: number): LedgerState {
  const state = emptyState()
  for (const party of parties) {
    const claim = { ...party, id: `clm_${party.agent}`, grantedAtMs: atMs, stamp: { wallMs: atMs } }
    state.claims.set(claim.id as never, claim as never)
  }
  return state
}

describe('who is silent', () => {
  const here = partyOf('ann', 'here')
  const gone = partyOf('gone', 'here')
  const other = partyOf('bob', 'there')
  const heard = new Map([
    [here.session, NOW],
    [gone.session, NOW - 20 * DAY_MS],
  ])
  const silent = (atMs: number): readonly string[] =>
    silentIn(
      heldBy([here, gone, other], atMs),
      WEEK_AGO,
      ({ session }) => heard.get(session) ?? null,
    ).map(({ party, isKnown }) => `${party.agent} ${isKnown ? 'known' : 'not known'}`)

  it('is known of sessions that were heard of here alone', () => {
    assert.deepEqual(silent(NOW - 30 * DAY_MS), ['bob not known', 'gone known'])
  })

  it('is nobody whose claim is young', () => {
    assert.deepEqual(silent(NOW - DAY_MS), [])
  })

  it('is not said of a session that nothing was heard of since the daemon started', () => {
    heard.delete(gone.session)
    assert.deepEqual(silent(NOW - 30 * DAY_MS), ['gone not known', 'bob not known'])
  })
})
