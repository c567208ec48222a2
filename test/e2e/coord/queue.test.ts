// Waiting at coord's routes: whoever waits moves up however the claim before it ends, and leaves nothing behind when it gives
// up. Silence and short lives run on a daemon whose clocks are faster than the test's.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createCleaner } from '../../helpers/cleanup.ts'
import { coordClient, type CoordAnswer, type CoordClient } from '../../helpers/coord.ts'
import { startDaemon, type Daemon } from '../../helpers/daemon.ts'
import { until } from '../../helpers/poll.ts'
import { makeRepo } from '../../helpers/repo.ts'

const REPO = 'test/shop'
const SHIM = fileURLToPath(new URL('../../helpers/clock-shim.mjs', import.meta.url))
const WAIT = 60

const suite = createCleaner()
let daemon: Daemon
let coord: CoordClient
let scenes = 0
/** A file that no other scene speaks of. */
let pattern: string

async function start(rate: number, skeinYml?: string): Promise<[Daemon, CoordClient]> {
  const root = makeRepo(suite, skeinYml === undefined ? {} : { skeinYml })
  const quick = { preload: [SHIM], env: { SKEIN_TEST_CLOCK_RATE: String(rate) } }
  const started = await startDaemon(suite, rate === 1 ? {} : quick)
  const scopes = [{ kind: 'file', pattern: 'README.md' }]
  await started.client.must('check', { cwd: root, scopes })
  return [started, await coordClient(suite, started)]
}

before(async () => {
  ;[daemon, coord] = await start(1)
})

after(() => suite.run())

beforeEach(() => {
  pattern = `scene-${String(scenes++)}/a.ts`
})

function claim(
  engineer: string,
  path: string,
  more: object = {},
  client: CoordClient = coord,
): Promise<CoordAnswer> {
  return client.post('/claims', {
    engineer,
    session_id: `session-${engineer}`,
    claims: [{ type: 'file', pattern: path }],
    ...more,
  })
}

async function granted(
  engineer: string,
  path: string,
  more: object = {},
  client: CoordClient = coord,
): Promise<string> {
  const { status, body } = await claim(engineer, path, more, client)
  assert.equal(status, 200, JSON.stringify(body))
  return body.claim_ids[0] ?? ''
}

/** Who waits for the scene's file, first one first. */
async function waiting(client: CoordClient = coord): Promise<readonly string[]> {
  const { body } = await client.get('/requests?queued=true')
  return body.requests
    .filter(({ requester_pattern: wanted }) => wanted === pattern)
    .map(({ requester_engineer: engineer }) => engineer)
}

async function holders(client: CoordClient = coord): Promise<readonly string[]> {
  const { body } = await client.get('/claims')
  return body.claims.filter((each) => each.pattern === pattern).map(({ engineer }) => engineer)
}

/** The answer of a waiter, once it waits. */
async function wait(
  engineer: string,
  more: object = {},
  client: CoordClient = coord,
): Promise<{ readonly answer: Promise<CoordAnswer> }> {
  const answer = claim(engineer, pattern, { wait_seconds: WAIT, ...more }, client)
  await until(`${engineer} waits`, async () => (await waiting(client)).includes(engineer))
  return { answer }
}

async function holdsNow(engineer: string, answer: Promise<CoordAnswer>): Promise<string> {
  const { status, body } = await answer
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.claim_ids.length, 1)
  assert.ok((await holders()).includes(engineer))
  return body.claim_ids[0] ?? ''
}

describe('4. a waiter moves up', () => {
  it('when the claim is released', async () => {
    const id = await granted('alice', pattern)
    const { answer } = await wait('bob')
    const { body } = await coord.post('/claims/release', { claim_ids: [id], engineer: 'alice' })
    assert.equal(body.released, 1)
    await holdsNow('bob', answer)
  })

  it('when its whole session is released, which takes nothing of other sessions', async () => {
    await granted('alice', pattern, { session_id: 'gone' })
    await granted('alice', `${pattern}.kept`, { session_id: 'kept' })
    const { answer } = await wait('bob')
    assert.equal((await coord.post('/sessions/gone/release')).body.released, 1)
    await holdsNow('bob', answer)
    const { body } = await coord.get('/claims?engineer=alice')
    assert.ok(body.claims.some((each) => each.pattern === `${pattern}.kept`))
    assert.equal((await coord.post('/sessions/gone/release')).body.released, 0)
  })

  it('when the holder approves a request, or narrows to something else', async () => {
    for (const decision of ['approved', 'narrowed']) {
      pattern = `scene-${String(scenes++)}/a`
      const id = await granted('alice', pattern)
      const answer = claim('bob', `${pattern}/mine.ts`, { wait_seconds: WAIT })
      await until('bob waits', async () => {
        const { body } = await coord.get('/requests?queued=true&requester=bob')
        return body.count === 1
      })
      const { body } = await coord.post('/requests', {
        claim_id: id,
        requester: 'bob',
        session_id: 'session-bob',
        wait_seconds: 0,
      })
      const kept = decision === 'narrowed' ? { narrowed_pattern: `${pattern}/other.ts` } : {}
      const asked = { decision, ...kept, engineer: 'alice' }
      const told = await coord.post(`/requests/${body.id}/respond`, asked)
      assert.equal(told.status, 200, told.body.detail)
      assert.equal((await answer).status, 200, decision)
      await coord.post('/sessions/session-bob/release')
    }
  })

  it('not when somebody else releases what is not theirs', async () => {
    const id = await granted('alice', pattern)
    const { answer } = await wait('bob')
    for (const tried of [
      await coord.post('/claims/release', { claim_ids: [id], engineer: 'mallory' }),
      await coord.remove(`/claims/${id}?engineer=mallory`),
    ])
      assert.deepEqual([tried.status, tried.body.released], [200, 0])
    assert.deepEqual([await waiting(), await holders()], [['bob'], ['alice']])
    await coord.remove(`/claims/${id}?engineer=alice`)
    await holdsNow('bob', answer)
  })

  it('and the next one behind it, grant by grant', async () => {
    let id = await granted('alice', pattern)
    const waiters = ['bob', 'carl', 'dora']
    const answers: Promise<CoordAnswer>[] = []
    for (const engineer of waiters) answers.push((await wait(engineer)).answer)
    assert.deepEqual(await waiting(), waiters)
    for (const [at, holder] of ['alice', 'bob', 'carl'].entries()) {
      await coord.remove(`/claims/${id}?engineer=${holder}`)
      const next = waiters[at]
      const answer = answers[at]
      assert.ok(next !== undefined && answer !== undefined)
      id = await holdsNow(next, answer)
      assert.deepEqual(await holders(), [next])
    }
  })

  it('with all items of its batch or none', async () => {
    const id = await granted('alice', pattern)
    const answer = coord.post('/claims', {
      engineer: 'bob',
      session_id: 'session-bob',
      wait_seconds: WAIT,
      claims: [
        { type: 'file', pattern },
        { type: 'file', pattern: `${pattern}.2` },
      ],
    })
    await until('bob waits', async () => (await waiting()).includes('bob'))
    await coord.remove(`/claims/${id}?engineer=alice`)
    // Coord would grant the first item only, and say PARTIAL.
    assert.equal((await answer).body.claim_ids.length, 2)
  })
})

describe('a wait that would never end', () => {
  it('is refused by the names of those in the circle', async () => {
    const other = `${pattern}.other`
    await granted('alice', pattern)
    await granted('bob', other)
    const { answer } = await wait('bob')
    const { status, body } = await claim('alice', other, { wait_seconds: WAIT })
    assert.deepEqual([status, body.claim_ids, body.conflicts], [409, [], []])
    assert.match(body.detail, /alice -> bob -> alice|bob -> alice -> bob/)
    assert.equal(body.warnings[0], body.detail)
    await coord.post('/sessions/session-alice/release')
    assert.equal((await answer).status, 200)
    await coord.post('/sessions/session-bob/release')
  })
})

describe('5. a waiter that gives up', () => {
  it('by its time is told who holds it, and holds nothing later', async () => {
    const id = await granted('alice', pattern)
    const { status, body } = await claim('bob', pattern, { wait_seconds: 1 })
    assert.deepEqual([status, body.claim_ids, body.queue?.ended], [409, [], 'expired'])
    assert.equal(body.conflicts[0]?.conflicting_claim.id, id)
    assert.deepEqual(await waiting(), [])
    await coord.remove(`/claims/${id}?engineer=alice`)
    assert.deepEqual(await holders(), [])
  })

  it('while its grant is made has either the claim or nothing', async () => {
    for (let at = 0; at < 6; at++) {
      pattern = `scene-${String(scenes++)}/a.ts`
      const id = await granted('alice', pattern)
      const from = performance.now()
      const answer = claim('bob', pattern, { wait_seconds: 1 })
      await until('the wait is almost over', () => performance.now() - from > 990 + at * 5, {
        everyMs: 1,
      })
      await coord.remove(`/claims/${id}?engineer=alice`)
      const { status, body } = await answer
      assert.equal(body.claim_ids.length, status === 200 ? 1 : 0)
      assert.deepEqual(await holders(), status === 200 ? ['bob'] : [])
      assert.deepEqual(await waiting(), [])
      await coord.post('/sessions/session-bob/release')
    }
  })

  it('by hanging up loses its place, and the next one gets the claim', async () => {
    const id = await granted('alice', pattern)
    const { port, token } = await daemon.tcp()
    const call = http.request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/claims',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
    const hungUp = new Promise<void>((resolve) => {
      call.once('error', () => {
        resolve()
      })
    })
    const claims = [{ type: 'file', pattern }]
    call.end(JSON.stringify({ engineer: 'bob', session_id: 'b', claims, wait_seconds: 600 }))
    await until('bob waits', async () => (await waiting()).includes('bob'))
    const { answer } = await wait('carl')
    assert.deepEqual(await waiting(), ['bob', 'carl'])
    call.destroy()
    await hungUp
    await until('bob waits no more', async () => !(await waiting()).includes('bob'))
    await coord.remove(`/claims/${id}?engineer=alice`)
    await holdsNow('carl', answer)
    assert.deepEqual(await holders(), ['carl'])
  })
})

describe('the depth of the queue', () => {
  it('is told to whoever is named, with every answer', async () => {
    const depth = ({ headers }: CoordAnswer): unknown => headers['x-coord-queue-depth']
    const id = await granted('alice', pattern)
    const { answer } = await wait('bob')
    assert.equal(depth(await coord.get('/claims', { 'X-Coord-Engineer': 'bob' })), '1')
    assert.equal(depth(await coord.get('/claims?engineer=bob')), '1')
    assert.equal(depth(await coord.get('/claims?engineer=alice')), '0')
    assert.equal(depth(await coord.get('/claims')), undefined)
    const refused = await coord.post('/claims', { engineer: 'bob', claims: [] })
    assert.deepEqual([refused.status, depth(refused)], [422, '1'])
    await coord.remove(`/claims/${id}?engineer=alice`)
    assert.equal(depth(await answer), '0')
  })
})

describe('a place in the queue', () => {
  it('is told with what is in its way', async () => {
    const id = await granted('alice', pattern)
    const bob = await wait('bob')
    const carl = await wait('carl', { urgency: 'low' })
    const { body } = await coord.get('/requests?queued=true')
    const [first, second] = body.requests.filter((row) => row.requester_pattern === pattern)
    assert.equal(body.queued, true)
    assert.deepEqual(
      [first?.kind, first?.blocking_claim_id, first?.blocking_engineer, first?.blocking_pattern],
      ['queued', id, 'alice', pattern],
    )
    assert.deepEqual(
      [first?.position, first?.state, first?.claim_type, first?.symbols],
      [0, 'waiting', 'file', null],
    )
    assert.deepEqual([second?.requester_engineer, second?.position], ['carl', 1])
    const bySession = await coord.get('/requests?queued=true&session_id=session-carl')
    assert.deepEqual(
      bySession.body.requests.map((row) => row.requester_engineer),
      ['carl'],
    )
    assert.equal((await coord.get('/requests?queued=true&state=granted')).body.count, 0)
    for (const engineer of ['alice', 'bob', 'carl'])
      await coord.post(`/sessions/session-${engineer}/release`)
    await bob.answer
    await coord.post('/sessions/session-bob/release')
    assert.equal((await carl.answer).status, 200)
  })

  it('of another does not stop the holder from editing what it holds', async () => {
    await granted('alice', `${pattern.slice(0, -'a.ts'.length)}**`)
    const { answer } = await wait('bob')
    const path = `/conflicts?engineer=alice&session_id=session-alice&pattern=${pattern}`
    assert.equal((await coord.get(path)).body.has_conflicts, false)
    await coord.post('/sessions/session-alice/release')
    assert.equal((await answer).status, 200)
  })
})

describe('4, 7 and 8. time', () => {
  it('ends a claim whose holder was asked and is silent, and the waiter gets it', async () => {
    const [, quick] = await start(60)
    const id = await granted('alice', pattern, {}, quick)
    const asked = await quick.post('/requests', {
      claim_id: id,
      requester: 'bob',
      session_id: 'session-bob',
      wait_seconds: 0,
    })
    const { status, body } = await claim('bob', pattern, { wait_seconds: 600 }, quick)
    assert.equal(status, 200, JSON.stringify(body))
    const all = await quick.get('/claims?active_only=false')
    const ended = all.body.claims.find((each) => each.id === id)
    assert.deepEqual([ended?.state, ended?.release_reason], ['expired', 'ttl'])
    assert.ok(ended?.released_at !== null)
    const { body: trail } = await quick.get(`/requests/${asked.body.id}/events`)
    assert.match(trail.events.at(-1)?.event_type ?? '', /^(?:expired|resolved)$/)
  })

  it('ends what a silent session holds, and a sign of life keeps it', async () => {
    const [, quick] = await start(15, `repo: ${REPO}\nidle_release: 90s\n`)
    const silent = await granted('alice', pattern, {}, quick)
    const listed = await granted('carl', `${pattern}.listed`, {}, quick)
    const checked = await granted('dora', `${pattern}.checked`, {}, quick)
    const extended = await granted('erin', `${pattern}.extended`, {}, quick)
    const { answer } = await wait('bob', { wait_seconds: 600 }, quick)
    const path = '/conflicts?engineer=dora&session_id=s&session_id=session-dora&pattern=x'
    await until(
      'alice is idle',
      async () => {
        await quick.get('/claims?session_id=session-carl')
        await quick.get(path)
        const renewal = { engineer: 'erin', session_id: 'session-erin', ttl_hours: 2 }
        assert.equal((await quick.post(`/claims/${extended}/extend`, renewal)).status, 200)
        const { body } = await quick.get('/claims')
        return !body.claims.some(({ id }) => id === silent)
      },
      { withinMs: 30_000 },
    )
    assert.equal((await answer).status, 200)
    const { body } = await quick.get('/claims')
    const left = body.claims.map(({ id }) => id)
    for (const id of [listed, checked, extended]) assert.ok(left.includes(id), id)
  })
})
