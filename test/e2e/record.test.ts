// The record: what happened is told page by page and as it happens, in order, once, over breaks; the log itself can be taken
// elsewhere and checked there; numbers and the API's description say what is.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Validator } from '@seriousme/openapi-schema-validator'
import { OPERATION_NAMES, type AuditEvent, type OperationResult } from '../../protocol/index.ts'
import { createClient, type ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { openEvents } from '../helpers/event-source.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const ANN = { repo: REPO, agent: 'ann', session: 's-ann' }
const BOB = { repo: REPO, agent: 'bob', session: 's-bob' }

const suite = createCleaner()
let daemon: Daemon
let client: ApiClient
let root: string

before(async () => {
  root = makeRepo(suite)
  daemon = await startDaemon(suite)
  client = daemon.client
  await client.must('check', { cwd: root, scopes: [file('README.md')] })
})

after(() => suite.run())

function file(pattern: string) {
  return { kind: 'file', pattern }
}

let files = 0

/** A grant of a file that no other test knows, and its release. */
async function happen(
  who: typeof ANN = ANN,
): Promise<{ readonly id: string; readonly pattern: string }> {
  const pattern = `happened/${String(files++)}.ts`
  const { claims } = await client.must('claim', { ...who, scopes: [file(pattern)] })
  const [claim] = claims
  assert.ok(claim !== undefined)
  await client.must('release', { ...who, ids: [claim.id] })
  return { id: claim.id, pattern }
}

function kinds(events: readonly { readonly kind: string }[]): readonly string[] {
  return events.map(({ kind }) => kind)
}

describe('a page of events', () => {
  it('tells the last ones, oldest first, with words', async () => {
    const { id, pattern } = await happen()
    const { events, summary, next } = await client.must('events', { repo: REPO, limit: 2 })
    assert.deepEqual(kinds(events), ['claim.granted', 'claim.released'])
    assert.deepEqual(
      events.map(({ data }) => data['claim']),
      [id, id],
    )
    assert.equal(next, events[1]?.id)
    assert.match(summary[0] ?? '', new RegExp(`ann was granted ${pattern}`))
  })

  it('goes on behind the last one, without a gap and without a repetition', async () => {
    const before = await client.must('events', { repo: REPO })
    for (let i = 0; i < 5; i++) await happen()
    const told: string[] = []
    let since = before.next
    let page: OperationResult<'events'>
    do {
      page = await client.must('events', { repo: REPO, since, limit: 3 })
      told.push(...page.events.map(({ id }) => id))
      since = page.next ?? since
    } while (page.more)
    const { events } = await client.must('events', { repo: REPO, limit: 10 })
    assert.deepEqual(
      told,
      events.map(({ id }) => id),
    )
  })

  it('takes times, kinds, families, agents and ids', async () => {
    const { id } = await happen(BOB)
    const ask = async (more: Record<string, unknown>) => {
      const { events } = await client.must('events', { repo: REPO, since: '10m', ...more })
      return kinds(events)
    }
    assert.deepEqual(await ask({ about: id }), ['claim.granted', 'claim.released'])
    assert.deepEqual(await ask({ about: id, kinds: ['claim.released'] }), ['claim.released'])
    assert.deepEqual(await ask({ about: id, kinds: ['queue.*'] }), [])
    assert.deepEqual(await ask({ about: id, of_agent: 'ann' }), [])
    assert.deepEqual(await ask({ about: id, until: '9m' }), [])
    assert.deepEqual(
      await ask({ about: id, since: new Date(Date.now() + 60_000).toISOString() }),
      [],
    )
  })

  it('refuses what is no time, no kind and no event of the log, and says what is', async () => {
    const wrong = await client.fails('events', { repo: REPO, since: 'yesterday' })
    assert.equal(wrong.code, 'INPUT_SCHEMA')
    assert.match(wrong.hint, /15m/)
    const kind = await client.fails('events', { repo: REPO, kinds: ['claim.grantet'] })
    assert.match(kind.hint, /claim\.granted/)
    const since = 'evt_00000000000000000000000000'
    const gone = await client.call('events', { repo: REPO, since })
    assert.equal(gone.status, 410)
    assert.equal(gone.error?.code, 'EVENTS_GONE')
  })
})

describe('the stream of events', () => {
  const at = `/v1/events?repo=${encodeURIComponent(REPO)}`

  it('tells what happens, as it happens', async (t) => {
    const stream = await openEvents(t, { socket: daemon.socket }, at)
    assert.equal(stream.status, 200)
    assert.match(stream.type, /^text\/event-stream/)
    const { id } = await happen()
    await stream.next('claim.released')
    assert.deepEqual(kinds(stream.events), ['claim.granted', 'claim.released'])
    assert.equal(stream.events[0]?.data['claim'], id)
    assert.equal(stream.lastId(), stream.events[1]?.id)
  })

  it('tells a reader that comes back exactly what it missed, while more happens', async (t) => {
    const first = await openEvents(t, { socket: daemon.socket }, at)
    await happen()
    await first.next('claim.released')
    first.close()
    const missed = await Promise.all([happen(), happen(BOB), happen()])
    const headers = { 'last-event-id': first.lastId() }
    const opened = openEvents(t, { socket: daemon.socket }, at, headers)
    const during = [await happen(), await happen()]
    const second = await opened
    const late = [await happen()]
    const wanted = [...missed, ...during, ...late].map(({ id }) => id)
    await until('all of it', () => second.events.length >= 2 * wanted.length)
    const told = second.events.map(({ data }) => data['claim'])
    assert.deepEqual(new Set(told), new Set(wanted))
    assert.equal(new Set(second.events.map(({ id }) => id)).size, 2 * wanted.length)
    const chain = second.events.slice(1).map(({ prev }) => prev)
    assert.deepEqual(
      chain,
      second.events.slice(0, -1).map(({ hash }) => hash),
      'each follows the one before it',
    )
  })

  it('goes on over a restart of the daemon', async (t) => {
    const home = path.join(makeFolder(t), 'h')
    const other = await startDaemon(t, { home })
    await other.client.must('check', { cwd: root, scopes: [file('README.md')] })
    const claim = (pattern: string, from: Daemon) =>
      from.client.must('claim', { ...ANN, scopes: [file(pattern)] })
    const stream = await openEvents(t, { socket: other.socket }, at)
    await claim('a.ts', other)
    await stream.next('claim.granted')
    await other.kill()
    await stream.ended
    const again = await startDaemon(t, { home })
    await claim('b.ts', again)
    const headers = { 'last-event-id': stream.lastId() }
    const more = await openEvents(t, { socket: again.socket }, at, headers)
    const granted = await more.next('claim.granted')
    assert.equal(granted.data['pattern'], 'b.ts')
    assert.equal(more.events[0]?.prev, stream.events.at(-1)?.hash)
  })

  it('tells of several repositories in the order of time, and misses none after a break', async (t) => {
    const second = makeRepo(t, { skeinYml: 'repo: test/second\n' })
    await client.must('check', { cwd: second, scopes: [file('x')] })
    const both = '/v1/events?all_repos=true&kinds=claim.granted'
    const claimIn = async (repo: string, pattern: string): Promise<string> => {
      const { claims } = await client.must('claim', { ...ANN, repo, scopes: [file(pattern)] })
      return claims[0]?.id ?? ''
    }
    const first = await openEvents(t, { socket: daemon.socket }, both)
    await claimIn('test/second', 'several/1.ts')
    await first.next('claim.granted')
    first.close()
    const missed = [
      await claimIn(REPO, 'several/2.ts'),
      await claimIn('test/second', 'several/3.ts'),
      await claimIn(REPO, 'several/4.ts'),
    ]
    const headers = { 'last-event-id': first.lastId() }
    const again = await openEvents(t, { socket: daemon.socket }, both, headers)
    const toldOf = () => again.events.map(({ data }) => String(data['claim']))
    await until('all that was missed', () => missed.every((id) => toldOf().includes(id)))
    const order = toldOf().filter((id) => missed.includes(id))
    assert.deepEqual(order, missed)
    let since: string | null = first.lastId()
    const paged: unknown[] = []
    do {
      const page: OperationResult<'events'> = await client.must('events', {
        all_repos: true,
        kinds: ['claim.granted'],
        since,
        limit: 1,
      })
      paged.push(...page.events.map(({ data }) => data['claim']))
      since = page.more ? page.next : null
    } while (since !== null)
    // An id stands in one log: in the others the first page begins a little earlier.
    assert.deepEqual(paged.slice(-missed.length), missed)
    assert.equal(new Set(paged).size, paged.length, 'and no page repeats another')
    for (const repo of [REPO, 'test/second'])
      await client.must('release', { ...ANN, repo, mine: true })
  })

  it('ends with the reader of the pipe, and with the daemon at once', async (t) => {
    const other = await startDaemon(t)
    await other.client.must('check', { cwd: root, scopes: [file('README.md')] })
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: other.home, HOME: other.home }
    const command = `'${process.execPath}' '${PROGRAM}' events --follow --since 1h | head -1`
    // The second line meets a pipe that nobody reads.
    const piped = promisify(execFile)('sh', ['-c', command], { cwd: root, env })
    const busy = setInterval(() => {
      const scopes = [file('piped.ts')]
      void other.client.call('claim', { ...ANN, scopes }).catch(() => null)
    }, 50)
    const { stdout } = await piped
    clearInterval(busy)
    assert.match(stdout, /leads/)
    const stream = await openEvents(t, { socket: other.socket }, at)
    const stopped = performance.now()
    assert.equal((await other.stop()).code, 0)
    assert.ok(performance.now() - stopped < 1_500, 'no stream holds it up')
    await stream.ended
  })

  it('filters, and gives a line for each to whoever accepts NDJSON', async () => {
    const { id } = await happen()
    const url = `http://skein${at}&since=10m&about=${id}&kinds=claim.released`
    const curl = ['--silent', '--max-time', '1', '--unix-socket', daemon.socket]
    const lines = read(() =>
      execFileSync('curl', [...curl, '-H', 'accept: application/x-ndjson', url], {
        encoding: 'utf8',
      }),
    )
    const { lines: log } = await client.must('audit/export', { repo: REPO, limit: 10_000 })
    assert.ok(log.includes(lines.trim()), 'byte for byte as in the log')
    const told = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent)
    assert.deepEqual(kinds(told), ['claim.released'])
  })

  it('tells whoever only asks for its head that it is there', async () => {
    const { status, headers } = await client.request({ method: 'HEAD', path: at })
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /event-stream/)
  })

  it('needs the token on the port, and a repository', async (t) => {
    const tcp = await daemon.tcp()
    const stranger = await openEvents(t, { port: tcp.port }, at)
    assert.equal(stranger.status, 401)
    const friend = await openEvents(t, tcp, at)
    assert.equal(friend.status, 200)
    const lost = await openEvents(t, tcp, '/v1/events?repo=no/such')
    assert.equal(lost.status, 404)
  })
})

/** curl ends with an error when its time is over; what it printed counts. */
function read(act: () => string): string {
  try {
    return act()
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout)
    throw error
  }
}

describe('the audit log', () => {
  function skein(...words: readonly string[]) {
    try {
      const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: daemon.home, HOME: daemon.home }
      const options = { cwd: root, env, encoding: 'utf8' } as const
      return { exit: 0, stdout: execFileSync(process.execPath, [PROGRAM, ...words], options) }
    } catch (error) {
      assert.ok(error instanceof Error && 'status' in error && 'stdout' in error)
      return { exit: error.status, stdout: String(error.stdout) }
    }
  }

  it('is exported as it is, and checked without a daemon', async (t) => {
    await happen()
    const { stdout } = skein('audit', 'export')
    const folder = path.join(daemon.home, 'audit', encodeURIComponent(REPO))
    const [segment = ''] = readdirSync(folder)
    assert.equal(stdout, readFileSync(path.join(folder, segment), 'utf8'))
    const copy = path.join(makeFolder(t), 'audit.ndjson')
    writeFileSync(copy, stdout)
    assert.equal(skein('audit', 'verify', copy).exit, 0)
    // Any byte: of a name, of a number, of a hash, of the white space that is not there.
    const lines = stdout.trimEnd().split('\n')
    const middle = Math.floor(lines.length / 2)
    const line = lines[middle] ?? ''
    for (const at of [2, Math.floor(line.length / 2), line.length - 3]) {
      const changed = line.slice(0, at) + (line[at] === 'x' ? 'y' : 'x') + line.slice(at + 1)
      writeFileSync(
        copy,
        [...lines.slice(0, middle), changed, ...lines.slice(middle + 1), ''].join('\n'),
      )
      const verdict = skein('audit', 'verify', copy)
      assert.equal(verdict.exit, 4, `byte ${String(at)}`)
      assert.match(verdict.stdout, new RegExp(`line ${String(middle + 1)}\\b`))
    }
    writeFileSync(copy, [...lines.slice(0, middle), ...lines.slice(middle + 1), ''].join('\n'))
    assert.equal(skein('audit', 'verify', copy).exit, 4, 'a line is missing')
  })

  it('is exported in pages to whoever asks over HTTP', async () => {
    for (let i = 0; i < 3; i++) await happen()
    const whole = await client.must('audit/export', { repo: REPO })
    const lines: string[] = []
    let since: string | undefined
    for (;;) {
      const page = await client.must('audit/export', { repo: REPO, limit: 4, since })
      lines.push(...page.lines)
      if (page.next === null) break
      since = page.next
    }
    assert.deepEqual(lines, whole.lines)
  })
})

describe('the numbers', () => {
  it('count what happened and say what is, for Prometheus', async () => {
    const { claims } = await client.must('claim', { ...ANN, scopes: [file('counted.ts')] })
    await client.call('claim', { ...BOB, scopes: [file('counted.ts')] })
    const tcp = await daemon.tcp()
    const remote = createClient(tcp)
    const { status, headers, body } = await remote.request({ path: '/metrics' })
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
    const value = (line: string): number =>
      Number(
        body
          .split('\n')
          .find((each) => each.startsWith(line))
          ?.split(' ')
          .at(-1),
      )
    assert.equal(value(`skein_claims{repo="${REPO}"}`), 1)
    assert.equal(value(`skein_leading{repo="${REPO}"}`), 1)
    assert.ok(
      value('skein_operations_total{operation="claim",door="socket",outcome="refused"}') >= 1,
    )
    assert.ok(value(`skein_commit_seconds_count{repo="${REPO}"}`) >= 1)
    assert.ok(value(`skein_events_total{repo="${REPO}",kind="claim.granted"}`) >= 1)
    assert.ok(value(`skein_audit_bytes{repo="${REPO}"}`) > 0)
    const stranger = createClient({ port: tcp.port })
    assert.equal((await stranger.request({ path: '/metrics' })).status, 401)
    await client.must('release', { ...ANN, ids: claims.map(({ id }) => id) })
    remote.close()
    stranger.close()
  })
})

describe('the description of the API', () => {
  it('is OpenAPI 3.1, and has every operation', async () => {
    const { status, body } = await client.request({ path: '/openapi.json' })
    assert.equal(status, 200)
    const described = JSON.parse(body) as Record<string, unknown> & {
      paths: Record<string, Record<string, unknown>>
    }
    const verdict = await new Validator().validate(structuredClone(described))
    assert.ok(verdict.valid, JSON.stringify(verdict))
    for (const name of OPERATION_NAMES) assert.ok(described.paths[`/v1/${name}`]?.['post'], name)
    for (const route of ['/v1/events', '/metrics', '/readyz', '/openapi.json'])
      assert.ok(described.paths[route]?.['get'], route)
  })
})
