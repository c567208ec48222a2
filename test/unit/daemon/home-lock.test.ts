import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { buildSync } from 'esbuild'
import { bootId, systemProcesses, type ProcessTable } from '../../../daemon/client/proc.ts'
import { readLockOwner, takeHomeLock } from '../../../daemon/home-lock.ts'

const VERSION = '0.1.0'

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-lock-'))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

const boot = bootId()
const self = systemProcesses().read(process.pid)
assert.ok(self !== null)
const living = { pid: self.pid, started: self.started, boot, version: VERSION }

const STALE: readonly (readonly [what: string, content: string])[] = [
  ['a dead process', JSON.stringify({ ...living, pid: 2 ** 30 })],
  ['a pid that another process has now', JSON.stringify({ ...living, started: '1' })],
  ['an earlier boot', JSON.stringify({ ...living, boot: 'earlier' })],
  ['nothing', ''],
  ['garbage', '{"pid":'],
  ['another format', '4711\n'],
  ['null', 'null'],
]

describe('takeHomeLock', () => {
  it('takes a free home, names the holder, and gives it up', async (t) => {
    const home = makeFolder(t)
    const lock = await takeHomeLock(home, VERSION)
    assert.deepEqual(JSON.parse(readFileSync(path.join(home, 'daemon.pid'), 'utf8')), living)
    assert.deepEqual(readLockOwner(home), living)
    lock.release()
    lock.release()
    assert.deepEqual(readdirSync(home), [])
    assert.equal(readLockOwner(home), null)
  })

  it('refuses a home with a living daemon and names its pid', async (t) => {
    const home = makeFolder(t)
    await takeHomeLock(home, VERSION)
    await assert.rejects(takeHomeLock(home, VERSION), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, 'DAEMON_RUNNING')
      assert.match(error.message, new RegExp(`pid ${String(process.pid)}\\b`))
      return true
    })
    assert.deepEqual(readdirSync(home), ['daemon.pid'])
  })

  for (const [what, content] of STALE) {
    it(`takes over a lock that names ${what}`, async (t) => {
      const home = makeFolder(t)
      writeFileSync(path.join(home, 'daemon.pid'), content)
      assert.equal(readLockOwner(home), null)
      await takeHomeLock(home, VERSION)
      assert.deepEqual(readLockOwner(home), living)
      assert.deepEqual(readdirSync(home), ['daemon.pid'])
    })
  }

  it('does not remove a lock that is no longer its own', async (t) => {
    const home = makeFolder(t)
    const lock = await takeHomeLock(home, VERSION)
    const other = JSON.stringify({ ...living, version: 'other' })
    writeFileSync(path.join(home, 'daemon.pid'), other)
    lock.release()
    assert.equal(readFileSync(path.join(home, 'daemon.pid'), 'utf8'), other)
  })

  it('starts on no home when it cannot tell its own start time', async (t) => {
    const blind: ProcessTable = { read: () => null, isGone: () => false }
    const around = { pid: process.pid, boot, processes: () => blind }
    await assert.rejects(takeHomeLock(makeFolder(t), VERSION, around), { code: 'DAEMON_FAILED' })
  })

  it('says so when the home is gone', async (t) => {
    const gone = path.join(makeFolder(t), 'gone')
    await assert.rejects(takeHomeLock(gone, VERSION), { code: 'HOME_UNUSABLE' })
  })
})

describe('many daemons on one home', () => {
  const TAKERS = 20

  it('leave exactly one holder, over free and stale locks and broken breakers', async (t) => {
    const folder = makeFolder(t)
    const takers = await startTakers(t, folder)
    const contents = [null, ...STALE.map(([, content]) => content)]
    for (let round = 0; round < 4 * contents.length; round++) {
      const home = path.join(folder, String(round))
      mkdirSync(home)
      const content = contents[round % contents.length] ?? null
      if (content !== null) writeFileSync(path.join(home, 'daemon.pid'), content)
      const answers = await Promise.all(takers.map((taker) => taker.take(home)))
      const winners = takers.filter((_, index) => answers[index] === 'taken')
      assert.equal(winners.length, 1, `round ${String(round)}: ${answers.join(' ')}`)
      const [winner] = winners
      assert.equal(readLockOwner(home)?.pid, winner?.pid)
      // Nobody names a pid that is not the holder's.
      const others = new Set(answers.filter((answer) => answer !== 'taken'))
      assert.deepEqual([...others], [`DAEMON_RUNNING ${String(winner?.pid)}`])
      assert.deepEqual(readdirSync(home), ['daemon.pid'])
    }
  })

  it('get past a process that died while it took a stale lock over', async (t) => {
    const home = makeFolder(t)
    const takers = await startTakers(t, home, 2)
    const [first, second] = takers
    assert.ok(first !== undefined && second !== undefined)
    // What a crash between the two steps leaves: the stale lock, and a breaker of a dead process.
    writeFileSync(path.join(home, 'daemon.pid'), 'stale')
    const name = createHash('sha256').update('stale').digest('hex').slice(0, 16)
    writeFileSync(
      path.join(home, `daemon.pid.${name}`),
      JSON.stringify({ ...living, started: '1' }),
    )
    const answers = await Promise.all(takers.map((taker) => taker.take(home)))
    assert.equal(answers.filter((answer) => answer === 'taken').length, 1)
  })

  interface Taker {
    readonly pid: number | undefined
    take(home: string): Promise<string>
  }

  async function startTakers(t: TestContext, folder: string, count = TAKERS): Promise<Taker[]> {
    const program = path.join(folder, 'taker.mjs')
    buildSync({
      stdin: { contents: TAKER, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    })
    const takers = Array.from({ length: count }, () => startTaker(t, program))
    const started = await Promise.all(takers)
    rmSync(program)
    return started
  }

  async function startTaker(t: TestContext, program: string): Promise<Taker> {
    const child: ChildProcess = spawn(process.execPath, [program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    assert.ok(child.stdout !== null && child.stdin !== null)
    const { stdin } = child
    const lines = createInterface({ input: child.stdout })
    const next = async (): Promise<string> => String((await once(lines, 'line'))[0])
    assert.equal(await next(), 'ready')
    return {
      pid: child.pid,
      take(home) {
        const answer = next()
        stdin.write(`${home}\n`)
        return answer
      },
    }
  }

  const TAKER = `
    import { createInterface } from 'node:readline'
    import { takeHomeLock } from '../../../daemon/home-lock.ts'
    createInterface({ input: process.stdin }).on('line', (home) => {
      takeHomeLock(home, '0.1.0').then(
        () => console.log('taken'),
        (error) => console.log(error.code, error.data?.pid ?? error.message),
      )
    })
    console.log('ready')
  `
})
