import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readBody } from '../../../daemon/tracker/body.ts'

describe('the body of an issue', () => {
  const files: readonly (readonly [body: string, files: readonly string[]])[] = [
    [
      '## Files\n- src/a.ts\n- `src/b.ts` (new)\n* src/c/** — all of it',
      ['src/a.ts', 'src/b.ts', 'src/c/**'],
    ],
    ['## Files:\n\n1. [x.ts](https://example.org/x.ts)\n2) Makefile,', ['x.ts', 'Makefile']],
    ['### files ###\n- [ ] /src/a.ts', ['src/a.ts']],
    ['### files\n- [ ] src/a.ts\n#### new\n- b.ts', ['src/a.ts', 'b.ts']],
    ['## Files\n```\nsrc/a.ts\nsrc/b.ts\n```\nsrc/c.ts', ['src/a.ts', 'src/b.ts', 'src/c.ts']],
    ['## Files\n- `a.ts`, `b.ts` and more', ['a.ts', 'b.ts']],
    ['## Files\nWe will see what it takes.\n- none\n- N/A\n- TBD', []],
    ['## Files\n- a.ts\n## Notes\n- b.ts', ['a.ts']],
    ['## Filesystem\n- a.ts', []],
    ['<!-- ## Files\n- a.ts -->\n## Files\n- b.ts <!-- c.ts', ['b.ts']],
    ['## Files\r\n- a.ts\r\n- a.ts\r- b.ts', ['a.ts', 'b.ts']],
    ['```\n## Files\n- a.ts\n```', []],
  ]
  for (const [body, expected] of files) {
    it(`declares the files of ${JSON.stringify(body)}`, () => {
      assert.deepEqual(readBody(body).files, expected)
    })
  }

  it('leaves out with a note what is no pattern', () => {
    const bad = ['../../x', '[a', '{'.repeat(900), 'a\u202eb.ts', '{a,b}'.repeat(30)]
    for (const text of bad) {
      const { files: found, notes } = readBody(`## Files\n- ${text}\n- good.ts`)
      assert.deepEqual(found, ['good.ts'], text)
      assert.equal(notes.length, 1, text)
      assert.doesNotMatch(notes.join(), /\u202e/)
    }
  })

  const after: readonly (readonly [body: string, after: readonly number[]])[] = [
    ['Depends on #12', [12]],
    ['This is **blocked by:** #3, #4 and #5; see #6.', [3, 4, 5]],
    ['depends-on: [#7](https://example.org/7) & #8', [7, 8]],
    ['- [ ] Blocked by #9\n- [x] Depends on #10', [9, 10]],
    ['## Depends on\n- #1 the first\n- [ ] #2\n- nothing of #3\n\n## Else\n- #4', [1, 2]],
    ['## Blocked by\n- depends on #1', [1]],
    ['No longer blocked by #1. It is not blocked by #2.', []],
    ['~~Depends on #1~~ `Depends on #2`\n> Depends on #3\n```\nDepends on #4\n```', []],
    ['<!-- Depends on #1 -->', []],
    ['It depends on the weather, says #1. Blocks #2', []],
    ['Depends on #0, #12345678901', []],
    ['Depends on #1\nDepends on #1', [1]],
  ]
  for (const [body, expected] of after) {
    it(`says what stands before it: ${JSON.stringify(body)}`, () => {
      assert.deepEqual(readBody(body).after, expected)
    })
  }

  it('notes an issue of another repository, and goes on behind it', () => {
    const { after: found, notes } = readBody('Depends on team/other#1, #2')
    assert.deepEqual([found, notes], [[2], ['team/other#1 is not of this repository']])
  })

  const order: readonly (readonly [list: string, order: Readonly<Record<number, number[]>>])[] = [
    ['1. #1 first\n2. #2\n3. #3', { 1: [], 2: [1], 3: [2] }],
    ['- #1\n- #2', { 1: [], 2: [] }],
    ['1. #1 (group: a)\n2. #2 (group: a)\n3. #3', { 1: [], 2: [], 3: [2, 1] }],
    ['1. #1\n2. #2 group=a\n3. #3 group=a\n4. #4', { 1: [], 2: [1], 3: [1], 4: [3, 2] }],
    [
      '- [ ] #1 — group: db\n- [x] #2 — after: db, #9; group: ui\n- #3 after #2',
      { 1: [], 2: [9, 1], 3: [2] },
    ],
    ['1. #1 clean up after refactoring\n2. #2 after: nobody', { 1: [], 2: [] }],
    ['- #1 after: #1, #2', { 1: [2] }],
    ['prose about #1\n- no number', {}],
    ['- team/other#1', {}],
  ]
  for (const [list, expected] of order) {
    it(`orders others: ${JSON.stringify(list)}`, () => {
      const body = `# Epic\n## Work order\n${list}\n## Else\n- #99 after #98`
      const found = readBody(body)
      assert.deepEqual(
        Object.fromEntries(found.order.map((each) => [each.number, each.after])),
        expected,
      )
      assert.deepEqual(found.after, [])
    })
  }

  it('has bounds', () => {
    const many = Array.from({ length: 300 }, (_, at) => at + 1)
    const read = readBody(
      [
        '## Files',
        ...many.map((at) => `- f${String(at)}.ts`),
        '## Depends on',
        ...many.map((at) => `- #${String(at)}`),
        '## Work order',
        ...many.map((at) => `- #${String(at)} group: a after: a`),
      ].join('\n'),
    )
    assert.deepEqual([read.files.length, read.after.length, read.order.length], [100, 50, 100])
    assert.ok(read.order.every((each) => each.after.length <= 50))
    assert.equal(read.notes.length, 2)
  })

  it('costs little, whatever it is', () => {
    const pieces = [
      '## Files\n',
      '- ',
      '`',
      '~~',
      'after: ',
      'group:',
      '#1 ',
      '[',
      '](',
      '<!--',
      '-->',
      'and ',
    ]
    const began = performance.now()
    for (const piece of [...pieces, 'depends on ', 'a/', '{a,', '\u0000', '﷽', '#'])
      readBody(`## Files\n## Work order\n- #1 ${piece.repeat(100_000)}`)
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string())), (parts) => {
        const { files: found, after: before, notes } = readBody(parts.join(''))
        assert.ok(found.length <= 100 && before.length <= 50 && notes.length <= 10)
        assert.doesNotMatch(notes.join(), /\p{Cc}/u)
      }),
      { numRuns: 300 },
    )
    assert.ok(performance.now() - began < 5_000)
  })
})
