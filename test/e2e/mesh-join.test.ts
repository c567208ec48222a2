// How a machine comes into a mesh, what it gets there and what it does not, and how it goes.
import '../../daemon/shims.ts'
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../helpers/cli-io.ts'
import { parseEvents } from '../helpers/mesh-files.ts'
import {
  enter,
  FILES,
  join,
  namesOf,
  REPO,
  startMachines,
  startMesh,
  untilAlone,
  untilOnline,
  type Machine,
} from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const CLOCK_SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))

describe('a mesh of three homes', () => {
  it('grants what all three ask for at once to one, and tells the others who it is', async (t) => {
    const { machines } = await startMesh(t)
    for (const file of FILES.slice(0, 5)) {
      const told = await Promise.all(machines.map((machine) => machine.claim(machine.name, [file])))
      const granted = told.filter(({ result }) => result?.status === 'granted')
      assert.equal(granted.length, 1, JSON.stringify(told))
      const claim = granted[0]?.result?.claims[0]
      const losers = told.filter(({ result }) => result?.status === 'refused')
      assert.equal(losers.length, 2)
      for (const { result } of losers)
        assert.deepEqual(
          result?.conflicts.map(({ claim: other }) => [other.id, other.agent, other.machine]),
          [[claim?.id, claim?.agent, claim?.machine]],
        )
    }
    for (const machine of machines) {
      const { claims } = await machine.must('claims', { repo: REPO })
      assert.equal(claims.length, 5)
      const chain = await machine.must('audit/verify', { repo: REPO })
      assert.equal(chain.ok, true)
    }
  })
})

describe('an invitation', () => {
  it('names an address that is forwarded, and the mesh goes on, over a restart as well', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada !== undefined && bob !== undefined)
    const first = await ada.must('invite', { yes: true })
    assert.deepEqual(first.foreign, [])
    const env = { SKEIN_HOME: bob.home }
    const typed = `${first.token}\n\n  role  learner\n\nIt is a secret: whoever has it can join once.\n`
    const nothing = await runCommand(['join', '-'], { env })
    assert.equal(nothing.exit, 64)
    assert.match(nothing.stderr, /Nothing came on stdin/)
    const joined = await runCommand(['join', '-', '--yes'], { env, typed })
    assert.equal(joined.exit, 0, joined.stderr)
    const address = '/ip4/203.0.113.9/tcp/9000'
    const told = await ada.must('invite', { yes: true, addresses: ['203.0.113.9:9000'] })
    assert.deepEqual(told.foreign, [address])
    assert.deepEqual(told.addresses, [address, ...first.addresses])
    await untilOnline(bob, 2)
    await ada.stop()
    await ada.start()
    await untilOnline(bob, 2)
    const found = (await ada.must('members')).find(({ machine }) => machine === 'ada')
    assert.deepEqual(found?.addresses, told.addresses)
  })

  it('is good for one machine, in its time, while nobody withdrew it', async (t) => {
    const step = path.join(makeFolder(t), 'step')
    const { machines } = await startMachines(t, {
      preload: [CLOCK_SHIM],
      env: { SKEIN_TEST_CLOCK_STEP: step },
    })
    const [ada, bob, cyd] = three(machines)
    const { token } = await ada.must('invite', { yes: true })
    const garbled = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    for (const text of ['', 'skein1', 'not a token', garbled, token.slice(0, 80)])
      assert.equal((await bob.client.fails('join', { token: text, yes: true })).exit, 64, text)
    await join(bob, token)

    const again = await cyd.client.fails('join', { token, yes: true })
    assert.deepEqual([again.code, again.exit], ['INVITATION_ENDED', 7])

    const { token: revoked, id } = await ada.must('invite', { yes: true })
    await ada.must('invite/revoke', { ids: [id], yes: true })
    const late = await cyd.client.fails('join', { token: revoked, yes: true })
    assert.equal(late.code, 'INVITATION_ENDED')

    const { token: short } = await ada.must('invite', { yes: true, ttl_s: 10 })
    writeFileSync(step, '11000')
    const expired = await cyd.client.fails('join', { token: short, yes: true })
    assert.equal(expired.code, 'INVITATION_ENDED')

    // A machine that left is a stranger: its old invitation does not bring it back, a new one does.
    await bob.must('leave', { yes: true })
    await untilAlone(bob)
    assert.equal((await bob.client.fails('join', { token, yes: true })).code, 'INVITATION_ENDED')
    const { token: fresh } = await ada.must('invite', { yes: true })
    await join(bob, fresh)
    assert.deepEqual(await namesOf(ada), ['ada', 'bob'])
    assert.equal((await ada.must('invitations')).invitations.length, 0)
  })

  it('is not taken by a machine that is in company, nor under a name that is taken', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob', 'cyd', 'ada'] })
    const [ada, bob, cyd, namesake] = machines
    assert.ok(ada && bob && cyd && namesake)
    const { token: first } = await ada.must('invite', { yes: true })
    const { token: second } = await cyd.must('invite', { yes: true })
    const taken = await namesake.client.fails('join', { token: first, yes: true })
    assert.equal(taken.code, 'MEMBER_NAME_TAKEN')
    await join(bob, first)
    const refused = await bob.client.fails('join', { token: second, yes: true })
    assert.equal(refused.code, 'MESH_NOT_ALONE')
    assert.deepEqual(refused.data, { mesh: (await bob.must('status')).mesh.id, members: ['ada'] })
  })
})

describe('a machine that joins', () => {
  it('takes along every claim that it was granted, to the last moment', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    await enter(ada)
    await enter(bob)
    const { token } = await ada.must('invite', { yes: true })
    const granted: string[] = []
    const begun = Promise.withResolvers<undefined>()
    // Until the doors close, or it is told to wait.
    const work = async (): Promise<void> => {
      for (let at = 0; at < 5_000; at++) {
        const file = `work/${String(at)}.ts`
        const { result } = await bob
          .claim(`s${String(at % 50)}`, [file])
          .catch(() => ({ result: null }))
        if (result?.status !== 'granted') return
        granted.push(file)
        if (granted.length === 20) begun.resolve(undefined)
      }
    }
    const works = [work()]
    await begun.promise
    await bob.must('join', { token, yes: true })
    await Promise.all(works)
    const held = await until('all is carried in', async () => {
      const { result } = await ada.client.call('claims', { repo: REPO })
      return result !== null && result.claims.length >= granted.length ? result.claims : null
    })
    const patterns = held.map(({ pattern }) => pattern)
    assert.deepEqual(
      granted.filter((file) => !patterns.includes(file)),
      [],
    )
  })
})

describe('a machine between two meshes', () => {
  it('ends when it is told to', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    const { token } = await ada.must('invite', { yes: true })
    await bob.must('join', { token, yes: true })
    // Nobody tells it anything about its new mesh: it is not ready for seconds.
    ada.pause()
    await until('it starts again', () => {
      const text = readFileSync(path.join(bob.home, 'joining.json'), 'utf8')
      return (JSON.parse(text) as { readonly isMoved: boolean }).isMoved
    })
    const ended = bob.daemon.stop()
    const exit = await Promise.race([ended, delay(10_000, null, { ref: false })])
    ada.resume()
    assert.deepEqual(exit, { code: 0, signal: null })
  })
})

describe('a member', () => {
  it('gets nothing of a repository that it does not show to have', async (t) => {
    const { machines } = await startMachines(t)
    const [ada, bob, cyd] = three(machines)
    await enter(ada)
    const secret = 'a-description-that-is-nobody-elses'
    const scopes = [{ kind: 'file', pattern: FILES[0] }]
    await ada.must('claim', { cwd: ada.cwd, session: 's', scopes, description: secret })
    for (const other of [bob, cyd]) {
      const { token } = await ada.must('invite', { yes: true })
      await join(other, token)
    }
    // Another history, and other contents, under the same id.
    const stranger = makeRepo(t, { files: FILES, skeinYml: `repo: ${REPO}\n` })
    const foreign = await bob.client.fails('check', { cwd: stranger, scopes })
    assert.deepEqual([foreign.code, foreign.exit], ['REPO_FOREIGN', 7])
    // Known to the mesh by name, and to nobody without a checkout of it.
    const absent = await cyd.client.fails('claims', { repo: REPO })
    assert.equal(absent.exit, 5, JSON.stringify(absent))
    await ada.must('claim', {
      ...{ cwd: ada.cwd, session: 's', description: secret },
      scopes: [{ kind: 'file', pattern: FILES[1] }],
    })
    for (const other of [bob, cyd]) {
      const told = parseEvents(other.home).filter(({ data }) => data['claim'] !== undefined)
      assert.deepEqual(told, [])
      assert.deepEqual(
        textsOf(other.home).filter((text) => text.includes(secret)),
        [],
      )
    }
    // The right clone gets all of it.
    await enter(bob)
    assert.equal((await bob.must('claims', { repo: REPO })).claims.length, 2)
    assert.ok(textsOf(bob.home).some((text) => text.includes(secret)))
  })

  it('that is removed is cut off at once and goes on alone', async (t) => {
    const { machines } = await startMesh(t)
    const [ada, bob, cyd] = three(machines)
    await bob.claim('b', [FILES[0] ?? ''])
    await ada.must('member/remove', { machine: 'bob', yes: true })
    await untilAlone(bob)
    assert.deepEqual(await namesOf(ada), ['ada', 'cyd'])
    await until('cyd knows', async () => (await namesOf(cyd)).join() === 'ada,cyd')
    await ada.claim('a', [FILES[1] ?? ''])
    await cyd.claim('c', [FILES[2] ?? ''])
    const { peers } = await bob.must('peers')
    assert.deepEqual(peers, [])
    const later = parseEvents(bob.home).filter(({ data }) => data['pattern'] === FILES[1])
    assert.deepEqual(later, [])
    // What it had is kept aside.
    assert.ok(foldersOf(bob.home, 'ledger').some((name) => name.includes('.of-mesh_')))
  })

  it('that leaves is alone, and no last voter may', async (t) => {
    const { machines } = await startMesh(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    const { mesh } = await bob.must('leave', { yes: true })
    await untilAlone(bob)
    assert.notEqual((await bob.must('status')).mesh.id, mesh)
    assert.deepEqual(await namesOf(ada), ['ada'])
    const { token } = await ada.must('invite', { yes: true })
    await join(bob, token)
    await enter(bob)
    const refused = await ada.client.fails('leave', { yes: true })
    assert.equal(refused.code, 'MEMBER_LAST_VOTER')
    assert.equal((await bob.claim('b', [FILES[0] ?? ''])).result?.status, 'granted')
  })

  it('that leaves has for itself what it was not let into', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob'] })
    const [ada, bob] = machines
    assert.ok(ada && bob)
    await enter(ada)
    await join(bob, (await ada.must('invite', { yes: true })).token)
    const cwd = makeRepo(t, { files: FILES, skeinYml: `repo: ${REPO}\n` })
    const scopes = [{ kind: 'file', pattern: FILES[0] }]
    const foreign = await until('ada is asked', async () => {
      const { error } = await bob.client.call('check', { cwd, scopes })
      return error?.code === 'PEER_UNREACHABLE' || error?.code === 'NO_QUORUM' ? null : error
    })
    assert.equal(foreign.code, 'REPO_FOREIGN')
    await bob.must('leave', { yes: true })
    await untilAlone(bob)
    const { status } = await bob.must('claim', { cwd, session: 's', scopes })
    assert.equal(status, 'granted')
  })
})

function three(machines: readonly Machine[]): readonly [Machine, Machine, Machine] {
  const [ada, bob, cyd] = machines
  assert.ok(ada && bob && cyd)
  return [ada, bob, cyd]
}

function foldersOf(home: string, kind: string): string[] {
  const folder = path.join(home, kind)
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function textsOf(home: string): string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
}
