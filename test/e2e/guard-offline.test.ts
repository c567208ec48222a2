// Hooks where no daemon answers: what the process does by itself, what the next daemon makes of it, and who starts one.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createClient } from '../helpers/api.ts'
import { startDaemon } from '../helpers/daemon.ts'
import { makeHarness, type HarnessRun } from '../helpers/hooks.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

interface Scene {
  readonly home: string
  readonly root: string
  readonly harness: (name: string, env?: Readonly<Record<string, string>>) => HarnessRun
  /** What was noted for a daemon. */
  readonly notes: () => string
}

function makeScene(t: TestContext, skeinYml = 'repo: test/shop\n'): Scene {
  const home = path.join(makeFolder(t, 'skein-home-'), 'h')
  const root = makeRepo(t, { skeinYml })
  const file = path.join(home, 'offline', 'hooks.ndjson')
  return {
    home,
    root,
    harness: (name, env = {}) => makeHarness(name, { home, cwd: root, env }),
    notes: () => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
  }
}

function edit(root: string, file: string) {
  return { file_path: path.join(root, file), old_string: 'secret old', new_string: 'secret new' }
}

describe('without a daemon', () => {
  it('an edit is allowed, says so, and is claimed by the next daemon', async (t) => {
    const { home, root, harness, notes } = makeScene(t)
    const alice = harness('alice')
    const told = await alice.before('Edit', edit(root, 'src/a.ts'))
    assert.deepEqual([told.exit, told.says], [0, null])
    assert.match(told.text, /no daemon runs[^]*skein up --background/)
    assert.ok(!notes().includes('secret'), 'contents stay where they are')
    assert.equal(statSync(path.join(home, 'offline', 'hooks.ndjson')).mode & 0o777, 0o600)

    const daemon = await startDaemon(t, { home })
    const held = await until('the note is taken up', async () => {
      const { claims } = await daemon.client.must('claims', { cwd: root })
      return claims.length > 0 && claims
    })
    assert.deepEqual(
      held.map(({ pattern, session }) => [pattern, session]),
      [['src/a.ts', alice.session]],
    )
    assert.equal(notes(), '')
  })

  it('what was held already is written down, and its holder is told', async (t) => {
    const { home, root, harness, notes } = makeScene(t)
    const [alice, bob] = [harness('alice'), harness('bob')]
    const first = await startDaemon(t, { home })
    await alice.before('Edit', edit(root, 'src/a.ts'))
    await first.stop()
    await bob.before('Edit', edit(root, 'src/a.ts'))
    assert.notEqual(notes(), '')
    const second = await startDaemon(t, { home })
    const notices = await until('the holder is told', async () => {
      const inbox = await second.client.must('inbox', { cwd: root, session: alice.session })
      return inbox.notices.length > 0 && inbox.notices
    })
    assert.deepEqual(notices[0]?.paths, ['src/a.ts'])
    assert.equal(notices[0].reason, 'written while no daemon ran')
  })

  it('what writes nothing, or belongs to nobody, is allowed without a word', async (t) => {
    const { harness, notes } = makeScene(t)
    const alice = harness('alice')
    const strange = makeRepo(t, { skeinYml: null })
    for (const quiet of [
      await alice.before('Read', { file_path: 'src/a.ts' }),
      await alice.before('Bash', { command: 'git status' }),
      await alice.before('Edit', edit(strange, 'README.md')),
      await alice.before('Edit', edit(makeFolder(t), 'x.txt')),
      await alice.after('Bash', { command: 'make' }),
    ]) {
      assert.deepEqual([quiet.exit, quiet.stdout, quiet.stderr], [0, '', ''])
    }
    assert.equal(notes(), '')
  })

  it('`offline: deny` and `ask` are kept by the process itself', async (t) => {
    const strict = makeScene(t, 'repo: test/shop\noffline: deny\n')
    const alice = strict.harness('alice')
    const denied = await alice.before('Edit', edit(strict.root, 'src/a.ts'))
    assert.deepEqual([denied.exit, denied.says], [2, 'deny'])
    assert.match(denied.stderr, /no daemon runs/)
    const bypassed = strict.harness('bob', { SKEIN_BYPASS: 'on fire' })
    assert.equal((await bypassed.before('Edit', edit(strict.root, 'src/a.ts'))).exit, 0)

    const asking = makeScene(t, 'repo: test/shop\noffline: ask\n')
    const asked = await asking.harness('alice').before('Edit', edit(asking.root, 'src/a.ts'))
    assert.deepEqual([asked.exit, asked.says], [0, 'ask'])
  })

  it('a session that ends is given back by the next daemon', async (t) => {
    const { home, root, harness } = makeScene(t)
    const alice = harness('alice')
    const first = await startDaemon(t, { home })
    await alice.before('Edit', edit(root, 'src/a.ts'))
    await first.stop()
    assert.equal((await alice.end()).exit, 0)
    const second = await startDaemon(t, { home })
    await until('it is given back', async () => {
      const { claims } = await second.client.must('claims', { cwd: root })
      return claims.length === 0
    })
  })

  it('the start of a session starts one, unless SKEIN_NO_START=1', async (t) => {
    const { home, root, harness } = makeScene(t)
    const forbidden = await harness('alice', { SKEIN_NO_START: '1' }).start()
    assert.equal(forbidden.exit, 0)
    assert.ok(!existsSync(path.join(home, 'api.sock')))
    const started = await harness('bob').start()
    const lock = readFileSync(path.join(home, 'daemon.pid'), 'utf8')
    try {
      assert.match(started.text, /skein coordinates who writes what in test\/shop/)
      const client = createClient({ socket: path.join(home, 'api.sock') })
      assert.equal((await client.must('status', { cwd: root })).ready, true)
      client.close()
    } finally {
      process.kill((JSON.parse(lock) as { pid: number }).pid, 'SIGKILL')
    }
  })
})
