// What strangers and mistakes send to the HTTP doors: each is told what is wrong, nothing of it is a bug's answer, and
// nobody else waits for it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ErrorCode, OperationName } from '../../protocol/index.ts'
import { connect, createClient, type ApiClient, type RawConnection } from '../helpers/api.ts'
import { othersAreServed } from '../helpers/bystander.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { readDaemonLog, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const ME = { repo: REPO, agent: 'alice', session: 's1' }
const MEGABYTE = 1_048_576

const suite = createCleaner()
let daemon: Daemon
let client: ApiClient
let tcp: { port: number; token: string }
let root: string

before(async () => {
  root = makeRepo(suite)
  daemon = await startDaemon(suite)
  client = daemon.client
  tcp = await daemon.tcp()
  await client.must('check', { cwd: root, scopes: [file('README.md')] })
})

after(() => suite.run())

function file(pattern: string): { kind: string; pattern: string } {
  return { kind: 'file', pattern }
}

async function refused(name: OperationName, input: unknown, code: ErrorCode): Promise<string> {
  const { status, error } = await client.call(name, input)
  const shown = JSON.stringify(input).slice(0, 200)
  assert.equal(error?.code, code, `${name} ${shown}: ${String(status)} ${JSON.stringify(error)}`)
  assert.ok(error.hint !== '', 'every error says what to do next')
  assert.ok(JSON.stringify(error).length < 20_000, 'an error is short, whatever was sent')
  return error.message
}

describe('a body at the HTTP door', () => {
  for (const [what, body] of [
    ['no JSON', '{"scopes": [}'],
    ['an array', '[]'],
    ['a string', '"claim"'],
    ['null', 'null'],
    ['a number', '12'],
    ['bytes that are no UTF-8 in a broken object', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['100,000 open brackets', `{"scopes":${'['.repeat(100_000)}`],
  ] as const) {
    it(`that is ${what} gets INPUT_JSON, 400`, async () => {
      const answer = await client.request({ method: 'POST', path: '/v1/claim', body })
      assert.equal(answer.status, 400)
      assert.match(answer.body, /INPUT_JSON/)
    })
  }

  it('that is nested 100,000 deep is a wrong field, not a crash', async () => {
    const body = `{"scopes":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const answer = await client.request({ method: 'POST', path: '/v1/check', body })
    assert.equal(answer.status, 422)
  })

  it('over a megabyte is answered with INPUT_SIZE, 400, when its length is announced', async () => {
    const body = JSON.stringify({ ...ME, scopes: [file('a')], description: 'x'.repeat(MEGABYTE) })
    const answer = await client.request({ method: 'POST', path: '/v1/claim', body })
    assert.equal(answer.status, 400)
    assert.match(answer.body, /INPUT_SIZE/)
  })

  it('over a megabyte is answered with INPUT_SIZE, 400, when it comes in chunks', async () => {
    const part = Buffer.alloc(256 * 1024, 0x20)
    const answer = await client.request({
      method: 'POST',
      path: '/v1/claim',
      body: [part, part, part, part, part],
    })
    assert.equal(answer.status, 400)
    assert.match(answer.body, /INPUT_SIZE/)
  })

  it('of ten megabytes in one pattern, or with 100,000 scopes, is refused by its size', async () => {
    await refused('claim', { ...ME, scopes: [file('x'.repeat(10 * MEGABYTE))] }, 'INPUT_SIZE')
    const scopes = Array.from({ length: 100_000 }, (_, at) => file(`src/${String(at)}`))
    await refused('claim', { ...ME, scopes }, 'INPUT_SIZE')
  })

  it('with more scopes, ids or characters than the limits is refused by its size', async () => {
    const scopes = Array.from({ length: 201 }, (_, at) => file(`src/${String(at)}`))
    await refused('claim', { ...ME, scopes }, 'INPUT_SIZE')
    await refused('claim', { ...ME, scopes: [file('x'.repeat(1_025))] }, 'INPUT_SIZE')
    await refused('claim', { ...ME, scopes: [file('a')], agent: 'x'.repeat(201) }, 'INPUT_SIZE')
    const ids = Array.from({ length: 1_001 }, () => 'clm_00000000000000000000000000')
    await refused('release', { ...ME, ids }, 'INPUT_SIZE')
  })
})

describe('a field at the HTTP door', () => {
  it('that is unknown is named, with the nearest right one', async () => {
    const message = await refused('claim', { ...ME, scopes: [file('a')], tll_s: 5 }, 'INPUT_SCHEMA')
    assert.match(message, /'tll_s'.*'ttl_s'/)
    await refused('claim', { ...ME, scopes: [{ ...file('a'), color: 'red' }] }, 'INPUT_SCHEMA')
  })

  it('that is unknown and a megabyte long, or comes 20,000 times, costs nobody time', async () => {
    const long = { [`x${'y'.repeat(MEGABYTE - 200)}`]: 1 }
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, at) => [`field${String(at)}`, 1]),
    )
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      await refused('claim', { ...ME, ...long }, 'INPUT_SCHEMA')
      await refused('claim', { ...ME, ...many }, 'INPUT_SCHEMA')
    })
  })

  it('of the wrong type, empty or out of range is refused', async () => {
    const scopes = [file('a')]
    for (const wrong of [
      { scopes: [] },
      { scopes: 'src' },
      { scopes: [{ kind: 'folder', pattern: 'a' }] },
      { scopes: [{ kind: 'file', pattern: '' }] },
      { scopes: [{ kind: 'file' }] },
      { scopes: [{ ...file('a'), mode: 'mine' }] },
      { scopes, ttl_s: -5 },
      { scopes, ttl_s: 0 },
      { scopes, ttl_s: 1.5 },
      { scopes, ttl_s: '60' },
      { scopes, agent: '' },
      { scopes, session: 7 },
      { scopes, idempotency_key: '' },
      { scopes, caller: { pid: -1 } },
    ]) {
      const { error } = await client.call('claim', { ...ME, ...wrong })
      assert.equal(error?.exit, 64, JSON.stringify(wrong))
    }
    const enormous = await client.call('claim', { ...ME, scopes, ttl_s: 864_001 })
    assert.equal(enormous.error?.exit, 64)
    const absurd = await client.call('claim', { ...ME, scopes, ttl_s: 1e300 })
    assert.equal(absurd.error?.exit, 64)
  })

  it('named __proto__ or constructor changes nothing', async () => {
    for (const body of [
      `{"repo":"${REPO}","__proto__":{"agent":"mallory","session":"m"},"scopes":[{"kind":"file","pattern":"p.ts"}]}`,
      `{"repo":"${REPO}","constructor":{"prototype":{"force":true}},"agent":"m","session":"m","scopes":[{"kind":"file","pattern":"p.ts"}]}`,
      `{"repo":"${REPO}","agent":"m","session":"m","scopes":[{"kind":"file","pattern":"p.ts","__proto__":{"mode":"shared"}}]}`,
    ]) {
      const { status, result } = await client.call('claim', body)
      if (result !== null) assert.equal(result.claims[0]?.mode, 'exclusive')
      else assert.equal(status, 422)
    }
    const fences = `{"repo":"${REPO}","agent":"a","fences":{"__proto__":5,"constructor":7}}`
    assert.equal((await client.call('verify', fences)).error?.code, 'INPUT_SCHEMA')
    await client.must('release', { repo: REPO, agent: 'm', session: 'm', mine: true })
    const { claims } = await client.must('claims', { repo: REPO, of_agent: 'mallory' })
    assert.deepEqual(claims, [])
  })
})

describe('a pattern at the HTTP door', () => {
  for (const pattern of [
    '../outside',
    'src/../../outside',
    '/etc/passwd',
    '/',
    '..',
    '!src/a.ts',
    'src/\0a.ts',
    '\0',
    'src/\u202eevil',
    'src/\nline',
    ' ',
    '[',
    '{a,b',
    '{'.repeat(500) + '}'.repeat(500),
    '{a,b}'.repeat(100),
    'src/[z-a].ts',
    '\ud800',
  ]) {
    const shown = JSON.stringify(pattern).slice(0, 40)
    it(`${shown} is refused or read, alike by claim and check`, async () => {
      const input = { ...ME, cwd: root, scopes: [file(pattern)] }
      const claim = await client.call('claim', input)
      const check = await client.call('check', input)
      if (claim.error === null) {
        assert.ok(check.result !== null)
        await client.must('release', { ...ME, mine: true })
      } else {
        assert.equal(claim.error.exit, 64, JSON.stringify(claim.error))
        assert.equal(check.error?.code, claim.error.code)
      }
    })
  }

  it('that leaves the checkout, excludes, or holds a NUL byte is an INPUT_PATTERN', async () => {
    for (const pattern of ['../x', 'a/../../x', '/etc/passwd', '!src', 'src/\0', 'a\0b/*'])
      await refused('claim', { ...ME, cwd: root, scopes: [file(pattern)] }, 'INPUT_PATTERN')
  })

  it('longer than file systems take is read, not looked up to death', async () => {
    for (const pattern of [
      'n'.repeat(300),
      `${'d/'.repeat(500)}x`,
      `src/a.ts/${'n'.repeat(300)}`,
    ]) {
      const { result, error } = await client.call('check', {
        ...ME,
        cwd: root,
        scopes: [file(pattern)],
      })
      assert.ok(result?.safe === true || error?.exit === 64, JSON.stringify(error))
    }
  })

  it('is refused as a whole when one of many is bad, and nothing is claimed', async () => {
    const scopes = [file('ok.ts'), file('../x')]
    await refused('claim', { ...ME, scopes }, 'INPUT_PATTERN')
    assert.deepEqual((await client.must('claims', { repo: REPO })).claims, [])
  })

  it('comes twice in one claim and is granted once', async () => {
    const scopes = [file('twice.ts'), file('twice.ts'), file('./twice.ts')]
    const { result, error } = await client.call('claim', { ...ME, scopes })
    if (result !== null) assert.equal(result.claims.length, 1, 'one scope, one claim')
    else assert.equal(error?.exit, 64)
    await client.must('release', { ...ME, mine: true })
  })
})

describe('a name at the HTTP door', () => {
  it('is shown without control characters and marks of direction', async () => {
    const sly = { repo: REPO, agent: 'bob\u202e\u0007\u200b', session: 'x\u2066y\u0000' }
    const scopes = [file('names.ts')]
    const { claims } = await client.must('claim', {
      ...sly,
      scopes,
      description: '\u001b[31mred\u202e',
    })
    const [claim] = claims
    assert.ok(claim !== undefined)
    assert.doesNotMatch(JSON.stringify(claim), /\\u00[01]|[\u200b\u202e\u2066]/)
    assert.equal(claim.agent, 'bob')
    const { released } = await client.must('release', { ...sly, mine: true })
    assert.equal(released.length, 1, 'the same words are the same caller')
  })

  it('of nothing but such characters is no name', async () => {
    const scopes = [file('nobody.ts')]
    for (const empty of [
      { session: '\u202e' },
      { session: ' ' },
      { session: 's9', agent: '\u200b' },
      { agent: ' ' },
    ]) {
      const { error } = await client.call('claim', { repo: REPO, scopes, ...empty })
      assert.equal(error?.exit, 64, JSON.stringify(empty))
    }
    const resource = [{ kind: 'resource', pattern: '\u202e ' }]
    const { error } = await client.call('claim', { ...ME, scopes: resource })
    assert.equal(error?.exit, 64)
  })

  it('with half a character in it stays one caller', async () => {
    const half = { repo: REPO, agent: 'half\ud800', session: 'half\udc00' }
    const scopes = [file('half.ts')]
    const { result, error } = await client.call('claim', { ...half, scopes })
    if (result === null) {
      assert.equal(error?.exit, 64)
      return
    }
    const { released } = await client.must('release', { ...half, mine: true })
    assert.equal(released.length, 1)
  })

  it('in a header counts like one in the body, and an empty one not at all', async () => {
    const scopes = [file('header.ts')]
    const named = { 'skein-agent': 'hanna', 'skein-session': 'h1', 'skein-repo': REPO }
    const { result } = await client.call('claim', { scopes }, named)
    assert.equal(result?.claims[0]?.agent, 'hanna')
    assert.equal((await client.call('release', { mine: true }, named)).status, 200)
    const empty = { 'skein-agent': '', 'skein-session': '', 'skein-repo': '' }
    const { error } = await client.call('claim', { scopes }, empty)
    assert.equal(error?.exit, 64, JSON.stringify(error))
  })

  it('of a directory that cannot be is an error of the caller', async () => {
    for (const cwd of [
      '/nowhere\0/x',
      '',
      '.',
      'relative/path',
      'x'.repeat(4_000),
      '/proc/self/mem/x',
    ]) {
      for (const key of ['cwd', 'checkout']) {
        const { error } = await client.call('check', { [key]: cwd, scopes: [file('a')] })
        assert.ok(
          error !== null && [5, 64].includes(error.exit),
          `${cwd.slice(0, 20)}: ${JSON.stringify(error)}`,
        )
      }
    }
  })
})

describe('an id at the HTTP door', () => {
  const unknown = 'clm_01J00000000000000000000000'

  it('that is malformed is refused, one that does not exist is not found', async () => {
    await refused('release', { ...ME, ids: ['clm_x'] }, 'INPUT_SCHEMA')
    await refused('release', { ...ME, ids: ['__proto__'] }, 'INPUT_SCHEMA')
    await refused('release', { ...ME, ids: [unknown] }, 'CLAIM_UNKNOWN')
    await refused('renew', { ...ME, ids: [unknown] }, 'CLAIM_UNKNOWN')
    await refused('narrow', { ...ME, id: unknown, patterns: ['a'] }, 'CLAIM_UNKNOWN')
    const { result, status } = await client.call('verify', { ...ME, ids: [unknown] })
    assert.equal(result?.ok, false)
    assert.equal(status, 412)
  })

  it("of somebody else's claim is forbidden, and the claim stays", async () => {
    const { claims } = await client.must('claim', { ...ME, scopes: [file('mine.ts')] })
    const id = claims[0]?.id
    const other = { repo: REPO, agent: 'mallory', session: 'm1' }
    await refused('release', { ...other, ids: [id] }, 'CLAIM_NOT_YOURS')
    await refused('release', { ...other, of_agent: 'alice' }, 'CLAIM_NOT_YOURS')
    await refused('renew', { ...other, ids: [id] }, 'CLAIM_NOT_YOURS')
    await refused('narrow', { ...other, id, patterns: ['mine.ts'] }, 'CLAIM_NOT_YOURS')
    await refused(
      'release',
      { ...other, ids: [id], force: true, reason: 'mine now', yes: true },
      'FORBIDDEN_PERSON',
    )
    await refused('release', { ...other, ids: [id], force: true }, 'INPUT_USAGE')
    assert.equal((await client.must('verify', { ...ME, ids: [id] })).ok, true)
    await client.must('release', { ...ME, mine: true })
  })

  it('is named in exactly one way by a release', async () => {
    await refused('release', ME, 'INPUT_USAGE')
    await refused('release', { ...ME, mine: true, of_agent: 'x' }, 'INPUT_USAGE')
    await refused('release', { ...ME, ids: [] }, 'INPUT_USAGE')
  })
})

describe('a route of the HTTP door', () => {
  it('that is unknown is told with the operation that was probably meant', async () => {
    const answer = await client.request({ method: 'POST', path: '/v1/clam', body: '{}' })
    assert.equal(answer.status, 404)
    assert.match(answer.body, /claim/)
    for (const path of ['/v1/__proto__', '/v1/constructor', '/v1/', '/v2/claim', '/v1/claim/x'])
      assert.equal((await client.request({ method: 'POST', path, body: '{}' })).status, 404, path)
    // The board's page is there to be read.
    const page = await client.request({ method: 'POST', path: '/', body: '{}' })
    assert.equal(page.status, 405)
  })

  it('that is no address at all is the caller’s mistake', async () => {
    for (const path of ['//', '///v1/claim', '/v1/%', '/\\..\\claim', '*'])
      assert.ok(
        [400, 404].includes((await client.request({ method: 'POST', path, body: '{}' })).status),
        path,
      )
  })

  it('of an operation takes POST only', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      const { status } = await client.request({ method, path: '/v1/claim' })
      assert.equal(status, 405, method)
    }
  })

  it('of an unknown repository says which are enrolled', async () => {
    const message = await refused(
      'claim',
      { ...ME, repo: 'no/such', scopes: [file('a')] },
      'REPO_NOT_ENROLLED',
    )
    assert.match(message, /no\/such/)
    await refused('claim', { ...ME, repo: '__proto__', scopes: [file('a')] }, 'REPO_NOT_ENROLLED')
    await refused('check', { cwd: '/', scopes: [file('a')] }, 'REPO_NOT_GIT')
  })
})

describe('the loopback port', () => {
  const scopes = [file('tcp.ts')]

  async function post(headers: Record<string, string>, token: string | null): Promise<number> {
    const stranger = createClient(token === null ? { port: tcp.port } : { port: tcp.port, token })
    const body = JSON.stringify({ ...ME, scopes })
    const { status } = await stranger.request({ method: 'POST', path: '/v1/check', body, headers })
    stranger.close()
    return status
  }

  it('serves the bearer of the token under its own names', async () => {
    assert.equal(await post({}, tcp.token), 200)
    assert.equal(await post({ host: `localhost:${String(tcp.port)}` }, tcp.token), 200)
    const origin = `http://127.0.0.1:${String(tcp.port)}`
    assert.equal(await post({ origin }, tcp.token), 200)
  })

  it('refuses a missing or wrong token with 401', async () => {
    assert.equal(await post({}, null), 401)
    assert.equal(await post({}, `${tcp.token}x`), 401)
    assert.equal(
      await post(
        {},
        tcp.token.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
      ),
      401,
    )
    assert.equal(await post({ authorization: 'Basic Og==' }, null), 401)
    assert.equal(await post({ authorization: '' }, null), 401)
  })

  it('refuses foreign names and origins with 403, token or not', async () => {
    const port = String(tcp.port)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `[::1]:1`,
    ])
      assert.equal(await post({ host }, tcp.token), 403, host)
    for (const origin of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1:1',
      'file://',
    ])
      assert.equal(await post({ origin }, tcp.token), 403, origin)
  })

  it('refuses a call that names no host', async () => {
    const raw = await connect(tcp)
    raw.socket.write(`POST /v1/status HTTP/1.0\r\nauthorization: Bearer ${tcp.token}\r\n\r\n`)
    await raw.closed
    assert.match(raw.received(), /^HTTP\/1\.1 403 /)
  })

  it('answers health without a token, and nothing else', async () => {
    const stranger = createClient({ port: tcp.port })
    for (const path of ['/healthz', '/readyz', '/health', '/meta'])
      assert.equal((await stranger.request({ path })).status, 200, path)
    for (const path of ['/v1/status', '/', '/v1/nothing', '/healthz/../v1/status'])
      assert.equal((await stranger.request({ method: 'POST', path })).status, 401, path)
    stranger.close()
  })

  it('takes no paths of this machine', async () => {
    const remote = createClient(tcp)
    const outside = makeRepo(suite, { skeinYml: 'repo: test/other\n' })
    const { result } = await remote.call('check', { cwd: outside, repo: REPO, scopes })
    assert.equal(result?.safe, true)
    const { error } = await remote.call('enrol', { cwd: outside })
    assert.equal(error?.exit, 64)
    const { repos } = await client.must('status', {})
    assert.deepEqual(
      repos.map(({ id }) => id),
      [REPO],
    )
    remote.close()
  })

  it('believes no stranger that it is a person', async () => {
    const { claims } = await client.must('claim', { ...ME, scopes })
    const remote = createClient(tcp)
    const input = {
      repo: REPO,
      agent: 'm',
      session: 'm',
      ids: [claims[0]?.id],
      force: true,
      reason: 'x',
    }
    const { error } = await remote.call('release', {
      ...input,
      caller: { terminal: true },
      yes: true,
    })
    assert.equal(error?.code, 'FORBIDDEN_PERSON')
    remote.close()
    await client.must('release', { ...ME, mine: true })
  })
})

describe('bytes at the HTTP door', () => {
  it('that are no HTTP get 400 and a closed connection', async () => {
    for (const where of [{ socket: daemon.socket }, tcp]) {
      for (const bytes of [
        'hello\r\n\r\n',
        '\0\0\0\0\0\0\0\0',
        'GET\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
        'POST /v1/claim HTTP/9.9\r\n\r\n',
        'POST /v1/claim HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
      ]) {
        const raw = await connect(where)
        raw.socket.write(bytes)
        await raw.closed
        assert.match(raw.received(), /^HTTP\/1\.1 400 /, JSON.stringify(bytes))
      }
    }
  })

  it('of too many headers get 431', async () => {
    const raw = await connect({ socket: daemon.socket })
    raw.socket.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(32_768)}\r\n\r\n`)
    await raw.closed
    assert.match(raw.received(), /^HTTP\/1\.1 431 /)
  })

  it('that stop in the middle of a call leave no trace', async () => {
    const raw = await connect({ socket: daemon.socket })
    raw.socket.write('POST /v1/claim HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"repo":')
    raw.socket.destroy()
    await raw.closed
    assert.equal((await client.request({ path: '/healthz' })).status, 200)
  })

  it('that come slowly, from 200 callers, hold up nobody', async () => {
    const slow = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const raw = await connect({ socket: daemon.socket })
        const half = 'POST /v1/claim HTTP/1.1\r\nhost: x\r\n'
        raw.socket.write(at % 2 === 0 ? half : `${half}content-length: 1000\r\n\r\n{"repo`)
        return raw
      }),
    )
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      for (let at = 0; at < 20; at++) {
        for (const raw of slow) raw.socket.write('x')
        await client.must('check', { ...ME, scopes: [file('a')] })
      }
    })
    for (const raw of slow) raw.socket.destroy()
  })

  it('never come on 2,000 connections, and others are served', async () => {
    const idle: RawConnection[] = []
    // No more at once than a listener's backlog takes.
    for (let batch = 0; batch < 40; batch++) {
      const some = Array.from({ length: 50 }, () => connect({ socket: daemon.socket }))
      idle.push(...(await Promise.all(some)))
    }
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      for (let at = 0; at < 50; at++) await client.must('check', { ...ME, scopes: [file('a')] })
    })
    assert.ok(idle.every(({ socket }) => !socket.destroyed))
    for (const { socket } of idle) socket.destroy()
  })
})

describe('the daemon after all that', () => {
  it('has met no bug of its own', async () => {
    await client.must('status', {})
    const log = await until('the log is written', () => readDaemonLog(daemon.home) || null)
    assert.doesNotMatch(log, /this is a bug/)
  })

  it('stops with 0', async () => {
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null })
  })
})
