// Tokens at a real daemon's port: what each lets its bearer do, at every door that takes one.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient, type ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const SHOP = 'test/shop'
const OTHER = 'test/other'
const suite = createCleaner()
let daemon: Daemon
let port = 0

const file = (pattern: string) => [{ kind: 'file', pattern }]

async function bearer(name: string, more: object): Promise<ApiClient> {
  const { token } = await daemon.client.must('tokens/create', { name, yes: true, ...more })
  return createClient({ port, token })
}

before(async () => {
  const home = path.join(makeFolder(suite), 'h')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(path.join(home, 'config.yml'), 'trust_scripts: true\n')
  daemon = await startDaemon(suite, { home })
  port = (await daemon.tcp()).port
  for (const skeinYml of [`repo: ${SHOP}\n`, `repo: ${OTHER}\n`])
    await daemon.client.must('enrol', { cwd: makeRepo(suite, { skeinYml }) })
})
after(() => suite.run())

describe('a token for one agent', () => {
  it('acts as that agent and no other, in sessions of its own', async () => {
    const ci = await bearer('ci', { acts_as: 'ci' })
    const granted = await ci.must('claim', { repo: SHOP, session: 's', scopes: file('src/a.ts') })
    const [claim] = granted.claims
    assert.deepEqual([claim?.agent, claim?.session], ['ci', 'token:ci/s'])
    const posed = { repo: SHOP, agent: 'ann', session: 's', scopes: file('src/b.ts') }
    assert.equal((await ci.fails('claim', posed)).code, 'FORBIDDEN')
    // The session `s` of somebody else is not this one.
    const ann = { repo: SHOP, agent: 'ann', session: 's' }
    await daemon.client.must('claim', { ...ann, scopes: file('src/b.ts') })
    const { claims: mine } = await ci.must('claims', { repo: SHOP, session: 's', mine: true })
    assert.deepEqual(
      mine.map(({ pattern }) => pattern),
      ['src/a.ts'],
    )
    const headers = { 'skein-agent': 'ann' }
    assert.equal((await ci.fails('claims', { repo: SHOP }, headers)).code, 'FORBIDDEN')
  })

  it('does nothing that takes a person or the home', async () => {
    const bot = await bearer('bot', { acts_as: 'bot' })
    const asked = [
      ['tokens/create', { name: 'x', yes: true }],
      ['tokens/list', {}],
      ['tokens/revoke', { name: 'bot', yes: true }],
      ['invite', { yes: true }],
      ['config', {}],
    ] as const
    for (const [name, input] of asked) assert.equal((await bot.fails(name, input)).exit, 7, name)
    const numbers = await bot.request({ path: '/metrics' })
    assert.equal(numbers.status, 403)
    const payload = { cwd: '/', session_id: 's', hook_event_name: 'PreToolUse', tool_name: 'Bash' }
    assert.equal((await bot.fails('guard', { harness: 'claude', payload })).exit, 7)
    const hook = { method: 'POST', path: '/hooks/claude', body: JSON.stringify(payload) }
    assert.equal((await bot.request(hook)).status, 403)
  })
})

describe('a token for one repository', () => {
  it('sees that one only, at every door', async () => {
    const scoped = await bearer('scoped', { repos: [SHOP] })
    const secret = { repo: OTHER, agent: 'mallory', session: 'e', scopes: file('src/a.ts') }
    const held = await daemon.client.must('claim', secret)
    const id = held.claims[0]?.id ?? ''
    const who = { session: 'b' }
    const granted = await scoped.must('claim', { ...who, scopes: file('docs') })
    const [claim] = granted.claims
    assert.deepEqual([claim?.repo, claim?.agent], [SHOP, 'scoped'])
    const other = { repo: SHOP, agent: 'ann', session: 's' }
    assert.equal((await scoped.fails('release', { ...other, mine: true })).exit, 7)
    for (const [name, input] of [
      ['claims', { repo: OTHER }],
      ['claims', { all_repos: true }],
      ['events', { all_repos: true }],
      ['why', { repo: OTHER, pattern: id }],
      ['release', { repo: OTHER, ...who, ids: [id] }],
      ['members', {}],
    ] as const)
      assert.equal((await scoped.fails(name, input)).exit, 7, JSON.stringify([name, input]))
    const { repos } = await scoped.must('status', {})
    assert.deepEqual(
      repos.map((repo) => repo.id),
      [SHOP],
    )
    for (const route of [
      '/claims',
      '/repos',
      '/claims?all_repos=true',
      '/requests?all_repos=true',
    ]) {
      const { body, status } = await scoped.request({ path: route })
      assert.equal(body.includes(OTHER) || body.includes('mallory'), false, `${route}: ${body}`)
      assert.equal(status, route === '/claims?all_repos=true' ? 403 : 200, route)
    }
    const stream = await scoped.request({ path: `/v1/events?repo=${OTHER}` })
    assert.equal(stream.status, 403)
  })

  it('is held to it over MCP', async () => {
    const mcp = await bearer('mcp', { repos: [SHOP] })
    const call = async (repo: string): Promise<string> => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      }
      const params = { name: 'list_claims', arguments: { repo }, _meta: meta }
      const { body } = await mcp.request({
        method: 'POST',
        path: '/mcp',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'list_claims',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      })
      return body
    }
    const listen = async (uri: string): Promise<number> => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      }
      const params = { notifications: { resourceSubscriptions: [uri] }, _meta: meta }
      const { status } = await mcp.request({
        method: 'POST',
        path: '/mcp',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'subscriptions/listen',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'subscriptions/listen', params }),
      })
      return status
    }
    for (const uri of [
      `skein://claims/${encodeURIComponent(OTHER)}`,
      `skein://queue/${encodeURIComponent(OTHER)}`,
      'skein://inbox/s',
      'skein://board',
    ])
      assert.equal(await listen(uri), 403, uri)
    assert.match(await call(OTHER), /may not do this/)
    assert.doesNotMatch(await call(OTHER), /mallory/)
    assert.match(await call(SHOP), /docs/)
  })

  it('is not made for a repository that is not there', async () => {
    const asked = { name: 'typo', repos: ['test/shpo'], yes: true }
    assert.equal((await daemon.client.fails('tokens/create', asked)).exit, 5)
  })
})

describe('a token that ended', () => {
  it('opens nothing', async () => {
    const gone = await bearer('gone', {})
    await gone.must('claims', { repo: SHOP })
    await daemon.client.must('tokens/revoke', { name: 'gone', yes: true })
    assert.equal((await gone.fails('claims', { repo: SHOP })).code, 'UNAUTHENTICATED')
  })
})
