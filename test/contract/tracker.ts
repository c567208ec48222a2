// What every tracker promises, whatever is behind it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { trackerMarker, type Tracker } from '../../daemon/ports-tracker.ts'
import { SkeinError } from '../../protocol/index.ts'
import type { Cleaner } from '../helpers/cleanup.ts'

export interface Wanted {
  readonly title: string
  readonly text?: string
  readonly files?: readonly string[]
  /** Tasks. */
  readonly after?: readonly string[]
  readonly labels?: readonly string[]
}

export interface TrackerStand {
  readonly tracker: Tracker
  /** Writes work down as people do; its task. */
  readonly add: (wanted: Wanted) => string
  /** It is done. */
  readonly finish: (task: string) => void
  /** What people were told of it. */
  readonly told: (task: string) => string
}

export const SIGNAL = AbortSignal.timeout(60_000)
export const MARKER = trackerMarker({ event: 'completion', assignment: 'asg_1' })

export function describeTracker(
  name: string,
  make: (cleaner: Cleaner) => Promise<TrackerStand>,
): void {
  describe(`${name} keeps the contract of a tracker`, () => {
    it('lists what is open, with what it declares', async (t) => {
      const { tracker, add, finish } = await make(t)
      const first = add({ title: 'The first', text: 'Do it.' })
      const done = add({ title: 'Done' })
      const wanted = { title: 'The last', files: ['src/a.ts', 'docs/**'], after: [first, done] }
      const last = add({ ...wanted, labels: ['needs:gpu', 'easy'] })
      finish(done)
      const { issues, isPartial, problems } = await tracker.issues(SIGNAL)
      assert.deepEqual([isPartial, problems], [false, []])
      assert.deepEqual(
        issues.map(({ task, title }) => [task, title]),
        [
          [first, 'The first'],
          [last, 'The last'],
        ],
      )
      assert.ok(issues[0]?.body.includes('Do it.'))
      const { files, after, labels, capabilities, isOpen, notes } = issues[1] ?? assert.fail()
      assert.deepEqual(files, ['src/a.ts', 'docs/**'])
      assert.deepEqual(after, [first])
      assert.deepEqual([labels, capabilities], [['needs:gpu', 'easy'], ['gpu']])
      assert.deepEqual([isOpen, notes], [true, []])
    })

    it('knows one, open or not, as it lists it', async (t) => {
      const { tracker, add, finish } = await make(t)
      const first = add({ title: 'The first' })
      const done = add({ title: 'Done' })
      const last = add({ title: 'The last', after: [first, done] })
      finish(done)
      const { issues } = await tracker.issues(SIGNAL)
      assert.deepEqual(await tracker.issue(last, SIGNAL), issues[1])
      assert.equal((await tracker.issue(done, SIGNAL))?.isOpen, false)
      for (const unknown of ['issue-999', 'no-such', '../x', '', 'issue-0', 'issue-1e3'])
        assert.equal(await tracker.issue(unknown, SIGNAL), null, unknown)
    })

    it('cleans what others wrote, and leaves out files of an odd shape', async (t) => {
      const { tracker, add } = await make(t)
      const files = ['../../etc/passwd', 'good.ts', '[', `${'{a,b}'.repeat(40)}.ts`]
      const task = add({ title: 'A\u202e title\u0007', text: 'one\u0000\ntwo', files })
      const issue = (await tracker.issue(task, SIGNAL)) ?? assert.fail()
      assert.equal(issue.title, 'A  title')
      assert.ok(issue.body.includes('one\ntwo') || issue.body.includes('one \ntwo'))
      assert.deepEqual(issue.files, ['good.ts'])
      assert.equal(issue.notes.length, 3)
    })

    it('tells a thing once for each marker, however often it is asked to', async (t) => {
      const { tracker, add, told } = await make(t)
      const task = add({ title: 'The first' })
      const say = () => tracker.comment(task, MARKER, 'It is **done**.', SIGNAL)
      const both = await Promise.all([say(), say()])
      assert.deepEqual(both.map(({ already }) => already).sort(), [false, true])
      assert.equal(both[0].url, both[1].url)
      assert.equal((await say()).already, true)
      const other = trackerMarker({ event: 'failure', assignment: 'asg_1' })
      assert.equal((await tracker.comment(task, other, 'It failed.', SIGNAL)).already, false)
      assert.deepEqual(told(task).match(/It is \*\*done\*\*|It failed/g), [
        'It is **done**',
        'It failed',
      ])
    })

    it('creates an issue once', async (t) => {
      const { tracker, add } = await make(t)
      add({ title: 'The first' })
      const wanted = { marker: trackerMarker({ split: 'x', part: '1' }), title: 'A part of it' }
      const create = () =>
        tracker.createIssue({ ...wanted, body: 'Of the whole.', labels: ['needs:gpu'] }, SIGNAL)
      const made = await create()
      assert.deepEqual([made.already, made.issue.title], [false, 'A part of it'])
      assert.deepEqual(made.issue.capabilities, ['gpu'])
      const again = await create()
      assert.deepEqual([again.already, again.issue.task], [true, made.issue.task])
      const { issues } = await tracker.issues(SIGNAL)
      assert.deepEqual(
        issues.map(({ title }) => title),
        ['The first', 'A part of it'],
      )
      assert.ok(issues[1]?.body.includes('Of the whole.'))
    })

    it('does what it cannot do by saying so', async (t) => {
      const { tracker, add } = await make(t)
      const task = add({ title: 'The first', text: 'As it was.' })
      try {
        await tracker.close(task, SIGNAL)
        assert.equal((await tracker.issue(task, SIGNAL))?.isOpen, false)
        await tracker.editBody(task, MARKER, 'A section.', SIGNAL)
        const body = (await tracker.issue(task, SIGNAL))?.body ?? ''
        assert.ok(body.includes('As it was.') && body.includes('A section.'))
      } catch (error) {
        assert.ok(error instanceof SkeinError && error.code === 'TRACKER_UNSUPPORTED')
        assert.equal(tracker.kind, 'plan')
      }
    })

    it('ends where its caller ends', async (t) => {
      const { tracker } = await make(t)
      await assert.rejects(tracker.issues(AbortSignal.abort()), { name: 'AbortError' })
    })
  })
}
