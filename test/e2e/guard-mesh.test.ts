// The guard on several machines: a holder elsewhere, and a machine without a majority.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCleaner } from '../helpers/cleanup.ts'
import { makeHarness, type HarnessRun } from '../helpers/hooks.ts'
import { FILES, startMesh, type Machine, type TestMesh } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

const cleaner = createCleaner()
let mesh: TestMesh

before(async () => {
  mesh = await startMesh(cleaner, { voters: 3 })
})
after(() => cleaner.run())

function harnessOn(machine: Machine, name: string): HarnessRun {
  return makeHarness(name, { home: machine.home, cwd: machine.cwd })
}

function write(machine: Machine, at: number) {
  return { file_path: path.join(machine.cwd, FILES[at] ?? ''), content: 'x' }
}

describe('a file', () => {
  it('that is held on another machine is denied here', async () => {
    const leader = await mesh.leader()
    const other = mesh.machines.find((machine) => machine !== leader)
    assert.ok(other !== undefined)
    const [alice, bob] = [harnessOn(other, 'alice'), harnessOn(leader, 'bob')]
    assert.equal((await alice.before('Write', write(other, 0))).stdout, '')
    const denied = await bob.before('Write', write(leader, 0))
    assert.deepEqual([denied.exit, denied.says], [2, 'deny'])
    assert.match(denied.stderr, new RegExp(`held by .* on ${other.name} until`))
  })
})

describe('a write past the guard', () => {
  it('is told to a holder on another machine, in its inbox and at its next hook', async () => {
    const leader = await mesh.leader()
    const other = mesh.machines.find((machine) => machine !== leader)
    assert.ok(other !== undefined)
    const alice = harnessOn(other, 'alice')
    await alice.before('Write', write(other, 3))
    const env = { SKEIN_BYPASS: 'the build is red' }
    const bob = makeHarness('bob', { home: leader.home, cwd: leader.cwd, env })
    assert.equal((await bob.before('Write', write(leader, 3))).exit, 0)
    const notice = await until('it is in the inbox', async () => {
      const { notices } = await other.must('inbox', { of_session: alice.session })
      return notices[0]
    })
    assert.deepEqual(
      [notice?.kind, notice?.paths, notice?.reason],
      ['guard.bypassed', [FILES[3]], 'the build is red'],
    )
    const told = await alice.before('Write', write(other, 3))
    assert.match(told.text, /by SKEIN_BYPASS \("the build is red"\)/)
    const { events } = await other.must('events', { kinds: ['guard.bypassed'] })
    assert.equal(events[0]?.machine, leader.name)
  })
})

describe('without a majority', () => {
  it('a free file is claimed provisionally and said to be, one that is held is denied', async () => {
    const leader = await mesh.leader()
    const rest = mesh.machines.filter((machine) => machine !== leader)
    const alice = harnessOn(leader, 'alice')
    await alice.before('Write', write(leader, 1))
    await Promise.all(rest.map((machine) => machine.kill()))
    const bob = harnessOn(leader, 'bob')
    const free = await until('it knows that it is alone', async () => {
      const hooked = await bob.before('Write', write(leader, 2))
      return hooked.text.includes('no majority') && hooked
    })
    assert.deepEqual([free.exit, free.says], [0, null])
    assert.match(free.text, /claimed on this machine only, and settled later/)
    const { claims } = await leader.must('claims', { of_session: bob.session })
    assert.deepEqual(
      claims.map(({ pattern, state }) => [pattern, state]),
      [[FILES[2], 'provisional']],
    )
    const again = await bob.before('Write', write(leader, 2))
    assert.deepEqual([again.exit, again.stdout], [0, ''], 'said once')
    assert.equal((await bob.before('Write', write(leader, 1))).exit, 2)
    assert.equal((await alice.before('Write', write(leader, 1))).stdout, '')
  })
})
