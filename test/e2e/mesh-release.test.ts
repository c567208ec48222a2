// A release without a majority: done for its holder at once, and for everybody else when there is one again.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FILES, REPO, startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

const [FIRST = '', SECOND = '', THIRD = ''] = FILES

describe('a release in the minority', () => {
  it('is noted over a restart, believed here, and done when the majority is back', async (t) => {
    const { machines } = await startMesh(t, { voters: 3 })
    const [ada, bob, cyd] = machines
    assert.ok(ada && bob && cyd)
    const { result } = await cyd.claim('c', [FIRST, SECOND])
    const [first = '', second = ''] = (result?.claims ?? []).map(({ id }) => id)
    const { result: others } = await ada.claim('a', [THIRD])
    const [third = ''] = (others?.claims ?? []).map(({ id }) => id)
    await until('cyd knows all three', async () => (await statesAt(cyd)).size === 3)
    await Promise.all([ada.kill(), bob.kill()])

    const { result: told, error } = await cyd.release('c', [first])
    assert.equal(error, null)
    assert.equal(told?.state, 'releasing')
    assert.deepEqual(
      told.released.map(({ id, state }) => [id, state]),
      [[first, 'releasing']],
    )
    const foreign = await cyd.release('c', [third])
    assert.deepEqual([foreign.error?.code, foreign.error?.exit], ['CLAIM_NOT_YOURS', 7])
    const forced = await cyd.client.call('release', {
      ...{ cwd: cyd.cwd, session: 'c', ids: [third] },
      ...{ force: true, reason: 'test', yes: true },
    })
    assert.equal(forced.error?.code, 'NO_QUORUM')
    const expected = [
      [first, 'releasing'],
      [second, 'active'],
      [third, 'active'],
    ]
    assert.deepEqual([...(await statesAt(cyd))].sort(), expected.sort())

    await cyd.kill()
    await cyd.startAlone()
    await until('cyd knows them again', async () => (await statesAt(cyd)).size === 3)
    assert.equal((await statesAt(cyd)).get(first), 'releasing')

    await Promise.all([ada.startAlone(), bob.startAlone()])
    const released = async (): Promise<boolean> => {
      const states = await statesAt(ada)
      return states.has(second) && !states.has(first)
    }
    await until('it is released', released, { withinMs: 30_000 })
    const { result: granted } = await ada.claim('a', [FIRST])
    assert.equal(granted?.status, 'granted')
    await until('cyd has heard of it', async () => {
      const { claims } = await cyd.must('claims', { repo: REPO })
      return claims.some(({ agent, pattern }) => agent === 'a' && pattern === FIRST)
    })
  })
})

async function statesAt(machine: Machine): Promise<Map<string, string>> {
  const { result } = await machine.client.call('claims', { repo: REPO })
  return new Map((result?.claims ?? []).map(({ id, state }) => [id, state]))
}
