import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createVitals } from '../../../daemon/net/link/vitals.ts'

const TIMING = {
  pingMs: 50,
  doubtMs: 40,
  silentMs: 150,
  measureMs: 300,
  steadyMs: 100,
  penaltyMs: 10,
}

function upAt(now: number) {
  const vitals = createVitals(TIMING)
  vitals.noteUp(now)
  return vitals
}

describe('the vitals of a link', () => {
  it('ask for a ping when nothing was sent for a while, and not when something was', () => {
    const vitals = upAt(1_000)
    assert.equal(vitals.check(1_030), null)
    assert.equal(vitals.check(1_050), 'ping')
    vitals.noteSent(1_050)
    vitals.noteHeard(1_060)
    assert.equal(vitals.check(1_085), null)
    assert.equal(vitals.check(1_100), 'ping')
  })

  it('ask for one now and then also while there is traffic', () => {
    const vitals = upAt(0)
    const pings: number[] = []
    for (let now = 10; now <= 650; now += 10) {
      vitals.noteSent(now)
      vitals.noteHeard(now)
      if (vitals.check(now) === 'ping') pings.push(now)
    }
    assert.deepEqual(pings, [300, 600])
  })

  it('call a peer silent that was not heard for long enough, whatever was sent', () => {
    const vitals = upAt(0)
    for (let now = 10; now < 150; now += 10) {
      vitals.noteSent(now)
      assert.equal(vitals.check(now), null)
    }
    assert.equal(vitals.check(150), 'silent')
  })

  it('doubt a peer that a ping waits for, until anything is heard', () => {
    const vitals = upAt(0)
    vitals.check(0)
    assert.equal(vitals.mayProbe(5), false)
    assert.equal(vitals.mayProbe(10), true)
    vitals.notePinged(10)
    assert.equal(vitals.mayProbe(30), false)
    assert.deepEqual([vitals.isDoubtful(49), vitals.isDoubtful(50)], [false, true])
    vitals.noteHeard(55)
    assert.equal(vitals.isDoubtful(100), false)
    // This process stood still: the pong may lie in its socket.
    vitals.notePinged(60)
    vitals.check(1_000)
    assert.equal(vitals.isDoubtful(1_000), false)
  })

  it('say nothing about the peer when this process itself stood still', () => {
    const vitals = upAt(0)
    vitals.check(20)
    assert.notEqual(vitals.check(10_020), 'silent')
    for (let now = 10_040; now < 10_110; now += 20) assert.notEqual(vitals.check(now), 'silent')
    assert.equal(vitals.check(10_140), 'silent')
  })

  it('find a link worth seeking at once that held, or broke a few times only', () => {
    const vitals = createVitals(TIMING)
    const worth: boolean[] = []
    for (let now = 0; now < 50; now += 10) {
      vitals.noteUp(now)
      worth.push(vitals.noteDown(now + 5))
    }
    assert.deepEqual(worth, [true, true, true, false, false])
    vitals.noteUp(100)
    assert.equal(vitals.noteDown(200), true)
  })

  it('punish longer each time, until the peer has behaved for a while', () => {
    const vitals = upAt(0)
    vitals.noteOffence(0)
    assert.deepEqual([vitals.isPunished(9), vitals.isPunished(10)], [true, false])
    vitals.noteOffence(20)
    assert.deepEqual([vitals.isPunished(39), vitals.isPunished(40)], [true, false])
    for (let i = 0; i < 20; i++) vitals.noteOffence(100)
    assert.equal(vitals.isPunished(100 + 10 * 2 ** 6), false)
    vitals.noteUp(1_000)
    vitals.noteHeard(1_100)
    vitals.check(1_110)
    vitals.noteOffence(1_200)
    assert.equal(vitals.isPunished(1_210), false)
  })
})
