// What the machine does to a daemon: damaged and missing files, full and read-only disks, a second daemon, what a crash
// left behind. Each is told with its code, and nothing acknowledged is lost.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chownSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { isReady } from '../helpers/api.ts'
import { onCleanup, type Cleaner } from '../helpers/cleanup.ts'
import { endOf, readDaemonLog, spawnDaemon, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

const REPO = 'test/shop'
const ALICE = { repo: REPO, agent: 'alice', session: 's1' }
const BOB = { repo: REPO, agent: 'bob', session: 's2' }

function file(pattern: string): { kind: string; pattern: string } {
  return { kind: 'file', pattern }
}

function logOf(home: string, repo: string): string {
  return path.join(home, 'ledger', encodeURIComponent(repo), 'log')
}

async function claimMany(daemon: Daemon, count: number, cwd: string): Promise<string[]> {
  const ids: string[] = []
  for (let at = 0; at < count; at++) {
    const { claims } = await daemon.client.must('claim', {
      ...ALICE,
      repo: undefined,
      cwd,
      scopes: [file(`f${String(at)}.ts`)],
    })
    ids.push(...claims.map(({ id }) => id))
  }
  return ids
}

async function liveIds(daemon: Daemon, repo = REPO): Promise<string[]> {
  const { claims } = await daemon.client.must('claims', { repo })
  return claims.map(({ id }) => id)
}

function flipBytes(file: string, at: number, count: number): void {
  const bytes = readFileSync(file)
  for (let i = at; i < at + count; i++) bytes[i] = (bytes[i] ?? 0) ^ 0xff
  writeFileSync(file, bytes)
}

describe('a ledger damaged in the middle', () => {
  for (const place of ['middle', 'header'] as const) {
    it(`(${place}) is not served and not written, and the other repositories are`, async (t) => {
      const [shop, other] = [makeRepo(t), makeRepo(t, { skeinYml: 'repo: test/other\n' })]
      const first = await startDaemon(t)
      await claimMany(first, 10, shop)
      const { claims } = await first.client.must('claim', {
        agent: 'carol',
        cwd: other,
        scopes: [file('x.ts')],
      })
      await first.kill()
      const log = logOf(first.home, REPO)
      flipBytes(log, place === 'header' ? 10 : Math.floor(statSync(log).size / 2), 8)
      const damaged = readFileSync(log)

      const daemon = await startDaemon(t, { home: first.home, awaited: '/healthz' })
      for (const [name, input] of [
        ['claim', { ...BOB, scopes: [file('free.ts')] }],
        ['check', { ...BOB, scopes: [file('free.ts')] }],
        ['claims', { repo: REPO }],
        ['verify', ALICE],
        ['claim', { agent: 'bob', cwd: shop, scopes: [file('free.ts')] }],
      ] as const) {
        const { error, status } = await daemon.client.call(name, input)
        assert.deepEqual([error?.code, error?.exit, status], ['LEDGER_DAMAGED', 2, 503], name)
        assert.ok(error?.hint.includes('skein'), error?.hint)
        assert.match(error?.message ?? '', /damaged at byte/)
      }
      const state = await daemon.client.call('status', {})
      assert.equal(state.status, 503, 'not everything is ready')
      const problem = state.result?.repos.find(({ id }) => id === REPO)?.problem
      assert.match(problem ?? '', /damaged/)
      assert.deepEqual(
        await liveIds(daemon, 'test/other'),
        claims.map(({ id }) => id),
      )
      await daemon.client.must('release', { repo: 'test/other', agent: 'carol', mine: true })
      const all = await daemon.client.call('claims', { all_repos: true })
      assert.ok(all.status === 200 || all.error?.code === 'LEDGER_DAMAGED')
      assert.match(readDaemonLog(daemon.home), /a ledger is not served/)
      assert.deepEqual((await daemon.stop()).code, 0)
      assert.ok(readFileSync(log).equals(damaged), 'nothing was written to it')
    })
  }

  it('that is the mesh’s own keeps the daemon from starting, with what to do', async (t) => {
    const first = await startDaemon(t)
    const { home } = first
    await claimMany(first, 3, makeRepo(t))
    await first.kill()
    flipBytes(logOf(home, 'mesh'), 60, 8)
    const { code, said } = await endOf(spawnDaemon(t, { home }))
    assert.equal(code, 2)
    assert.match(said, /LEDGER_DAMAGED|damaged/)
  })
})

describe('a torn end', () => {
  it('of a log is cut, and everything acknowledged is served', async (t) => {
    const first = await startDaemon(t)
    const ids = await claimMany(first, 5, makeRepo(t))
    await first.kill()
    const log = logOf(first.home, REPO)
    writeFileSync(
      log,
      Buffer.concat([readFileSync(log), Buffer.from('half a frame that never was')]),
    )
    const second = await startDaemon(t, { home: first.home })
    assert.deepEqual(await liveIds(second), ids)
    await claimMany(second, 6, makeClone(t, first))
    assert.equal((await second.client.must('audit/verify', { repo: REPO })).ok, true)
  })

  it('of the audit log is told again from the ledger', async (t) => {
    const first = await startDaemon(t)
    await claimMany(first, 5, makeRepo(t))
    const { events } = await first.client.must('audit/verify', { repo: REPO })
    await first.kill()
    const audit = path.join(first.home, 'audit', encodeURIComponent(REPO), '000001.ndjson')
    truncateSync(audit, Math.floor(statSync(audit).size / 2))
    const second = await startDaemon(t, { home: first.home })
    const verdict = await second.client.must('audit/verify', { repo: REPO })
    assert.equal(verdict.ok, true, verdict.problem ?? '')
    assert.ok(verdict.events >= events)
  })

  it('of the audit log’s history is found by audit verify, exit 4', async (t) => {
    const daemon = await startDaemon(t)
    await claimMany(daemon, 5, makeRepo(t))
    await daemon.client.must('audit/verify', { repo: REPO })
    flipBytes(path.join(daemon.home, 'audit', encodeURIComponent(REPO), '000001.ndjson'), 200, 1)
    const { status, result } = await daemon.client.call('audit/verify', { repo: REPO })
    assert.deepEqual([status, result?.ok], [412, false])
    assert.match(result?.problem ?? '', /segment 1, line/)
  })
})

describe('a missing ledger', () => {
  it('of one repository is a loss that is told, not a new beginning', async (t) => {
    const first = await startDaemon(t)
    const shop = makeRepo(t)
    await claimMany(first, 3, shop)
    await first.stop()
    const folder = path.dirname(logOf(first.home, REPO))
    renameSync(folder, `${folder}.away`)
    for (let start = 0; start < 2; start++) {
      const daemon = await startDaemon(t, { home: first.home, awaited: '/healthz' })
      const { error } = await daemon.client.call('claim', {
        ...BOB,
        cwd: shop,
        repo: undefined,
        scopes: [file('f0.ts')],
      })
      assert.deepEqual(
        [error?.code, error?.exit],
        ['LEDGER_DAMAGED', 2],
        `start ${String(start + 1)}`,
      )
      assert.match(error?.hint ?? '', /backup|recover/)
      await daemon.stop()
    }
    rmSync(folder, { recursive: true, force: true })
    renameSync(`${folder}.away`, folder)
    const restored = await startDaemon(t, { home: first.home })
    assert.equal((await liveIds(restored)).length, 3)
  })

  for (const what of ['the whole folder', 'the mesh’s own'] as const) {
    it(`(${what}) never gives a fence a second time`, async (t) => {
      const first = await startDaemon(t)
      const shop = makeRepo(t)
      const fences = new Set<number>()
      for (let at = 0; at < 5; at++) {
        const { claims } = await first.client.must('claim', {
          ...ALICE,
          repo: undefined,
          cwd: shop,
          scopes: [file(`f${String(at)}.ts`)],
        })
        fences.add(claims[0]?.fence ?? 0)
      }
      await first.stop()
      const ledger = path.join(first.home, 'ledger')
      rmSync(what === 'the whole folder' ? ledger : path.join(ledger, 'mesh'), { recursive: true })
      const started = spawnDaemon(t, { home: first.home })
      const outcome = await Promise.race([
        started.exit,
        until('it is ready', () => isReady(path.join(first.home, 'api.sock'))),
      ])
      if (outcome !== true) {
        assert.equal(outcome.code, 2)
        assert.match(started.stderr() + started.stdout(), /LEDGER_DAMAGED|ledger/)
        return
      }
      started.child.kill('SIGKILL')
      await started.exit
      const daemon = await startDaemon(t, { home: first.home })
      const { result } = await daemon.client.call('claim', {
        ...BOB,
        repo: undefined,
        cwd: shop,
        scopes: [file('f9.ts')],
      })
      if (result !== null)
        assert.ok(!fences.has(result.claims[0]?.fence ?? 0), 'a fence came twice')
    })
  }
})

describe('a full disk', () => {
  it('is told as DISK_FULL, ends the daemon, and loses nothing', async (t) => {
    const home = mountSmall(t)
    if (home === null) {
      t.skip('mounting a small file system is not permitted here')
      return
    }
    const shop = makeRepo(t)
    const first = await startDaemon(t, { home })
    const acknowledged: string[] = []
    const refusals: string[] = []
    let sequence = 0
    const fill = async (name: string): Promise<void> => {
      for (;;) {
        const scopes = [file(`${name}/${String(sequence++)}.ts`)]
        const description = 'd'.repeat(400)
        const call = first.client.call('claim', { agent: name, cwd: shop, scopes, description })
        const answer = await call.catch(() => null)
        if (answer === null) return
        if (answer.result === null) {
          refusals.push(
            `${answer.error?.code ?? ''} ${String(answer.error?.exit)} ${String(answer.status)}`,
          )
          return
        }
        acknowledged.push(...answer.result.claims.map(({ id }) => id))
      }
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(fill))
    assert.equal((await first.exit).code, 2)
    assert.ok(refusals.includes('DISK_FULL 2 503'), `callers were told: ${refusals.join(', ')}`)
    assert.match(first.stderr(), /disk/i)
    assert.ok(acknowledged.length > 50)

    const again = spawnDaemon(t, { home })
    const outcome = await Promise.race([
      again.exit,
      until('ready', () => isReady(path.join(home, 'api.sock'))),
    ])
    if (outcome !== true) assert.equal(outcome.code, 2, again.stderr())
    again.child.kill('SIGKILL')
    await again.exit

    execFileSync('mount', ['-o', 'remount,size=64m', path.dirname(home)])
    const second = await startDaemon(t, { home })
    const live = new Set(await liveIds(second))
    const lost = acknowledged.filter((id) => !live.has(id))
    assert.deepEqual(lost, [], 'everything acknowledged is there')
    const scopes = [file('after.ts')]
    await second.client.must('claim', { agent: 'z', cwd: shop, scopes })
    assert.equal((await second.client.must('audit/verify', { repo: REPO })).ok, true)
  })
})

/** A home on a file system of its own, half a megabyte larger than nothing; null where that is not permitted. */
function mountSmall(cleaner: Cleaner): string | null {
  const folder = makeFolder(cleaner, 'skein-mount-')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder], {
      stdio: 'pipe',
    })
  } catch {
    return null
  }
  onCleanup(cleaner, () => {
    execFileSync('umount', ['-l', folder])
  })
  return path.join(folder, 'h')
}

describe('a home', () => {
  it('that is on a read-only disk is told with exit 2, new or not', async (t) => {
    const home = mountSmall(t)
    if (home === null) {
      t.skip('mounting a small file system is not permitted here')
      return
    }
    const remount = (mode: string): void => {
      execFileSync('mount', ['-o', `remount,${mode}`, path.dirname(home)])
    }
    remount('ro')
    const fresh = await endOf(spawnDaemon(t, { home }))
    assert.equal(fresh.code, 2, fresh.said)
    assert.match(fresh.said, /HOME_UNUSABLE/)
    remount('rw')
    const first = await startDaemon(t, { home })
    const ids = await claimMany(first, 2, makeRepo(t))
    await first.kill()
    remount('ro')
    const old = await endOf(spawnDaemon(t, { home }))
    assert.equal(old.code, 2, old.said)
    assert.match(old.said, /HOME_UNUSABLE|read-only/)
    remount('rw')
    assert.deepEqual(await liveIds(await startDaemon(t, { home })), ids)
  })

  it('of somebody else is refused with exit 2', async (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('only root can make a home of somebody else')
      return
    }
    const home = makeFolder(t)
    chownSync(home, 65_534, 65_534)
    const { code, said } = await endOf(spawnDaemon(t, { home }))
    assert.equal(code, 2)
    assert.match(said, /belongs to another user/)
  })

  it('that others can write to is refused, not repaired', async (t) => {
    const home = path.join(makeFolder(t), 'h')
    mkdirSync(home)
    chmodSync(home, 0o777)
    const { code, said } = await endOf(spawnDaemon(t, { home }))
    assert.equal(code, 2)
    assert.match(said, /written to by other users/)
  })

  it('that is a file, or a circle of links, is told with exit 2', async (t) => {
    const folder = makeFolder(t)
    writeFileSync(path.join(folder, 'f'), '')
    symlinkSync('loop', path.join(folder, 'loop'))
    for (const name of ['f', 'loop']) {
      const { code, said } = await endOf(spawnDaemon(t, { home: path.join(folder, name) }))
      assert.equal(code, 2, said)
    }
  })

  it('has one daemon: a second one is told the pid of the first, and harms nothing', async (t) => {
    const first = await startDaemon(t)
    const ids = await claimMany(first, 2, makeRepo(t))
    const seconds = [1, 2, 3].map(() => spawnDaemon(t, { home: first.home }))
    for (const second of seconds) {
      const { code, said } = await endOf(second)
      assert.ok(code === 1 || (code === 0 && said.includes('already')), `${String(code)} ${said}`)
      assert.ok(said.includes(String(first.pid)), said)
    }
    assert.deepEqual(await liveIds(first), ids)
  })

  it('of which five daemons want to be the one gets exactly one', async (t) => {
    const home = path.join(makeFolder(t), 'h')
    const started = Array.from({ length: 5 }, () => spawnDaemon(t, { home }))
    await until('one is ready', () => isReady(path.join(home, 'api.sock')))
    const ended = await until('the others have ended', () => {
      const over = started.filter(({ child }) => child.exitCode !== null)
      return over.length === 4 ? over : null
    })
    assert.equal(ended.length, 4)
    assert.equal(await isReady(path.join(home, 'api.sock')), true)
  })

  it('with the pid and socket files of a dead daemon is taken over', async (t) => {
    const first = await startDaemon(t)
    const ids = await claimMany(first, 2, makeRepo(t))
    await first.kill()
    assert.ok(existsSync(path.join(first.home, 'daemon.pid')))
    assert.ok(existsSync(first.socket))
    const second = await startDaemon(t, { home: first.home })
    assert.deepEqual(await liveIds(second), ids)
    await second.stop()
    // A pid that lives, but is another process.
    const pid = { pid: process.pid, started: '1', boot: 'x', version: '0' }
    for (const content of ['', 'garbage', '12345\n', JSON.stringify(pid), '{"pid":-1}']) {
      writeFileSync(path.join(first.home, 'daemon.pid'), content)
      rmSync(first.socket, { force: true })
      writeFileSync(first.socket, 'not a socket')
      const next = await startDaemon(t, { home: first.home })
      assert.deepEqual(await liveIds(next), ids, content)
      await next.kill()
    }
  })

  it('of a newer version, or with a wrong config.yml, is refused with what is wrong', async (t) => {
    const first = await startDaemon(t)
    await first.stop()
    writeFileSync(path.join(first.home, 'VERSION'), '99\n')
    assert.equal((await endOf(spawnDaemon(t, { home: first.home }))).code, 2)
    writeFileSync(path.join(first.home, 'VERSION'), '1\n')
    writeIn(first.home, 'config.yml', 'machin: x\n')
    const wrong = await endOf(spawnDaemon(t, { home: first.home }))
    assert.equal(wrong.code, 64)
    assert.match(wrong.said, /machine/)
  })
})

describe('a repository whose history git cannot read', () => {
  it('fails its own caller and nobody else', async (t) => {
    const daemon = await startDaemon(t)
    const broken = makeRepo(t, { skeinYml: 'repo: test/broken\n' })
    const head = git(broken, 'rev-parse', 'HEAD').trim()
    rmSync(path.join(broken, '.git', 'objects', head.slice(0, 2), head.slice(2)), { force: true })
    for (let at = 0; at < 3; at++) {
      const { error } = await daemon.client.call('claim', {
        agent: 'a',
        cwd: broken,
        scopes: [file('x.ts')],
      })
      assert.ok(error !== null && error.exit !== 70, JSON.stringify(error))
    }
    await claimMany(daemon, 1, makeRepo(t))
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null })
  })
})

/** The repository that the daemon's home knows. */
function makeClone(cleaner: Cleaner, { home }: Daemon): string {
  const { stdout } = { stdout: readFileSync(path.join(home, 'config.yml'), 'utf8') }
  const root = /- (\/\S+)/.exec(stdout)?.[1]
  assert.ok(root !== undefined, stdout)
  const clone = path.join(makeFolder(cleaner), 'clone')
  git(root, 'clone', '--quiet', root, clone)
  return clone
}
