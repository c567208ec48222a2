// Calls as coord's users have them in their scripts: the program curl, the address in COORD_API_URL, the token in
// COORD_AUTH_TOKEN.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { createCleaner } from '../../helpers/cleanup.ts'
import type { CoordBody } from '../../helpers/coord.ts'
import { startDaemon } from '../../helpers/daemon.ts'
import { until } from '../../helpers/poll.ts'
import { makeRepo } from '../../helpers/repo.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0
const skip = hasCurl ? false : 'the program curl is not installed'

const AUTH = '-H "Authorization: Bearer $COORD_AUTH_TOKEN"'
const JSON_TYPE = '-H "Content-Type: application/json"'

const suite = createCleaner()
let env: NodeJS.ProcessEnv

before(async () => {
  const cwd = makeRepo(suite, { files: ['README.md', 'src/auth/login.ts', 'src/auth/token.ts'] })
  const daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'README.md' }] })
  const { port, token } = await daemon.tcp()
  env = {
    PATH: process.env['PATH'],
    COORD_API_URL: `http://127.0.0.1:${String(port)}`,
    COORD_AUTH_TOKEN: token,
  }
})

after(() => suite.run())

interface Said {
  readonly status: number
  readonly text: string
  readonly body: CoordBody
}

/** A line for the shell; curl's words are kept, the status comes behind the answer. */
function sh(line: string): Promise<Said> {
  const command = line.replace(/^curl /, "curl -s -w '\\n%{http_code}' ")
  const child = spawn('bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  return new Promise((resolve) => {
    child.once('close', () => {
      const at = out.lastIndexOf('\n')
      const text = out.slice(0, at)
      const body = (text.startsWith('{') ? JSON.parse(text) : {}) as CoordBody
      resolve({ status: Number(out.slice(at + 1)), text, body })
    })
  })
}

function post(path: string, body?: object): Promise<Said> {
  const data = body === undefined ? '' : `${JSON_TYPE} -d '${JSON.stringify(body)}'`
  return sh(`curl -X POST "$COORD_API_URL${path}" ${AUTH} ${data}`)
}

const ALEX = { engineer: 'alex/claude/main', branch: 'alex/feature', description: 'auth' }

describe('a script with curl', { skip }, () => {
  it('looks whether the service is there', async () => {
    const health = await sh('curl $COORD_API_URL/health')
    assert.deepEqual([health.status, health.text], [200, 'ok'])
    const ready = await sh('curl -f $COORD_API_URL/readyz')
    assert.equal(ready.status, 200)
    assert.match(ready.text, /"status":"ready"/)
    assert.equal((await sh('curl $COORD_API_URL/claims')).status, 401)
    assert.equal((await sh(`curl ${AUTH} $COORD_API_URL/claims`)).status, 200)
  })

  it('claims, sees the conflict, extends, and gives back', async () => {
    const claims = [{ type: 'file', pattern: 'src/auth/**' }]
    const made = await post('/claims', { ...ALEX, claims, ttl_hours: 4 })
    assert.equal(made.status, 200)
    const [id] = made.body.claim_ids
    assert.ok(id !== undefined)

    const where = 'engineer=bob/claude/main&pattern=src/auth/login.ts'
    const check = await sh(`curl "$COORD_API_URL/conflicts?${where}" ${AUTH}`)
    assert.deepEqual(
      [check.status, check.body.has_conflicts, check.body.safe, check.body.safe_to_proceed],
      [200, true, false, false],
    )
    assert.ok(check.body.suggestion !== null)
    const own = 'engineer=alex/claude/main&pattern=src/auth/login.ts'
    assert.equal((await sh(`curl "$COORD_API_URL/conflicts?${own}" ${AUTH}`)).body.safe, true)

    const refused = await post('/claims', { engineer: 'bob/claude/main', claims })
    assert.deepEqual([refused.status, refused.body.claim_ids], [409, []])

    const listed = await sh(`curl "$COORD_API_URL/claims?active_only=true" ${AUTH}`)
    assert.deepEqual([listed.body.count, listed.body.claims[0]?.branch], [1, 'alex/feature'])

    const longer = { engineer: ALEX.engineer, ttl_hours: 2 }
    const extended = await post(`/claims/${id}/extend`, longer)
    assert.deepEqual([extended.status, extended.body.ok], [200, true])

    const released = await post('/claims/release', { claim_ids: [id], engineer: ALEX.engineer })
    assert.deepEqual([released.status, released.body.released], [200, 1])
    assert.equal((await sh(`curl "$COORD_API_URL/conflicts?${where}" ${AUTH}`)).body.safe, true)
  })

  it('claims several sorts at once, and gives back a session', async () => {
    const claims = [
      { type: 'file', pattern: 'src/auth/**' },
      { type: 'shared_file', pattern: 'package-lock.json' },
    ]
    const made = await post('/claims', { ...ALEX, claims, session_id: 'sess-1' })
    assert.equal(made.body.claim_ids.length, 2)
    const all = await post('/sessions/sess-1/release')
    assert.deepEqual([all.status, all.body.released], [200, 2])
  })

  it('asks a holder, who answers', async () => {
    const claims = [{ type: 'file', pattern: 'src/auth/**' }]
    const { body } = await post('/claims', { ...ALEX, claims })
    const asking = post('/requests', {
      claim_id: body.claim_ids[0],
      requester: 'bob/claude/r2',
      reason: 'hot fix',
      urgency: 'high',
      wait_seconds: 30,
    })
    const asked = await until('alex is asked', async () => {
      const { body: open } = await sh(`curl "$COORD_API_URL/requests?decision=pending" ${AUTH}`)
      return open.requests[0] ?? null
    })
    const answer = { decision: 'approved', engineer: ALEX.engineer, note: 'ok' }
    const told = await post(`/requests/${asked.id}/respond`, answer)
    assert.deepEqual([told.status, told.body.decision], [200, 'approved'])
    const { body: end } = await asking
    assert.deepEqual([end.decision, end.note], ['approved', 'ok'])
    const trail = await sh(`curl "$COORD_API_URL/requests/${asked.id}/events" ${AUTH}`)
    assert.deepEqual(
      trail.body.events.map((event) => event.event_type),
      ['filed', 'responded'],
    )
  })

  it('waits, and gives its place up with the connection', async () => {
    const claims = [{ type: 'file', pattern: 'src/auth/token.ts' }]
    const { body } = await post('/claims', { ...ALEX, claims })
    const bob = JSON.stringify({ engineer: 'bob', claims, wait_seconds: 600 })
    const waiting = `curl -m 600 -X POST "$COORD_API_URL/claims" ${AUTH} ${JSON_TYPE} -d '${bob}'`
    // Without a shell between, so that the end of the process is the end of curl.
    const child = spawn('bash', ['-c', `exec ${waiting}`], { env, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    const places = async (): Promise<number> =>
      (await sh(`curl "$COORD_API_URL/requests?queued=true" ${AUTH}`)).body.count
    await until('bob waits', async () => (await places()) === 1)
    child.kill('SIGINT')
    await ended
    await until('bob waits no more', async () => (await places()) === 0)
    const gone = `"$COORD_API_URL/claims/${body.claim_ids[0] ?? ''}?engineer=alex/claude/main"`
    assert.equal((await sh(`curl -X DELETE ${gone} ${AUTH}`)).body.released, 1)
    assert.equal((await sh(`curl $COORD_API_URL/claims ${AUTH}`)).body.count, 0)
  })
})
