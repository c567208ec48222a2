// The HTTP server with operations that are made up: what it answers before, and beside, what an operation says.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { coordRoutes } from '../../../../daemon/api/coord/routes.ts'
import { createMcpRoutes } from '../../../../daemon/api/mcp-routes.ts'
import { operationRoutes } from '../../../../daemon/api/operation-routes.ts'
import { createApi, type Answered } from '../../../../daemon/api/server.ts'
import type { Operations } from '../../../../daemon/client/operations.ts'
import type { Log } from '../../../../daemon/log.ts'
import type { Repos } from '../../../../daemon/repos.ts'
import { LIMITS, SkeinError } from '../../../../protocol/index.ts'
import { createClient, type ApiClient } from '../../../helpers/api.ts'

const TOKEN = 't'.repeat(64)
const quiet = (): void => undefined
const LOG: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

const OPERATIONS: Operations = {
  call: () => Promise.resolve({}),
  watch: () => quiet,
  follow: () => Promise.reject(new Error('nobody follows')),
}

type Repo = ReturnType<Repos['all']>[number]
const [REPO, OTHER] = ['test/shop', 'test/other'].map((id) => ({ id, host: null }) as Repo) as [
  Repo,
  Repo,
]

interface Given {
  readonly operations?: Operations
  readonly onAnswer?: (answered: Answered) => void
  /** Hears of signs of life. */
  readonly note?: (session: string) => void
}

async function listen(t: TestContext, given: Given = {}): Promise<number> {
  const { operations = OPERATIONS, onAnswer = quiet, note = quiet } = given
  const routes = [
    ...operationRoutes(operations),
    ...coordRoutes(operations, { all: () => [REPO, OTHER] }, { note }),
    ...createMcpRoutes(operations, () => Promise.reject(new Error('nothing opens it'))).routes,
  ]
  const api = createApi({
    routes,
    log: LOG,
    token: TOKEN,
    tokens: { grantOf: () => null },
    sync: { upgrade: () => undefined },
    isPass: () => false,
    onAnswer,
  })
  const port = await api.listenOnPort(0, true)
  t.after(() => api.close(0))
  return port
}

async function serve(t: TestContext, given: Given = {}): Promise<ApiClient> {
  const client = createClient({ port: await listen(t, given), token: TOKEN })
  t.after(() => {
    client.close()
  })
  return client
}

describe('the answer to a body that is too large', () => {
  for (const path of ['/v1/claim', '/claims'])
    it(`ends the connection at ${path}`, async (t) => {
      const client = await serve(t)
      const body = ' '.repeat(LIMITS.inputBytesMax + 1)
      const headers = { 'content-length': body.length + 1 }
      // The last byte is never sent: what was said so far is too much.
      const answer = await client.request({ method: 'POST', path, headers, body })
      assert.deepEqual([answer.status, answer.headers.connection], [400, 'close'])
    })
})

describe('a header that names a caller', () => {
  const long = 'x'.repeat(LIMITS.nameCharactersMax + 1)
  for (const header of ['Skein-Session', 'Skein-Agent', 'Skein-Repo'])
    for (const path of ['/v1/claim', '/claims', '/mcp'])
      it(`is refused at ${path} where it is too long: ${header}`, async (t) => {
        const client = await serve(t)
        const headers = { 'skein-agent': 'bob', [header.toLowerCase()]: long }
        const answer = await client.request({ method: 'POST', path, headers, body: '{}' })
        assert.equal(answer.status, 400)
        assert.match(answer.body, new RegExp(`header ${header} has more than 200 characters`))
      })
})

describe('the inbox of a session, which clients poll', () => {
  it('reads one page from the end of the log, however old its claims are', async (t) => {
    const refused = (n: number): object => ({
      id: `evt_${String(n)}`,
      at: '2026-11-21T14:00:00.000Z',
      kind: 'claim.refused',
      actor: 'bob',
      data: { session: 's-bob', conflicts: [{ claim: 'clm_1', pattern: `${String(n)}.ts` }] },
    })
    const asked: unknown[] = []
    const claim = { id: 'clm_1', granted_at: '2026-01-01T00:00:00.000Z', pattern: '*', agent: 'al' }
    const results: Readonly<Partial<Record<string, object>>> = {
      inbox: { requests: [], narrowed: [], waiting: [], notices: [] },
      claims: { claims: [claim] },
      // As many as there are, page after page.
      events: { events: [...Array(60).keys()].map(refused), more: true, next: 'evt_59' },
    }
    const call: Operations['call'] = (name, input) => {
      if (name === 'events') asked.push(input)
      return asked.length > 3
        ? Promise.reject(new Error('on and on'))
        : Promise.resolve(results[name])
    }
    const client = await serve(t, { operations: { ...OPERATIONS, call } })
    const { body } = await client.request({ path: `/sessions/s/pending_requests?repo=${REPO.id}` })
    assert.deepEqual(asked, [{ repo: REPO.id, kinds: ['claim.refused'], limit: 500 }])
    const { pending } = JSON.parse(body) as { pending: readonly { attempted_pattern: string }[] }
    assert.deepEqual([pending.length, pending[0]?.attempted_pattern], [50, '59.ts'])
  })
})

describe('a caller without the token', () => {
  for (const path of ['/v1/claim', '/claims', '/mcp', '/nothing'])
    it(`is told at ${path} how to prove itself`, async (t) => {
      const client = await serve(t)
      const headers = { authorization: 'Bearer wrong' }
      const answer = await client.request({ method: 'POST', path, headers, body: '{}' })
      const challenge = answer.headers['www-authenticate']
      assert.deepEqual([answer.status, challenge], [401, 'Bearer realm="skein"'])
    })
})

describe('a caller that is gone before its answer', () => {
  for (const path of ['/v1/status', '/claims'])
    it(`is counted at ${path} as gone, not as served`, async (t) => {
      let leave = quiet
      const call: Operations['call'] = async (...[, , { signal }]) => {
        leave()
        await once(signal, 'abort')
        throw new SkeinError('INTERRUPTED', 'the caller is gone')
      }
      const heard = new EventEmitter()
      const onAnswer = (answered: Answered): void => void heard.emit('answer', answered)
      const port = await listen(t, { operations: { ...OPERATIONS, call }, onAnswer })
      const method = path === '/claims' ? 'GET' : 'POST'
      const headers = { authorization: `Bearer ${TOKEN}` }
      const request = http.request({ port, host: '127.0.0.1', method, path, headers })
      request.on('error', quiet)
      leave = () => void request.destroy()
      request.end()
      const [{ status }] = (await once(heard, 'answer')) as [Answered]
      assert.equal(status, 499)
    })
})

describe('a check in the name of several sessions', () => {
  it('asks once for each repository, and counts them all as alive', async (t) => {
    const asked: unknown[] = []
    const alive: string[] = []
    const call: Operations['call'] = (name) => {
      asked.push(name)
      const none = { conflicts: [], waiters: [], warnings: [], more_conflicts: 0, safe: true }
      return Promise.resolve(none)
    }
    const note = (session: string): void => void alive.push(session)
    const client = await serve(t, { operations: { ...OPERATIONS, call }, note })
    const sessions = { session_ids: ['s-1', 's-2', 's-3'], all_repos: true }
    const body = JSON.stringify({ engineer: 'bob', patterns: ['a.ts'], ...sessions })
    const answer = await client.request({ method: 'POST', path: '/conflicts/batch', body })
    assert.equal(answer.status, 200, answer.body)
    assert.deepEqual(
      [asked, alive],
      [
        ['check', 'check'],
        ['s-2', 's-3'],
      ],
    )
  })
})
