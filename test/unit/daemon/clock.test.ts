import assert from 'node:assert/strict'
import os from 'node:os'
import { describe, it } from 'node:test'
import { createClock } from '../../../daemon/clock.ts'

describe('createClock', () => {
  it('tells each time in milliseconds, and one boot for all', () => {
    const clock = createClock()
    assert.ok(Math.abs(clock.wall() - Date.now()) < 1_000)
    assert.ok(Math.abs(clock.uptime() - os.uptime() * 1_000) < 1_000)
    assert.ok(clock.monotonic() <= clock.monotonic())
    assert.equal(clock.boot, createClock().boot)
    assert.notEqual(clock.boot, '')
  })
})
