// How a repository's ledger begins on a machine, with its real disk and a mesh ledger that is played.
import '../../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { VerifyCommand } from '../../../daemon/core/claims/command.ts'
import type { EnrolCommand } from '../../../daemon/core/mesh/command.ts'
import { decideMesh } from '../../../daemon/core/mesh/decide.ts'
import { createView } from '../../../daemon/core/view.ts'
import type { Checkout } from '../../../daemon/git.ts'
import { createMachine } from '../../../daemon/host.ts'
import { enterLedger, placeOf, type BeginOptions } from '../../../daemon/ledger-begin.ts'
import { genesisOf } from '../../../daemon/ledger-host.ts'
import {
  asPeerId,
  asRepoId,
  emptyState,
  formatRequestId,
  SkeinError,
  type LedgerState,
  type PeerId,
  type RepoState,
} from '../../../protocol/index.ts'
import { makeMachineKey } from '../../helpers/machine-keys.ts'
import { makeFolder } from '../../helpers/repo.ts'

const REPO = asRepoId('team/proj')
const OTHER = asPeerId('other')
const GENESIS = 'ab'.repeat(32)
const CHECKOUT = { root: '/checkout' } as Checkout

interface Place extends BeginOptions {
  readonly state: LedgerState
  readonly folders: () => readonly string[]
}

/** A machine in a mesh of these members, which has nothing yet; `heard` is what it knows once it has asked a majority. */
function place(
  t: TestContext,
  members: (self: PeerId) => readonly PeerId[],
  heard: RepoState[] = [],
): Place {
  const home = makeFolder(t, 'skein-home-')
  const key = makeMachineKey()
  const self = key.peer
  const machine = createMachine(home, key, {
    line: { board: {}, nameOf: (peer: PeerId) => peer },
    metrics: { recorder: {} },
  } as never)
  const state = { ...emptyState(), voters: [OTHER] }
  for (const peer of members(self)) {
    const facts = { machine: peer, addresses: [], version: 1 }
    state.members.set(peer, { peer, role: 'learner', ...facts })
  }
  const submit = (command: EnrolCommand | VerifyCommand) => {
    if (command.kind !== 'verify') return Promise.resolve(enrolIn(state, command))
    for (const repo of heard) state.repos.set(repo.repo, repo)
    return Promise.resolve({ kind: 'verified', claims: [] })
  }
  const host = { loop: { submit } }
  return {
    ...{ home, machine, state },
    mesh: { id: 'mesh_a', self, host, state: () => state } as never,
    git: { rootCommits: () => Promise.resolve({ commits: ['root'], isShallow: false }) } as never,
    attach: () => Promise.reject(new SkeinError('PEER_UNREACHABLE', 'nobody is there')),
    folders: () => readdirSync(path.join(home, 'ledger')).sort(),
  }
}

/** A ledger that the mesh knows. */
function known(machines: readonly PeerId[]): RepoState {
  const facts = { founder: OTHER, voters: [OTHER], roots: ['root'] }
  return { repo: REPO, generation: 7, genesis: GENESIS, ...facts, machines }
}

/** What the mesh ledger makes of it. */
function enrolIn(state: LedgerState, command: EnrolCommand) {
  const rid = formatRequestId({ peer: command.peer, incarnation: 1, sequence: 1 })
  const signer = { sign: () => '', verify: () => true }
  const decision = decideMesh(rid, command, { view: createView(true, state), wallMs: 0, signer })
  if (decision.kind === 'answer') return decision.outcome
  assert.equal(decision.kind, 'append')
  const { repo, peer, roots, generation, genesis } = command
  const founded = { founder: peer, voters: [peer], machines: [peer] }
  state.repos.set(repo, { repo, generation, roots, genesis, ...founded })
  return { kind: 'enrolled', generation, genesis, isNew: true }
}

describe("a repository's ledger", () => {
  it('is not begun as a copy where this machine had one, which its view has yet to hear', async (t) => {
    const heard: RepoState[] = []
    const there = place(t, (self) => [self, OTHER], heard)
    there.state.repos.set(REPO, known([OTHER]))
    heard.push(known([OTHER, there.mesh.self]))
    await assert.rejects(enterLedger(there, REPO, CHECKOUT), { code: 'LEDGER_DAMAGED' })
    assert.equal(there.machine.storage.hasLog(placeOf(REPO).folder), false)
  })

  it('is not founded by a machine that does not know what its mesh has', async (t) => {
    for (const members of [[], [OTHER]]) {
      const there = place(t, () => members)
      const entered = enterLedger(there, REPO, CHECKOUT)
      await assert.rejects(entered, { code: 'NO_QUORUM' })
      assert.equal(there.machine.storage.hasLog(placeOf(REPO).folder), false)
    }
  })

  it('is founded where the mesh has none', async (t) => {
    const there = place(t, (self) => [OTHER, self])
    assert.equal(await enterLedger(there, REPO, CHECKOUT), true)
    const genesis = await genesisOf(there.machine, placeOf(REPO))
    assert.equal(genesis?.hash, there.state.repos.get(REPO)?.genesis)
  })

  it('is begun as a copy once, however often this machine is not let in', async (t) => {
    const there = place(t, (self) => [OTHER, self])
    there.state.repos.set(REPO, known([OTHER]))
    for (let asked = 0; asked < 3; asked++)
      await assert.rejects(enterLedger(there, REPO, CHECKOUT), { code: 'PEER_UNREACHABLE' })
    assert.deepEqual(there.folders(), [placeOf(REPO).folder])
    assert.equal((await genesisOf(there.machine, placeOf(REPO)))?.hash, GENESIS)
    // Another ledger has come in its place.
    there.state.repos.set(REPO, { ...known([OTHER]), generation: 8, genesis: 'ef'.repeat(32) })
    await assert.rejects(enterLedger(there, REPO, CHECKOUT), { code: 'PEER_UNREACHABLE' })
    assert.deepEqual(there.folders(), [placeOf(REPO).folder, `${placeOf(REPO).folder}.lost-1`])
  })

  it('is founded anew, and above, where every machine that had it has left', async (t) => {
    for (const isKnown of [false, true]) {
      const there = place(t, (self) => [OTHER, self])
      if (isKnown) {
        there.state.repos.set(REPO, known([OTHER]))
        await assert.rejects(enterLedger(there, REPO, CHECKOUT), { code: 'PEER_UNREACHABLE' })
      }
      there.state.repos.set(REPO, known([]))
      assert.equal(await enterLedger(there, REPO, CHECKOUT), true)
      const genesis = await genesisOf(there.machine, placeOf(REPO))
      assert.equal(genesis?.generation, 8)
      const { generation, machines } = there.state.repos.get(REPO) ?? {}
      assert.deepEqual([generation, machines], [8, [there.machine.self]])
    }
  })
})
