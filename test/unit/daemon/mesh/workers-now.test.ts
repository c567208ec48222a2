// What boards are told of workers on other machines: asked seldom, never waited for long, old news dropped.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WorkerTold } from '../../../../daemon/mesh/fleet-questions.ts'
import { createWorkersNow } from '../../../../daemon/mesh/workers-now.ts'
import {
  asAssignmentId,
  asRepoId,
  SkeinError,
  type AssignmentId,
  type PeerId,
} from '../../../../protocol/index.ts'

const REPO = asRepoId('team/proj')
const BOB = 'peer-bob' as PeerId
const ID = asAssignmentId(`asg_${'0'.repeat(26)}`)
const NOTHING: WorkerTold = { progress: null, blocker: null }

function open() {
  const wire = {
    now: 0,
    asked: 0,
    answer: (): Promise<ReadonlyMap<AssignmentId, WorkerTold>> =>
      Promise.resolve(new Map([[ID, NOTHING]])),
  }
  const workers = createWorkersNow({
    ask: () => {
      wire.asked++
      return wire.answer()
    },
    now: () => wire.now,
  })
  return {
    wire,
    look: (ids: readonly AssignmentId[] = [ID]) => workers.look(REPO, new Map([[BOB, ids]])),
  }
}

describe('workers on other machines', () => {
  it('are asked for once in a while, and at once for one that is new', async () => {
    const { wire, look } = open()
    assert.deepEqual((await look()).get(BOB)?.get(ID), NOTHING)
    await look()
    assert.equal(wire.asked, 1)
    wire.now = 1_500
    await look()
    assert.equal(wire.asked, 2)
    await look([ID, asAssignmentId(`asg_${'1'.repeat(26)}`)])
    assert.equal(wire.asked, 3)
  })

  it('hold nobody up where their machine does not answer, and are not known where it says so', async (t) => {
    // The pause alone keeps no process.
    const alive = setInterval(() => undefined, 1_000)
    t.after(() => {
      clearInterval(alive)
    })
    const { wire, look } = open()
    let refuse: (error: Error) => void = () => undefined
    wire.answer = () =>
      new Promise((_resolve, reject) => {
        refuse = reject
      })
    assert.equal((await look()).has(BOB), false)
    refuse(new SkeinError('PEER_UNREACHABLE', 'bob is away'))
    await new Promise(setImmediate)
    assert.equal((await look()).get(BOB), null)
    assert.equal(wire.asked, 1)
  })

  it('are told anew after nobody looked for long', async () => {
    const { wire, look } = open()
    await look()
    wire.now = 60_000
    wire.answer = () => Promise.resolve(new Map())
    assert.equal((await look()).get(BOB)?.size, 0)
  })
})
