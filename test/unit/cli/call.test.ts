import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { callOperation, probe } from '../../../daemon/client/call.ts'
import { SkeinError, type ErrorCode } from '../../../protocol/index.ts'
import { makeFolder, startTwin } from '../../helpers/cli-server.ts'

const SOON = { timeoutMs: 5_000 }

async function codeOf(call: Promise<unknown>): Promise<{ code: ErrorCode; error: SkeinError }> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof SkeinError, String(error))
    return { code: error.code, error }
  }
  assert.fail('it answered')
}

describe('callOperation', () => {
  it('posts the input to the operation and returns its result', async (t) => {
    const { socket, calls } = await startTwin(t, () => ({ ok: true, events: 3 }))
    const result = await callOperation('audit/verify', { cwd: '/x' }, { socket, ...SOON })
    assert.deepEqual(result, { ok: true, events: 3 })
    assert.deepEqual(calls, [{ operation: 'audit/verify', input: { cwd: '/x' } }])
  })

  it('takes a refused claim for a result, whatever its status', async (t) => {
    const { socket } = await startTwin(t, (_call, response) => {
      response.statusCode = 409
      return { status: 'refused' }
    })
    assert.deepEqual(await callOperation('claim', {}, { socket, ...SOON }), { status: 'refused' })
  })

  it('throws the error that the daemon answered, with hint and data', async (t) => {
    const { socket } = await startTwin(t, (_call, response) => {
      response.statusCode = 404
      return new SkeinError('CLAIM_UNKNOWN', 'no such claim', { hint: 'look', data: { id: 'x' } })
    })
    const { code, error } = await codeOf(callOperation('renew', {}, { socket, ...SOON }))
    assert.deepEqual(
      [code, error.exit, error.message, error.hint],
      ['CLAIM_UNKNOWN', 6, 'no such claim', 'look'],
    )
    assert.deepEqual(error.data, { id: 'x' })
  })

  it('keeps the word of an error that this version does not know', async (t) => {
    const error = { code: 'FROM_THE_FUTURE', message: 'later', exit: 3 }
    const { socket } = await startTwin(t, () => ({ error }))
    const caught = await codeOf(callOperation('check', {}, { socket, ...SOON }))
    assert.equal(caught.error.message, 'later (FROM_THE_FUTURE)')
  })

  it('says DAEMON_DOWN where nobody listens', async (t) => {
    const folder = makeFolder(t)
    const none = path.join(folder, 'api.sock')
    const call = callOperation('claim', {}, { socket: none, ...SOON })
    const { code, error } = await codeOf(call)
    assert.deepEqual([code, error.exit, error.hint], ['DAEMON_DOWN', 2, 'skein up'])
  })

  it('says DAEMON_DOWN at a socket that a dead daemon left behind', async (t) => {
    const { execFileSync } = await import('node:child_process')
    const stale = path.join(makeFolder(t), 'api.sock')
    const script = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`
    assert.throws(() => execFileSync(process.execPath, ['-e', script]))
    const { code } = await codeOf(callOperation('check', {}, { socket: stale, ...SOON }))
    assert.equal(code, 'DAEMON_DOWN')
  })

  it('says UNCERTAIN when a write was heard and never answered, DAEMON_DOWN for a read', async (t) => {
    const { socket } = await startTwin(t, (_call, _response, request) => {
      request.socket.destroy()
    })
    const write = await codeOf(callOperation('claim', {}, { socket, ...SOON }))
    assert.deepEqual([write.code, write.error.exit], ['UNCERTAIN', 2])
    assert.equal(write.error.hint, 'skein claims --mine')
    const read = await codeOf(callOperation('check', {}, { socket, ...SOON }))
    assert.equal(read.code, 'DAEMON_DOWN')
  })

  it('says UNCERTAIN when the answer breaks off in the middle', async (t) => {
    const { socket } = await startTwin(t, (_call, response, request) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('{"status":', () => request.socket.destroy())
    })
    const { code } = await codeOf(callOperation('claim', {}, { socket, ...SOON }))
    assert.equal(code, 'UNCERTAIN')
  })

  it('waits no longer than it was told', async (t) => {
    const { socket } = await startTwin(t, () => undefined)
    const call = callOperation('claim', {}, { socket, timeoutMs: 1_000 })
    const { code, error } = await codeOf(call)
    assert.equal(code, 'UNCERTAIN')
    assert.deepEqual(error.data, { socket, why: 'no answer in 1 s' })
  })

  it('ends at once when interrupted, and says whether something may have happened', async (t) => {
    const interrupt = new AbortController()
    const { socket } = await startTwin(t, () => {
      interrupt.abort()
    })
    const options = { socket, ...SOON, signal: interrupt.signal }
    const under = await codeOf(callOperation('claim', {}, options))
    assert.deepEqual([under.code, under.error.exit], ['INTERRUPTED', 130])
    assert.equal(under.error.hint, 'skein claims --mine')
    const before = await codeOf(callOperation('claim', {}, options))
    assert.match(before.error.message, /nothing was changed/)
  })

  it('calls an answer that is not JSON a bug', async (t) => {
    const { socket } = await startTwin(t, (_call, response) => {
      response.end('<html>')
    })
    const { code, error } = await codeOf(callOperation('check', {}, { socket, ...SOON }))
    assert.deepEqual([code, error.exit], ['INTERNAL', 70])
  })

  it('takes an answer of many chunks, cut within characters', async (t) => {
    const description = 'ä€𝄞'.repeat(50_000)
    const { socket } = await startTwin(t, (_call, response) => {
      const body = Buffer.from(JSON.stringify({ description }))
      for (let i = 0; i < body.length; i += 7_777) response.write(body.subarray(i, i + 7_777))
      response.end()
    })
    const answer = await callOperation('status', {}, { socket, ...SOON })
    assert.deepEqual(answer, { description })
  })
})

describe('probe', () => {
  it('is the status of the answer, or null without one', async (t) => {
    const { socket } = await startTwin(t, (_call, response) => {
      response.statusCode = 503
      return {}
    })
    assert.equal(await probe('/readyz', { socket, ...SOON }), 503)
    assert.equal(await probe('/readyz', { socket: `${socket}.none`, ...SOON }), null)
    const silent = await startTwin(t, () => undefined)
    assert.equal(await probe('/readyz', { socket: silent.socket, timeoutMs: 1_000 }), null)
  })
})
