// Copies of the ledgers over /sync: what a board folds is what the daemon answers, and nobody writes there.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createBoardFeed, type BoardFeed } from '../../daemon/client/board/board-feed.ts'
import { claimsIn } from '../../daemon/client/board/claims.ts'
import { openOverSocket } from '../../daemon/client/board/over-socket.ts'
import {
  asRepoId,
  decodeSync,
  encodeSync,
  SYNC_CLOSE,
  SYNC_LIMITS,
  SYNC_PROTOCOL,
  SYNC_TOKEN_PREFIX,
  useSha256,
} from '../../protocol/index.ts'
import { sha256 } from '../../daemon/sha256.ts'
import { createCleaner, onCleanup, type Cleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = asRepoId('test/shop')

useSha256(sha256)
const suite = createCleaner()
let daemon: Daemon
let root: string

before(async () => {
  root = makeRepo(suite)
  daemon = await startDaemon(suite)
  await daemon.client.must('check', { cwd: root, scopes: [{ kind: 'file', pattern: 'README.md' }] })
})

after(() => suite.run())

function openBoard(cleaner: Cleaner, { socket }: Daemon): BoardFeed {
  const feed = createBoardFeed({
    open: (name) => openOverSocket(socket, name),
    random: () => Math.floor(Math.random() * 2 ** 32),
  })
  onCleanup(cleaner, feed.close)
  feed.watch([REPO])
  return feed
}

async function claim(pattern: string, more: object = {}): Promise<string> {
  const scopes = [{ kind: 'file', pattern }]
  const { claims } = await daemon.client.must('claim', {
    ...{ cwd: root, agent: 'ann', session: 'one', scopes },
    ...more,
  })
  const [first] = claims
  assert.ok(first !== undefined)
  return first.id
}

/** Without what differs from moment to moment. */
function comparable(claims: readonly object[]): readonly object[] {
  return claims.map((one) => ({ ...one, last_activity: null }))
}

async function untilAgreed(feed: BoardFeed): Promise<void> {
  await until('the board agrees with the daemon', async () => {
    const repo = feed.snapshot().repos.get(REPO)
    if (repo?.isKnown !== true) return false
    const { claims } = await daemon.client.must('claims', { repo: REPO })
    return JSON.stringify(comparable(claimsIn(repo))) === JSON.stringify(comparable(claims))
  })
}

describe('a board over /sync', () => {
  it('shows what the daemon answers, while it changes and after a restart of it', async (t) => {
    const feed = openBoard(t, daemon)
    await untilAgreed(feed)
    const id = await claim('src/a.ts')
    await claim('src/b.ts', { session: 'two', agent: 'ben' })
    await untilAgreed(feed)
    assert.equal(feed.snapshot().repos.get(REPO)?.ledger.claims.size, 2)
    await daemon.client.must('release', { repo: REPO, agent: 'ann', session: 'one', ids: [id] })
    await untilAgreed(feed)

    const { home } = daemon
    await daemon.kill()
    await until('the board says that the daemon is gone', () => {
      return feed.snapshot().connection.kind !== 'live'
    })
    daemon = await startDaemon(suite, { home })
    await until('the board is back', () => feed.snapshot().connection.kind === 'live')
    await claim('README.md', { session: 'four', agent: 'dan' })
    await untilAgreed(feed)
  })

  it('tells the mesh, its machines and who waits for whom', async (t) => {
    const feed = openBoard(t, daemon)
    await claim('src/wait.ts')
    const waiting = daemon.client.call('claim', {
      ...{ cwd: root, agent: 'eve', session: 'five', wait_s: 600 },
      scopes: [{ kind: 'file', pattern: 'src/wait.ts' }],
    })
    const queue = await until('the board shows who waits', () => {
      const entries = feed.snapshot().repos.get(REPO)?.queue ?? []
      return entries.length > 0 && entries
    })
    assert.equal(queue[0]?.agent, 'eve')
    assert.equal(queue[0].blocked_by[0]?.agent, 'ann')
    await daemon.client.must('cancel', {
      repo: REPO,
      agent: 'eve',
      session: 'five',
      ids: [queue[0].id],
    })
    await waiting
    const { status, members } = await until('the mesh is told', () => {
      const now = feed.snapshot()
      return now.members.length > 0 && now
    })
    assert.equal(status?.repos[0]?.id, REPO)
    assert.equal(members[0]?.online, true)
  })
})

describe('/sync', () => {
  async function closeOf(socket: WebSocket): Promise<number> {
    const signal = AbortSignal.timeout(10_000)
    const [code] = (await once(socket, 'close', { signal })) as [number]
    return code
  }

  function dial(name: string, protocols: string | string[] = SYNC_PROTOCOL): WebSocket {
    const url = `ws+unix://${daemon.socket}:/sync/${encodeURIComponent(name)}`
    return new WebSocket(url, protocols)
  }

  it('cuts off who writes, and nothing of it arrives', async () => {
    const doc = new Y.Doc()
    doc.getArray('L:1').insert(0, [new Uint8Array(64)])
    const update = Y.encodeStateAsUpdate(doc)
    const before = await daemon.client.must('leader', {})
    for (const kind of ['update', 'step-2'] as const) {
      const socket = dial(`ledger:${REPO}`)
      socket.once('open', () => {
        socket.send(encodeSync({ kind, update }))
      })
      assert.equal(await closeOf(socket), SYNC_CLOSE.readOnly)
    }
    const socket = dial(`presence:${REPO}`)
    socket.once('open', () => {
      socket.send(encodeSync({ kind: 'awareness', states: [{ id: 1, clock: 9, state: {} }] }))
    })
    assert.equal(await closeOf(socket), SYNC_CLOSE.readOnly)
    const after = await daemon.client.must('leader', {})
    assert.deepEqual(after.ledgers, before.ledgers)
  })

  it('cuts off garbage and unknown names, and serves the next one', async () => {
    for (const bytes of [Buffer.from([9, 9, 9]), Buffer.from([0, 0, 255, 255]), Buffer.alloc(0)]) {
      const socket = dial('mesh')
      socket.once('open', () => {
        socket.send(bytes)
      })
      assert.equal(await closeOf(socket), SYNC_CLOSE.malformed)
    }
    for (const name of ['ledger:no/such', 'presence:no/such', 'ledger:mesh', '%', 'x'])
      assert.equal(await closeOf(dial(name)), SYNC_CLOSE.unknown, name)
    const socket = dial('mesh')
    socket.once('open', () => {
      socket.send(encodeSync({ kind: 'step-1', stateVector: new Uint8Array([0]) }))
    })
    const answer = await new Promise<Uint8Array>((resolve, reject) => {
      socket.once('close', reject)
      socket.on('message', (data: Buffer) => {
        if (decodeSync(data)?.kind === 'step-2') resolve(data)
      })
    })
    assert.ok(answer.length > 100)
    socket.close()
  })

  /** What a socket hears first: what its document holds, or why it is closed. */
  async function firstWord(socket: WebSocket): Promise<'served' | number> {
    return new Promise((resolve) => {
      socket.once('message', () => {
        resolve('served')
      })
      socket.once('close', resolve)
    })
  }

  it('holds no more sockets than it should', async () => {
    // Those of the scenes before may still be closing: then fewer are served.
    await until('all but one are served', async () => {
      const sockets = Array.from({ length: SYNC_LIMITS.socketsMax + 1 }, () => dial('mesh'))
      const words = await Promise.all(sockets.map(firstWord))
      for (const socket of sockets) socket.terminate()
      const refused = words.filter((word) => word !== 'served')
      assert.ok(refused.length > 0)
      for (const code of refused) assert.equal(code, SYNC_CLOSE.busy)
      return refused.length === 1
    })
  })

  it('wants a token on the port, as a header or as a browser sends it, and its own name', async () => {
    const { port, token } = await daemon.tcp()
    const url = `ws://127.0.0.1:${String(port)}/sync/mesh`
    const answerOf = (socket: WebSocket): Promise<number> =>
      new Promise((resolve) => {
        socket.once('open', () => {
          resolve(101)
          socket.terminate()
        })
        socket.once('unexpected-response', (_request, response) => {
          resolve(response.statusCode ?? 0)
        })
        socket.once('error', () => undefined)
      })
    assert.equal(await answerOf(new WebSocket(url, SYNC_PROTOCOL)), 401)
    const offered = [SYNC_PROTOCOL, `${SYNC_TOKEN_PREFIX}${token}`]
    assert.equal(await answerOf(new WebSocket(url, offered)), 101)
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(await answerOf(new WebSocket(url, SYNC_PROTOCOL, { headers })), 101)
    const foreign = { ...headers, origin: 'http://elsewhere.example' }
    assert.equal(await answerOf(new WebSocket(url, SYNC_PROTOCOL, { headers: foreign })), 403)
    const other = url.replace('/sync/mesh', '/v1/events')
    assert.equal(await answerOf(new WebSocket(other, { headers })), 404)
  })

  it('is understood by a client of y-websocket that shows nothing of itself', async (t) => {
    const { port, token } = await daemon.tcp()
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(`ws://127.0.0.1:${String(port)}/sync`, 'mesh', doc, {
      connect: false,
      disableBc: true,
      protocols: [SYNC_PROTOCOL, `${SYNC_TOKEN_PREFIX}${token}`],
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    })
    provider.awareness.setLocalState(null)
    t.after(() => {
      provider.destroy()
      doc.destroy()
    })
    provider.connect()
    await until('it is in sync', () => provider.synced)
    assert.ok([...doc.share.keys()].some((name) => name.startsWith('L:')))
  })
})
