import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSessions } from '../../../daemon/sessions.ts'
import { asSessionId } from '../../../protocol/index.ts'

const MINUTE_MS = 60_000

describe('sessions that hold nothing', () => {
  it('are forgotten after an hour, and after a minute where there are very many', () => {
    let now = 0
    const clock = { wall: () => now, monotonic: () => now, uptime: () => now, boot: 'b' }
    const sessions = createSessions(clock)
    const holder = asSessionId('holder')
    const holding = new Set([holder])
    sessions.noteActivity(holder, null)
    sessions.noteActivity(asSessionId('idle'), null)
    now = 59 * MINUTE_MS
    sessions.forgetExcept(holding)
    assert.equal(sessions.count(), 2)
    now = 61 * MINUTE_MS
    sessions.forgetExcept(holding)
    assert.equal(sessions.count(), 1)
    for (let i = 0; i < 20_000; i++) sessions.noteActivity(asSessionId(`s${String(i)}`), null)
    sessions.forgetExcept(holding)
    assert.equal(sessions.count(), 20_001, 'they are just here')
    now += 2 * MINUTE_MS
    sessions.forgetExcept(holding)
    assert.equal(sessions.count(), 1)
    assert.equal(sessions.lastActivity(holder), 0, 'whoever holds something is remembered')
  })
})
