// Waiting for what another holds, as harnesses meet it: payloads through the installed commands, against a daemon.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { AuditEvent } from '../../protocol/index.ts'
import { createClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeHarness, type HarnessOptions, type HarnessRun } from '../helpers/hooks.ts'
import { until } from '../helpers/poll.ts'
import { git, makeRepo, writeIn } from '../helpers/repo.ts'

const SCENES = 20
/** Of a run without a person, as its client says it. */
const HEADLESS = { CLAUDE_CODE_ENTRYPOINT: 'sdk-cli' }

const suite = createCleaner()
let daemon: Daemon
let root: string
let scene = -1

before(async () => {
  root = makeRepo(suite)
  for (let at = 0; at < SCENES; at++) writeIn(root, `s${String(at)}/a.txt`, 'one\n')
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'scenes')
  daemon = await startDaemon(suite)
})

after(() => suite.run())
beforeEach(() => scene++)

function harness(name: string, options: Partial<HarnessOptions> = {}): HarnessRun {
  return makeHarness(name, { home: daemon.home, cwd: root, patience: '1m', ...options })
}

function edit() {
  return {
    file_path: path.join(root, `s${String(scene)}`, 'a.txt'),
    old_string: 'one',
    new_string: 'x',
  }
}

async function held(session: string): Promise<readonly string[]> {
  const { claims } = await daemon.client.must('claims', { cwd: root, of_session: session })
  return claims.map(({ pattern }) => pattern)
}

async function waits(session: string): Promise<readonly string[]> {
  const client = createClient({ socket: daemon.socket })
  const { entries } = await client.must('queue', { cwd: root })
  client.close()
  return entries.filter((entry) => entry.session === session).map(({ id }) => id)
}

function untilWaiting(session: string): Promise<boolean> {
  return until('it waits', async () => (await waits(session)).length > 0)
}

async function events(kind: string, session: string): Promise<readonly AuditEvent['data'][]> {
  const { events: all } = await daemon.client.must('events', { cwd: root, kinds: [kind] })
  return all.map(({ data }) => data).filter((data) => data['session'] === session)
}

function skein(...words: readonly string[]): Promise<{ exit: number; stdout: string }> {
  const env = { PATH: process.env['PATH'], HOME: daemon.home, SKEIN_HOME: daemon.home }
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...words], { cwd: root, env }, (error, stdout) => {
      resolve({ exit: error === null ? 0 : Number(error.code), stdout })
    })
  })
}

/** Alice holds the scene's file. */
async function holder(): Promise<HarnessRun> {
  const alice = harness('alice')
  await alice.before('Edit', edit())
  return alice
}

describe('a session before which a person sits', () => {
  it('is refused at once, with a place in the queue that is kept for it', async () => {
    await holder()
    const bob = harness('bob')
    const denied = await bob.before('Edit', edit())
    assert.deepEqual([denied.exit, denied.says], [2, 'deny'])
    const [id = ''] = await waits(bob.session)
    assert.match(denied.stderr, new RegExp(`waits for it now, until .*skein wait ${id}`, 's'))
    await bob.before('Edit', edit())
    assert.deepEqual(await waits(bob.session), [id], 'the same place')
  })

  it('is woken when its model has stopped, once', async () => {
    const alice = await holder()
    const bob = harness('bob')
    await bob.before('Edit', edit())
    const [first, second] = [bob.turnEnd(), bob.turnEnd()]
    await alice.end()
    const woken = (await Promise.all([first, second])).filter(({ exit }) => exit === 2)
    assert.equal(woken.length, 1)
    assert.match(woken[0]?.stderr ?? '', /the wait is over: you hold s\d+\/a\.txt/)
    assert.equal((await bob.before('Edit', edit())).stdout, '', 'it was told')
  })

  it('has taken up what it was granted when its command has written that', async () => {
    const alice = await holder()
    const besides = { file_path: path.join(root, `s${String(scene)}`, 'b.txt'), content: 'hers\n' }
    await alice.before('Write', besides)
    const bob = harness('bob')
    await bob.before('Edit', edit())
    await bob.before('Write', besides)
    const of = { cwd: root, session: alice.session }
    const { claims } = await daemon.client.must('claims', { cwd: root, of_session: alice.session })
    const [first] = claims.filter(({ pattern }) => pattern.endsWith('a.txt'))
    await daemon.client.must('release', { ...of, ids: [first?.id] })
    await until('it is granted', async () => (await held(bob.session)).length > 0)
    const command = { command: 'make' }
    await bob.before('Bash', command)
    writeIn(root, `s${String(scene)}/a.txt`, 'built\n')
    await bob.after('Bash', command)
    const stopped = bob.turnEnd()
    await alice.end()
    const woken = await stopped
    assert.equal(woken.exit, 2, 'its turn has waited for the other')
    assert.match(woken.stderr, /the wait is over: you hold s\d+\/b\.txt/)
  })

  it('rests where it waits for nothing', async () => {
    const bob = harness('bob')
    const { exit, stdout, stderr } = await bob.turnEnd()
    assert.deepEqual({ exit, stdout, stderr }, { exit: 0, stdout: '', stderr: '' })
  })

  it('gives its places up when it ends', async () => {
    await holder()
    const bob = harness('bob')
    await bob.before('Edit', edit())
    await bob.end()
    assert.deepEqual(await waits(bob.session), [])
  })

  it('keeps no place where it wants none, nor where waiting would close a circle', async () => {
    const alice = await holder()
    const bob = harness('bob', { env: { SKEIN_WAIT: 'refuse' } })
    const denied = await bob.before('Edit', edit())
    assert.match(denied.stderr, /To wait for it: skein claim/)
    assert.deepEqual(await waits(bob.session), [])
    const theirs = edit()
    scene++
    const carl = harness('carl')
    await carl.before('Edit', edit())
    await alice.before('Edit', edit())
    assert.equal((await waits(alice.session)).length, 1)
    const circle = await carl.before('Edit', theirs)
    assert.match(circle.stderr, /would close a circle/)
    assert.deepEqual(await waits(carl.session), [])
  })

  it('hears after a resume what it holds and waits for', async () => {
    await holder()
    const bob = harness('bob')
    await bob.before('Edit', edit())
    const [id = ''] = await waits(bob.session)
    const { text } = await bob.start({ source: 'resume' })
    assert.match(text, new RegExp(`this session waits for s\\d+/a\\.txt \\(${id}\\)`))
  })
})

describe('an edit that would wait where the queue is full', () => {
  it('is refused as plainly as without a queue, and says why', async () => {
    const cwd = makeRepo(suite, { skeinYml: 'repo: test/full\nlimits: {waits: 1}\n' })
    const run = (name: string, env = {}): HarnessRun =>
      makeHarness(name, { home: daemon.home, cwd, patience: '1m', env })
    const readme = { ...edit(), file_path: path.join(cwd, 'README.md') }
    await run('alice').before('Edit', readme)
    assert.match((await run('bob').before('Edit', readme)).stderr, /held by[^]*waits for it now/)
    const { entries } = await daemon.client.must('queue', { cwd })
    assert.equal(entries.length, 1)
    for (const env of [{}, HEADLESS, { ...HEADLESS, SKEIN_WAIT: 'defer' }]) {
      const refused = await run('carl', env).before('Edit', readme)
      assert.deepEqual([refused.exit, refused.says], [2, 'deny'], refused.stderr)
      assert.match(
        refused.stderr,
        /README\.md: held by[^]*cannot be waited for now: 1 claims? wait/,
      )
    }
    assert.equal((await daemon.client.must('queue', { cwd })).entries.length, 1)
  })
})

describe('a run without a person', () => {
  it('waits in its hook, and edits once it holds the file', async () => {
    const alice = await holder()
    const bob = harness('bob', { env: HEADLESS })
    const asked = bob.before('Edit', edit())
    await untilWaiting(bob.session)
    await alice.end()
    const allowed = await asked
    assert.deepEqual([allowed.exit, allowed.says], [0, null])
    assert.match(allowed.text, /the wait is over/)
    assert.deepEqual(await held(bob.session), [`s${String(scene)}/a.txt`])
  })

  it('of Codex does so as well', async () => {
    const alice = await holder()
    const env = { SKEIN_WAIT: '50s' }
    const bob = harness('bob', { harness: 'codex', env })
    const asked = bob.before('Bash', { command: `echo x > s${String(scene)}/a.txt` })
    await untilWaiting(bob.session)
    await alice.end()
    assert.equal((await asked).exit, 0)
  })

  it('does not wait where its wiring does not say how long the hook has', async () => {
    await holder()
    const bob = makeHarness('bob', { home: daemon.home, cwd: root, env: HEADLESS })
    assert.equal((await bob.before('Edit', edit())).exit, 2)
  })
})

describe('a run that is parked', () => {
  const PARKED = { ...HEADLESS, SKEIN_WAIT: 'defer' }

  it('is deferred, keeps what it holds past its end, and goes on after the grant', async () => {
    const theirs = edit()
    const alice = await holder()
    scene++
    const bob = harness('bob', { env: PARKED })
    await bob.before('Edit', edit())
    const deferred = await bob.before('Edit', theirs)
    assert.deepEqual([deferred.exit, deferred.says, deferred.stderr], [0, 'defer', ''])
    await bob.end()
    assert.deepEqual(await held(bob.session), [`s${String(scene)}/a.txt`])
    const [id = ''] = await waits(bob.session)
    const [told] = await events('guard.deferred', bob.session)
    assert.equal(told?.['queue'], id)
    const waiting = skein('wait', id)
    await alice.end()
    const over = await waiting
    assert.equal(over.exit, 0, over.stdout)
    assert.match(over.stdout, new RegExp(`Granted to session ${bob.session}`))
    await until(
      'it may be resumed',
      async () => (await events('guard.resumable', bob.session)).length > 0,
    )
    const [resumable] = await events('guard.resumable', bob.session)
    assert.deepEqual(
      [resumable?.['queue'], resumable?.['granted'], resumable?.['reason']],
      [id, true, null],
    )
    await bob.start({ source: 'resume' })
    assert.equal((await bob.before('Edit', theirs)).says, null)
    await bob.end()
    assert.deepEqual(await held(bob.session), [])
    assert.equal((await skein('wait', id)).exit, 0, 'long over')
  })

  it('outlives its daemon: it keeps what it holds, goes on after the grant, and then ends as any', async () => {
    const theirs = edit()
    const alice = await holder()
    scene++
    const bob = harness('bob', { env: PARKED })
    await bob.before('Edit', edit())
    assert.equal((await bob.before('Edit', theirs)).says, 'defer')
    await daemon.kill()
    daemon = await startDaemon(suite, { home: daemon.home })
    await bob.end()
    assert.deepEqual(await held(bob.session), [`s${String(scene)}/a.txt`], 'it ends to be resumed')
    const [id] = await waits(bob.session)
    await alice.end()
    await until(
      'it may be resumed',
      async () => (await events('guard.resumable', bob.session)).length > 0,
    )
    const [resumable] = await events('guard.resumable', bob.session)
    assert.deepEqual([resumable?.['queue'], resumable?.['granted']], [id, true])
    await daemon.stop()
    daemon = await startDaemon(suite, { home: daemon.home })
    await bob.start({ source: 'resume' })
    assert.equal((await bob.before('Edit', theirs)).says, null)
    assert.equal((await events('guard.resumable', bob.session)).length, 1, 'it is told once')
    await daemon.stop()
    daemon = await startDaemon(suite, { home: daemon.home })
    await bob.end()
    assert.deepEqual(await held(bob.session), [])
  })

  it('may be resumed when its place is gone as well', async () => {
    await holder()
    const bob = harness('bob', { env: PARKED })
    await bob.before('Edit', edit())
    const [id = ''] = await waits(bob.session)
    await daemon.client.must('cancel', { cwd: root, session: bob.session, ids: [id] })
    await until(
      'it may be resumed',
      async () => (await events('guard.resumable', bob.session)).length > 0,
    )
    const [resumable] = await events('guard.resumable', bob.session)
    assert.deepEqual([resumable?.['granted'], resumable?.['reason']], [false, 'cancelled'])
    const lost = await skein('wait', id)
    assert.equal(lost.exit, 8)
    assert.match(lost.stdout, /cancelled/)
  })

  it('is none where a part of the session asks, or a person sits there: these are refused', async () => {
    await holder()
    const bob = harness('bob', { env: { SKEIN_WAIT: 'defer' } })
    assert.equal((await bob.before('Edit', edit())).says, 'deny')
    const carl = harness('carl', { env: PARKED, patience: '0s' })
    const part = { agent_id: 'a79991965485b67ab', agent_type: 'general-purpose' }
    const denied = await carl.before('Edit', edit(), part)
    assert.match(denied.stderr, /not written by sub-agent general-purpose a7999196,/)
  })
})

describe('skein wait', () => {
  it('gives nothing up when it ends, and knows no place that never was', async () => {
    await holder()
    const bob = harness('bob')
    await bob.before('Edit', edit())
    const [id = ''] = await waits(bob.session)
    const still = await skein('wait', id, '--for', '1s')
    assert.equal(still.exit, 8)
    assert.match(still.stdout, /Still: Waiting for/)
    assert.deepEqual(await waits(bob.session), [id])
    assert.equal((await skein('wait', `que_${'0'.repeat(26)}`)).exit, 6)
    assert.equal((await skein('wait', 'src/a.ts')).exit, 64)
  })
})
