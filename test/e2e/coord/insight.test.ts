// What coord's routes tell of the whole: lists of claims, sessions, repositories, and how often symbols let two work on a file.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createCleaner } from '../../helpers/cleanup.ts'
import { coordClient, type CoordClient } from '../../helpers/coord.ts'
import { startDaemon, type Daemon } from '../../helpers/daemon.ts'
import { until } from '../../helpers/poll.ts'
import { git, makeRepo, writeIn } from '../../helpers/repo.ts'

const REPO = 'test/shop'
const QUIET = 'test/quiet'

const suite = createCleaner()
let daemon: Daemon
let coord: CoordClient

before(async () => {
  const root = makeRepo(suite)
  for (const name of ['a', 'b'])
    writeIn(root, `${name}.ts`, 'export function one() {}\nexport function two() {}\n')
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'functions')
  daemon = await startDaemon(suite)
  for (const cwd of [root, makeRepo(suite, { skeinYml: `repo: ${QUIET}\n` })])
    await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'README.md' }] })
  coord = await coordClient(suite, daemon)
})

after(() => suite.run())

async function granted(engineer: string, item: object, more: object = {}): Promise<string> {
  const claims = [{ type: 'file', ...item }]
  const { status, body } = await coord.post('/claims', { engineer, repo: REPO, claims, ...more })
  assert.equal(status, 200, JSON.stringify(body))
  return body.claim_ids[0] ?? ''
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 'YYYY-MM-DD'.length)
}

describe('repositories', () => {
  it('are listed with what happened in a day, and what resolved itself is counted', async () => {
    const startedAt = new Date()
    const { body: before } = await coord.get('/repos')
    assert.deepEqual(before.repos.map(({ repo }) => repo).toSorted(), [QUIET, REPO])
    assert.equal(before.count, 2)

    await granted('alice', { pattern: 'a.ts', symbols: ['one'] })
    await granted('bob', { pattern: 'a.ts', symbols: ['two'] })
    const whole = await granted('alice', { pattern: 'b.ts' })
    await granted('bob', { pattern: 'b.ts', symbols: ['one'] })
    // What a holder lets in resolved nothing by itself.
    const asking = { claim_id: whole, requester: 'carl', wait_seconds: 0, repo: REPO }
    const { body: asked } = await coord.post('/requests', asking)
    const answer = { decision: 'coexist', engineer: 'alice', coexist_symbols: { 'b.ts': ['two'] } }
    assert.equal((await coord.post(`/requests/${asked.id}/respond`, answer)).status, 200)

    const { body } = await coord.get('/repos')
    const shop = body.repos.find(({ repo }) => repo === REPO)
    assert.deepEqual(
      [shop?.active_claims, shop?.claims_24h, shop?.engineers_24h],
      // Carl's is a claim too.
      [5, 5, 3],
    )
    assert.deepEqual(shop?.auto_resolutions_24h, { auto_coexist: 1, auto_narrow: 1 })
    assert.match(shop.last_activity ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const quiet = body.repos.find(({ repo }) => repo === QUIET)
    assert.deepEqual(quiet, {
      repo: QUIET,
      active_claims: 0,
      claims_24h: 0,
      engineers_24h: 0,
      last_activity: null,
      auto_resolutions_24h: { auto_coexist: 0, auto_narrow: 0 },
    })
    const series = await coord.get('/metrics/auto-resolutions')
    const { days, count, series: rows } = series.body
    assert.deepEqual([days, count], [30, rows.length])
    for (const { repo, date } of rows) {
      assert.equal(repo, REPO)
      // What happened around midnight is of two days.
      assert.ok(dayOf(startedAt) <= date && date <= dayOf(new Date()), date)
    }
    const totals = [rows.map((row) => row.auto_coexist), rows.map((row) => row.auto_narrow)]
    assert.deepEqual(
      totals.map((counts) => counts.reduce((sum, one) => sum + one, 0)),
      [1, 1],
    )
    const none = await coord.get(`/metrics/auto-resolutions?repo=${QUIET}&days=90`)
    assert.deepEqual([none.body.days, none.body.series], [90, []])
  })
})

describe('a list of claims', () => {
  it('is of an engineer, of a part of the pattern, and of those that ended too', async () => {
    const id = await granted('lister', { pattern: 'lists/one.ts' }, { description: 'first' })
    await granted('lister', { pattern: 'lists/two.ts' })
    await granted('other', { pattern: 'lists/three.ts' })
    const path = `/claims?repo=${REPO}&engineer=lister`
    assert.equal((await coord.get(path)).body.count, 2)
    const { body: part } = await coord.get(`/claims?repo=${REPO}&module=lists/t`)
    assert.deepEqual(part.claims.map(({ engineer }) => engineer).toSorted(), ['lister', 'other'])
    await coord.remove(`/claims/${id}?engineer=lister`)
    assert.equal((await coord.get(`${path}&active_only=true`)).body.count, 1)
    const { body: all } = await coord.get(`${path}&active_only=false`)
    assert.equal(all.count, 2)
    const ended = all.claims.find((claim) => claim.id === id)
    assert.deepEqual(
      [ended?.state, ended?.release_reason, ended?.description, ended?.claim_type],
      ['released', 'released', 'first', 'file'],
    )
    assert.ok(ended?.released_at !== null)
  })
})

describe('a session', () => {
  it('is open with what it holds, whatever was done with it', async () => {
    const id = await granted('sam', { pattern: 'sessions/a.ts' }, { session_id: 'run/1 of 2' })
    const name = encodeURIComponent('run/1 of 2')
    for (const what of ['open', 'check']) {
      const { status, body } = await coord.post(`/sessions/${name}/${what}`)
      assert.deepEqual([status, body.session_id, body.state], [200, 'run/1 of 2', 'open'])
      assert.deepEqual(
        body.claims.map((claim) => claim.id),
        [id],
      )
    }
    const { body } = await coord.post(`/sessions/${name}/release`, { repo: QUIET })
    assert.equal(body.released, 0, 'nothing there')
    assert.equal((await coord.post(`/sessions/${name}/release?repo=${REPO}`)).body.released, 1)
    assert.equal((await coord.post(`/sessions/${name}/check`)).body.count, 0)
    await granted('sam', { pattern: 'sessions/a.ts' }, { session_id: 'run/1 of 2' })
  })

  it('that holds nothing has an empty inbox', async () => {
    const { status, body } = await coord.get('/sessions/nobody-knows/pending_requests')
    assert.deepEqual([status, body.pending, body.count], [200, [], 0])
  })

  it('does not live on by others who look into its inbox', async () => {
    const session = 'watched'
    await granted('will', { pattern: 'watched.ts' }, { session_id: session })
    const lastActivity = async (): Promise<string> => {
      const { claims } = await daemon.client.must('claims', { repo: REPO, of_session: session })
      return claims[0]?.last_activity ?? ''
    }
    const before = await lastActivity()
    await until('later', () => Date.now() > Date.parse(before))
    assert.equal((await coord.get(`/sessions/${session}/pending_requests`)).status, 200)
    await daemon.client.must('inbox', { repo: REPO, of_session: session, session: 'a-monitor' })
    assert.equal(await lastActivity(), before)
  })
})

describe('a call that is sent again', () => {
  it('with its idempotency key is answered as before', async () => {
    const ask = (): ReturnType<CoordClient['post']> => {
      const claims = [{ type: 'file', pattern: 'again.ts' }]
      const body = { engineer: 'again', repo: REPO, claims }
      return coord.post('/claims', body, { 'Idempotency-Key': 'one' })
    }
    const first = await ask()
    const second = await ask()
    assert.deepEqual(
      [second.status, second.body.claim_ids, second.body.fence],
      [200, first.body.claim_ids, first.body.fence],
    )
  })
})
