// Waiting in the queue, as agents do it at every door: whoever waits moves up however the claim before it ends, a circle is
// named, and a place is lost by leaving or by giving it up, and by nothing else.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DOORS, type Agent, type Asking, type Call } from '../helpers/agents.ts'
import type { ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const WAIT = 20

const suite = createCleaner()
let daemon: Daemon
let root: string

before(async () => {
  root = makeRepo(suite)
  daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd: root, scopes: [file('README.md')] })
})

after(() => suite.run())

function file(pattern: string): { kind: string; pattern: string } {
  return { kind: 'file', pattern }
}

/** The sessions that wait, first one first. */
async function waiting(client: ApiClient, pattern: string): Promise<readonly string[]> {
  const { entries } = await client.must('queue', { repo: REPO })
  return entries.filter(({ patterns }) => patterns.includes(pattern)).map(({ session }) => session)
}

async function untilWaiting(agent: Agent, pattern: string): Promise<void> {
  await until(`${agent.name} waits`, async () =>
    (await waiting(daemon.client, pattern)).includes(agent.session),
  )
}

async function untilNotWaiting(agent: Agent, pattern: string): Promise<void> {
  await until(
    `${agent.name} waits no more`,
    async () => !(await waiting(daemon.client, pattern)).includes(agent.session),
  )
}

/** Who holds exactly this now. */
async function holders(pattern: string): Promise<readonly string[]> {
  const { claims } = await daemon.client.must('claims', { repo: REPO })
  return claims.filter((claim) => claim.pattern === pattern).map(({ session }) => session)
}

async function granted(call: Call<'claim'>): Promise<{ id: string; fence: number }> {
  const { result, exit, code } = await call.told
  assert.equal(result?.status, 'granted', `${String(exit)} ${String(code)}`)
  assert.equal(exit, 0)
  const [claim] = result.claims
  assert.ok(typeof claim?.fence === 'number')
  return { id: claim.id, fence: claim.fence }
}

let scenes = 0

for (const door of DOORS) {
  describe(`the queue at ${door.name}`, () => {
    let people: Readonly<Record<'alice' | 'bob' | 'carol' | 'dave', Agent>>
    /** A file that no other scene speaks of. */
    let pattern: string

    before(async () => {
      const where = { home: daemon.home, cwd: root }
      const enter = (name: string): Promise<Agent> => door.enter(suite, where, name)
      const [alice, bob, carol, dave] = await Promise.all([
        enter('alice'),
        enter('bob'),
        enter('carol'),
        enter('dave'),
      ])
      people = { alice, bob, carol, dave }
    })

    beforeEach(() => {
      pattern = `scene-${String(scenes++)}/a.ts`
    })

    afterEach(async () => {
      for (const { session } of Object.values(people))
        await daemon.client.must('release', { repo: REPO, session, this_session: true })
    })

    /** The agent's call, once it waits. */
    async function wait(agent: Agent, asking?: Asking): Promise<Call<'claim'>> {
      const call = agent.claim([pattern], { wait: WAIT, ...asking })
      await untilWaiting(agent, pattern)
      return call
    }

    it('moves up when the claim is released, or its whole session', async () => {
      const { alice, bob, carol } = people
      const held = await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      assert.equal((await alice.release(held.id)).exit, 0)
      const second = await granted(bobs)
      assert.ok(second.fence > held.fence)
      const carols = await wait(carol)
      assert.equal((await bob.releaseAll()).exit, 0)
      const third = await granted(carols)
      assert.ok(third.fence > second.fence)
      assert.deepEqual(await holders(pattern), [carol.session])
    })

    it('moves up when the holder approves a request', async () => {
      const { alice, bob } = people
      const held = await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      const asked = await bob.request(held.id, null)
      assert.equal((await alice.respond(asked.result?.request.id ?? '', 'approve')).exit, 0)
      await granted(bobs)
    })

    it('moves up when the claim is narrowed to something else, and not before', async () => {
      const { alice, bob } = people
      const folder = path.dirname(pattern)
      const held = await granted(alice.claim([`${folder}/**`]))
      const bobs = await wait(bob)
      assert.equal((await alice.narrow(held.id, `${folder}/{a,b}.ts`)).exit, 0)
      assert.deepEqual(await waiting(daemon.client, pattern), [bob.session])
      assert.equal((await alice.narrow(held.id, `${folder}/b.ts`)).exit, 0)
      await granted(bobs)
    })

    it('moves up when a request is answered by narrowing', async () => {
      const { alice, bob } = people
      const folder = path.dirname(pattern)
      const held = await granted(alice.claim([`${folder}/**`]))
      const bobs = await wait(bob)
      const asked = await bob.request(held.id, pattern)
      const answer = await alice.respond(asked.result?.request.id ?? '', 'narrow', `${folder}/b.ts`)
      assert.equal(answer.exit, 0)
      await granted(bobs)
    })

    it("is not moved by somebody who releases another's claim", async () => {
      const { alice, bob, carol } = people
      const held = await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      const { exit, code } = await carol.release(held.id)
      assert.deepEqual([exit, code], [7, 'CLAIM_NOT_YOURS'])
      assert.deepEqual(await waiting(daemon.client, pattern), [bob.session])
      await alice.release(held.id)
      await granted(bobs)
    })

    it('loses a place to its own cancel, and to nobody else', async () => {
      const { alice, bob, carol } = people
      await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      const [place] = (await bob.places()).result?.entries ?? []
      assert.equal(place?.position, 1)
      assert.deepEqual((await carol.places()).result?.entries, [])
      const foreign = await carol.cancel(place.id)
      assert.deepEqual([foreign.exit, foreign.code], [7, 'QUEUE_NOT_YOURS'])
      assert.deepEqual(await waiting(daemon.client, pattern), [bob.session])
      const own = await bob.cancel(place.id)
      assert.deepEqual(own.result?.cancelled, [place.id])
      const { exit, result } = await bobs.told
      assert.deepEqual([exit, result?.status, result?.queue?.ended], [8, 'refused', 'cancelled'])
      const again = await bob.cancel(place.id)
      assert.deepEqual([again.exit, again.result?.cancelled], [0, []])
    })

    it('loses a place by going away', async () => {
      const { alice, bob, carol } = people
      const held = await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      const carols = await wait(carol)
      bobs.leave()
      await bobs.told
      await untilNotWaiting(bob, pattern)
      await alice.release(held.id)
      await granted(carols)
    })

    it('ends a wait in its time, with exit 8 and without a place or a claim', async () => {
      const { alice, bob } = people
      const held = await granted(alice.claim([pattern]))
      const { exit, result } = await bob.claim([pattern], { wait: 1 }).told
      assert.deepEqual([exit, result?.status, result?.queue?.ended], [8, 'refused', 'expired'])
      assert.equal(result?.conflicts[0]?.claim.id, held.id)
      assert.deepEqual(await waiting(daemon.client, pattern), [])
      await alice.release(held.id)
      assert.deepEqual(await holders(pattern), [])
    })

    it('gives three waiters three grants, in the order in which they came', async () => {
      const { alice, bob, carol, dave } = people
      const first = await granted(alice.claim([pattern]))
      const calls: Call<'claim'>[] = []
      for (const agent of [bob, carol, dave]) calls.push(await wait(agent))
      const sessions = [bob.session, carol.session, dave.session]
      assert.deepEqual(await waiting(daemon.client, pattern), sessions)
      let held = first
      for (const [at, agent] of [alice, bob, carol].entries()) {
        await agent.release(held.id)
        const call = calls[at]
        assert.ok(call !== undefined)
        const next = await granted(call)
        assert.ok(next.fence > held.fence)
        assert.deepEqual(await holders(pattern), [sessions[at]])
        held = next
      }
      assert.deepEqual(await waiting(daemon.client, pattern), [])
    })

    it('lets the more urgent go first, and nobody else slip in', async () => {
      const { alice, bob, carol, dave } = people
      const held = await granted(alice.claim([pattern]))
      const bobs = await wait(bob)
      const carols = await wait(carol, { urgency: 'blocking' })
      await alice.release(held.id)
      const urgent = await granted(carols)
      const late = await dave.claim([pattern]).told
      assert.deepEqual([late.exit, late.result?.status], [1, 'refused'])
      assert.deepEqual(
        late.result?.waiters.map(({ session }) => session),
        [bob.session],
      )
      await carol.release(urgent.id)
      await granted(bobs)
    })

    it('refuses a circle by name, and the others go on waiting', async () => {
      const { alice, bob, carol } = people
      const [second, third] = [`${pattern}.2`, `${pattern}.3`]
      const held = await granted(alice.claim([pattern]))
      const bobsOwn = await granted(bob.claim([second]))
      await granted(carol.claim([third]))
      const bobs = await wait(bob)
      const carols = carol.claim([second], { wait: WAIT })
      await untilWaiting(carol, second)
      const closing = await alice.claim([third], { wait: WAIT }).told
      assert.deepEqual([closing.exit, closing.code], [1, 'CLAIM_DEADLOCK'])
      assert.deepEqual(closing.data, { cycle: ['alice', 'carol', 'bob'] })
      assert.deepEqual(await waiting(daemon.client, third), [])
      await alice.release(held.id)
      await granted(bobs)
      await bob.release(bobsOwn.id)
      await granted(carols)
    })
  })
}

describe('a place in the queue', () => {
  it('is kept through kill -9, in its order, and is granted afterwards', async (t) => {
    const cwd = makeRepo(t)
    const home = path.join(makeFolder(t), 'h')
    const first = await startDaemon(t, { home })
    const claims = { cwd, scopes: [file('a.ts')] }
    const people = ['bob', 'carol', 'dave']
    await first.client.must('claim', { ...claims, session: 'alice' })
    const calls: Promise<unknown>[] = []
    for (const session of people) {
      const call = first.client.call('claim', { ...claims, session, agent: session, wait_s: 600 })
      calls.push(call.catch((error: unknown) => error))
      await until(`${session} waits`, async () =>
        (await waiting(first.client, 'a.ts')).includes(session),
      )
    }
    await first.kill()
    await Promise.all(calls)

    const second = await startDaemon(t, { home, cwd })
    await second.client.must('check', claims)
    assert.deepEqual(await waiting(second.client, 'a.ts'), people)
    let holder = 'alice'
    for (const next of people) {
      await second.client.must('release', { repo: REPO, session: holder, this_session: true })
      const held = await until(`${next} holds it`, async () => {
        const { claims: live } = await second.client.must('claims', { repo: REPO })
        assert.ok(live.length <= 1, 'never two holders')
        return live[0]?.session === next ? live[0] : null
      })
      const asked = { ...claims, session: next, agent: next, wait_s: 600 }
      const again = await second.client.must('claim', asked)
      assert.equal(again.status, 'granted')
      assert.equal(again.claims[0]?.id, held.id, 'it is told the claim that it has')
      holder = next
    }
    assert.deepEqual(await waiting(second.client, 'a.ts'), [])
  })

  it('is given to whoever asks again, by the same words or by the same key', async () => {
    const alice = { cwd: root, session: 'again-alice', scopes: [file('again.ts')] }
    const bob = { ...alice, session: 'again-bob', wait_s: 2, idempotency_key: 'k' }
    await daemon.client.must('claim', alice)
    const calls = [1, 2, 3].map(() => daemon.client.must('claim', bob))
    await until('bob waits', async () => (await waiting(daemon.client, 'again.ts')).length > 0)
    assert.equal((await waiting(daemon.client, 'again.ts')).length, 1)
    for (const { status, queue } of await Promise.all(calls))
      assert.deepEqual([status, queue?.ended], ['refused', 'expired'])
    const late = await daemon.client.must('claim', bob)
    assert.equal(late.status, 'refused')
    assert.match(late.warnings[0] ?? '', /wait of this idempotency key ended.*another key/)
    await daemon.client.must('release', { repo: REPO, session: 'again-alice', mine: true })
  })

  it('is a grant or nothing when its time ends as the claim is released', async () => {
    const rounds = Array.from({ length: 30 }, async (_, round) => {
      const scopes = [file(`race/${String(round)}.ts`)]
      const [alice, bob] = [`race-a${String(round)}`, `race-b${String(round)}`]
      await daemon.client.must('claim', { cwd: root, session: alice, scopes })
      const call = daemon.client.must('claim', { cwd: root, session: bob, scopes, wait_s: 1 })
      await new Promise((resolve) => setTimeout(resolve, 970 + 3 * round))
      await daemon.client.must('release', { repo: REPO, session: alice, mine: true })
      const { status } = await call
      const { claims } = await daemon.client.must('claims', { repo: REPO, of_session: bob })
      assert.equal(claims.length, status === 'granted' ? 1 : 0, `${String(round)}: ${status}`)
      return status
    })
    await Promise.all(rounds)
    const { entries } = await daemon.client.must('queue', { repo: REPO })
    assert.deepEqual(
      entries.filter(({ session }) => session.startsWith('race-')),
      [],
    )
  })
})

const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
const RATE = 40

describe('a waiter behind a claim whose time ends', () => {
  const rows: readonly (readonly [how: string, yml: string, ttl: number | undefined])[] = [
    ['its lifetime', '', 60],
    ['the silence of its holder', 'idle_release: 90s\n', undefined],
  ]
  for (const [how, yml, ttl_s] of rows) {
    it(`is granted it: ${how}`, async (t) => {
      const env = { SKEIN_TEST_CLOCK_RATE: String(RATE) }
      const quick = await startDaemon(t, { preload: [SHIM], env })
      const cwd = makeRepo(t, { skeinYml: `repo: ${REPO}\n${yml}` })
      const base = { cwd, scopes: [file('a.ts')] }
      await quick.client.must('claim', { ...base, session: 'alice', ttl_s })
      const startedAt = performance.now()
      const got = await quick.client.must('claim', { ...base, session: 'bob', wait_s: 600 })
      const took = ((performance.now() - startedAt) * RATE) / 1000
      assert.equal(got.status, 'granted')
      assert.ok(took > 50, `not before its time: ${took.toFixed(0)} s`)
    })
  }
})
