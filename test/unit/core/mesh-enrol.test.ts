import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asPeerId,
  asRepoId,
  emptyState,
  formatRequestId,
  type PeerId,
  type RepoState,
} from '../../../protocol/index.ts'
import type { EnrolCommand } from '../../../daemon/core/mesh/command.ts'
import { decideMesh } from '../../../daemon/core/mesh/decide.ts'
import { createView } from '../../../daemon/core/view.ts'

const [A, B, C] = ['a', 'b', 'c'].map(asPeerId) as [never, never, never]
const ANY = { sign: () => '', verify: () => true }
const REPO = asRepoId('team/proj')

/** What the mesh ledger answers to an enrolment. */
function enrol(
  known: Partial<RepoState> | null,
  command: Partial<EnrolCommand>,
  members: readonly PeerId[] = [],
) {
  const state = emptyState()
  for (const peer of members) {
    const facts = { machine: peer, addresses: [], version: 1 }
    state.members.set(peer, { peer, role: 'learner', ...facts })
  }
  const there = { repo: REPO, generation: 2, founder: A, voters: [A], roots: [], genesis: 'two' }
  if (known !== null) state.repos.set(REPO, { ...there, machines: [A, B], ...known })
  const asked = {
    kind: 'enrol',
    repo: REPO,
    peer: C,
    roots: [],
    generation: 3,
    genesis: 'three',
  } as const
  const rid = formatRequestId({ peer: C, incarnation: 1, sequence: 1 })
  return decideMesh(
    rid,
    { ...asked, ...command },
    { view: createView(true, state), wallMs: 0, signer: ANY },
  )
}

describe('a ledger that is founded for a repository', () => {
  it('is the one of the mesh where there is none', () => {
    assert.equal(enrol(null, {}).kind, 'append')
  })

  it('is not where there is another one, unless it comes in its place with a greater generation', () => {
    for (const command of [
      {},
      { replaces: 'one' },
      { replaces: 'two', generation: 2 },
      { genesis: 'two', replaces: 'two' },
    ]) {
      const decision = enrol({}, command)
      assert.deepEqual(
        decision.kind === 'answer' ? decision.outcome : decision,
        { kind: 'enrolled', generation: 2, genesis: 'two', isNew: false },
        JSON.stringify(command),
      )
    }
    const decision = enrol({}, { replaces: 'two' })
    assert.equal(decision.kind, 'append')
  })

  it('is that of one machine where two come in the place of the same one', () => {
    // The second one, with whatever generation, named the ledger that was there before.
    for (const generation of [3, 4, 9]) {
      const decision = enrol(
        { genesis: 'three', generation: 3, machines: [B] },
        { replaces: 'two', genesis: 'other', generation },
      )
      assert.equal(decision.kind, 'answer')
    }
  })

  it('is not that of a machine which is no member', () => {
    const decision = enrol(null, {}, [A, B])
    assert.equal(decision.kind === 'fail' && decision.failure.code, 'MEMBER_UNKNOWN')
    assert.equal(enrol(null, {}, [A, C]).kind, 'append')
  })

  it('is begun again by the one machine that has it, and by no other', () => {
    assert.equal(enrol({ machines: [C] }, {}).kind, 'append')
    assert.equal(enrol({ machines: [A] }, {}).kind, 'answer')
  })
})

describe('a copy of a ledger', () => {
  it('goes to no machine of an older version than all speak that have it', () => {
    const state = emptyState()
    const versions = [
      [A, 2],
      [B, 2],
      [C, 1],
    ] as const
    for (const [peer, version] of versions)
      state.members.set(peer, { peer, machine: peer, role: 'voter', addresses: [], version })
    const facts = { generation: 2, founder: A, voters: [A], roots: [], genesis: 'two' }
    const attach = (machines: readonly (typeof A)[]) => {
      state.repos.set(REPO, { repo: REPO, ...facts, machines })
      const context = { view: createView(true, state), wallMs: 0, signer: ANY }
      const rid = formatRequestId({ peer: A, incarnation: 1, sequence: 1 })
      return decideMesh(rid, { kind: 'attach', repo: REPO, peer: C }, context)
    }
    const refused = attach([A, B])
    assert.equal(refused.kind === 'fail' && refused.failure.code, 'MEMBER_OUTDATED')
    state.members.set(B, { peer: B, machine: B, role: 'voter', addresses: [], version: 1 })
    assert.equal(attach([A, B]).kind, 'append')
  })
})
