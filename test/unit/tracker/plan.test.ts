import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { trackerMarker, type Tracker } from '../../../daemon/ports-tracker.ts'
import { withSection } from '../../../daemon/tracker/section.ts'
import { withTask } from '../../../daemon/tracker/plan-text.ts'
import { createTrackers } from '../../../daemon/tracker/trackers.ts'
import { asRepoId } from '../../../protocol/index.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const SIGNAL = AbortSignal.timeout(60_000)
const MARKER = trackerMarker({ event: 'stuck', assignment: 'asg_1' })

function trackerAt(root: string | null): Tracker {
  const trackers = createTrackers({ config: { tracker: {} }, env: {}, clock: { wall: Date.now } })
  const checkout = root === null ? null : { root, planPath: 'context' }
  return trackers.of(asRepoId('team/shop'), checkout)
}

describe('a marker', () => {
  it('cannot end the comment that it is', () => {
    assert.equal(MARKER, '<!-- skein:event=stuck assignment=asg_1 -->')
    const odd = trackerMarker({ event: 'a --> b\n<b>', 'k ey': 'ü' })
    assert.equal(odd, '<!-- skein:event=a-b-b- k-ey=- -->')
  })
})

describe('a section of ours', () => {
  const end = '<!-- /skein -->'
  const table: readonly (readonly [text: string, section: string, result: string])[] = [
    ['', 'S', `${MARKER}\nS\n${end}`],
    ['theirs\n', 'S', `theirs\n\n${MARKER}\nS\n${end}`],
    [`a\n${MARKER}\nold\n${end}\nb`, 'new', `a\n${MARKER}\nnew\n${end}\nb`],
    // Its end was taken away: nothing of what is behind it is lost.
    [`a\n${MARKER}\nold\nb`, 'new', `a\n${MARKER}\nnew\n${end}\nold\nb`],
    [
      `${MARKER}\nx\n<!-- skein:other=1 -->\ny\n${end}`,
      'n',
      `${MARKER}\nn\n${end}\nx\n<!-- skein:other=1 -->\ny\n${end}`,
    ],
    ['a', `S${end}T${MARKER}`, `a\n\n${MARKER}\nST\n${end}`],
  ]
  for (const [text, section, result] of table) {
    it(`is put into ${JSON.stringify(text)}`, () => {
      assert.equal(withSection(text, MARKER, section), result)
      assert.equal(withSection(result, MARKER, section), result)
    })
  }
})

describe('a task that is added to the text of a plan', () => {
  const task = { id: 'new', labels: ['a'] }
  const table: readonly (readonly [text: string, result: string])[] = [
    [
      '{"tasks":[]}',
      '{"tasks":[\n  {\n    "id": "new",\n    "labels": [\n      "a"\n    ]\n  }\n]}',
    ],
    [
      '{"tasks":[{"id":"a"} ], "x": 1}\n',
      '{"tasks":[{"id":"a"}, {"id":"new","labels":["a"]} ], "x": 1}\n',
    ],
    [
      '{\n  "tasks": [\n    { "id": "a" }\n  ]\n}\n',
      '{\n  "tasks": [\n    { "id": "a" },\n    {\n      "id": "new",\n      "labels": [\n        "a"\n      ]\n    }\n  ]\n}\n',
    ],
    [
      '{\r\n\t"tasks": [\r\n\t\t{ "id": "a" }\r\n\t]\r\n}',
      '{\r\n\t"tasks": [\r\n\t\t{ "id": "a" },\r\n\t\t{\r\n\t\t\t"id": "new",\r\n\t\t\t"labels": [\r\n\t\t\t\t"a"\r\n\t\t\t]\r\n\t\t}\r\n\t]\r\n}',
    ],
    [
      '{"a":{"tasks":[1]},"n":"tasks\\":[","tasks":[{"id":"]"}]}',
      '{"a":{"tasks":[1]},"n":"tasks\\":[","tasks":[{"id":"]"}, {"id":"new","labels":["a"]}]}',
    ],
  ]
  for (const [text, result] of table) {
    it(`keeps the form of ${JSON.stringify(text)}`, () => {
      assert.equal(withTask(text, task), result)
      const { tasks } = JSON.parse(result) as { readonly tasks: readonly unknown[] }
      assert.deepEqual(tasks.at(-1), task)
    })
  }
})

describe('the plan files as a tracker', () => {
  it('keep their mode, their byte order mark and no traces when a task is added', async (t) => {
    const root = makeFolder(t)
    const file = path.join(root, 'context/plan.json')
    const text = '\uFEFF{\n    "tasks": [\n        { "id": "a-part", "name": "ä" }\n    ]\n}\n'
    writeIn(root, 'context/plan.json', text)
    chmodSync(file, 0o640)
    const tracker = trackerAt(root)
    const wanted = { marker: MARKER, title: 'A part', body: 'B\nC', labels: [] }
    const [one, other] = await Promise.all([
      tracker.createIssue(wanted, SIGNAL),
      tracker.createIssue({ ...wanted, marker: trackerMarker({ part: '2' }) }, SIGNAL),
    ])
    assert.deepEqual([one.issue.task, other.issue.task].sort(), ['a-part-2', 'a-part-3'])
    assert.ok(readFileSync(file, 'utf8').startsWith(text.slice(0, text.indexOf('\n    ]'))))
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.deepEqual(readdirSync(path.join(root, 'context')), ['plan.json'])
  })

  it('refuse a task where nobody says into which plan', async (t) => {
    const root = makeFolder(t)
    const create = () =>
      trackerAt(root).createIssue({ marker: MARKER, title: 'T', body: '', labels: [] }, SIGNAL)
    await assert.rejects(create(), { code: 'TRACKER_UNSUPPORTED', message: /no plan file/ })
    for (const name of ['a', 'b']) writeIn(root, `context/${name}.json`, '{"tasks":[]}')
    await assert.rejects(create(), { code: 'TRACKER_UNSUPPORTED', message: /several/ })
    writeIn(root, 'context/current-task.json', '{"plan":"b.json"}')
    assert.equal((await create()).issue.task, 't')
    assert.equal(readFileSync(path.join(root, 'context/a.json'), 'utf8'), '{"tasks":[]}')
  })

  it('tell their problems, the active plan first, and a blocker of another plan', async (t) => {
    const root = makeFolder(t)
    const a = { tasks: [{ id: 'x' }, { id: 'y', blocked_by: ['z', 'gone'] }, { id: 'BAD ID' }] }
    writeIn(root, 'context/a.json', JSON.stringify(a))
    writeIn(root, 'context/b.json', '{"tasks":[{"id":"z"},{"id":"x","name":"other"}]}')
    writeIn(root, 'context/current-task.json', '{"plan":"b"}')
    const { issues, problems } = await trackerAt(root).issues(SIGNAL)
    assert.deepEqual(
      issues.map(({ task, title, after }) => [task, title, after]),
      [
        ['z', 'z', []],
        ['x', 'other', []],
        ['y', 'y', ['z', 'gone']],
      ],
    )
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', /^context\/a\.json: tasks\[2\]/)
  })

  it('need a checkout', async () => {
    await assert.rejects(trackerAt(null).issues(SIGNAL), { code: 'TRACKER_UNSUPPORTED' })
    await assert.rejects(trackerAt(null).comment('a', MARKER, 'b', SIGNAL), {
      code: 'TRACKER_UNSUPPORTED',
    })
  })
})

describe('a note of a task', () => {
  const note = (root: string, task = 'fix') => trackerAt(root).comment(task, MARKER, 'Text', SIGNAL)
  const refused = async (t: TestContext, prepare: (root: string) => void, task = 'fix') => {
    const root = makeFolder(t)
    prepare(root)
    await assert.rejects(note(root, task), { code: 'TRACKER_REFUSED' })
  }

  it('stands in a file of its own, beside what people wrote there, out of the sight of git', async (t) => {
    const root = makeRepo(t)
    assert.deepEqual(await note(root), { url: '.skein/notes/fix.md', already: false })
    const file = path.join(root, '.skein/notes/fix.md')
    appendFileSync(file, 'Seen. Ann')
    const other = trackerMarker({ event: 'completion', assignment: 'asg_1' })
    await trackerAt(root).comment('fix', other, 'More\n\n', SIGNAL)
    assert.equal(readFileSync(file, 'utf8'), `${MARKER}\nText\nSeen. Ann\n\n${other}\nMore\n`)
    assert.equal(git(root, 'status', '--porcelain'), '')
  })

  it('is written through no link, and to nothing that is no file', async (t) => {
    const outside = makeFolder(t)
    await refused(t, (root) => {
      symlinkSync(outside, path.join(root, '.skein'))
    })
    await refused(t, (root) => {
      mkdirSync(path.join(root, '.skein'))
      symlinkSync(outside, path.join(root, '.skein/notes'))
    })
    await refused(t, (root) => {
      mkdirSync(path.join(root, '.skein/notes'), { recursive: true })
      symlinkSync(path.join(outside, 'x'), path.join(root, '.skein/notes/fix.md'))
    })
    await refused(t, (root) => {
      mkdirSync(path.join(root, '.skein/notes/fix.md'), { recursive: true })
    })
    await refused(t, (root) => {
      writeFileSync(path.join(root, '.skein'), '')
    })
    await refused(t, () => undefined, '../../x')
    assert.equal(existsSync(path.join(outside, 'x')), false)
    assert.deepEqual(
      readdirSync(outside).filter((name) => name.endsWith('.md')),
      [],
    )
  })

  it('is refused where its file is too large to look through', async (t) => {
    await refused(t, (root) => {
      writeIn(root, '.skein/notes/fix.md', 'x'.repeat(4 * 1024 * 1024 + 1))
    })
  })
})
