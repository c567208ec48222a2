// Machines that come to a mesh that is at work, and go from it: three vote, others knock.
import '../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { decodeInvitation, signJoin } from '../../daemon/invitation.ts'
import { decodeValue, encodeValue } from '../../daemon/mesh/packets.ts'
import { createLibp2pTransport } from '../../daemon/net/libp2p.ts'
import { asPeerId, joinBytes, LEDGER_VERSION } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { SILENT_LOG } from '../helpers/libp2p-place.ts'
import { makeMachineKey } from '../helpers/machine-keys.ts'
import {
  enter,
  FILES,
  join,
  namesOf,
  promote,
  REPO,
  startMachines,
  untilAlone,
  type Machine,
  type TestMesh,
} from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

const cleaner = createCleaner()
let mesh: TestMesh
let ada: Machine
let bob: Machine
let cyd: Machine
/** Two homes that go by one name. */
let dan: Machine
let namesake: Machine

before(async () => {
  const all = await startMachines(cleaner, { names: ['ada', 'bob', 'cyd', 'dan', 'dan'] })
  const [first, second, third, fourth, fifth] = all.machines
  assert.ok(first && second && third && fourth && fifth)
  ada = first
  bob = second
  cyd = third
  dan = fourth
  namesake = fifth
  mesh = { ...all, machines: [ada, bob, cyd] }
  await enter(ada)
  for (const other of [bob, cyd]) {
    await join(other, await invitation())
    await enter(other)
  }
  await promote(mesh)
})
after(() => cleaner.run())

describe('an invitation to a mesh at work', () => {
  it('is not taken from whoever overheard it: what was signed is for one machine', async () => {
    const { token } = await ada.must('invite', { yes: true })
    const invited = decodeInvitation(token)
    const transport = await createLibp2pTransport(
      {
        key: makeMachineKey(),
        networkKey: invited.networkKey,
        log: SILENT_LOG,
        random: (bytes) => randomBytes(bytes),
        discovery: { mdns: false },
      },
      {
        onMessage: nothing,
        onUp: nothing,
        onDown: nothing,
        onQuestion: () => Promise.resolve(null),
      },
    )
    const { peer_id: peer } = await dan.must('status')
    const bytes = joinBytes(invited.mesh, invited.id, asPeerId(peer), 'dan')
    const heard = {
      ...{ kind: 'join', mesh: invited.mesh, invitation: invited.id, machine: 'dan' },
      ...{ ledgerVersion: LEDGER_VERSION, addresses: [] },
      signature: signJoin(invited.secret, bytes),
    }
    try {
      for (const question of [heard, { ...heard, machine: 'eve' }, { ...heard, signature: '' }]) {
        const signal = AbortSignal.timeout(10_000)
        const answer = decodeValue(await transport.ask(invited, encodeValue(question), signal))
        const { error } = answer as { error: { code: string } }
        assert.equal(error.code, 'INVITATION_ENDED')
      }
    } finally {
      await transport.close()
    }
    await join(dan, token)
    assert.deepEqual(await namesOf(ada), ['ada', 'bob', 'cyd', 'dan'])
    await dan.must('leave', { yes: true })
    await untilAlone(dan)
  })

  it('that was taken is over when the machine is removed before anything of the mesh came to it', async () => {
    const before = await dan.must('status')
    const joined = await dan.must('join', { token: await invitation(), yes: true })
    dan.pause()
    await ada.must('member/remove', { machine: 'dan', yes: true })
    dan.resume()
    // Neither in the mesh that it left nor in the one that it came to.
    await until('dan has a mesh of its own', async () => {
      const { result } = await dan.client.call('status', {}).catch(() => ({ result: null }))
      const gone = [before.mesh.id, joined.mesh]
      return result?.ready === true && !gone.includes(result.mesh.id)
    })
    // What is not released goes along into the next mesh, sooner or later.
    await dan.release('s', [await grant(dan, 's', file(9))])
  })

  it('is refused under a name that is taken, and good under it once that machine has left', async () => {
    await join(dan, await invitation())
    const token = await invitation()
    const refused = await namesake.client.fails('join', { token, yes: true })
    assert.deepEqual([refused.code, refused.exit], ['MEMBER_NAME_TAKEN', 1])
    await dan.must('leave', { yes: true })
    await untilAlone(dan)
    await join(namesake, token)
    assert.deepEqual(await namesOf(ada), ['ada', 'bob', 'cyd', 'dan'])
    await namesake.must('leave', { yes: true })
    await untilAlone(namesake)
  })

  it('lets one in of two that come with it at the same moment', async () => {
    const token = await invitation()
    const both = [dan, namesake]
    const told = await Promise.all(
      both.map((machine) => machine.client.call('join', { token, yes: true })),
    )
    const refused = told.flatMap(({ error }) => (error === null ? [] : [error.code]))
    assert.equal(refused.length, 1)
    assert.match(refused[0] ?? '', /^(?:INVITATION_ENDED|MEMBER_NAME_TAKEN)$/)
    const loser = both.find((_, at) => told[at]?.error !== null)
    const winner = both.find((_, at) => told[at]?.error === null)
    assert.ok(loser && winner)
    await until('it has arrived', async () => {
      const { result } = await winner.client.call('status', {}).catch(() => ({ result: null }))
      return result?.mesh.members === 4
    })
    assert.equal((await loser.must('status')).mesh.members, 1)
    await winner.must('leave', { yes: true })
    await untilAlone(winner)
  })
})

describe('a machine that leaves', () => {
  it('leaves behind what it had brought along, which stands until a person ends it', async () => {
    const brought = await grant(dan, 's', file(9))
    await join(dan, await invitation())
    // Until the ledger has it, it is listed as what dan says of itself, and goes with dan.
    const isSettled = async (): Promise<boolean> => {
      const { claims } = await ada.must('claims', { repo: REPO })
      return claims.some(({ id, state }) => id === brought && state === 'active')
    }
    await until('its claim is settled', isSettled, { withinMs: 20_000 })
    await dan.must('leave', { yes: true })
    await untilAlone(dan)
    assert.deepEqual(await heldAt(ada), [brought])
    const refused = await ada.claim('heir', [file(9)])
    assert.equal(refused.result?.conflicts[0]?.claim.id, brought)
    await ada.must('release', {
      ...{ repo: REPO, session: 'person', agent: 'person', ids: [brought] },
      ...{ force: true, reason: 'its machine is gone', yes: true },
    })
    assert.deepEqual(await heldAt(ada), [])
  })
})

describe('a machine that was removed', () => {
  it('comes back with a new invitation, as any newcomer, and knows what happened meanwhile', async () => {
    const held = await grant(bob, 'before', file(0))
    const old = await invitation()
    await ada.must('member/remove', { machine: 'bob', yes: true })
    await untilAlone(bob)
    const meanwhile = await grant(cyd, 'meanwhile', file(1))
    // Its claim stands until its lease ends, or a person ends it.
    const refused = await cyd.claim('heir', [file(0)])
    assert.equal(refused.result?.conflicts[0]?.claim.id, held)
    await join(bob, old)
    await enter(bob)
    assert.deepEqual(await heldAt(bob), [held, meanwhile].sort())
    const members = await ada.must('members')
    assert.equal(members.find(({ machine }) => machine === 'bob')?.role, 'learner')
    assert.equal((await bob.release('before', [held])).result?.released.length, 1)

    // It is not taken for removed after a start either.
    await bob.kill()
    await bob.start()
    await ada.must('member/promote', { machine: 'bob', yes: true })
    await until('it votes again', async () => {
      const { voters = [] } = (await bob.ledger(REPO)) ?? {}
      return voters.length === 3 && voters.includes('bob')
    })
    assert.deepEqual(await namesOf(bob), ['ada', 'bob', 'cyd'])
    await cyd.release('meanwhile', [meanwhile])
  })
})

describe('a leader that leaves', () => {
  it('hands its ledgers over first: the others go on, and it is alone', async () => {
    const leader = await mesh.leader()
    const rest = mesh.machines.filter((machine) => machine !== leader)
    await leader.must('leave', { yes: true })
    for (const machine of rest) {
      const id = await until('it is granted', async () => {
        const { result } = await machine.claim('after', [file(2)])
        return result?.claims[0]?.id ?? null
      })
      await machine.release('after', [id])
    }
    await untilAlone(leader)
    for (const machine of rest)
      await until('they know', async () => (await namesOf(machine)).length === 2)
  })
})

function nothing(): void {
  // Of a transport that only asks.
}

function file(at: number): string {
  return FILES[at] ?? ''
}

async function invitation(): Promise<string> {
  return (await ada.must('invite', { yes: true })).token
}

/** The ids of all claims, as this machine knows them. */
async function heldAt(machine: Machine): Promise<string[]> {
  return (await machine.must('claims', { repo: REPO })).claims.map(({ id }) => id).sort()
}

async function grant(machine: Machine, session: string, pattern: string): Promise<string> {
  const { result, error } = await machine.claim(session, [pattern])
  const [claim] = result?.claims ?? []
  assert.ok(claim !== undefined && result?.status === 'granted', JSON.stringify(result ?? error))
  return claim.id
}
