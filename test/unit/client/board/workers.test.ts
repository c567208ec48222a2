// Workers as a board lists them: stages by evidence, what wants a person, and in which order.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pipeline, stageNow, stagesOf } from '../../../../daemon/client/board/stages.ts'
import {
  countsText,
  lastLine,
  lookersAt,
  sortWorkers,
  standingOfWorker,
  wantsPerson,
  workersIn,
  type WorkerRow,
} from '../../../../daemon/client/board/workers.ts'
import {
  countWorkers,
  type Assignment,
  type Landing,
  type Verdict,
  type WorkersTold,
} from '../../../../protocol/index.ts'
import { anAssignment, PUSHED, withAssignments } from '../../../helpers/assignments.ts'
import { aRepo } from '../../../helpers/board-snapshots.ts'

const OLD = 'b'.repeat(40)
const DONE = { state: 'succeeded', commit: PUSHED } as const

function rows(assignments: readonly Assignment[], workers: WorkersTold = {}): readonly WorkerRow[] {
  return workersIn(aRepo({ ledger: withAssignments(assignments), workers }))
}

function row(more: Partial<Assignment>, said?: WorkersTold[keyof WorkersTold]): WorkerRow {
  const one = anAssignment('1', more)
  const [found] = rows([one], said === undefined ? {} : { [one.id]: said })
  assert.ok(found)
  return found
}

function verdict(kind: Verdict['kind'], outcome: Verdict['outcome'], commit = PUSHED): Verdict {
  const by = { by: 'eve', machine: 'ada', from: null, note: '', atMs: 0 }
  return { kind, outcome, commit, ...by }
}

function landing(state: Landing['state'], more: Partial<Landing> = {}): Landing {
  const commits = { target: 'main', head: PUSHED, base: OLD, commit: null }
  return { state, ...commits, reason: null, note: '', pull: null, by: 'ada', atMs: 0, ...more }
}

describe('the stages of work', () => {
  const test = verdict('test', 'pass')
  const cases: readonly (readonly [string, Partial<Assignment>, string, string])[] = [
    ['at work', {}, '✓▸····', 'running'],
    ['asks a person', { state: 'waiting', note: 'which?' }, '✓?····', 'ASKS'],
    ['failed', { state: 'failed', reason: 'exit' }, '✓✗····', 'FAILED'],
    ['without a commit', { state: 'empty' }, '✓-····', 'EMPTY'],
    ['pushed, in the merge queue', DONE, '✓✓··▸·', 'pushed'],
    ['tested', { ...DONE, verdicts: { test } }, '✓✓✓·▸·', 'pushed'],
    [
      'tested before',
      { ...DONE, verdicts: { test: { ...test, commit: OLD } } },
      '✓✓~·▸·',
      'pushed',
    ],
    [
      'smoke beats a test that passed',
      { ...DONE, verdicts: { test, smoke: verdict('smoke', 'fail') } },
      '✓✓✗·▸·',
      'pushed',
    ],
    [
      'kept from landing',
      { ...DONE, landing: landing('blocked', { reason: 'conflict', note: 'src/a.ts' }) },
      '✓✓··!·',
      'BLOCKED',
    ],
    ['landed', { ...DONE, landing: landing('landed', { commit: OLD }) }, '✓✓··✓✓', 'landed'],
    ['not to land', { ...DONE, landing: landing('dropped') }, '✓✓··-·', 'dropped'],
    ['a review that is done', { ...DONE, type: 'review' }, '✓✓---✓', 'pushed'],
  ]
  for (const [name, more, signs, word] of cases)
    it(`are told of one that is ${name}`, () => {
      const worker = row(more)
      assert.equal(pipeline(stagesOf(worker)), signs)
      assert.equal(standingOfWorker(worker).word, word)
    })

  it('are under way where another worker looks at its work', () => {
    const work = anAssignment('1', DONE)
    const review = anAssignment('2', { type: 'review', of: work.id })
    const all = rows([work, review])
    const worker = all.find(({ id }) => id === work.id)
    assert.ok(worker)
    assert.equal(pipeline(stagesOf(worker, lookersAt(worker, all))), '✓✓·▸▸·')
  })

  it('stand out where something is wrong', () => {
    const worker = row({ ...DONE, verdicts: { review: verdict('review', 'fail') } })
    assert.deepEqual(stageNow(stagesOf(worker)), { name: 'Review', state: 'failed' })
  })
})

describe('the workers of a board', () => {
  const full = {
    progress: null,
    blocker: { kind: 'slots', note: 'all are taken', sinceMs: 0 },
  } as const
  const progress = {
    ...{ model: 'opus', turns: 3, tools: 4, last: 'Edit', cost_usd: 0.5, files: 2 },
    ...{ said: 'half way', stuck: null, warnings: [] },
  }

  it('are unknown where their machine cannot be asked, and as the ledger says before it was', () => {
    assert.equal(row({}).state, 'running')
    const { state, last_state: last, blocker } = row({}, null)
    assert.deepEqual([state, last, blocker?.next], ['unknown', 'running', 'skein members'])
  })

  it('say what keeps them before what they say', () => {
    assert.equal(lastLine(row({}, { progress, blocker: null })), 'half way')
    assert.equal(lastLine(row({ state: 'assigned' }, full)), 'all are taken')
    assert.equal(lastLine(row(DONE)), 'pushed aaaaaaaaaa')
    assert.equal(
      lastLine(row({ state: 'failed', reason: 'exit', note: 'it exited' })),
      'exit: it exited',
    )
  })

  it('want a person where time alone clears nothing', () => {
    assert.equal(wantsPerson(row({ state: 'assigned' }, full)), false)
    assert.equal(wantsPerson(row({ state: 'waiting', note: 'which?' })), true)
    const answer = { by: 'ann', note: 'the first', atMs: Date.parse('2026-01-02') }
    assert.equal(wantsPerson(row({ state: 'waiting', answer })), false)
  })

  it('stand in the order of need, and those that are over last', () => {
    const all = rows([
      anAssignment('1', DONE),
      anAssignment('2'),
      anAssignment('3', { state: 'failed' }),
      anAssignment('4', { state: 'waiting' }),
    ])
    const tasks = sortWorkers(all, 'need').map(({ task }) => task)
    assert.deepEqual(tasks, ['T-4', 'T-3', 'T-2', 'T-1'])
    assert.deepEqual(
      sortWorkers(all, 'task').map(({ task }) => task),
      [...tasks].sort(),
    )
  })

  it('stay the same objects while nothing about them changes', () => {
    const one = anAssignment('1')
    const told = { [one.id]: { progress, blocker: null } }
    assert.equal(rows([one], told)[0], rows([one], told)[0])
    assert.notEqual(rows([one], told)[0], rows([one], {})[0])
  })

  it('are counted: a failure counts until its task is tried again', () => {
    const failed = anAssignment('1', { task: 'T', state: 'failed' })
    const again = anAssignment('2', { task: 'T', assignedAtMs: failed.assignedAtMs + 1 })
    const counts = (all: readonly Assignment[]) => countsText(countWorkers(all))
    assert.equal(counts([failed]), '1 failed')
    assert.equal(counts([again, failed]), '1 running')
    assert.equal(counts([anAssignment('3', DONE)]), '1 to land')
    assert.equal(counts([]), 'none')
  })
})
