import '../../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createCarrying } from '../../../../daemon/mesh/carrying.ts'
import { readCrossing, writeCrossing, type Carried } from '../../../../daemon/mesh/crossing.ts'
import { asRepoId, SkeinError } from '../../../../protocol/index.ts'
import { SILENT_LOG } from '../../../helpers/libp2p-place.ts'
import { until } from '../../../helpers/poll.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const HERE = 'mesh_here'

/** A machine that has just arrived, with claims of two repositories; and what its logs say of them, when asked to. */
function arrived(t: TestContext) {
  const home = makeFolder(t, 'skein-home-')
  const carriedOf = (name: string): Carried => ({
    ...{ repo: asRepoId(name), generation: 1, checkouts: [home] },
    claims: [{ id: name, stamp: {} } as never],
  })
  const carried = ['team/one', 'team/two'].map(carriedOf)
  const crossing = { from: 'mesh_before', to: HERE, welcome: null, atMs: 1, isMoved: true }
  writeCrossing(home, { ...crossing, carried })
  const asked: PromiseWithResolvers<undefined>[] = []
  const carry = (): Promise<undefined> => {
    const answer = Promise.withResolvers<undefined>()
    asked.push(answer)
    return answer.promise
  }
  const repo = { host: { loop: { carry } } }
  const repos = { enrol: () => Promise.resolve({ repo }) } as never
  const carrying = createCarrying({ home, mesh: HERE, repos, log: SILENT_LOG })
  const written = () => readCrossing(home)?.carried.map((one) => one.repo) ?? null
  const next = (count: number) => until(`claims are handed in`, () => asked[count - 1] ?? null)
  return { home, carrying, crossing, written, next, asked }
}

describe('what is carried into a mesh', () => {
  it('is noted until it is in the log, one repository after the other', async (t) => {
    const { carrying, written, next } = arrived(t)
    carrying.start()
    const first = await next(1)
    assert.deepEqual(written(), ['team/one', 'team/two'])
    first.resolve(undefined)
    const second = await next(2)
    assert.deepEqual(written(), ['team/two'])
    second.resolve(undefined)
    await until('all is done', () => written() === null)
    await carrying.stop()
  })

  it('stays noted where the log did not take it', async (t) => {
    const { carrying, written, next } = arrived(t)
    carrying.start()
    ;(await next(1)).reject(new SkeinError('NO_QUORUM', 'not in time'))
    ;(await next(2)).resolve(undefined)
    await until('one is left', () => written()?.length === 1)
    assert.deepEqual(written(), ['team/one'])
    await carrying.stop()
  })

  it('is let be by whoever leaves, or stops, meanwhile', async (t) => {
    const { home, carrying, crossing, written, next, asked } = arrived(t)
    carrying.start()
    const first = await next(1)
    const stopped = carrying.stop()
    const carried = readCrossing(home)?.carried ?? []
    writeCrossing(home, { ...crossing, from: HERE, to: null, isMoved: false, carried })
    first.resolve(undefined)
    await stopped
    assert.deepEqual(written(), ['team/one', 'team/two'])
    assert.equal(asked.length, 1)
  })
})
