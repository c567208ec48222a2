import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { describe, it } from 'node:test'
import { LIMITS, SkeinError } from '../../../protocol/index.ts'
import { listenHttp, type HttpDoor } from './doors.ts'
import { asLine, INITIALIZE, INITIALIZED, listenCall, toolCall, until } from './twins.ts'

const ACCEPT = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
}

function post(
  { url }: HttpDoor,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(url, { method: 'POST', headers: { ...ACCEPT, ...headers }, body: text })
}

/** One call of 2026-07-28. */
async function call(
  http: HttpDoor,
  name: string,
  args: object,
  { params = {}, headers = {} }: { params?: object; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Answer }> {
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: args, ...params, _meta: ENVELOPE },
  }
  const own = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
  const answer = await post(http, message, { ...own, ...headers })
  return { status: answer.status, body: (await answer.json()) as Answer }
}

interface Answer {
  readonly error?: { readonly code: number; readonly message: string }
  readonly result?: {
    readonly isError?: boolean
    readonly content?: readonly [{ readonly text: string }]
    readonly resultType?: string
    readonly requestState?: string
  }
}

async function initialize(http: HttpDoor, headers: Record<string, string> = {}): Promise<string> {
  const answer = await post(http, INITIALIZE, headers)
  assert.equal(answer.status, 200)
  await answer.text()
  const id = answer.headers.get('mcp-session-id') ?? ''
  assert.notEqual(id, '')
  const told = await post(http, INITIALIZED, { ...headers, 'mcp-session-id': id })
  assert.equal(told.status, 202)
  return id
}

describe('Streamable HTTP', () => {
  it('refuses what is too large, malformed or no request of MCP', async (t) => {
    const http = await listenHttp(t)
    const huge = `"${'x'.repeat(LIMITS.inputBytesMax)}"`
    assert.equal((await post(http, huge)).status, 413)
    const chunked = httpRequest(http.url, { method: 'POST', headers: ACCEPT })
    chunked.on('error', () => undefined)
    chunked.write(huge)
    const [refused] = (await once(chunked, 'response')) as [{ statusCode: number }]
    assert.equal(refused.statusCode, 413)
    chunked.destroy()
    const broken = await post(http, '{')
    assert.equal(broken.status, 400)
    assert.equal(((await broken.json()) as Answer).error?.code, -32700)
    assert.equal((await post(http, {}, { 'content-type': 'text/plain' })).status >= 400, true)
    assert.equal((await fetch(http.url, { method: 'PUT' })).status, 405)
    assert.equal((await fetch(http.url)).status, 400)
    assert.equal((await post(http, toolCall(1, 'list_claims'))).status, 400)
    const stray = await post(http, toolCall(1, 'list_claims'), { 'mcp-session-id': 'nobody' })
    assert.equal(stray.status, 404)
    assert.deepEqual(http.errors, [])
  })

  it('has the headers of 2026-07-28 match the body', async (t) => {
    const http = await listenHttp(t)
    const wrong = await call(http, 'list_claims', {}, { headers: { 'mcp-name': 'board' } })
    assert.equal(wrong.status, 400)
    assert.deepEqual(http.errors, [])
  })

  it('takes the session of a call from its argument, `_meta` or header, and asks for one to change', async (t) => {
    const http = await listenHttp(t)
    const nameless = await call(http, 'claim_files', { patterns: ['a'] })
    assert.match(
      nameless.body.result?.content?.[0].text ?? '',
      /does not say for which session.*\n.*\n.*pass `session`.*Skein-Session/,
    )
    assert.equal(http.operations.calls.length, 0)
    assert.notEqual((await call(http, 'list_claims', {})).body.result?.isError, true)
    const args = { patterns: ['a'] }
    const named = [
      await call(http, 'claim_files', { ...args, session: 's' }),
      await call(http, 'claim_files', { ...args, agent: 'alice' }),
      await call(http, 'claim_files', args, { headers: { 'skein-session': 's' } }),
    ]
    for (const { body } of named) assert.notEqual(body.result?.isError, true)
    const { caller, door } = http.operations.last.context
    assert.deepEqual([caller, door], [{ session: 's' }, 'mcp'])
  })

  it('has a session of the 2025 era be a session of skein, unless a header names one', async (t) => {
    const http = await listenHttp(t)
    const id = await initialize(http)
    await (await post(http, toolCall(1, 'renew_claims'), { 'mcp-session-id': id })).text()
    const { session = '' } = http.operations.last.context.caller
    assert.match(session, /^mcp_[0-9a-f]{16}$/)
    // Shown to everybody, so it must not open the session.
    assert.notEqual(session, id)
    const headers = { 'mcp-session-id': id, 'skein-session': 's-7', 'skein-repo': 'a/b' }
    await (await post(http, toolCall(2, 'renew_claims'), headers)).text()
    assert.deepEqual(http.operations.last.context.caller, { session: 's-7', repo: 'a/b' })
  })

  it('ends a session of the 2025 era by DELETE, with all that runs in it', async (t) => {
    const http = await listenHttp(t)
    const id = await initialize(http)
    const headers = { 'mcp-session-id': id }
    const uri = 'skein://board'
    const subscribe = { jsonrpc: '2.0', id: 5, method: 'resources/subscribe', params: { uri } }
    await (await post(http, subscribe, headers)).text()
    assert.equal(http.operations.listeners.size, 1)
    const started = listenCall(http.operations)
    const running = await post(http, toolCall(6, 'list_claims'), headers)
    const { signal } = (await started).context
    const aborted = once(signal, 'abort')
    assert.equal((await fetch(http.url, { method: 'DELETE', headers })).status, 200)
    await aborted
    await running.text()
    assert.equal(http.operations.listeners.size, 0)
    assert.equal((await post(http, toolCall(7, 'list_claims'), headers)).status, 404)
  })

  it('closes the stream of a call that was cancelled', async (t) => {
    const http = await listenHttp(t)
    const headers = { 'mcp-session-id': await initialize(http) }
    const started = listenCall(http.operations)
    const running = await post(http, toolCall(6, 'list_claims'), headers)
    const { signal } = (await started).context
    const aborted = once(signal, 'abort')
    const params = { requestId: 6 }
    await post(http, { jsonrpc: '2.0', method: 'notifications/cancelled', params }, headers)
    await aborted
    assert.equal(await running.text(), '')
  })

  it('ends sessions without a sign of life, but not those with an open stream', async (t) => {
    const http = await listenHttp(t, { idleMs: 50 })
    const silent = await initialize(http)
    const listening = await initialize(http)
    const stream = await fetch(http.url, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': listening },
    })
    const statusOf = async (id: string): Promise<number> =>
      (await post(http, INITIALIZED, { 'mcp-session-id': id })).status
    const params = { uri: 'skein://board' }
    const subscribe = { jsonrpc: '2.0', id: 5, method: 'resources/subscribe', params }
    await (await post(http, subscribe, { 'mcp-session-id': silent })).text()
    assert.equal(http.operations.listeners.size, 1)
    // Its subscription ends with it.
    await until(() => http.operations.listeners.size === 0)
    assert.equal(await statusOf(silent), 404)
    assert.equal(await statusOf(listening), 202)
    await stream.body?.cancel()
  })

  it('holds 256 sessions; one more ends the one that was silent longest', async (t) => {
    const http = await listenHttp(t)
    const ids: string[] = []
    for (let i = 0; i < 257; i++) ids.push(await initialize(http))
    const statusOf = async (id = ''): Promise<number> =>
      (await post(http, INITIALIZED, { 'mcp-session-id': id })).status
    assert.equal(await statusOf(ids[0]), 404)
    assert.equal(await statusOf(ids[1]), 202)
    assert.equal(await statusOf(ids[256]), 202)
  })

  it('aborts the call whose response stream the client closes', async (t) => {
    const http = await listenHttp(t)
    const started = listenCall(http.operations)
    const gone = new AbortController()
    const headers = {
      ...ACCEPT,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'list_claims',
    }
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_claims', arguments: {}, _meta: ENVELOPE },
    }
    const body = asLine(message)
    const sent = fetch(http.url, { method: 'POST', headers, body, signal: gone.signal })
    const { signal } = (await started).context
    const aborted = once(signal, 'abort')
    gone.abort()
    await Promise.all([aborted, assert.rejects(sent)])
    assert.deepEqual(http.errors, [])
  })

  it('takes the state of a question back from the same call of the same caller only', async (t) => {
    const http = await listenHttp(t)
    http.operations.answer = () => {
      throw new SkeinError('NO_QUORUM', 'Nobody answers.')
    }
    const args = { patterns: ['a'], session: 's' }
    const asked = await call(http, 'claim_files', args)
    assert.equal(asked.body.result?.resultType, 'input_required')
    const state = asked.body.result.requestState ?? ''
    const inputResponses = { answer: { action: 'accept', content: { decision: 'stop' } } }
    const answered = await call(http, 'claim_files', args, {
      params: { requestState: state, inputResponses },
    })
    assert.match(answered.body.result?.content?.[0].text ?? '', /A person decided: stop/)
    const forged = `${state.slice(0, -2)}${state.at(-2) === 'A' ? 'B' : 'A'}${state.slice(-1)}`
    const wrong = [
      await call(http, 'claim_files', args, { params: { requestState: forged, inputResponses } }),
      await call(
        http,
        'claim_files',
        { ...args, patterns: ['b'] },
        { params: { requestState: state, inputResponses } },
      ),
      await call(http, 'claim_files', args, {
        params: { requestState: state, inputResponses },
        headers: { 'skein-session': 'other' },
      }),
    ]
    for (const { body } of wrong) assert.equal(body.error?.code, -32602)
  })

  it('answers what runs in a session of the 2025 era when it is closed', async (t) => {
    const http = await listenHttp(t)
    const headers = { 'mcp-session-id': await initialize(http) }
    const started = listenCall(http.operations)
    const running = await post(http, toolCall(6, 'list_claims'), headers)
    const { signal } = (await started).context
    const aborted = once(signal, 'abort')
    await http.door.close()
    await aborted
    const [, line = ''] = /^data: (.*)$/m.exec(await running.text()) ?? []
    assert.deepEqual(JSON.parse(line), {
      jsonrpc: '2.0',
      id: 6,
      error: {
        code: -32_000,
        message: 'The daemon ended before it answered.',
        data: { code: 'DAEMON_DOWN', exit: 2 },
      },
    })
    assert.deepEqual(http.errors, [])
  })

  it('ends everything when it is closed', async (t) => {
    const http = await listenHttp(t)
    await initialize(http)
    const started = listenCall(http.operations)
    const running = call(http, 'list_claims', {}).catch(() => null)
    const { signal } = (await started).context
    const aborted = once(signal, 'abort')
    await http.door.close()
    await Promise.all([aborted, running])
    assert.equal((await post(http, INITIALIZE)).status, 503)
    await until(() => http.operations.listeners.size === 0)
  })
})
