// What a machine's boards show beside what its program answers: the same claims, places, requests and workers, field by field. The feed of
// the terminal board comes over the socket, that of the page through the port with a token.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import {
  createBoardFeed,
  type BoardFeed,
  type RepoSnapshot,
} from '../../../daemon/client/board/board-feed.ts'
import { openOverSocket } from '../../../daemon/client/board/over-socket.ts'
import type { SocketLike } from '../../../daemon/client/board/sync-socket.ts'
import {
  asRepoId,
  isAssignmentOver,
  progressNow,
  SYNC_PROTOCOL,
  SYNC_TOKEN_PREFIX,
  type OperationResult,
  type WorkerJson,
} from '../../../protocol/index.ts'
import { createFrames } from '../../../tui/frame.ts'
import { boardOf, type Board } from '../../../tui/model/board.ts'
import { newUi } from '../../../tui/model/ui.ts'
import { onCleanup, type Cleaner } from '../../helpers/cleanup.ts'
import { PROGRAM } from '../../helpers/daemon.ts'
import { REPO, type Machine } from '../../helpers/mesh.ts'
import { until } from '../../helpers/poll.ts'

const ID = asRepoId(REPO)
/** Of a machine that does much else. */
const WITHIN_MS = 20_000
/** To ask costs the daemons more than to wait. */
const AGAIN_MS = 25
const run = promisify(execFile)

/** In the order of the answers; requests in that of their ids, where several end at one moment. */
interface Shown {
  readonly claims: readonly object[]
  readonly queue: readonly object[]
  readonly requests: readonly object[]
  readonly workers: readonly object[]
}

type Claims = OperationResult<'claims'>['claims']

export class Boards {
  readonly machine: Machine
  readonly #feeds: Readonly<Record<'terminal' | 'page', BoardFeed>>

  private constructor(machine: Machine, terminal: BoardFeed, page: BoardFeed) {
    this.machine = machine
    this.#feeds = { terminal, page }
  }

  static async open(cleaner: Cleaner, machine: Machine): Promise<Boards> {
    const { port, token } = await machine.daemon.tcp()
    const overPort = (name: string): SocketLike => {
      const url = `ws://127.0.0.1:${String(port)}/sync/${encodeURIComponent(name)}`
      return new WebSocket(url, [SYNC_PROTOCOL, `${SYNC_TOKEN_PREFIX}${token}`]) as SocketLike
    }
    return new Boards(
      machine,
      openFeed(cleaner, (name) => openOverSocket(machine.socket, name)),
      openFeed(cleaner, overPort),
    )
  }

  /** @returns what all agree on. @throws Error that shows where they differ. */
  async untilAgreed(when: string): Promise<Claims> {
    const deadline = performance.now() + WITHIN_MS
    for (;;) {
      const isLast = performance.now() > deadline
      try {
        return await this.#compare()
      } catch (error) {
        if (isLast) throw new Error(`boards of ${this.machine.name}, ${when}: ${String(error)}`)
        await delay(AGAIN_MS)
      }
    }
  }

  async #compare(): Promise<Claims> {
    const { machine } = this
    const told = await this.#told()
    for (const [name, feed] of Object.entries(this.#feeds)) {
      const board = boardOf(feed.snapshot(), ID)
      const repo = requireLive(board.repo, name)
      assert.deepEqual(plain(shownBy(board, repo)), told, name)
      assert.deepEqual(rowsOf(board), told.claims.map(({ id }) => id).sort(), `${name}: its rows`)
    }
    const env = { PATH: process.env['PATH'] ?? '', SKEIN_HOME: machine.home, SKEIN_SESSION: 'look' }
    const words = [PROGRAM, 'claims', '--json', '--repo', REPO]
    const { stdout } = await run(process.execPath, words, { cwd: machine.cwd, env })
    const { claims } = JSON.parse(stdout) as OperationResult<'claims'>
    assert.deepEqual(claims.map(withoutSigns), told.claims, 'skein claims --json')
    if (told.workers.length > 0) {
      const asked = [PROGRAM, 'workers', '--all', '--json', '--repo', REPO]
      const answer = await run(process.execPath, asked, { cwd: machine.cwd, env })
      const { workers } = JSON.parse(answer.stdout) as OperationResult<'workers'>
      assert.deepEqual(workers.map(asShown), told.workers, 'skein workers --all --json')
    }
    return claims
  }

  async #told(): Promise<Omit<Shown, 'claims'> & { readonly claims: Claims }> {
    const { machine } = this
    const [{ claims }, { entries }, { requests }, { workers }] = await Promise.all([
      machine.must('claims', { repo: REPO }),
      machine.must('queue', { repo: REPO }),
      machine.must('requests', { repo: REPO }),
      machine.must('workers', { repo: REPO, all: true }),
    ])
    return {
      claims: claims.map(withoutSigns),
      queue: entries,
      requests: byId(requests),
      workers: workers.map(asShown),
    }
  }
}

/** All machines list the same claims, but for the signs of life that only a session's own machine hears. */
export async function untilSame(boards: readonly Boards[], when: string): Promise<Claims> {
  return until(
    `the same on all machines, ${when}`,
    async () => {
      const lists = await Promise.all(boards.map((one) => one.untilAgreed(when)))
      const [first = [], ...others] = lists.map((claims) =>
        claims.map((claim) => ({ ...claim, last_activity: '' })),
      )
      try {
        for (const other of others) assert.deepEqual(other, first)
      } catch {
        return null
      }
      return first
    },
    { withinMs: WITHIN_MS, everyMs: 50 },
  )
}

function openFeed(cleaner: Cleaner, open: (name: string) => SocketLike): BoardFeed {
  const feed = createBoardFeed({ open, random: () => Math.floor(Math.random() * 2 ** 32) })
  onCleanup(cleaner, feed.close)
  feed.watch([ID])
  return feed
}

function requireLive(repo: RepoSnapshot | null, name: string): RepoSnapshot {
  assert.equal(repo?.problem ?? null, null, name)
  assert.equal(repo?.connection.kind, 'live', name)
  return repo
}

/** A worker's own machine notes a sign of it four times a second. */
function withoutSigns<Each extends { readonly session: string }>(claim: Each): Each {
  return claim.session.startsWith('asg_') ? { ...claim, last_activity: '' } : claim
}

/** A board is told less of how far a worker is, and nothing of one that is over. */
function asShown(worker: WorkerJson): object {
  const { progress, last_state: state } = worker
  const isTold = progress !== null && !isAssignmentOver(state)
  return { ...worker, progress: isTold ? progressNow(progress) : null }
}

function shownBy({ claims, queue, requests, workers }: Board, { local }: RepoSnapshot): Shown {
  assert.notEqual(local.peer, '')
  return { claims: claims.map(withoutSigns), queue, requests: byId(requests), workers }
}

function byId<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Without what JSON leaves out. */
function plain(shown: Shown): unknown {
  return JSON.parse(JSON.stringify(shown))
}

/** Of the terminal board's list of claims, as a tree: a row for each. */
function rowsOf(board: Board): readonly string[] {
  const drawn = { board, asked: { hotspots: null, events: null }, height: 1_000, width: 200 }
  const { rows } = createFrames()(drawn, newUi(ID, false))
  return rows.flatMap(({ subject }) => (subject?.kind === 'claim' ? [subject.claim.id] : [])).sort()
}
