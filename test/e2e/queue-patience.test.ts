// Waits that last longer than a harness lets a tool's call last: the agent is told its place, and asks again.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, it } from 'node:test'
import { DOORS } from '../helpers/agents.ts'
import { PROGRAM, startDaemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
/** Harnesses of this kind cut a call after 30 seconds. */
const CUT_MS = 30_000

// Each waits for some 25 s and does nothing meanwhile: so they wait together.
describe('a tool that waits, at every door', { concurrency: true }, () => {
  const mcp = DOORS.filter(({ name }) => name.startsWith('MCP'))
  for (const door of mcp) {
    it(`answers before ${door.name} is cut off, and keeps the place for the next call`, async (t) => {
      const cwd = makeRepo(t)
      const daemon = await startDaemon(t)
      const where = { home: daemon.home, cwd }
      const alice = await door.enter(t, where, 'alice')
      const bob = await door.enter(t, where, 'bob')
      const held = (await alice.claim(['a.ts']).told).result?.claims[0]
      assert.ok(held !== undefined)
      const startedAt = performance.now()
      const [first, asked] = await Promise.all([
        bob.claim(['a.ts'], { wait: 600 }).told,
        bob.request(held.id, null, 600),
      ])
      assert.ok(performance.now() - startedAt < CUT_MS)
      assert.deepEqual([first.exit, first.result?.status], [8, 'queued'])
      assert.equal(asked.result?.request.decision, 'pending')
      const place = first.result?.queue
      const { entries } = await daemon.client.must('queue', { repo: REPO })
      assert.deepEqual(
        entries.map(({ id }) => id),
        [place?.id],
        'the place is kept',
      )
      const again = bob.claim(['a.ts'], { wait: 600 })
      await alice.respond(asked.result.request.id, 'approve')
      const { result } = await again.told
      assert.equal(result?.status, 'granted')
    })
  }
})

describe('a tool that waits', () => {
  it('loses its place with the bridge that is killed', async (t) => {
    const cwd = makeRepo(t)
    const daemon = await startDaemon(t)
    const scopes = [{ kind: 'file', pattern: 'a.ts' }]
    await daemon.client.must('claim', { cwd, session: 'alice', scopes })
    const env = { ...process.env, SKEIN_HOME: daemon.home, SKEIN_SESSION: 'bob' }
    const bridge = spawn(process.execPath, [PROGRAM, 'mcp'], { cwd, env })
    t.after(() => bridge.kill('SIGKILL'))
    const [version, capabilities, clientInfo] = ['2025-06-18', {}, { name: 't', version: '1' }]
    const args = { patterns: ['a.ts'], wait_seconds: 60 }
    const lines = [
      {
        id: 0,
        method: 'initialize',
        params: { protocolVersion: version, capabilities, clientInfo },
      },
      { method: 'notifications/initialized' },
      { id: 1, method: 'tools/call', params: { name: 'claim_files', arguments: args } },
    ]
    for (const line of lines) bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...line })}\n`)
    const waiters = async (): Promise<number> =>
      (await daemon.client.must('queue', { repo: REPO })).entries.length
    await until('it waits', async () => (await waiters()) === 1)
    bridge.kill('SIGKILL')
    await until('the place is lost', async () => (await waiters()) === 0)
  })
})
