// Workers on the terminal board: rows, all about one, its end, its log.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Assignment } from '../../../protocol/index.ts'
import { aProposal, anAssignment, PUSHED, withAssignments } from '../../helpers/assignments.ts'
import { aRepo, aSnapshot, REPO } from '../../helpers/board-snapshots.ts'
import { until } from '../../helpers/poll.ts'
import { openSnapshot, type Opened } from '../../helpers/tui-board.tsx'

const ENTER = '\r'
const ESCAPE = '\u001b'
const ASKS = anAssignment('1', {
  title: '修复登录页面',
  state: 'waiting',
  note: 'which\u001b[2J name?',
})
const RUNS = anAssignment('2', { title: 'rework the page' })
const TESTED = anAssignment('3', {
  ...{ state: 'succeeded', commit: PUSHED },
  verdicts: {
    test: {
      ...{ kind: 'test', outcome: 'pass', commit: 'b'.repeat(40), by: 'eve', machine: 'ada' },
      ...{ from: null, note: 'all green', atMs: 0 },
    },
  },
})
const SAID = {
  progress: {
    ...{ model: 'opus', turns: 12, tools: 30, last: 'Edit', cost_usd: 0.31, files: 2 },
    ...{ said: 'half of it is done', stuck: null, warnings: ['rate limited'] },
  },
  blocker: null,
}

function open(t: TestContext, answers: Parameters<typeof openSnapshot>[2] = {}): Opened {
  const all: readonly Assignment[] = [RUNS, ASKS, TESTED]
  const ledger = withAssignments(all, [aProposal('4')])
  const repo = aRepo({ ledger, workers: { [RUNS.id]: SAID } })
  return openSnapshot(t, aSnapshot({ repos: new Map([[REPO, repo]]) }), answers)
}

describe('workers on the board', () => {
  it('are rows, those that want a person first, with what clears it; proposals last', async (t) => {
    const board = open(t)
    board.type('7')
    const screen = await board.shows('STAGE')
    const lines = screen.split('\n')
    const at = (text: string): number => lines.findIndex((line) => line.includes(text))
    const places = ['ASKS', '12t $0.31', '✓✓~·▸·', 'proposed'].map(at)
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
      screen,
    )
    assert.ok(!places.includes(-1), `${String(places)}\n${screen}`)
    assert.match(screen, /which\[2J name\?/)
    assert.match(screen, /next: skein resume-stuck asg_0+1 --guidance TEXT/)
    assert.ok(
      lines.every((line) => line.length <= 100),
      screen,
    )
  })

  it('say all about one, and that a verdict is of an older commit', async (t) => {
    const board = open(t)
    board.type('7', '/', 'T-3', ENTER, ENTER)
    const screen = await board.shows('STALE')
    assert.match(screen, /~ Test/)
    assert.match(screen, /PASS at bbbbbbbbbb STALE/)
  })

  it('are sorted and filtered', async (t) => {
    const board = open(t)
    board.type('7', 's')
    await board.shows('by age')
    board.type('/', 'machine:nobody', ENTER)
    await board.shows('No worker matches.')
  })

  it('are ended after a word and a yes', async (t) => {
    const worker = { state: 'running' }
    const board = open(t, { answers: { stop: () => ({ worker, already: false }) } })
    board.type('7', '/', 'rework', ENTER, 'x')
    await board.shows('This ends the worker of T-2: rework the page on bob.')
    board.type('wrong branch', ENTER)
    await board.shows('Reason: wrong branch')
    board.type('y')
    await board.shows('bob is asked to end')
    const call = board.calls.find(({ name }) => name === 'stop')
    assert.deepEqual(call?.input, { repo: REPO, id: RUNS.id, reason: 'wrong branch' })
  })

  it('are answered, and proposals are given', async (t) => {
    const approve = () => ({ approved: [], failed: [], would: [], warnings: [] })
    const board = open(t, { answers: { 'resume-stuck': () => ({ worker: {} }), approve } })
    board.type('7', '/', 'T-1', ENTER, 'a')
    await board.shows('The worker of T-1 asks: which')
    board.type('the second', ENTER)
    await board.shows('T-1 goes on')
    const answer = board.calls.find(({ name }) => name === 'resume-stuck')
    assert.deepEqual(answer?.input, { repo: REPO, id: ASKS.id, guidance: 'the second' })
    board.type('/', '\u0015', 'T-4', ENTER, 'a')
    await board.shows('This gives T-4 to a worker')
    board.type('y')
    await board.shows('T-4 is given')
  })

  it('are followed in what they say, from the end of the log on', async (t) => {
    const text = 'one\ntwo\n'
    const log = (input: object): unknown => {
      const { since = 0 } = input as { readonly since?: number }
      const rest = text.slice(since)
      return { text: rest, next: Math.max(since, text.length), total: text.length, ended: true }
    }
    const board = open(t, { answers: { log } })
    board.type('7', '/', 'rework', ENTER, 'L')
    const screen = await board.shows('it has ended')
    assert.match(screen, /log of asg_0+2\s+one\s+two/)
    board.type(ESCAPE)
    await until('the list is back', () => board.screen().includes('STAGE'))
  })
})
