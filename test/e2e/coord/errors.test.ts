// What coord's routes refuse, in the form and with the status that coord's clients read: FastAPI's `{detail}`.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '../../helpers/api.ts'
import { createCleaner } from '../../helpers/cleanup.ts'
import { coordClient, type CoordAnswer, type CoordClient } from '../../helpers/coord.ts'
import { startDaemon, type Daemon } from '../../helpers/daemon.ts'
import { until } from '../../helpers/poll.ts'
import { makeRepo } from '../../helpers/repo.ts'

const REPO = 'test/shop'
const OTHER = 'test/other'
const CROWDED = 'test/crowded'
const UNKNOWN = '0'.repeat(26)

const suite = createCleaner()
let daemon: Daemon
let coord: CoordClient

before(async () => {
  const skeinYml = `repo: ${REPO}\nlimits:\n  claims_per_agent: 2\n`
  const crowded = `repo: ${CROWDED}\nlimits: {waits_per_agent: 1, waits: 2}\n`
  const files = [skeinYml, `repo: ${OTHER}\n`, crowded]
  const roots = files.map((text) => makeRepo(suite, { skeinYml: text }))
  daemon = await startDaemon(suite)
  for (const cwd of roots)
    await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'README.md' }] })
  coord = await coordClient(suite, daemon)
})

after(() => suite.run())

const file = (pattern: string): object => ({ type: 'file', pattern })

function places({ body }: CoordAnswer): readonly string[] {
  return body.detail.map(({ loc }) => loc.join('.'))
}

describe('an input that is wrong', () => {
  it('is told with the place of each problem', async () => {
    const answer = await coord.post('/claims', { claims: [{ type: 'file' }], wait_seconds: 601 })
    assert.equal(answer.status, 422)
    assert.deepEqual(places(answer), [
      'body.engineer',
      'body.claims.0.pattern',
      'body.wait_seconds',
    ])
    assert.equal(answer.body.detail[0]?.type, 'missing')
    const query = await coord.get(`/conflicts?pattern=a.ts&repo=${REPO}`)
    assert.deepEqual([query.status, places(query)], [422, ['query.engineer']])
  })

  const cases: readonly (readonly [string, object | string])[] = [
    ['/claims', '{"engineer":'],
    ['/claims', '[]'],
    ['/claims', { engineer: 'a', repo: REPO, claims: [] }],
    ['/claims', { engineer: 'a', repo: REPO, claims: [file('a')], ttl_hours: 0 }],
    ['/claims', { engineer: 'a', repo: REPO, claims: [file('a')], ttl_hours: 241 }],
    ['/claims', { engineer: 'a', repo: REPO, claims: [file('a')], wait_seconds: -1 }],
    ['/claims', { engineer: '', repo: REPO, claims: [file('a')] }],
    ['/claims/release', { engineer: 'a' }],
    ['/claims/release', { claim_ids: [] }],
    [`/claims/clm_${UNKNOWN}/extend`, { ttl_hours: 2 }],
    ['/conflicts/batch', { patterns: ['a.ts'] }],
    ['/requests', { claim_id: `clm_${UNKNOWN}` }],
    ['/requests', { claim_id: `clm_${UNKNOWN}`, requester: 'a', wait_seconds: 601 }],
    [`/requests/req_${UNKNOWN}/respond`, { engineer: 'a' }],
    [`/requests/req_${UNKNOWN}/respond`, { decision: 'denied' }],
  ]
  for (const [path, body] of cases) {
    it(`is 422 at ${path}: ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const answer = await coord.post(path, body)
      assert.equal(answer.status, 422, JSON.stringify(answer.body))
      assert.ok(Array.isArray(answer.body.detail) && answer.body.detail.length > 0)
    })
  }

  for (const path of ['/metrics/auto-resolutions?days=91', '/metrics/auto-resolutions?days=x'])
    it(`is 422 at ${path}`, async () => {
      assert.equal((await coord.get(path)).status, 422)
    })

  it('is 400 where coord says so', async () => {
    const none = await coord.get(`/conflicts?engineer=a&repo=${REPO}`)
    assert.equal(none.status, 400)
    const batch = { engineer: 'a', repo: REPO, patterns: [] }
    assert.equal((await coord.post('/conflicts/batch', batch)).status, 400)
    const decision = { decision: 'maybe', engineer: 'a' }
    const answer = await coord.post(`/requests/req_${UNKNOWN}/respond`, decision)
    assert.equal(answer.status, 400)
    assert.match(answer.body.detail, /approved, denied, narrowed, coexist/)
    const excluded = await coord.get(`/conflicts?engineer=a&repo=${REPO}&pattern=!a`)
    assert.equal(excluded.status, 400)
  })

  it('leaves fields alone that it does not know, and takes null for nothing', async () => {
    const { status, body } = await coord.post('/claims', {
      engineer: 'null',
      repo: REPO,
      claims: [{ ...file('null.ts'), symbols: null, narrowable: null, colour: 'red' }],
      branch: null,
      description: null,
      ttl_hours: null,
      session_id: null,
      urgency: null,
      colour: 'red',
    })
    assert.equal(status, 200, JSON.stringify(body))
    const { body: listed } = await coord.get(`/claims?repo=${REPO}&engineer=null`)
    assert.deepEqual([listed.count, listed.claims[0]?.session_id], [1, null])
  })

  it('of an unknown type is an ordinary file, and says so', async () => {
    const claims = [{ type: 'files', pattern: 'types.ts' }]
    const { status, body } = await coord.post('/claims', { engineer: 't', repo: REPO, claims })
    assert.equal(status, 200)
    assert.ok(body.warnings.some((warning) => warning.includes("'files'")))
  })
})

describe('an id that names nothing', () => {
  it('is 404, whatever it looks like', async () => {
    for (const id of [`clm_${UNKNOWN}`, '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'x']) {
      const extended = await coord.post(`/claims/${id}/extend`, { engineer: 'a' })
      assert.equal(extended.status, 404, id)
      const asked = { claim_id: id, requester: 'a', wait_seconds: 0 }
      assert.equal((await coord.post('/requests', asked)).status, 404, id)
    }
    for (const id of [`req_${UNKNOWN}`, '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'x']) {
      const answer = { decision: 'denied', engineer: 'a' }
      assert.equal((await coord.post(`/requests/${id}/respond`, answer)).status, 404, id)
      assert.equal((await coord.get(`/requests/${id}`)).status, 404, id)
      assert.equal((await coord.get(`/requests/${id}/events`)).status, 404, id)
    }
  })

  it('is ignored by a release and by a cancel', async () => {
    const claims = [file('ignored.ts')]
    const { body } = await coord.post('/claims', { engineer: 'rel', repo: REPO, claims })
    const claim_ids = ['x', `clm_${UNKNOWN}`, ...body.claim_ids]
    const all = await coord.post('/claims/release', { claim_ids, engineer: 'rel' })
    assert.deepEqual([all.status, all.body.released], [200, 1])
    const again = await coord.post('/claims/release', { claim_ids, engineer: 'rel' })
    assert.deepEqual([again.status, again.body.released], [200, 0])
    const one = await coord.remove('/claims/x?engineer=rel')
    assert.deepEqual([one.status, one.body.released], [200, 0])
    const place = await coord.remove(`/requests/que_${UNKNOWN}?engineer=rel`)
    assert.deepEqual([place.status, place.body.cancelled], [200, false])
    const session = await coord.post('/sessions/nobody-knows/release')
    assert.deepEqual([session.status, session.body.released], [200, 0])
  })

  it('needs no repository where it names something', async () => {
    const claims = [file('by-id.ts')]
    const held = await coord.post('/claims', { engineer: 'ids', repo: OTHER, claims })
    const id = held.body.claim_ids[0] ?? ''
    const extended = await coord.post(`/claims/${id}/extend`, { engineer: 'ids' })
    assert.deepEqual([extended.status, extended.body.ok], [200, true])
    const asking = { claim_id: id, requester: 'b', wait_seconds: 0 }
    const { body: asked } = await coord.post('/requests', asking)
    assert.equal((await coord.get(`/requests/${asked.id}`)).body.holder_repo, OTHER)
    const denied = { decision: 'denied', engineer: 'ids' }
    assert.equal((await coord.post(`/requests/${asked.id}/respond`, denied)).status, 200)
    assert.equal((await coord.remove(`/claims/${id}?engineer=ids`)).body.released, 1)
  })
})

describe('a repository', () => {
  it('that is not named is asked for, with those that there are', async () => {
    const claims = [file('a.ts')]
    for (const { status, body } of [
      await coord.post('/claims', { engineer: 'a', claims }),
      await coord.get('/claims'),
      await coord.get('/conflicts?engineer=a&pattern=a.ts'),
    ]) {
      assert.equal(status, 400)
      assert.match(body.detail, new RegExp(`${REPO}.*${OTHER}|${OTHER}.*${REPO}`))
    }
    const header = { 'Skein-Repo': REPO }
    assert.equal((await coord.get('/claims', header)).status, 200)
  })

  it('that is not enrolled is 404', async () => {
    const claims = [file('a.ts')]
    const { status, body } = await coord.post('/claims', { engineer: 'a', claims, repo: 'no/such' })
    assert.equal(status, 404)
    assert.match(body.detail, /no\/such/)
    assert.equal((await coord.get('/claims?repo=no/such')).status, 404)
  })

  it('is one of all where all are asked for', async () => {
    for (const repo of [REPO, OTHER]) {
      const claims = [file('both.ts')]
      await coord.post('/claims', { engineer: 'both', repo, claims })
    }
    const { body } = await coord.get('/claims?all_repos=true&engineer=both')
    assert.deepEqual(body.claims.map(({ repo }) => repo).toSorted(), [OTHER, REPO])
    const path = '/conflicts?all_repos=true&engineer=another&pattern=both.ts'
    const checked = await coord.get(path)
    assert.equal(checked.body.conflicts.length, 2)
  })
})

describe('a limit', () => {
  it('on the claims of an agent is 429, with when to come again', async () => {
    const ask = (pattern: string): Promise<CoordAnswer> =>
      coord.post('/claims', { engineer: 'many', repo: REPO, claims: [file(pattern)], ttl_hours: 1 })
    const first = await ask('limit/1.ts')
    assert.equal((await ask('limit/2.ts')).status, 200)
    const { status, body, headers } = await ask('limit/3.ts')
    assert.deepEqual([status, body.scope], [429, 'claims'])
    assert.match(body.detail, /2/)
    // An hour, which is the most that anybody is sent away for.
    assert.ok(body.retry_after > 3500 && body.retry_after <= 3600)
    assert.equal(headers['retry-after'], String(body.retry_after))
    await coord.remove(`/claims/${first.body.claim_ids[0] ?? ''}?engineer=many`)
    assert.equal((await ask('limit/3.ts')).status, 200)
  })
})

describe('a limit on the queue', () => {
  it('is 429 with its scope: of an engineer, and of the repository', async () => {
    const ask = (engineer: string, pattern: string, seconds: number): Promise<CoordAnswer> =>
      coord.post('/claims', {
        ...{ engineer, repo: CROWDED, session_id: `${engineer}-${pattern}` },
        ...{ claims: [file(pattern)], wait_seconds: seconds },
      })
    for (const pattern of ['a.ts', 'b.ts']) assert.equal((await ask('h', pattern, 0)).status, 200)
    const waiting = [ask('one', 'a.ts', 60)]
    await untilQueued(1)
    const own = await ask('one', 'b.ts', 60)
    assert.deepEqual([own.status, own.body.scope, own.body.retry_after], [429, 'queue', 60])
    assert.equal(own.headers['retry-after'], '60')
    waiting.push(ask('two', 'a.ts', 60))
    await untilQueued(2)
    const any = await ask('three', 'b.ts', 60)
    assert.deepEqual([any.status, any.body.scope, any.body.retry_after], [429, 'repo_queue', 60])
    assert.equal(
      (await ask('three', 'b.ts', 0)).status,
      409,
      'who does not wait is refused as ever',
    )
    await coord.post('/claims/release', { claim_ids: await idsOf('h'), engineer: 'h' })
    const first = await waiting[0]
    assert.equal(first?.status, 200, JSON.stringify(first?.body))
    await coord.post('/claims/release', { claim_ids: first.body.claim_ids, engineer: 'one' })
    assert.equal((await waiting[1])?.status, 200)
  })
})

async function untilQueued(count: number): Promise<void> {
  await until(`${String(count)} wait`, async () => {
    const { entries } = await daemon.client.must('queue', { repo: CROWDED })
    return entries.length === count
  })
}

async function idsOf(agent: string): Promise<readonly string[]> {
  const { claims } = await daemon.client.must('claims', { repo: CROWDED, of_agent: agent })
  return claims.map(({ id }) => id)
}

describe('a stranger', () => {
  it('is 401 at every route but the probes, in coord’s form', async (t) => {
    const { port } = await daemon.tcp()
    const client = createClient({ port, token: 'wrong' })
    t.after(() => {
      client.close()
    })
    const routes = [
      ['GET', '/whoami'],
      ['POST', '/claims'],
      ['GET', '/claims'],
      ['POST', '/claims/release'],
      ['DELETE', '/claims/x'],
      ['POST', '/claims/x/extend'],
      ['GET', '/conflicts'],
      ['POST', '/conflicts/batch'],
      ['POST', '/sessions/x/release'],
      ['POST', '/sessions/x/open'],
      ['POST', '/sessions/x/check'],
      ['GET', '/sessions/x/pending_requests'],
      ['POST', '/requests'],
      ['GET', '/requests'],
      ['GET', '/requests/x'],
      ['GET', '/requests/x/events'],
      ['POST', '/requests/x/respond'],
      ['DELETE', '/requests/x'],
      ['GET', '/repos'],
      ['GET', '/metrics/auto-resolutions'],
    ] as const
    for (const [method, path] of routes) {
      const { status, body } = await client.request({ method, path })
      assert.equal(status, 401, `${method} ${path}`)
      assert.match((JSON.parse(body) as { detail: string }).detail, /token/)
    }
    for (const path of ['/health', '/readyz', '/meta']) {
      const { status, body } = await client.request({ path })
      assert.equal(status, 200, path)
      // Nothing of this machine: no path, no name, no repository.
      for (const secret of [daemon.home, REPO, String(daemon.pid)])
        assert.ok(!body.includes(secret), path)
    }
  })

  it('who uses another method is told which', async () => {
    for (const [method, path, allowed] of [
      ['PUT', '/claims', 'GET'],
      ['GET', '/claims/release', 'POST'],
      ['GET', '/claims/x', 'DELETE'],
      ['POST', '/whoami', 'GET'],
    ] as const) {
      const { status, headers } = await coord.api.request({ method, path })
      assert.equal(status, 405, path)
      assert.ok((headers.allow ?? '').includes(allowed), path)
    }
  })
})

describe('the probes', () => {
  it('say what coord’s clients read', async () => {
    const { status, body } = await coord.api.request({ path: '/health' })
    assert.deepEqual([status, body], [200, 'ok'])
    const meta = await coord.api.request({ path: '/meta' })
    const told = JSON.parse(meta.body) as Readonly<Record<string, unknown>>
    const { auth_mode, repo_root_configured, oidc_enabled, name, version } = told
    assert.deepEqual(
      [auth_mode, repo_root_configured, oidc_enabled, name, typeof version],
      ['bearer', true, false, 'skein', 'string'],
    )
    const ready = await coord.api.request({ path: '/readyz' })
    const { status: word, auth_mode: mode } = JSON.parse(ready.body) as Readonly<
      Record<string, unknown>
    >
    assert.deepEqual([ready.status, word, mode], [200, 'ready', 'bearer'])
  })

  it('name nobody by the token, which is the home’s', async () => {
    const { body } = await coord.api.request({ path: '/whoami' })
    assert.deepEqual(JSON.parse(body), {
      auth_kind: 'shared',
      engineer: null,
      repo_scope: null,
      scoped: false,
    })
  })
})
