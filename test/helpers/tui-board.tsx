// The terminal board over a feed that a test drives: what is on its screen, keys, and what it calls.
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { render } from 'ink-testing-library'
import type { BoardFeed, BoardSnapshot } from '../../daemon/client/board/board-feed.ts'
import type { BoardHost } from '../../daemon/client/board-host.ts'
import { SkeinError, type Claim } from '../../protocol/index.ts'
import { App } from '../../tui/app.tsx'
import { newSession } from '../../tui/session.ts'
import { aRepo, aSnapshot, REPO } from './board-snapshots.ts'
import { until } from './poll.ts'

interface Call {
  readonly name: string
  readonly input: unknown
  readonly as: unknown
}

export interface Opened {
  readonly screen: () => string
  /** The line of the list that is chosen. */
  readonly chosen: () => string
  readonly type: (...keys: string[]) => void
  readonly shows: (text: string) => Promise<string>
  readonly hides: (text: string) => Promise<string>
  readonly tell: (claims: readonly Claim[], more?: Partial<BoardSnapshot>) => void
  readonly calls: readonly Call[]
  readonly written: () => string
  readonly hasLeft: () => boolean
}

/** Of the board's clock. */
export const NOW = Date.parse('2026-01-01T10:30:00.000Z')

function snapshotOf(claims: readonly Claim[], more: Partial<BoardSnapshot> = {}): BoardSnapshot {
  // As provisional claims they need no ledger around them.
  const local = { provisional: claims, states: {}, activity: {}, peer: 'peer-ada' }
  return aSnapshot({ repos: new Map([[REPO, aRepo({ local })]]), ...more })
}

export function openBoard(
  t: TestContext,
  claims: readonly Claim[],
  telling: BoardHost['telling'] = null,
): Opened {
  return openSnapshot(t, snapshotOf(claims), { telling })
}

interface BoardOptions {
  readonly telling?: BoardHost['telling']
  readonly width?: number
  /** Of operations, by name. */
  readonly answers?: Readonly<Record<string, (input: object) => unknown>>
}

export function openSnapshot(
  t: TestContext,
  first: BoardSnapshot,
  { telling = null, width = 80, answers = {} }: BoardOptions = {},
): Opened {
  const changes = new EventEmitter()
  let snapshot = first
  const feed: BoardFeed = {
    snapshot: () => snapshot,
    subscribe(listener) {
      changes.on('change', listener)
      return () => changes.off('change', listener)
    },
    ...{ watch: () => undefined, retry: () => undefined, close: () => undefined },
  }
  const calls: Call[] = []
  const stdout = new PassThrough()
  let written = ''
  stdout.on('data', (chunk: Buffer) => (written += chunk.toString('utf8')))
  const call = (name: string, input: object, as?: unknown): Promise<unknown> => {
    calls.push({ name, input, as })
    const answer = answers[name]
    if (answer !== undefined) return Promise.resolve(answer(input))
    if (name === 'why' || name === 'events') return Promise.resolve({ events: [] })
    if (name === 'release') return Promise.resolve({ state: 'released', released: [], already: [] })
    return Promise.reject(new SkeinError('NO_QUORUM', 'no majority answers'))
  }
  const host: BoardHost = {
    ...{ socket: () => '', folder: null, repo: REPO, stdin: new PassThrough(), stdout },
    reader: { agent: null, session: 'mine' },
    telling,
    isColourful: false,
    now: () => NOW,
    interrupted: new AbortController().signal,
    call: call as BoardHost['call'],
    run: (line) => Promise.resolve([`ran ${line}`]),
  }
  let hasLeft = false
  let picture = ''
  const session = newSession(host, feed, width, {
    quit: () => {
      hasLeft = true
    },
    redraw: () => undefined,
    draw: (lines) => {
      picture = lines.join('\n')
    },
  })
  const drawn = render(<App session={session} />)
  t.after(() => {
    drawn.unmount()
  })
  const screen = (): string => stripVTControlCharacters(picture)
  return {
    screen,
    chosen: () => chosenLine(picture),
    type(...keys) {
      for (const key of keys) drawn.stdin.write(key)
    },
    shows: (text) => until(`"${text}" is shown`, () => screen().includes(text) && screen()),
    hides: (text) => until(`"${text}" is gone`, () => !screen().includes(text) && screen()),
    tell(next, more) {
      snapshot = snapshotOf(next, more)
      changes.emit('change')
    },
    calls,
    written: () => written,
    hasLeft: () => hasLeft,
  }
}

/** The line that is chosen: without colours it is the inverse one. */
function chosenLine(screen: string): string {
  return screen.split('\n').find((line) => line.includes('\u001b[7m') && /[●?]/.test(line)) ?? ''
}
