import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { readCrossing } from '../../../../daemon/mesh/crossing.ts'
import { createDeparture } from '../../../../daemon/mesh/departure.ts'
import { createJoining, depart } from '../../../../daemon/mesh/joining.ts'
import { asPeerId, asRepoId, emptyState } from '../../../../protocol/index.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const SELF = asPeerId('self')
const [SERVED, DAMAGED, BEGUN] = ['team/served', 'team/damaged', 'team/begun'].map(asRepoId) as [
  never,
  never,
  never,
]

/** A machine with two repositories, of which one has a log that cannot be read; the mesh has a third. */
function machine(t: TestContext) {
  const home = makeFolder(t, 'skein-home-')
  const mesh = emptyState()
  for (const repo of [SERVED, DAMAGED])
    mesh.repos.set(repo, { repo, generation: 7, machines: [SELF] } as never)
  mesh.repos.set(BEGUN, { repo: BEGUN, generation: 7, machines: ['other'] } as never)
  const state = emptyState()
  for (const [id, peer] of [
    ['mine', SELF],
    ['theirs', 'other'],
  ] as const)
    state.claims.set(id as never, { id, peer } as never)
  const host = { genesis: { generation: 9 }, loop: { view: () => ({ state }) } }
  const all = [
    { id: SERVED, host, checkouts: ['/one'] },
    { id: DAMAGED, host: null, checkouts: ['/two'] },
  ]
  const options = {
    departure: createDeparture(home),
    mesh: { id: 'mesh_a', self: SELF, state: () => mesh },
    repos: { all: () => all },
    clock: { wall: () => 1 },
  }
  return { home, options: options as never }
}

describe('a machine that goes', () => {
  it('lists a repository whose ledger is not served, with the generation that the mesh knows', (t) => {
    const { home, options } = machine(t)
    const carried = createJoining(options).carried()
    const told = carried.map(({ repo, generation, checkouts, claims }) => {
      return [repo, generation, checkouts, claims.map(({ id }) => id)]
    })
    assert.deepEqual(told, [
      [SERVED, 9, ['/one'], ['mine']],
      [DAMAGED, 7, ['/two'], []],
    ])
    depart(options)
    // The third may have been begun here, and would be taken for its own in the next mesh.
    const left = readCrossing(home)?.carried.map(({ repo, generation, claims }) => {
      return [repo, generation, claims]
    })
    assert.deepEqual(left, [
      [SERVED, 9, []],
      [DAMAGED, 7, []],
      [BEGUN, 0, []],
    ])
  })
})
