import assert from 'node:assert/strict'
import { once } from 'node:events'
import type net from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { SkeinError } from '../../../protocol/index.ts'
import { WAYS } from './doors.ts'
import {
  asLine,
  defer,
  CLAIM_ID,
  dial,
  INITIALIZE,
  INITIALIZED,
  jsonLines,
  listen,
  QUEUE_ID,
  refused,
  REQUEST_ID,
  RESULTS,
  sampleConflict,
  toolCall,
  type Daemon,
  type JsonLine,
} from './twins.ts'

const ARGUMENTS: Readonly<Record<string, Record<string, unknown>>> = {
  list_claims: {},
  check_conflicts: { patterns: ['src/a.ts'] },
  claim_files: { patterns: ['src/a.ts'], engineer: 'alice' },
  renew_claims: {},
  narrow_claim: { claim_id: CLAIM_ID, patterns: ['src/a.ts'] },
  release_claims: { claim_ids: [CLAIM_ID] },
  release_session: {},
  verify_claims: {},
  why: { pattern: 'src/a.ts' },
  claim_refactor: { file: 'src/a.ts', symbol: 'start' },
  request_release: { claim_id: CLAIM_ID, reason: 'a hotfix' },
  wait_for_request: { request_id: REQUEST_ID },
  pending_requests: {},
  respond_to_request: { request_id: REQUEST_ID, decision: 'approved' },
  my_requests: {},
  cancel_queue_request: { queue_id: QUEUE_ID },
  list_tasks: {},
  claim_task: { task_id: 'fix-login' },
  complete_task: { task_id: 'fix-login' },
  board: {},
}

for (const way of WAYS) {
  describe(way.name, () => {
    it('lists the tools in a fixed order, in at most 4,000 tokens', async (t) => {
      const client = await (await way.open(t)).connect()
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name }) => name),
        Object.keys(ARGUMENTS),
      )
      const tokens = Buffer.byteLength(JSON.stringify(tools)) / 4
      assert.ok(tokens <= 4_000, String(tokens))
    })

    it('calls each tool and takes its structured answer', async (t) => {
      const daemon = await way.open(t)
      const client = await daemon.connect()
      // Clients hold answers against the schemas that they have listed.
      await client.listTools()
      for (const [name, args] of Object.entries(ARGUMENTS)) {
        const result = await client.callTool({ name, arguments: { ...args, session: 's-1' } })
        assert.notEqual(result.isError, true, name)
        const { name: operation, context } = daemon.operations.last
        if (name !== 'board') assert.deepEqual(result.structuredContent, RESULTS[operation])
        assert.equal(context.door, 'mcp')
      }
      assert.deepEqual(daemon.errors, [])
    })

    it('shows a refused claim as a result, and a failure as an error with its code', async (t) => {
      const daemon = await way.open(t)
      const client = await daemon.connect()
      await client.listTools()
      const request = { name: 'claim_files', arguments: { patterns: ['a'], session: 's-1' } }

      daemon.operations.answer = () => refused([sampleConflict()])
      const refusal = await client.callTool(request)
      assert.notEqual(refusal.isError, true)
      assert.equal(Reflect.get(refusal.structuredContent as object, 'status'), 'refused')

      daemon.operations.answer = () => {
        throw new SkeinError('NO_QUORUM', 'Nobody answers.', { data: { voters: ['x'] } })
      }
      const failure = await client.callTool(request)
      assert.equal(failure.isError, true)
      assert.match(JSON.stringify(failure.content), /Nobody answers.*NO_QUORUM.*ACTION REQUIRED:/)
      assert.deepEqual(failure._meta?.['skein/error'], {
        code: 'NO_QUORUM',
        message: 'Nobody answers.',
        hint: 'skein status',
        exit: 2,
        data: { voters: ['x'] },
      })

      const misspelt = await client.callTool({ name: 'claim_files', arguments: { file: ['a'] } })
      assert.equal(misspelt.isError, true)
      assert.match(JSON.stringify(misspelt.content), /claim_files has no argument/)
      assert.deepEqual(daemon.errors, [])
    })

    it('aborts the call that the client cancels', async (t) => {
      const daemon = await way.open(t)
      const client = await daemon.connect()
      const started = defer<AbortSignal>()
      daemon.operations.answer = ({ context }) => {
        started.resolve(context.signal)
        return once(context.signal, 'abort')
      }
      const cancel = new AbortController()
      const call = client.callTool({ name: 'list_claims' }, { signal: cancel.signal })
      const refusedCall = assert.rejects(call)
      const signal = await started.promise
      assert.equal(signal.aborted, false)
      cancel.abort()
      await once(signal, 'abort')
      await refusedCall
      assert.deepEqual(daemon.errors, [])
    })

    it('reports that a call waits to a client that wants to hear it', async (t) => {
      const daemon = await way.open(t, { progressMs: 5 })
      const client = await daemon.connect()
      const heard = defer<{ readonly progress: number }>()
      daemon.operations.answer = async ({ name }) => {
        await heard.promise
        return RESULTS[name]
      }
      const onprogress = (told: { readonly progress: number }): void => {
        heard.resolve(told)
      }
      const call = {
        name: 'claim_files',
        arguments: { patterns: ['a'], wait_seconds: 9, session: 's-1' },
      }
      const result = await client.callTool(call, { onprogress })
      assert.notEqual(result.isError, true)
      assert.ok((await heard.promise).progress > 0)
      assert.deepEqual(daemon.errors, [])
    })

    it('takes the session of `_meta` where the argument is absent', async (t) => {
      const daemon = await way.open(t)
      const client = await daemon.connect()
      const _meta = { sessionId: 'codex-1' }
      await client.callTool({ name: 'renew_claims', arguments: {}, _meta })
      assert.deepEqual(daemon.operations.last.input, { session: 'codex-1' })
      await client.callTool({ name: 'renew_claims', arguments: { session: 's' }, _meta })
      assert.deepEqual(daemon.operations.last.input, { session: 's' })
      await client.callTool({ name: 'pending_requests', _meta: { sessionId: 7 } })
      assert.deepEqual(daemon.operations.last.input, {})
    })
  })
}

interface Raw {
  readonly socket: net.Socket
  readonly lines: AsyncGenerator<JsonLine, undefined>
  readonly next: () => Promise<JsonLine>
}

async function open(t: TestContext, { path }: Daemon): Promise<Raw> {
  const socket = await dial(t, path)
  const lines = jsonLines(socket)
  return { socket, lines, next: async () => (await lines.next()).value as JsonLine }
}

async function collect(lines: AsyncIterable<JsonLine>): Promise<readonly JsonLine[]> {
  const all: JsonLine[] = []
  for await (const line of lines) all.push(line)
  return all
}

const HELLO = asLine(INITIALIZE) + asLine(INITIALIZED)
const GREETING = {
  skein: 1,
  cwd: '/src/app',
  agent: null,
  session: 's-1',
  harness: 'codex',
  pid: 4,
}

describe('the first line of a connection', () => {
  it('may be the greeting, which says who calls', async (t) => {
    const daemon = await listen(t)
    const { socket, next } = await open(t, daemon)
    const facts = { user: 'ann', started: '77', newer: { field: true } }
    socket.write(asLine({ ...GREETING, ...facts }) + HELLO + asLine(toolCall(1, 'list_claims')))
    assert.equal((await next()).id, 0)
    assert.equal((await next()).id, 1)
    assert.deepEqual(daemon.operations.last.context.caller, {
      cwd: '/src/app',
      session: 's-1',
      harness: 'codex',
      pid: 4,
      user: 'ann',
      started: '77',
    })
  })

  it('may arrive in pieces', async (t) => {
    const daemon = await listen(t)
    const { socket, next } = await open(t, daemon)
    socket.setNoDelay(true)
    const text = asLine(GREETING) + HELLO
    for (let at = 0; at < text.length; at += 11) {
      socket.write(text.slice(at, at + 11))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await next()).id, 0)
  })

  it("may be a bare client's, however long, and nothing of it is lost", async (t) => {
    const daemon = await listen(t)
    const { socket, next } = await open(t, daemon)
    const experimental = { filler: { text: 'x'.repeat(20_000) } }
    const params = { ...INITIALIZE.params, capabilities: { experimental } }
    socket.write(asLine({ ...INITIALIZE, params }) + asLine(toolCall(1, 'list_claims')))
    assert.equal((await next()).id, 0)
    assert.equal((await next()).id, 1)
    assert.deepEqual(daemon.operations.last.context.caller, {})
  })

  const wrong: readonly (readonly [what: string, text: string, code: number, says: RegExp])[] = [
    ['garbage', 'GET / HTTP/1.1\r\n', -32700, /not a JSON object/],
    ['JSON of another kind', '{"hello":1}\n', -32600, /neither a greeting nor JSON-RPC/],
    ['a batch', '[]\n', -32700, /not a JSON object/],
    ['a greeting of another version', asLine({ ...GREETING, skein: 2 }), -32600, /skein: /],
    ['a relative directory', asLine({ ...GREETING, cwd: 'src' }), -32600, /Wrong greeting: cwd: /],
    ['a long name', asLine({ ...GREETING, agent: 'x'.repeat(201) }), -32600, /agent: /],
    ['a long greeting', asLine({ ...GREETING, x: 'x'.repeat(5_000) }), -32600, /longer than 4096/],
    ['an endless greeting', '{"skein":1,"x":"' + 'x'.repeat(5_000), -32600, /longer than 4096/],
    ['endless garbage', 'x'.repeat(5_000), -32600, /longer than 4096/],
  ]
  for (const [what, text, code, says] of wrong) {
    it(`is refused in one line and the connection ends: ${what}`, async (t) => {
      const daemon = await listen(t)
      const { socket, lines } = await open(t, daemon)
      socket.write(text)
      const answers = await collect(lines)
      assert.equal(answers.length, 1)
      assert.equal(answers[0]?.error?.code, code)
      assert.match(answers[0].error.message, says)
      await daemon.connections[0]?.closed
      assert.deepEqual(daemon.errors, [])
    })
  }

  it('must come in time', async (t) => {
    const daemon = await listen(t, { firstLineMs: 20 })
    const { lines } = await open(t, daemon)
    const [answer] = await collect(lines)
    assert.match(answer?.error?.message ?? '', /No first line within 0\.02 s/)
  })

  it('may never come', async (t) => {
    const daemon = await listen(t)
    const { socket } = await open(t, daemon)
    socket.end('{"skein":1,')
    await once(socket, 'close')
    await daemon.connections[0]?.closed
    assert.deepEqual(daemon.errors, [])
  })
})

describe('a connection', () => {
  it('answers a broken line and goes on', async (t) => {
    const { socket, next } = await open(t, await listen(t))
    socket.write(`${HELLO}\n{"jsonrpc":\n{"id":true}\n${asLine(toolCall(1, 'list_claims'))}`)
    const answers = [await next(), await next(), await next(), await next()]
    const codes = answers.map(({ id, error }) => error?.code ?? id)
    assert.deepEqual(new Set(codes), new Set([-32700, -32600, 0, 1]))
  })

  it('refuses a line above 1 MiB, complete or not, and ends', async (t) => {
    for (const end of ['\n', '']) {
      const daemon = await listen(t)
      const { socket, lines } = await open(t, daemon)
      // The daemon may end before it has taken all of it.
      socket.on('error', () => undefined)
      socket.write(HELLO)
      assert.equal((await lines.next()).value?.id, 0)
      socket.write(`{"x":"${'x'.repeat(1_100_000)}"}${end}`)
      const { value } = await lines.next()
      assert.match((value as JsonLine).error?.message ?? '', /longer than 1048576 bytes/)
      assert.equal((await lines.next()).done, true)
      await daemon.connections[0]?.closed
    }
  })

  it('aborts its running calls when the client goes away in the middle of a line', async (t) => {
    for (const leave of ['end', 'destroy'] as const) {
      const daemon = await listen(t)
      const { socket } = await open(t, daemon)
      const started = defer<AbortSignal>()
      daemon.operations.answer = ({ context }) => {
        started.resolve(context.signal)
        return once(context.signal, 'abort')
      }
      socket.write(HELLO + asLine(toolCall(1, 'list_claims')) + '{"jsonrpc"')
      const signal = await started.promise
      const aborted = once(signal, 'abort')
      socket.resume()
      socket[leave]()
      await aborted
      await daemon.connections[0]?.closed
      assert.deepEqual(daemon.errors, [])
    }
  })

  it('is closed by its server, twice if need be, and aborts its calls', async (t) => {
    const daemon = await listen(t)
    const { socket } = await open(t, daemon)
    const started = defer<AbortSignal>()
    daemon.operations.answer = ({ context }) => {
      started.resolve(context.signal)
      return once(context.signal, 'abort')
    }
    socket.write(HELLO + asLine(toolCall(1, 'list_claims')))
    const signal = await started.promise
    socket.resume()
    const [connection] = daemon.connections
    await Promise.all([connection?.close(), connection?.close()])
    assert.equal(signal.aborted, true)
  })

  it('is closed before its first line, too', async (t) => {
    const daemon = await listen(t)
    const { socket } = await open(t, daemon)
    socket.resume()
    while (daemon.connections.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await daemon.connections[0]?.close()
  })

  it('tells a bug to its owner and no detail to the client', async (t) => {
    const daemon = await listen(t)
    const { socket, next } = await open(t, daemon)
    daemon.operations.answer = () => {
      throw new TypeError('secret detail')
    }
    socket.write(HELLO + asLine(toolCall(1, 'list_claims')))
    await next()
    const { result } = await next()
    assert.equal(result?.['isError'], true)
    assert.doesNotMatch(JSON.stringify(result), /secret/)
    assert.equal((daemon.errors[0]?.cause as Error).message, 'secret detail')
  })

  it('is told BUSY above 64 calls at once', async (t) => {
    const daemon = await listen(t)
    const { socket, lines } = await open(t, daemon)
    const gate = defer<undefined>()
    daemon.operations.answer = async ({ name }) => {
      await gate.promise
      return RESULTS[name]
    }
    const calls = Array.from({ length: 70 }, (_, i) => asLine(toolCall(i + 1, 'list_claims')))
    socket.write(HELLO + calls.join(''))
    await lines.next()
    const busy: JsonLine[] = []
    for (let i = 0; i < 6; i++) busy.push((await lines.next()).value as JsonLine)
    for (const { result } of busy) assert.match(JSON.stringify(result), /BUSY/)
    gate.resolve(undefined)
    for (let i = 0; i < 64; i++) {
      const { value } = await lines.next()
      assert.notEqual((value as JsonLine).result?.['isError'], true)
    }
  })
})
