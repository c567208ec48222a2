import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { asPeerId, type PeerId } from '../../../../protocol/index.ts'
import { isAlwaysOn } from '../../../../daemon/battery.ts'
import { startReach } from '../../../../daemon/mesh/reach.ts'
import { SILENT_LOG } from '../../../helpers/libp2p-place.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const [A, B] = [asPeerId('a'), asPeerId('b')]
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('the time that machines were within reach', () => {
  it('is counted by the minute over 72 hours, and outlives a restart', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const home = makeFolder(t)
    let now = 1_000 * HOUR_MS
    let there: readonly PeerId[] = [A, B]
    const start = () => startReach({ home, wall: () => now, present: () => there, log: SILENT_LOG })
    const pass = (minutes: number): void => {
      for (let i = 0; i < minutes; i++) {
        now += MINUTE_MS
        t.mock.timers.tick(MINUTE_MS)
      }
    }
    const first = start()
    assert.deepEqual([first.minutes(A), first.lastSeenAt(A)], [0, null])
    pass(90)
    there = [A]
    pass(30)
    assert.deepEqual([first.minutes(A), first.minutes(B)], [120, 90])
    assert.equal(first.lastSeenAt(B), now - 30 * MINUTE_MS)
    first.stop()
    const second = start()
    assert.deepEqual([second.minutes(A), second.minutes(B)], [120, 90])
    now += 71 * HOUR_MS
    pass(1)
    assert.ok(second.minutes(A) <= 61, 'the first hour is past the window')
    assert.equal(second.lastSeenAt(A), now)
    second.stop()
  })

  it('is counted on where it cannot be written down', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const home = path.join(makeFolder(t), 'gone')
    const warned: string[] = []
    const log = { ...SILENT_LOG, warn: (_: object, message: string) => void warned.push(message) }
    const reach = startReach({ home, wall: () => HOUR_MS, present: () => [A], log })
    for (let i = 0; i < 10; i++) t.mock.timers.tick(MINUTE_MS)
    assert.equal(reach.minutes(A), 10)
    reach.stop()
    assert.equal(warned.length, 2)
  })

  it('begins anew where the file says nothing that makes sense', (t) => {
    const home = makeFolder(t)
    writeFileSync(path.join(home, 'reach.json'), '{"a":7')
    const reach = startReach({ home, wall: () => 0, present: () => [], log: SILENT_LOG })
    assert.equal(reach.lastSeenAt(A), null)
    reach.stop()
    assert.equal(readFileSync(path.join(home, 'reach.json'), 'utf8'), '{"a":7', 'and is left alone')
  })
})

describe('a machine that is always on', () => {
  it('has no battery but those of its devices, as Linux says', (t) => {
    const folder = makeFolder(t)
    const supply = (name: string, facts: Readonly<Record<string, string>>): void => {
      mkdirSync(path.join(folder, name))
      for (const [fact, text] of Object.entries(facts))
        writeFileSync(path.join(folder, name, fact), `${text}\n`)
    }
    assert.equal(isAlwaysOn(path.join(folder, 'none'), 'linux'), true)
    supply('AC', { type: 'Mains' })
    supply('mouse', { type: 'Battery', scope: 'Device' })
    assert.equal(isAlwaysOn(folder, 'linux'), true)
    supply('BAT0', { type: 'Battery' })
    assert.equal(isAlwaysOn(folder, 'linux'), false)
    assert.equal(isAlwaysOn(path.join(folder, 'none'), 'darwin'), false)
  })
})
