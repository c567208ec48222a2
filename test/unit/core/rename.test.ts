// Claims that follow renamed declarations, as the ledger decides it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LedgerClaim, Scope } from '../../../protocol/index.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

const FILE = 'src/router.ts'

function symbols(...names: string[]): Scope {
  return { kind: 'symbol', pattern: FILE, symbols: names, mode: 'exclusive' }
}

function hold(ledger: QueueLedger, session: string, scope: Scope): LedgerClaim {
  const outcome = ledger.claimScopes(session, [scope])
  const [now] = outcome.kind === 'granted' ? outcome.claims : []
  assert.ok(now !== undefined, outcome.kind)
  return now.claim
}

function rename(
  ledger: QueueLedger,
  session: string,
  { id }: LedgerClaim,
  from: string,
  to: string,
) {
  return ledger.run({ kind: 'rename', party: party(session), id, renamed: [{ from, to }] })
}

function live(ledger: QueueLedger, { id }: LedgerClaim): LedgerClaim | undefined {
  return ledger.engine.committed.state.claims.get(id)
}

describe('a rename', () => {
  it('is named beside the old name, with id and fence as they were, over a restart', () => {
    const ledger = new QueueLedger()
    const claim = hold(ledger, 'alice', symbols('A::m'))
    const beside = hold(ledger, 'bob', symbols('B'))
    assert.equal(rename(ledger, 'alice', claim, 'A::m', 'A::n').kind, 'renamed')
    ledger.restart()
    const now = live(ledger, claim)
    assert.deepEqual(now?.symbols, ['A::m', 'A::n'])
    assert.deepEqual([now.fence, now.coexistsWith], [claim.fence, [beside.id]])
    for (const name of ['A::m', 'A::n', 'A::n::x', 'A'])
      assert.equal(ledger.claimScopes('bob', [symbols(name)]).kind, 'refused', name)
    hold(ledger, 'bob', symbols('C'))
  })

  it('to what another holds is refused, and changes nothing', () => {
    const ledger = new QueueLedger()
    const claim = hold(ledger, 'alice', symbols('a'))
    const other = hold(ledger, 'bob', symbols('b'))
    const outcome = rename(ledger, 'alice', claim, 'a', 'b')
    assert.ok(outcome.kind === 'refused', outcome.kind)
    assert.deepEqual(
      outcome.conflicts.map((met) => met.claim.id),
      [other.id],
    )
    assert.deepEqual(live(ledger, claim)?.symbols, ['a'])
  })

  it('of what the claim does not name, or of another claim, does nothing', () => {
    const ledger = new QueueLedger()
    const claim = hold(ledger, 'alice', symbols('a'))
    assert.equal(rename(ledger, 'alice', claim, 'x', 'y').kind, 'renamed')
    const foreign = rename(ledger, 'bob', claim, 'a', 'y')
    assert.equal(foreign.kind === 'failed' ? foreign.failure.code : foreign.kind, 'CLAIM_NOT_YOURS')
    assert.deepEqual(live(ledger, claim)?.symbols, ['a'])
    const whole = hold(ledger, 'alice', { ...symbols(), kind: 'file', pattern: 'src/b.ts' })
    assert.equal(rename(ledger, 'alice', whole, 'a', 'y').kind, 'failed')
  })
})
