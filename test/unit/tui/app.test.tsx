// The board as a person meets it: what is on the screen, and what keys do, over a feed that tests drive.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import type { Claim } from '../../../protocol/index.ts'
import { aClaim } from '../../helpers/board-claims.ts'
import { REPO } from '../../helpers/board-snapshots.ts'
import { until } from '../../helpers/poll.ts'
import { openBoard } from '../../helpers/tui-board.tsx'

const LOGIN = aClaim({ pattern: 'src/auth/login.ts', description: 'rework login' })
const PAGE = aClaim({ pattern: 'docs/page.md', agent: 'bob', session: LOGIN.session })
const MINE = aClaim({ pattern: 'README.md', session: 'mine' as Claim['session'] })
const ENTER = '\r'
const ESCAPE = '\u001b'

describe('the board', () => {
  it('shows claims as a tree with who holds them, and says of an empty queue that it is', async (t) => {
    const board = openBoard(t, [LOGIN, PAGE])
    const screen = await board.shows('login.ts')
    assert.match(screen, /▾ src\/auth\//)
    assert.match(screen, /ann +30m +3h30m/)
    assert.match(screen, /3 Queue empty/)
    assert.match(screen, /team\/proj {2}ok {2}leader ada {2}term 3/)
  })

  it('shows the newest of what is told beside it, below the list', async (t) => {
    const news = new EventEmitter()
    let lines: readonly string[] = []
    const board = openBoard(t, [LOGIN], {
      lines: () => lines,
      subscribe(listener) {
        news.on('line', listener)
        return () => news.off('line', listener)
      },
    })
    const before = await board.shows('login.ts')
    assert.ok(!before.includes('───'))
    lines = ['first', 'second', 'third', 'the fourth']
    news.emit('line')
    const screen = await board.shows('the fourth')
    assert.match(screen, /─+\nsecond\nthird\nthe fourth\nby path/)
    assert.equal(screen.split('\n').length, before.split('\n').length)
  })

  it('keeps what was chosen while claims come and go around it', async (t) => {
    const board = openBoard(t, [LOGIN, PAGE])
    await board.shows('login.ts')
    board.type('G')
    await until('the last row is chosen', () => board.chosen().includes('login.ts'))
    board.tell([aClaim({ pattern: 'a/first.ts' }), LOGIN, PAGE, aClaim({ pattern: 'z.ts' })])
    await board.shows('first.ts')
    assert.match(board.chosen(), /login\.ts/)
    board.tell([PAGE])
    await board.hides('login.ts')
    assert.match(board.chosen(), /page\.md/)
  })

  it('filters while one types, says how many there are, and Esc takes it back', async (t) => {
    const board = openBoard(t, [LOGIN, PAGE])
    await board.shows('login.ts')
    // As one piece, as from a slow line.
    board.type('/agent:bob\r')
    const screen = await board.hides('login.ts')
    assert.match(screen, /page\.md/)
    assert.match(screen, /filter: agent:bob \(1\)/)
    board.type(ESCAPE)
    await board.shows('login.ts')
  })

  it('closes and opens folders, and finds the next row with a text', async (t) => {
    const board = openBoard(t, [LOGIN, PAGE])
    await board.shows('login.ts')
    board.type('z')
    await board.hides('login.ts')
    board.type('z', 'f', 'login', ENTER)
    await until('it is found', () => board.chosen().includes('login.ts'))
  })

  it('says of a closed folder what is not well in it', async (t) => {
    const board = openBoard(t, [PAGE, aClaim({ pattern: 'src/x.ts', state: 'provisional' })])
    await board.shows('x.ts')
    board.type('z')
    const screen = await board.hides('x.ts')
    assert.match(screen, /\? ▸ src\/ +1 claim +PROVISIONAL/)
    assert.match(screen, / {2}▸ docs\/ +1 claim *$/m)
  })

  it('shows details with the state in words, and the history or why there is none', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.type('G', ENTER)
    const screen = await board.shows('nothing yet')
    assert.match(screen, /PROVISIONAL|active/)
    assert.match(screen, /rework login/)
    assert.deepEqual(board.calls.find(({ name }) => name === 'why')?.input, {
      repo: REPO,
      pattern: LOGIN.id,
      limit: 50,
    })
    board.type(ESCAPE)
    await board.hides('rework login')
  })

  it('says what is wrong above everything, in words', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.tell([LOGIN], { connection: { kind: 'lost', code: 1006, reason: '' } })
    const screen = await board.shows('DAEMON LOST')
    assert.match(screen, /login\.ts/)
    // What was well before is not said to be well.
    assert.match(screen, /team\/proj {2}NOT KNOWN .*ada {2}\?\/1 machines/)
  })

  it('scrolls its help as lists move, and no farther than there is of it', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.type('?')
    const first = await board.shows('overview: repositories')
    const height = Number(/-- 1-(\d+) of/.exec(first)?.[1])
    board.type('\u001b[6~')
    await board.shows(`-- ${String(height + 1)}-`)
    board.type('G', 'j', 'j')
    await board.shows('leave the board')
    // Below it stands an empty line.
    board.type('k', 'k')
    await board.hides('leave the board')
    board.type('g')
    await board.shows('-- 1-')
  })

  it('releases its own claim after a yes, and another one only with a reason', async (t) => {
    const board = openBoard(t, [MINE, LOGIN])
    await board.shows('README.md')
    board.type('G', 'x')
    await board.shows('This releases README.md')
    board.type('y')
    await board.shows(`released ${MINE.id}`)
    assert.deepEqual(board.calls.at(-1)?.input, { repo: REPO, ids: [MINE.id] })

    board.type('k', 'x')
    await board.shows('against the will of its holder')
    board.type('it hangs', ENTER)
    await board.shows('Reason: it hangs')
    board.type('y')
    await board.shows(`released ${LOGIN.id}`)
    const { input, as } = board.calls.at(-1) ?? {}
    assert.deepEqual(input, { repo: REPO, ids: [LOGIN.id], force: true, reason: 'it hangs' })
    assert.equal(as, undefined)
  })

  it('changes nothing without a yes', async (t) => {
    const board = openBoard(t, [MINE])
    await board.shows('README.md')
    board.type('x')
    await board.shows('This releases')
    board.type('n')
    await board.shows('nothing was changed')
    assert.equal(
      board.calls.some(({ name }) => name === 'release'),
      false,
    )
  })

  it('runs a command and shows its answer until Esc', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.type(':', 'why src/a.ts', ENTER)
    await board.shows('ran why src/a.ts')
    board.type(ESCAPE)
    await board.shows('login.ts')
  })

  it('copies the id of what is chosen to the clipboard of the terminal', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.type('G', 'y')
    await board.shows(`copied ${LOGIN.id}`)
    assert.ok(board.written().includes(`\u001b]52;c;${Buffer.from(LOGIN.id).toString('base64')}`))
  })

  it('explains every key, and leaves with q but not with Esc', async (t) => {
    const board = openBoard(t, [LOGIN])
    await board.shows('login.ts')
    board.type('?')
    await board.shows('overview: repositories and machines')
    board.type(ESCAPE)
    await board.shows('login.ts')
    board.type(ESCAPE, ESCAPE)
    assert.equal(board.hasLeft(), false)
    board.type('q')
    await until('it is left', board.hasLeft)
  })

  it('keeps texts of others from moving the cursor', async (t) => {
    const board = openBoard(t, [aClaim({ agent: 'e\u001b[2Jvil', pattern: 'a\u0007.ts' })])
    const screen = await board.shows('a.ts')
    assert.match(screen, /e\[2Jvil/)
  })
})
