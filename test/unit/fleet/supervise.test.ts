// Real processes: what a supervisor promises of one worker.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openWorkerFiles, type WorkerFiles } from '../../../daemon/fleet/files.ts'
import { supervise } from '../../../daemon/fleet/supervise.ts'
import { until } from '../../helpers/poll.ts'
import { makeFolder } from '../../helpers/repo.ts'

function prepare(t: TestContext, script: string, prompt = ''): WorkerFiles {
  const files = openWorkerFiles(path.join(makeFolder(t), 'worker'))
  const order = { repo: 'r', kind: 'command', command: 'sh', cwd: '/', base: '' } as const
  files.writeOrder({ ...order, args: ['-c', script] }, prompt)
  return files
}

const start = ({ folder }: WorkerFiles, more: object = {}) =>
  supervise({ folder, env: process.env, stop: new AbortController().signal, ...more })
const logOf = ({ log }: WorkerFiles): string => readFileSync(log, 'utf8')

/** Whoever inherits the dead takes a moment to count them. */
async function untilGone(files: WorkerFiles): Promise<void> {
  const { pid } = files.running()?.worker ?? { pid: 0 }
  assert.notEqual(pid, 0)
  await until('nobody of its group is left', () => {
    try {
      return !process.kill(-pid, 0)
    } catch {
      return true
    }
  })
}

describe('a supervisor', () => {
  it('gives the worker its prompt, keeps what it says, and writes down how it ended', async (t) => {
    const files = prepare(t, 'cat; echo wrong >&2; exit 7', 'the text\n')
    await start(files)
    assert.deepEqual(files.end(), { code: 7, signal: null, error: null })
    assert.deepEqual(logOf(files).split('\n').sort(), ['', 'the text', 'wrong'])
    assert.notEqual(files.running()?.worker.pid, undefined)
  })

  it('starts no worker a second time', async (t) => {
    const files = prepare(t, 'echo once')
    await Promise.all([start(files), start(files)])
    await start(files)
    assert.equal(logOf(files), 'once\n')
  })

  it('says that a program cannot be started', async (t) => {
    const files = prepare(t, '')
    const order = files.order()
    assert.ok(order)
    files.writeOrder({ ...order, command: '/no/such/program' }, '')
    await start(files)
    assert.match(files.end()?.error ?? '', /ENOENT/)
  })

  it('ends a worker that listens to no polite word, and its children', async (t) => {
    const files = prepare(
      t,
      'trap "" TERM; (trap "" TERM; sleep 300) & echo up; while :; do sleep 1; done',
    )
    const stopping = new AbortController()
    const over = start(files, { stop: stopping.signal, graceMs: 50 })
    await until('it runs', () => files.running() !== null && logOf(files) === 'up\n')
    stopping.abort()
    await over
    assert.equal(files.end()?.signal, 'SIGKILL')
    await untilGone(files)
  })

  it('waits for no child that stays and keeps the output open', async (t) => {
    const files = prepare(t, 'sleep 300 & echo over')
    await start(files)
    assert.equal(files.end()?.code, 0)
    await untilGone(files)
  })

  it('bounds the log, and keeps its end', async (t) => {
    const files = prepare(t, 'head -c 3000000 /dev/zero | tr "\\0" x; echo; echo the result')
    await start(files, { logBytesMax: 100_000 })
    const text = logOf(files)
    assert.ok(text.length < 1_000_000, String(text.length))
    assert.match(text, /# \d+ bytes were left out here/)
    assert.match(text, /the result\n$/)
  })

  it('keeps a log of several runs within one bound, and has room for the first words of each', async (t) => {
    const files = prepare(t, 'head -c 3000000 /dev/zero | tr "\\0" x; echo; echo the result')
    await start(files, { logBytesMax: 2_000_000 })
    const further = openWorkerFiles(path.join(files.folder, 'run-2'))
    assert.equal(further.log, files.log)
    const order = files.order()
    assert.ok(order)
    const args = ['-c', 'echo hello; head -c 3000000 /dev/zero | tr "\\0" y; echo; echo the end']
    further.writeOrder({ ...order, args, header: '# run 2', logFrom: 0 }, '')
    await start(further, { logBytesMax: 2_000_000 })
    const text = logOf(files)
    assert.match(text, /the result\n# run 2\nhello\n/)
    assert.match(text, /the end\n$/)
    assert.ok(text.length < 4_500_000, String(text.length))
  })

  it(
    'loses the log on a full disk, and not the worker',
    { skip: !existsSync('/dev/full') },
    async (t) => {
      const files = prepare(t, 'echo lost; exit 4')
      symlinkSync('/dev/full', files.log)
      await start(files)
      assert.equal(files.end()?.code, 4)
    },
  )

  it('ends a worker that it could not write down', async (t) => {
    const files = prepare(t, 'echo $$; exec sleep 300')
    mkdirSync(path.join(files.folder, 'running.json.next'))
    await start(files)
    assert.match(files.end()?.error ?? '', /EISDIR/)
    const pid = Number(logOf(files))
    if (pid > 0) await until('it is gone', () => isGone(pid))
  })
})

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
