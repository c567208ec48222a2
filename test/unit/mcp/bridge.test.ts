import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runBridge, type BridgeOptions } from '../../../mcp/bridge.ts'
import { GREETING } from './greeting.ts'
import {
  asLine,
  defer,
  INITIALIZE,
  INITIALIZED,
  jsonLines,
  listen,
  RESULTS,
  temporaryFolder,
  toolCall,
  type Daemon,
  type JsonLine,
} from './twins.ts'

const CALLER = { ...GREETING, skein: undefined, agent: undefined }
const PATIENCE = { startMs: 2_000, restartMs: 2_000, drainMs: 500 }

interface Bridge {
  readonly stdin: PassThrough
  readonly stdout: PassThrough
  readonly ended: Promise<void>
  readonly send: (...messages: readonly object[]) => void
  readonly next: () => Promise<JsonLine>
}

/** A bridge in this process, between the test and a socket. */
function bridge(t: TestContext, where: string, options: Partial<BridgeOptions> = {}): Bridge {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const lines = jsonLines(stdout)
  const ended = runBridge({
    socketPath: () => where,
    greeting: GREETING,
    stdin,
    stdout,
    start: null,
    patience: PATIENCE,
    ...options,
  })
  t.after(() => {
    stdin.destroy()
    return ended
  })
  return {
    stdin,
    stdout,
    ended,
    send: (...messages) => stdin.write(messages.map(asLine).join('')),
    next: async () => (await lines.next()).value as JsonLine,
  }
}

async function shakeHands({ send, next }: Bridge): Promise<void> {
  send(INITIALIZE)
  assert.equal((await next()).id, 0)
  send(INITIALIZED)
}

/** Answers nothing until told to. */
function hold({ operations }: Daemon): { readonly called: Promise<AbortSignal> } {
  const called = defer<AbortSignal>()
  operations.answer = ({ context }) => {
    called.resolve(context.signal)
    return once(context.signal, 'abort')
  }
  return { called: called.promise }
}

async function socketPath(t: TestContext): Promise<string> {
  return path.join(await temporaryFolder(t), 'mcp.sock')
}

describe('the bridge', () => {
  it('greets, then copies both ways', async (t) => {
    const daemon = await listen(t)
    const pipe = bridge(t, daemon.path)
    await shakeHands(pipe)
    pipe.send(toolCall(1, 'list_claims'), toolCall('b', 'verify_claims'))
    assert.deepEqual(new Set([(await pipe.next()).id, (await pipe.next()).id]), new Set([1, 'b']))
    assert.deepEqual(
      { ...daemon.operations.last.context.caller, skein: undefined, agent: undefined },
      CALLER,
    )
  })

  it('ends when stdin ends, after the answers that are under way', async (t) => {
    const daemon = await listen(t)
    const gate = defer<undefined>()
    daemon.operations.answer = async ({ name }) => {
      gate.resolve(undefined)
      await new Promise((resolve) => setTimeout(resolve, 30))
      return RESULTS[name]
    }
    const pipe = bridge(t, daemon.path)
    pipe.send(INITIALIZE, INITIALIZED, toolCall(1, 'list_claims'))
    pipe.stdin.end()
    assert.equal((await pipe.next()).id, 0)
    assert.equal((await pipe.next()).id, 1)
    await pipe.ended
    await daemon.connections[0]?.closed
  })

  it('ends in bounded time when an answer never comes, and the call is aborted', async (t) => {
    const daemon = await listen(t)
    const { called } = hold(daemon)
    const pipe = bridge(t, daemon.path, { patience: { ...PATIENCE, drainMs: 30 } })
    await shakeHands(pipe)
    pipe.send(toolCall(1, 'list_claims'))
    const signal = await called
    pipe.stdin.end()
    await pipe.ended
    if (!signal.aborted) await once(signal, 'abort')
  })

  it('stops reading from the daemon while the client does not read', async (t) => {
    const daemon = await listen(t)
    const claims = Array.from(
      { length: 25 },
      () => (RESULTS.claims as { claims: object[] }).claims[0],
    )
    daemon.operations.answer = () => ({ ...(RESULTS.claims as object), claims })
    const pipe = bridge(t, daemon.path)
    await shakeHands(pipe)
    const total = 60
    for (let id = 1; id <= total; id++) pipe.send(toolCall(id, 'list_claims'))
    // A megabyte of answers; the bridge holds a few chunks of them.
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok(pipe.stdout.writableLength + pipe.stdout.readableLength < 400_000)
    const ids = new Set<unknown>()
    while (ids.size < total) ids.add((await pipe.next()).id)
  })

  it('refuses a line that the daemon would not take, and goes on', async (t) => {
    const daemon = await listen(t)
    const pipe = bridge(t, daemon.path)
    await shakeHands(pipe)
    pipe.stdin.write(`${'x'.repeat(1_100_000)}\n`)
    assert.match((await pipe.next()).error?.message ?? '', /longer than 1048576 bytes/)
    pipe.send(toolCall(1, 'list_claims'))
    assert.equal((await pipe.next()).id, 1)
  })

  it('imports nothing but its own files and Node', () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8')
      for (const [, from = ''] of text.matchAll(/^import (?!type).* from '(.*)'$/gm)) {
        assert.match(from, /^(?:node:|\.\/)/, file)
        if (from.startsWith('./')) visit(path.join(path.dirname(file), from))
      }
    }
    visit(fileURLToPath(import.meta.resolve('../../../mcp/bridge.ts')))
    assert.ok(seen.size > 2)
  })
})

describe('the bridge, when the daemon restarts', () => {
  it('repeats the handshake unseen, fails what was under way, and goes on', async (t) => {
    const first = await listen(t)
    const pipe = bridge(t, first.path)
    await shakeHands(pipe)
    const { called } = hold(first)
    pipe.send(toolCall(7, 'claim_files', { patterns: ['a'] }))
    await called

    await first.stop()
    const failed = await pipe.next()
    assert.equal(failed.id, 7)
    assert.match(failed.error?.message ?? '', /daemon restarted.*nothing is confirmed.*call again/)

    const second = await listen(t, { at: first.path })
    pipe.send(toolCall(8, 'list_claims'))
    // Neither the repeated handshake's answer nor anything else comes first.
    assert.equal((await pipe.next()).id, 8)
    assert.deepEqual(
      second.operations.calls.map(({ name }) => name),
      ['claims'],
    )
    assert.equal(second.operations.last.context.caller.session, 's-1')
  })

  it('asks again for a handshake that was under way', async (t) => {
    const where = await socketPath(t)
    const mute = net.createServer()
    await new Promise<void>((resolve) => mute.listen(where, resolve))
    const pipe = bridge(t, where)
    pipe.send(INITIALIZE)
    const [socket] = (await once(mute, 'connection')) as [net.Socket]
    const seen = jsonLines(socket)
    await seen.next()
    assert.equal(((await seen.next()).value as JsonLine).method, 'initialize')
    mute.close()
    socket.destroy()
    await once(mute, 'close')
    await listen(t, { at: where })
    assert.equal((await pipe.next()).id, 0)
  })

  it('repeats nothing for a client without a handshake', async (t) => {
    const first = await listen(t)
    const pipe = bridge(t, first.path)
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    }
    const call = (id: number): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'list_claims', arguments: {}, _meta },
    })
    pipe.send(call(1))
    assert.equal((await pipe.next()).result?.['resultType'], 'complete')
    await first.stop()
    const second = await listen(t, { at: first.path })
    pipe.send(call(2))
    const { id, result } = await pipe.next()
    assert.equal(id, 2)
    assert.equal(result?.['resultType'], 'complete')
    assert.deepEqual(second.errors, [])
  })

  it('starts one for the next request when none comes back by itself', async (t) => {
    const first = await listen(t)
    let starts = 0
    const pipe = bridge(t, first.path, {
      patience: { ...PATIENCE, restartMs: 30 },
      start: async () => {
        starts += 1
        await listen(t, { at: first.path })
      },
    })
    await shakeHands(pipe)
    await first.stop()
    // Longer than its patience: a daemon that a person stopped stays down until it is needed.
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(starts, 0)
    pipe.send(toolCall(1, 'list_claims'))
    assert.equal((await pipe.next()).id, 1)
    assert.equal(starts, 1)
  })

  it('does not hammer a daemon that will not have it', async (t) => {
    const where = await socketPath(t)
    let connections = 0
    const server = net.createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(where, resolve))
    t.after(() => server.close())
    const pipe = bridge(t, where)
    pipe.send(INITIALIZE)
    assert.match((await pipe.next()).error?.message ?? '', /ends each connection at once/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok(connections <= 6, String(connections))
  })
})

describe('the bridge without a daemon', () => {
  it('starts one, once, and loses nothing', async (t) => {
    const where = await socketPath(t)
    let starts = 0
    const pipe = bridge(t, where, {
      start: async () => {
        starts += 1
        await listen(t, { at: where })
      },
    })
    pipe.send(INITIALIZE, INITIALIZED, toolCall(1, 'list_claims'))
    assert.equal((await pipe.next()).id, 0)
    assert.equal((await pipe.next()).id, 1)
    assert.equal(starts, 1)
  })

  it('tells each request what to do when none may be started, and recovers', async (t) => {
    const where = await socketPath(t)
    const pipe = bridge(t, where)
    pipe.send(INITIALIZE, INITIALIZED, toolCall('x', 'list_claims'))
    for (const id of [0, 'x']) {
      const answer = await pipe.next()
      assert.equal(answer.id, id)
      assert.equal(answer.error?.message, 'no daemon: run `skein up`')
      assert.deepEqual(answer.error.data, { code: 'DAEMON_DOWN', exit: 2 })
    }
    await listen(t, { at: where })
    await shakeHands(pipe)
  })

  it('says why a start failed', async (t) => {
    const pipe = bridge(t, await socketPath(t), {
      start: () => Promise.reject(new Error('port 7452 is taken')),
    })
    pipe.send(INITIALIZE)
    const { error } = await pipe.next()
    assert.equal(error?.message, 'no daemon: run `skein up` (port 7452 is taken)')
  })

  it('does not wait for ever for a start', async (t) => {
    const pipe = bridge(t, await socketPath(t), {
      patience: { ...PATIENCE, startMs: 40 },
      start: () => new Promise(() => undefined),
    })
    pipe.send(INITIALIZE)
    assert.match((await pipe.next()).error?.message ?? '', /no daemon/)
  })
})

describe('the bridge as a process', () => {
  it('serves its stdio and exits by itself when stdin ends', async (t) => {
    const daemon = await listen(t)
    const script = fileURLToPath(import.meta.resolve('./bridge-process.ts'))
    const child = spawn(process.execPath, ['--import', 'tsx', script, daemon.path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.after(() => child.kill())
    const exited = once(child, 'exit')
    const messages = [INITIALIZE, INITIALIZED, toolCall(1, 'claim_files', { patterns: ['a'] })]
    child.stdin.end(messages.map(asLine).join(''))
    const lines = jsonLines(child.stdout)
    assert.equal(((await lines.next()).value as JsonLine).id, 0)
    assert.equal(((await lines.next()).value as JsonLine).id, 1)
    assert.deepEqual(await exited, [0, null])
  })
})
