// Three machines with a vote each: their leader dies, or stands still, and what the others and their callers see of it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createCleaner } from '../helpers/cleanup.ts'
import { FILES, REPO, startMesh, type Machine, type TestMesh } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

/** A killed process is noticed by its connection. */
const KILLED_MS_MAX = 3_000
/** A silent one by its silence: 3 to 6 s, and what an election takes. */
const SILENT_MS_MAX = 9_000

describe('three voters', () => {
  const cleaner = createCleaner()
  let mesh: TestMesh
  before(async () => {
    mesh = await startMesh(cleaner, { voters: 3 })
  })
  after(() => cleaner.run())

  it('lose their leader by kill -9: the next claim is granted, and whoever comes back knows all of it', async (t) => {
    const [first, second] = [file(0), file(1)]
    const leader = await mesh.leader()
    const [one, other] = others(mesh, leader)
    const held = await grant(one, 'holder', first)
    const termBefore = (await one.ledger(REPO))?.term ?? 0
    await leader.kill()
    const killedAt = performance.now()
    const next = await grant(other, 'second', second)
    const ms = performance.now() - killedAt
    t.diagnostic(`from the kill to the next grant: ${ms.toFixed(0)} ms`)
    assert.ok(ms < KILLED_MS_MAX, `${ms.toFixed(0)} ms`)
    assert.ok(next.fence > held.fence)
    const refused = await other.claim('second', [first])
    assert.deepEqual(
      refused.result?.conflicts.map(({ claim }) => claim.id),
      [held.id],
    )
    assert.ok(((await other.ledger(REPO))?.term ?? 0) > termBefore)

    await leader.start()
    await untilLevel(mesh)
    const told = await Promise.all(mesh.machines.map(async (machine) => claimsOf(machine)))
    assert.deepEqual(told[1], told[0])
    assert.deepEqual(told[2], told[0])
    assert.deepEqual((await leader.claim('third', [first, second])).result?.status, 'refused')
    await one.release('holder', [held.id])
    await other.release('second', [next.id])
  })

  it('go on without a leader that stands still, and it answers nothing of its old term', async (t) => {
    const [own, contested] = [file(2), file(3)]
    const leader = await mesh.leader()
    const [one, other] = others(mesh, leader)
    const mine = await grant(leader, 'sleeper', own)
    leader.pause()
    const pausedAt = performance.now()
    // In its socket when it wakes up, and first in its inbox.
    const late = leader.claim('sleeper', [contested])
    const stale = leader.client.call('verify', {
      ...{ cwd: leader.cwd, session: 'sleeper', agent: 'sleeper' },
      ids: [mine.id],
    })
    const ending = await until(
      'the others go on',
      async () => (await one.claim('waker', [contested])).result?.claims[0] ?? null,
      { withinMs: SILENT_MS_MAX },
    )
    const ms = performance.now() - pausedAt
    t.diagnostic(`from the standstill to the next grant: ${ms.toFixed(0)} ms`)
    const revoked = await other.client.must('release', {
      ...{ cwd: other.cwd, session: 'person', agent: 'person', ids: [mine.id] },
      ...{ force: true, reason: 'it sleeps', yes: true },
    })
    assert.deepEqual(
      revoked.released.map(({ id }) => id),
      [mine.id],
    )
    leader.resume()
    const { result, error } = await late
    assert.equal(result?.claims.length ?? 0, 0, JSON.stringify(result))
    if (result === null) assert.equal(error?.code, 'NO_QUORUM')
    else assert.deepEqual(result.conflicts[0]?.claim.id, ending.id)
    // It may not be able to say: it must not say that the claim stands.
    assert.notEqual((await stale).result?.ok, true)
    await until('the sleeper follows', async () => {
      const ledger = await leader.ledger(REPO)
      return ledger?.attached === true && ledger.leader !== null && ledger.leader !== leader.name
    })
    const again = await leader.claim('sleeper', [contested])
    assert.equal(again.result?.conflicts[0]?.claim.id, ending.id)
    await one.release('waker', [ending.id])
  })

  it('hand a scope from machine to machine as it is released, also over the death of their leader', async () => {
    const wanted = file(4)
    const leader = await mesh.leader()
    const [one, other] = others(mesh, leader)
    const held = await grant(one, 'first', wanted)
    const waits = waiting(other, 'second', wanted)
    await untilQueued(one, 1)
    await one.release('first', [held.id])
    const second = (await waits).result?.claims[0]
    assert.ok(second?.fence != null && second.fence > held.fence)

    const waitsLong = waiting(one, 'third', wanted)
    await untilQueued(other, 1)
    await leader.kill()
    const released = await until('it can be released', async () => {
      const { result } = await other.release('second', [second.id])
      return result
    })
    assert.equal(released.released.length, 1)
    const third = (await waitsLong).result?.claims[0]
    assert.ok(third?.fence != null && third.fence > second.fence)
    await leader.start()
    await untilLevel(mesh)
    await one.release('third', [third.id])
  })

  it('keep the claims of a machine that died, for as long as their lease, and it has them when it is back', async () => {
    const [kept, given] = [file(5), file(6)]
    const leader = await mesh.leader()
    const [one, other] = others(mesh, leader)
    const held = await grant(one, 'gone', kept)
    const freed = await grant(one, 'gone', given)
    await one.kill()
    for (const machine of [leader, other]) {
      const { result } = await machine.claim('heir', [kept])
      const [conflict] = result?.conflicts ?? []
      assert.deepEqual([conflict?.claim.id, conflict?.claim.machine], [held.id, one.name])
    }
    const person = { cwd: other.cwd, session: 'person', agent: 'person' }
    const act = { ids: [freed.id], force: true, reason: 'its machine is gone', yes: true }
    await other.must('release', { ...person, ...act })
    await one.start()
    await untilLevel(mesh)
    const who = { cwd: one.cwd, session: 'gone', agent: 'gone' }
    assert.equal((await one.must('verify', { ...who, ids: [held.id] })).ok, true)
    assert.equal((await one.must('verify', { ...who, ids: [freed.id] })).ok, false)
    assert.equal((await one.release('gone', [held.id])).result?.released.length, 1)
    assert.equal((await grant(other, 'heir', kept)).fence > freed.fence, true)
  })
})

function file(at: number): string {
  return FILES[at] ?? ''
}

function others({ machines }: TestMesh, leader: Machine): readonly [Machine, Machine] {
  const [one, other] = machines.filter((machine) => machine !== leader)
  assert.ok(one && other)
  return [one, other]
}

async function grant(
  machine: Machine,
  session: string,
  pattern: string,
): Promise<{ readonly id: string; readonly fence: number }> {
  const { result, error } = await machine.claim(session, [pattern])
  const [claim] = result?.claims ?? []
  assert.ok(claim?.fence != null && result?.status === 'granted', JSON.stringify(result ?? error))
  return { id: claim.id, fence: claim.fence }
}

function waiting(machine: Machine, session: string, pattern: string) {
  return machine.claim(session, [pattern], { wait_s: 60 })
}

async function untilQueued(machine: Machine, count: number): Promise<void> {
  await until('it waits', async () => {
    const { entries } = await machine.must('queue', { repo: REPO })
    return entries.length === count
  })
}

async function claimsOf(machine: Machine): Promise<readonly unknown[]> {
  const { claims } = await machine.must('claims', { repo: REPO })
  return claims.map(({ id, agent, fence, state, machine: name }) => [id, agent, fence, state, name])
}

/** All follow one leader and are as far as each other. */
async function untilLevel({ machines }: TestMesh): Promise<void> {
  await until(
    'all have the same records',
    async () => {
      const found = await Promise.all(machines.map((machine) => machine.ledger(REPO)))
      const isAttached = found.every(
        (ledger) => ledger?.attached === true && ledger.leader !== null,
      )
      return isAttached && new Set(found.map((ledger) => ledger?.commit_index)).size === 1
    },
    { withinMs: 20_000 },
  )
}
