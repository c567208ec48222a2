import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGuardMemory } from '../../../daemon/guard/memory.ts'
import { createNotices, type Warning } from '../../../daemon/guard/notices.ts'
import type { AuditEvent, LedgerClaim } from '../../../protocol/index.ts'

const MINUTE = 60_000
const GRANTED = Date.UTC(2026, 10, 22, 12)

/** As much of a claim as is told of it. */
function claim(ttlMinutes: number): LedgerClaim {
  return {
    id: 'clm_1',
    pattern: 'src/a.ts',
    symbols: [],
    ttlSeconds: ttlMinutes * 60,
    stamp: { wallMs: GRANTED, boot: 'b', uptimeMs: 0 },
    clamps: [],
  } as unknown as LedgerClaim
}

function event(
  kind: string,
  data: Readonly<Record<string, unknown>>,
  machine = 'here',
): AuditEvent {
  return { kind, data, machine, actor: 'bob' } as unknown as AuditEvent
}

describe('time that runs out', () => {
  const warnAt = (minutes: number, more: Partial<Warning> = {}): Warning => ({
    claims: [claim(60)],
    nowMs: GRANTED + minutes * MINUTE,
    silentMs: 0,
    idleReleaseMs: 30 * MINUTE,
    ...more,
  })

  it('is told at half and at four fifths of it, once each', () => {
    const notices = createNotices('here')
    assert.deepEqual(notices.warn(warnAt(29)), [])
    assert.match(notices.warn(warnAt(30)).join(), /src\/a\.ts at 2026-11-22 13:00 UTC.*skein renew/)
    assert.deepEqual(notices.warn(warnAt(47)), [])
    assert.equal(notices.warn(warnAt(48)).length, 1)
    assert.deepEqual(notices.warn(warnAt(59)), [])
  })

  it('is told anew after a renewal', () => {
    const notices = createNotices('here')
    notices.warn(warnAt(30))
    const renewed = {
      ...claim(60),
      stamp: { wallMs: GRANTED + 30 * MINUTE, boot: 'b', uptimeMs: 0 },
    }
    assert.deepEqual(notices.warn(warnAt(40, { claims: [renewed] })), [])
    assert.equal(notices.warn(warnAt(60, { claims: [renewed] })).length, 1)
  })

  it('is told of a silence, where something is held', () => {
    const notices = createNotices('here')
    const silent = (minutes: number, claims = [claim(600)]): string =>
      notices.warn(warnAt(1, { silentMs: minutes * MINUTE, claims })).join()
    assert.equal(silent(14), '')
    assert.match(silent(15), /silent for 15 min, over 50 % of the 30 min/)
    assert.match(silent(24), /over 80 %/)
    assert.equal(silent(24, []), '')
  })
})

describe('a notice', () => {
  it('waits for a session that has a hook, is told once, and goes to nobody else', () => {
    const notices = createNotices('here')
    const granted = event('queue.granted', { session: 's', patterns: ['src/a.ts'] })
    notices.hear(granted)
    assert.deepEqual(notices.take('s'), [], 'not expected yet')
    notices.expect('s')
    notices.hear(granted)
    notices.hear(granted)
    notices.hear(event('queue.granted', { session: 's', patterns: ['b'] }, 'elsewhere'))
    assert.deepEqual(notices.take('s'), [
      'skein: the wait is over: you hold src/a.ts. Others may have changed it: read it again before you write it.',
    ])
    assert.deepEqual(notices.take('s'), [])
  })

  it('tells of a claim that ended against the session’s will', () => {
    const notices = createNotices('here')
    notices.expect('s')
    const ended = { session: 's', pattern: 'src/a.ts' }
    notices.hear(event('claim.released', { ...ended, reason: 'released' }))
    notices.hear(event('claim.released', { ...ended, reason: 'idle' }))
    assert.deepEqual(notices.take('s'), ['skein: your claim on src/a.ts has ended (idle).'])
  })
})

describe('whoever holds a changed file', () => {
  const of = { file: '/r/a.ts', root: '/r', session: 's', sinceMs: 1_000_000 }

  it('may have written it by an edit or a command of its own at that time, in that checkout', () => {
    const memory = createGuardMemory()
    assert.equal(memory.hasWritten(of), false)
    memory.noteEdit('/r/a.ts', 's', 1_000_000, null)
    assert.equal(memory.hasWritten(of), true)
    assert.equal(memory.hasWritten({ ...of, sinceMs: 1_100_000 }), false)
    assert.equal(memory.hasWritten({ ...of, session: 'other' }), false)
    memory.mark('other', 'use', '/r/src', 1_000_000)
    assert.equal(memory.hasWritten({ ...of, session: 'other' }), true)
    assert.equal(memory.hasWritten({ ...of, session: 'other', root: '/q' }), false)
    assert.equal(memory.hasWritten({ ...of, session: 'other', sinceMs: 9_000_000 }), false)
    assert.notEqual(memory.takeMark('other', 'use'), null)
    assert.equal(memory.hasWritten({ ...of, session: 'other' }), false)
  })
})
