import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { untilDeparture } from '../../../../daemon/ending.ts'
import { readCrossing, type Carried } from '../../../../daemon/mesh/crossing.ts'
import { createDeparture } from '../../../../daemon/mesh/departure.ts'
import { asRepoId } from '../../../../protocol/index.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const WAY = { from: 'mesh_a', to: 'mesh_b', welcome: null, atMs: 1 }

describe('a machine on its way into another mesh', () => {
  it('takes along what was granted until its ledgers had ended', (t) => {
    const home = makeFolder(t, 'skein-home-')
    const departure = createDeparture(home)
    let granted = 1
    const carried = (): readonly Carried[] => {
      const claims = Array.from({ length: granted }, (_, at) => ({ id: String(at) }))
      return [
        { repo: asRepoId('team/proj'), generation: 1, checkouts: [], claims: claims as never },
      ]
    }
    const noted = () => readCrossing(home)?.carried[0]?.claims.length
    departure.finish()
    assert.equal(readCrossing(home), null)
    assert.equal(departure.begin(WAY, carried)[0]?.claims.length, 1)
    assert.equal(noted(), 1)
    granted = 2
    departure.finish()
    assert.equal(noted(), 2)
  })

  it('answers what is asked, and lets nothing be changed', async (t) => {
    const departure = createDeparture(makeFolder(t, 'skein-home-'))
    const called: string[] = []
    const call = (name: string): Promise<unknown> => Promise.resolve(called.push(name))
    const operations = untilDeparture({ call } as never, departure.isBegun)
    await operations.call('claim', {}, {} as never)
    departure.begin(WAY, () => [])
    await operations.call('status', {}, {} as never)
    for (const name of ['claim', 'task/claim', 'join', 'enrol', 'release'] as const)
      await assert.rejects(operations.call(name, {}, {} as never), {
        ...{ code: 'MESH_BUSY_JOINING', exit: 2 },
      })
    assert.deepEqual(called, ['claim', 'status'])
  })
})
