// Asking a holder to give way, as agents do it at every door: what a request does to a claim, what each answer does, and who
// may give it.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OperationResult } from '../../protocol/index.ts'
import { DOORS, type Agent } from '../helpers/agents.ts'
import type { ClaimJson } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const FIVE_MINUTES_MS = 300_000

type RequestJson = OperationResult<'request'>['request']

const suite = createCleaner()
let daemon: Daemon
let root: string

before(async () => {
  root = makeRepo(suite)
  daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd: root, scopes: [{ kind: 'file', pattern: 'README.md' }] })
})

after(() => suite.run())

/** A live claim as it stands. */
async function claimNow(id: string): Promise<ClaimJson | null> {
  const { claims } = await daemon.client.must('claims', { repo: REPO })
  return claims.find((claim) => claim.id === id) ?? null
}

async function mustLive(id: string): Promise<ClaimJson> {
  const claim = await claimNow(id)
  assert.ok(claim !== null, `${id} lives`)
  return claim
}

async function claimOf(agent: Agent, pattern: string): Promise<ClaimJson> {
  const { result } = await agent.claim([pattern]).told
  const [claim] = result?.claims ?? []
  assert.ok(result?.status === 'granted' && claim !== undefined)
  return claim
}

async function ask(agent: Agent, claim: string, scope: string | null = null): Promise<RequestJson> {
  const { exit, code, result } = await agent.request(claim, scope)
  assert.deepEqual([exit, code], [0, null])
  assert.ok(result !== null)
  return result.request
}

let scenes = 0

for (const door of DOORS) {
  describe(`a request at ${door.name}`, () => {
    let alice: Agent
    let bob: Agent
    let carol: Agent
    /** A folder that no other scene speaks of. */
    let folder: string

    before(async () => {
      const where = { home: daemon.home, cwd: root }
      const enter = (name: string): Promise<Agent> => door.enter(suite, where, name)
      ;[alice, bob, carol] = await Promise.all([enter('alice'), enter('bob'), enter('carol')])
    })

    beforeEach(() => {
      folder = `scene-${String(scenes++)}`
    })

    afterEach(async () => {
      for (const { session } of [alice, bob, carol])
        await daemon.client.must('release', { repo: REPO, session, this_session: true })
    })

    it('leaves the claim five minutes, is told to its holder alone, and a denial takes that back', async () => {
      const held = await claimOf(alice, `${folder}/**`)
      const asked = await ask(bob, held.id, `${folder}/a.ts`)
      assert.deepEqual([asked.decision, asked.claim, asked.holder], ['pending', held.id, 'alice'])
      assert.equal(asked.scope, `${folder}/a.ts`)
      const clamped = Date.parse((await mustLive(held.id)).expires_at)
      const filed = Date.parse(asked.filed_at)
      assert.ok(
        Math.abs(clamped - filed - FIVE_MINUTES_MS) < 1_000,
        `${String(clamped - filed)} ms`,
      )
      assert.deepEqual((await alice.inbox()).result?.requests, [asked])
      assert.deepEqual((await carol.inbox()).result?.requests, [])
      const looked = { repo: REPO, session: carol.session, of_session: alice.session }
      assert.deepEqual((await daemon.client.must('inbox', looked)).requests, [asked])
      // A renewal is no way around it.
      await daemon.client.must('renew', { repo: REPO, agent: 'alice', session: alice.session })
      assert.equal(Date.parse((await mustLive(held.id)).expires_at), clamped)

      const { result } = await alice.respond(asked.id, 'deny')
      assert.deepEqual([result?.request.decision, result?.late], ['denied', false])
      const restored = Date.parse((await mustLive(held.id)).expires_at)
      assert.ok(restored >= Date.parse(held.expires_at))
      assert.deepEqual((await alice.inbox()).result?.requests, [])
    })

    it('is one request however often it is filed, and several callers may ask', async () => {
      const held = await claimOf(alice, `${folder}/**`)
      const first = await ask(bob, held.id)
      assert.equal((await ask(bob, held.id)).id, first.id)
      const other = await ask(carol, held.id)
      assert.notEqual(other.id, first.id)
      const { exit } = await alice.respond(first.id, 'deny')
      assert.equal(exit, 0)
      const left = Date.parse((await mustLive(held.id)).expires_at) - Date.now()
      assert.ok(left <= FIVE_MINUTES_MS, "carol's request still stands")
      await alice.respond(other.id, 'deny')
      assert.equal((await mustLive(held.id)).expires_at, held.expires_at)
    })

    it('frees the claim when approved, and gives it to nobody', async () => {
      const held = await claimOf(alice, `${folder}/a.ts`)
      const asked = await ask(bob, held.id)
      const answer = await alice.respond(asked.id, 'approve')
      assert.equal(answer.result?.request.decision, 'approved')
      assert.equal(await claimNow(held.id), null)
      const { claims } = await daemon.client.must('claims', { repo: REPO, of_session: bob.session })
      assert.deepEqual(claims, [])
      await claimOf(bob, `${folder}/a.ts`)
    })

    it('narrows to a part of the claim only, which keeps id, fence and branch', async () => {
      const held = await claimOf(alice, `${folder}/{a,b}/**`)
      const asked = await ask(bob, held.id, `${folder}/a/x.ts`)
      for (const wrong of [`${folder}/**`, 'README.md']) {
        const { exit, code } = await alice.respond(asked.id, 'narrow', wrong)
        assert.deepEqual([exit, code], [64, 'CLAIM_NOT_NARROWER'], wrong)
      }
      assert.equal((await mustLive(held.id)).pattern, held.pattern)
      assert.equal((await alice.inbox()).result?.requests.length, 1, 'it is still open')

      const { exit, result } = await alice.respond(asked.id, 'narrow', `${folder}/b/**`)
      assert.deepEqual([exit, result?.request.decision], [0, 'narrowed'])
      const now = await mustLive(held.id)
      assert.deepEqual(now, {
        ...held,
        pattern: `${folder}/b/**`,
        last_activity: now.last_activity,
      })
      await claimOf(bob, `${folder}/a/x.ts`)
    })

    it('lets the other in beside its holder, linked both ways until one of them ends', async () => {
      const held = await claimOf(alice, `${folder}/**`)
      const asked = await ask(bob, held.id, `${folder}/a.ts`)
      const outside = await alice.respond(asked.id, 'coexist', 'README.md')
      assert.deepEqual([outside.exit, outside.code], [64, 'CLAIM_NOT_NARROWER'])
      const { result } = await alice.respond(asked.id, 'coexist', `${folder}/a.ts`)
      assert.equal(result?.request.decision, 'coexist')
      const [given] = result.request.granted
      assert.ok(given !== undefined)
      const beside = await mustLive(given)
      const before = await mustLive(held.id)
      assert.deepEqual([beside.session, beside.pattern], [bob.session, `${folder}/a.ts`])
      assert.ok((beside.fence ?? 0) > (held.fence ?? 0))
      assert.deepEqual([beside.coexists_with, before.coexists_with], [[held.id], [given]])
      assert.equal(before.expires_at, held.expires_at)

      const second = await ask(carol, held.id, `${folder}/a.ts`)
      const taken = await alice.respond(second.id, 'coexist', `${folder}/a.ts`)
      assert.deepEqual([taken.exit, taken.code], [1, 'CLAIM_CONFLICT'], 'bob has that part')
      const free = await alice.respond(second.id, 'coexist', `${folder}/c.ts`)
      const [third] = free.result?.request.granted ?? []
      assert.ok(third !== undefined)
      assert.equal((await bob.release(given)).exit, 0)
      assert.deepEqual((await mustLive(held.id)).coexists_with, [third])
      assert.deepEqual((await mustLive(third)).coexists_with, [held.id])
    })

    it('is answered by its holder only, and once', async () => {
      const held = await claimOf(alice, `${folder}/a.ts`)
      const asked = await ask(bob, held.id)
      for (const other of [bob, carol]) {
        const { exit, code } = await other.respond(asked.id, 'approve')
        assert.deepEqual([exit, code], [7, 'CLAIM_NOT_YOURS'])
      }
      assert.equal((await alice.respond(asked.id, 'deny')).exit, 0)
      const late = await alice.respond(asked.id, 'approve')
      assert.deepEqual([late.exit, late.result?.late], [0, true])
      assert.equal(late.result?.request.decision, 'denied')
      await mustLive(held.id)
    })

    it('is about a claim of somebody else that lives', async () => {
      const held = await claimOf(alice, `${folder}/a.ts`)
      assert.deepEqual((await alice.request(held.id, null)).code, 'INPUT_USAGE')
      await alice.release(held.id)
      const gone = await bob.request(held.id, null)
      assert.deepEqual([gone.exit, gone.code], [6, 'CLAIM_ENDED'])
      const unknown = await bob.request(`clm_${'0'.repeat(26)}`, null)
      assert.deepEqual([unknown.exit, unknown.code], [6, 'CLAIM_UNKNOWN'])
      const nothing = await alice.respond(`req_${'0'.repeat(26)}`, 'deny')
      assert.deepEqual([nothing.exit, nothing.code], [6, 'REQUEST_UNKNOWN'])
      const waited = await bob.awaitRequest(`req_${'0'.repeat(26)}`, 5)
      assert.deepEqual([waited.exit, waited.code], [6, 'REQUEST_UNKNOWN'])
    })

    it('ends by itself with the claim', async () => {
      const held = await claimOf(alice, `${folder}/a.ts`)
      const asked = await ask(bob, held.id)
      const waiting = bob.awaitRequest(asked.id, 20)
      await alice.release(held.id)
      assert.equal((await waiting).result?.requests[0]?.decision, 'resolved')
    })

    it('can be waited for, by filing it or afterwards', async () => {
      const held = await claimOf(alice, `${folder}/**`)
      const filed = bob.request(held.id, null, 20)
      const asked = await until('alice is asked', async () => {
        const { requests } = await daemon.client.must('inbox', {
          repo: REPO,
          agent: 'alice',
          session: alice.session,
        })
        return requests[0] ?? null
      })
      const later = bob.awaitRequest(asked.id, 20)
      await alice.respond(asked.id, 'deny')
      assert.equal((await filed).result?.request.decision, 'denied')
      assert.equal((await later).result?.requests[0]?.decision, 'denied')
      const open = await ask(bob, held.id)
      const still = await bob.awaitRequest(open.id, 1)
      assert.equal(still.result?.requests[0]?.decision, 'pending')
      assert.equal(still.exit, 8)
    })
  })
}

describe('a request', () => {
  it('does not lengthen a short claim', async () => {
    const scopes = [{ kind: 'file', pattern: 'short.ts' }]
    const { claims } = await daemon.client.must('claim', {
      cwd: root,
      session: 'short',
      scopes,
      ttl_s: 60,
    })
    const [held] = claims
    assert.ok(held !== undefined)
    const bob = { repo: REPO, agent: 'bob', session: 'short-bob' }
    await daemon.client.must('request', { ...bob, claim: held.id, reason: 'r' })
    assert.equal((await mustLive(held.id)).expires_at, held.expires_at)
  })

  it('is part of a circle while its caller waits for the answer', async () => {
    const alice = { cwd: root, agent: 'alice', session: 'circle-alice' }
    const bob = { cwd: root, agent: 'bob', session: 'circle-bob' }
    const own = (file: string): object => ({ scopes: [{ kind: 'file', pattern: file }] })
    await daemon.client.must('claim', { ...alice, ...own('circle/a.ts') })
    const { claims } = await daemon.client.must('claim', { ...bob, ...own('circle/b.ts') })
    const ask = { claim: claims[0]?.id ?? '', reason: 'needed' }
    const asking = daemon.client.call('request', { ...alice, ...ask, wait_s: 30 })
    const filed = await until('bob is asked', async () => {
      return (await daemon.client.must('inbox', bob)).requests[0] ?? null
    })
    const refused = await daemon.client.call('claim', { ...bob, ...own('circle/a.ts'), wait_s: 30 })
    assert.equal(refused.error?.code, 'CLAIM_DEADLOCK')
    assert.deepEqual(refused.error.data, { cycle: ['bob', 'alice'] })
    await daemon.client.must('respond', { ...bob, request: filed.id, decision: 'deny' })
    assert.equal((await asking).status, 200)

    const place = daemon.client.call('claim', { ...bob, ...own('circle/a.ts'), wait_s: 30 })
    await until('bob waits', async () => {
      const { entries } = await daemon.client.must('queue', { repo: REPO })
      return entries.find(({ session }) => session === 'circle-bob') ?? null
    })
    const closing = await daemon.client.call('request', { ...alice, ...ask, wait_s: 30 })
    assert.equal(closing.error?.code, 'CLAIM_DEADLOCK')
    await daemon.client.must('release', { ...alice, mine: true })
    assert.equal((await place).status, 200)
  })

  it('leaves a trail: filed and answered, with both sides and what was given', async () => {
    const scopes = [{ kind: 'file', pattern: 'trail/**' }]
    const alice = { cwd: root, agent: 'alice', session: 'trail-alice' }
    const bob = { cwd: root, agent: 'bob', session: 'trail-bob' }
    const { claims } = await daemon.client.must('claim', { ...alice, scopes })
    const id = claims[0]?.id ?? ''
    const { request } = await daemon.client.must('request', {
      ...bob,
      claim: id,
      reason: 'why not',
    })
    const answered = await daemon.client.must('respond', {
      ...alice,
      request: request.id,
      decision: 'coexist',
      patterns: ['trail/a.ts'],
      note: 'go on',
    })
    const { events } = await daemon.client.must('why', { cwd: root, pattern: id })
    const told = events.filter(({ kind }) => kind.startsWith('request.'))
    assert.deepEqual(
      told.map(({ kind, actor, data }) => [kind, actor, data['request'], data['requester']]),
      [
        ['request.answered', 'alice', request.id, 'bob'],
        ['request.filed', 'bob', request.id, 'bob'],
      ],
    )
    const [end] = told
    assert.deepEqual(
      [end?.data['end'], end?.data['note'], end?.data['granted'], end?.data['reason']],
      ['coexist', 'go on', answered.request.granted, 'why not'],
    )
    assert.deepEqual(
      told.map(({ data }) => [data['holder_session'], data['requester_session']]),
      told.map(() => ['trail-alice', 'trail-bob']),
    )
  })

  it('gives a claim that was split its whole time back when it is denied', async () => {
    const scopes = [{ kind: 'file', pattern: 'split/**' }]
    const alice = { cwd: root, agent: 'alice', session: 'split-alice' }
    const { claims } = await daemon.client.must('claim', { ...alice, scopes })
    const [held] = claims
    assert.ok(held !== undefined)
    const bob = { cwd: root, agent: 'bob', session: 'split-bob' }
    const { request } = await daemon.client.must('request', { ...bob, claim: held.id, reason: 'r' })
    const narrowed = await daemon.client.must('narrow', {
      ...alice,
      id: held.id,
      patterns: ['split/a', 'split/b'],
    })
    assert.equal(narrowed.claims.length, 2)
    await daemon.client.must('respond', { ...alice, request: request.id, decision: 'deny' })
    for (const { id } of narrowed.claims)
      assert.equal((await mustLive(id)).expires_at, held.expires_at, id)
  })
})

const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))

describe('a request that nobody answers', () => {
  it('ends the claim after its five minutes, and a waiter gets it', async (t) => {
    const env = { SKEIN_TEST_CLOCK_RATE: '60' }
    const quick = await startDaemon(t, { preload: [SHIM], env })
    const cwd = makeRepo(t)
    const scopes = [{ kind: 'file', pattern: 'a.ts' }]
    const { claims } = await quick.client.must('claim', { cwd, session: 'alice', scopes })
    const [held] = claims
    assert.ok(held !== undefined)
    const bob = { cwd, agent: 'bob', session: 'bob' }
    const asked = await quick.client.must('request', { ...bob, claim: held.id, reason: 'r' })
    const got = await quick.client.must('claim', { ...bob, scopes, wait_s: 600 })
    assert.equal(got.status, 'granted')
    const { requests } = await quick.client.must('requests', { ...bob, ids: [asked.request.id] })
    assert.equal(requests[0]?.decision, 'expired')
    const { recent } = await quick.client.must('claims', { cwd, recent: true })
    const ended = recent.find(({ claim }) => claim.id === held.id)
    assert.equal(ended?.reason, 'ttl')
    assert.ok(Date.parse(ended.at) - Date.parse(asked.request.filed_at) >= FIVE_MINUTES_MS - 1_000)
  })
})

describe('requests', () => {
  it('outlive kill -9, with their clamp and their answer to come', async (t) => {
    const cwd = makeRepo(t)
    const first = await startDaemon(t)
    const { home } = first
    const scopes = [{ kind: 'file', pattern: 'a.ts' }]
    const alice = { cwd, agent: 'alice', session: 'alice' }
    const { claims } = await first.client.must('claim', { ...alice, scopes })
    const [held] = claims
    assert.ok(held !== undefined)
    const bob = { cwd, agent: 'bob', session: 'bob' }
    const { request } = await first.client.must('request', { ...bob, claim: held.id, reason: 'r' })
    await first.kill()

    const second = await startDaemon(t, { home, cwd })
    const { requests } = await second.client.must('inbox', alice)
    assert.deepEqual(requests, [request])
    await second.client.must('respond', { ...alice, request: request.id, decision: 'deny' })
    await second.kill()

    const third = await startDaemon(t, { home, cwd })
    const ended = await third.client.must('requests', { ...bob, ids: [request.id] })
    assert.equal(ended.requests[0]?.decision, 'denied')
    const live = await third.client.must('claims', { cwd })
    assert.equal(live.claims[0]?.expires_at, held.expires_at)
  })
})
