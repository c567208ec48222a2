import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSilences } from '../../../daemon/silence.ts'
import { asSessionId, type LedgerClaim } from '../../../protocol/index.ts'

const MINUTE = 60_000

function claim(pattern: string): LedgerClaim {
  return { session: asSessionId('s'), agent: 'ann', pattern } as unknown as LedgerClaim
}

describe('a session that falls silent while it holds something', () => {
  it('is told of at half and at four fifths of its time, once each, and anew after a sign of life', () => {
    const silences = createSilences()
    const claims = [claim('a.ts'), claim('b.ts')]
    const look = (minutes: number, activeAtMinutes = 0, of = claims): readonly string[] =>
      silences
        .look({
          claims: of,
          signsOf: () => ({ activeAtMs: activeAtMinutes * MINUTE, deadSinceMs: null }),
          idleReleaseMs: 30 * MINUTE,
          uptimeMs: minutes * MINUTE,
        })
        .map(({ agent, share, leftMs, patterns }) =>
          [agent, share, leftMs / MINUTE, ...patterns].join(' '),
        )
    assert.deepEqual(look(14), [])
    assert.deepEqual(look(15), ['ann 50 15 a.ts b.ts'])
    assert.deepEqual(look(23), [])
    assert.deepEqual(look(24), ['ann 80 6 a.ts b.ts'])
    assert.deepEqual(look(25), [])
    assert.deepEqual(look(26, 26), [])
    assert.deepEqual(look(41, 26), ['ann 50 15 a.ts b.ts'])
    assert.deepEqual(look(60, 26, []), [], 'it holds nothing')
    assert.deepEqual(look(51, 26), ['ann 80 5 a.ts b.ts'])
  })
})
