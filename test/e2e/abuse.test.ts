// Callers who open very many connections and say nothing, or half of something: everybody else is served meanwhile.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import net from 'node:net'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { connect, createClient, type RawConnection, type Where } from '../helpers/api.ts'
import { othersAreServed } from '../helpers/bystander.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const MANY = 10_000
/** No more at once than a listener's backlog takes. */
const BATCH = 100

const suite = createCleaner()
let daemon: Daemon
let tcp: { port: number; token: string }

before(async () => {
  const cwd = makeRepo(suite)
  daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd, scopes: [{ kind: 'file', pattern: 'a' }] })
  tcp = await daemon.tcp()
})

after(() => suite.run())

/** Both ends of each connection are files of this machine. */
function filesAllowed(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}

async function open(where: Where, count: number, words: (at: number) => string) {
  const held: RawConnection[] = []
  for (let at = 0; at < count; at += BATCH) {
    const some = await Promise.all(Array.from({ length: BATCH }, () => connect(where)))
    for (const [i, raw] of some.entries()) if (words(at + i) !== '') raw.socket.write(words(at + i))
    held.push(...some)
  }
  return {
    held,
    close() {
      for (const { socket } of held) socket.destroy()
    },
  }
}

async function isServed(where: Where): Promise<void> {
  const other = createClient(where, { connections: 1 })
  const { safe } = await other.must('check', {
    repo: REPO,
    scopes: [{ kind: 'file', pattern: 'b' }],
  })
  assert.equal(safe, true)
  other.close()
}

describe('very many connections', () => {
  const few = filesAllowed() < MANY + 6_000
  const skip = few ? 'this machine allows too few open files' : false

  it('that say nothing take nobody’s place, on the port', { skip }, async () => {
    const flood = await open(tcp, MANY, () => '')
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      for (let i = 0; i < 20; i++) await isServed(tcp)
    })
    const left = flood.held.filter(({ socket }) => !socket.destroyed).length
    assert.ok(left < MANY, 'the oldest had to go')
    flood.close()
  })

  it('that never finish their call take nobody’s place', { skip }, async () => {
    const head = `POST /v1/claim HTTP/1.1\r\nhost: 127.0.0.1:${String(tcp.port)}\r\n`
    const token = `authorization: Bearer ${tcp.token}\r\n`
    const body = `${head}${token}content-length: 1000\r\n\r\n{"repo`
    const flood = await open(tcp, 6_000, (at) => (at % 2 === 0 ? head : body))
    await othersAreServed({ socket: daemon.socket, repo: REPO }, async () => {
      for (let i = 0; i < 20; i++) await isServed(tcp)
    })
    flood.close()
  })

  it('that say nothing keep no agent out of the MCP socket', async () => {
    const flood = await open({ socket: path.join(daemon.home, 'mcp.sock') }, 1_000, () => '')
    const client = new Client({ name: 'agent', version: '1' })
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: daemon.home, SKEIN_NO_START: '1' }
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [PROGRAM, 'mcp'],
        env,
        cwd: '/',
      }),
    )
    assert.ok((await client.listTools()).tools.length > 0)
    await client.close()
    flood.close()
  })
})

describe('a connection whose other half is closed', () => {
  it('is answered, and ends', async () => {
    const raw = await connect(tcp)
    raw.socket.allowHalfOpen = true
    raw.socket.end(`GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:${String(tcp.port)}\r\n\r\n`)
    await raw.closed
    assert.match(raw.received(), /^HTTP\/1\.1 200 /)
    assert.ok(raw.socket instanceof net.Socket)
  })
})
