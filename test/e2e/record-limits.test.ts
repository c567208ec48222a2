// The record at its edges: readers who leave, who stop reading, who ask for too much, whose past is removed under them.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient, type ApiClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { openEvents } from '../helpers/event-source.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const ANN = { repo: REPO, agent: 'ann', session: 's-ann' }
const at = `/v1/events?repo=${encodeURIComponent(REPO)}`

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

/** Refusals of some 75 kB each. */
async function refuseLargely(count: number): Promise<void> {
  const folder = 'x'.repeat(900)
  const scopes = Array.from({ length: 60 }, (_, i) => file(`${folder}/${String(i)}`))
  await client.must('claim', { ...ANN, scopes: [file(`${folder}/**`)] })
  const other = createClient({ socket: daemon.socket }, { connections: 4 })
  const bob = { repo: REPO, agent: 'bob', session: 's-bob' }
  for (let i = 0; i < count; i++) await other.call('claim', { ...bob, scopes })
  other.close()
  await client.must('release', { ...ANN, mine: true })
}

describe('readers of the past', () => {
  it('leave no open files behind when they leave in the middle', async (t) => {
    await refuseLargely(60)
    const openFiles = () => readdirSync(`/proc/${String(daemon.pid)}/fd`).length
    const before = openFiles()
    for (let i = 0; i < 10; i++) {
      const stream = await openEvents(t, { socket: daemon.socket }, `${at}&since=1h`)
      stream.close()
      await stream.ended
    }
    await until('they are closed', () => openFiles() <= before + 1)
  })

  it('get pages that an answer can hold, and all of the log', async () => {
    const { events, more } = await client.must('events', { repo: REPO, since: '1h', limit: 10_000 })
    assert.ok(more, 'more than one page of bytes')
    assert.ok(JSON.stringify(events).length < 8 * 1_048_576)
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: daemon.home, HOME: daemon.home }
    const words = [PROGRAM, 'audit', 'export']
    const options = { cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
    const exported = execFileSync(process.execPath, words, options)
    const { events: count } = await client.must('audit/verify', { repo: REPO })
    assert.equal(exported.trimEnd().split('\n').length, count)
  })
})

describe('a stream', () => {
  it('of every repository tells of one that is enrolled later', async (t) => {
    const stream = await openEvents(t, { socket: daemon.socket }, '/v1/events?all_repos=true')
    const late = makeRepo(t, { skeinYml: 'repo: test/late\n' })
    await client.must('claim', { cwd: late, agent: 'ann', session: 's', scopes: [file('a')] })
    const { repo } = await stream.next('claim.granted')
    assert.equal(repo, 'test/late')
  })

  it('has no end that could be asked for', async (t) => {
    const refused = await openEvents(t, { socket: daemon.socket }, `${at}&until=1m`)
    assert.equal(refused.status, 422)
  })

  it('says where it begins, so that a reader who heard nothing misses nothing', async (t) => {
    const { events } = await client.must('events', { repo: REPO, limit: 1 })
    const stream = await openEvents(t, { socket: daemon.socket }, at)
    const first = await until('its first words', () => stream.other[0] ?? null)
    assert.match(first, new RegExp(`^id: ${events[0]?.id ?? '-'}$`, 'm'))
  })
})

describe('a copy of the log', () => {
  it('that is a folder, or empty, proves nothing and says so', (t) => {
    const folder = makeFolder(t)
    const empty = path.join(folder, 'empty.ndjson')
    mkdirSync(path.join(folder, 'audit'))
    writeFileSync(empty, '')
    const verify = (file: string) =>
      spawnSync(process.execPath, [PROGRAM, 'audit', 'verify', file], { encoding: 'utf8' })
    const ofFolder = verify(path.join(folder, 'audit'))
    assert.equal(ofFolder.status, 6)
    assert.match(ofFolder.stderr, /audit export/)
    assert.equal(verify(empty).status, 4)
  })
})
