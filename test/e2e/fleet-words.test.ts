// What workers say by tools rather than on their output: over MCP as a harness does, and by the command line.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, runProgram } from '../helpers/cli-daemon.ts'
import { startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'

type Worker = OperationResult<'stop'>['worker']

const IDENTITY = {
  GIT_AUTHOR_NAME: 'worker',
  GIT_AUTHOR_EMAIL: 'worker@example.org',
  GIT_COMMITTER_NAME: 'worker',
  GIT_COMMITTER_EMAIL: 'worker@example.org',
}
const SKEIN = `'${process.execPath}' '${PROGRAM}'`
const TALKER = path.resolve('test/helpers/mcp-worker.mjs')
const CONFIG = `fleet:
  launchers:
    script: { command: sh, args: [-s] }
    talker: { command: ${process.execPath}, args: [${TALKER}, ${process.execPath}, ${PROGRAM}, mcp] }
`

describe('the words of workers', { timeout: 120_000 }, () => {
  const cleaner = createCleaner()
  let ada: Machine

  before(async () => {
    const mesh = await startMesh(cleaner, {
      ...{ names: ['ada'], env: IDENTITY, configOf: () => CONFIG },
    })
    ada = mesh.machine('ada')
  })
  after(() => cleaner.run())

  const who = () => ({ cwd: ada.cwd, session: 's', agent: 'operator' })
  const assign = async (work: string, launcher = 'script'): Promise<Worker> =>
    (await ada.must('assign', { ...who(), work, launcher })).worker
  const now = async (id: string): Promise<Worker> => {
    const [worker] = (await ada.must('workers', { ...who(), id })).workers
    assert.ok(worker)
    return worker
  }
  const ended = async (id: string) => ada.must('wait', { ...who(), id, wait_s: 30 })
  const logOf = async (id: string) => (await ada.must('log', { ...who(), id })).text
  const call = (tool: string, given: object) => JSON.stringify({ tool, arguments: given })

  it('reach it over MCP: how far it is, a question without an answer yet', async () => {
    const calls = [
      call('report_status', { text: 'read it → write it', confidence: 'low' }),
      call('submit_verdict', { outcome: 'pass' }),
      call('ask', { question: 'which of the two?', wait_s: 1 }),
    ]
    const { id } = await assign(`calls:\n${calls.join('\n')}`, 'talker')
    const { status, worker } = await ended(id)
    assert.deepEqual(
      [status, worker?.state, worker?.note],
      [...['asks', 'waiting', 'which of the two?']],
    )
    await until('it has ended its turn', async () => (await logOf(id)).includes('ask: No answer'))
    const log = await logOf(id)
    assert.match(log, /^tools: .*\breport_status ask submit_verdict$/m)
    assert.match(log, /^STATUS: read it → write it → confidence: low$/m)
    assert.match(log, /^submit_verdict: .*looks at nothing of others/m)
    const tokens = Number(/^tokens: (.*)$/m.exec(log)?.[1])
    assert.ok(tokens > 1_000 && tokens <= 4_000, String(tokens))
    const waiting = await now(id)
    assert.equal(waiting.state, 'waiting')
    assert.equal(waiting.blocker?.kind, 'question')
    assert.deepEqual(waiting.progress?.updates, ['read it → write it → confidence: low'])
    await ada.must('stop', { ...who(), id })
    assert.equal((await ended(id)).worker?.state, 'stopped')
  })

  it('stand in `workers` at once, while it goes on', async () => {
    const text = `${SKEIN} report-status 'one → two' --confidence high; sleep 300`
    const { id } = await assign(text)
    await until('its word is there', async () =>
      ((await now(id)).progress?.updates ?? []).includes('one → two → confidence: high'),
    )
    await ada.must('stop', { ...who(), id })
    assert.equal((await ended(id)).worker?.state, 'stopped')
  })

  it('leave one that waits in a call alone, until somebody wants its end', async () => {
    const { id } = await assign(`${SKEIN} ask 'which?' --wait 5m; sleep 300`)
    await until('it asks', async () => (await now(id)).state === 'waiting')
    const { worker } = await ada.must('stop', { ...who(), id })
    assert.ok(worker.stopping)
    const over = (await ended(id)).worker
    assert.deepEqual([over?.state, over?.exit?.signal], ['stopped', 'SIGTERM'])
  })

  it('are taken from workers alone', async () => {
    const env = { SKEIN_HOME: ada.home, SKEIN_SESSION: 's', SKEIN_AGENT: 'operator' }
    const told = await runProgram(['report-status', 'x'], { cwd: ada.cwd, env })
    assert.equal(told.exit, 7)
    assert.match(told.stderr, /only a worker of this machine/)
  })
})
