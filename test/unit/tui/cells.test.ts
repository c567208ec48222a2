import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cutTo, fitted, folded, harmless, widthOf } from '../../../tui/model/cells.ts'
import { layOut, rowLine } from '../../../tui/model/columns.ts'
import { painter, textOf } from '../../../tui/model/lines.ts'

describe('cells', () => {
  for (const [text, width] of [
    ['', 0],
    ['plain', 5],
    ['日本語', 6],
    ['한국', 4],
    ['e\u0301', 1],
    ['🙂', 2],
    ['👩‍👩‍👧', 2],
    ['▾●│', 3],
  ] as const)
    it(`${JSON.stringify(text)} takes ${String(width)}`, () => {
      assert.equal(widthOf(text), width)
    })

  it('cuts and fills to exactly a width, also through the middle of a wide character', () => {
    for (const text of ['', 'a', 'abcdef', '日本語日本語', 'a日b本c語d'])
      for (let width = 0; width < 12; width++)
        assert.equal(widthOf(fitted(text, width)), width, `${text} to ${String(width)}`)
    assert.equal(fitted('abcdef', 4), 'abc…')
    assert.equal(fitted('ab', 4, 'right'), '  ab')
    assert.equal(cutTo('日本語', 4), '日…')
  })

  it('folds at spaces and breaks what is too long, and loses nothing', () => {
    assert.deepEqual(folded('one two three', 7), ['one two', 'three'])
    assert.deepEqual(folded('abcdefgh', 3), ['abc', 'def', 'gh'])
    assert.equal(folded('日本語日本語', 5).join(''), '日本語日本語')
    for (const line of folded('日本語 a 日本語日本語', 5)) assert.ok(widthOf(line) <= 5, line)
  })

  it('takes from a text what would move the cursor, colour, or turn what follows', () => {
    assert.equal(harmless('a\u001b[31mb\u0007\u202ec\r\nd'), 'a[31mbc d')
  })
})

describe('columns', () => {
  const columns = [
    { title: 'A', width: 3, grows: 1 },
    { title: 'B', width: 4, from: 30 },
    { title: 'C', width: 2, align: 'right' as const },
  ]
  for (const width of [8, 20, 30, 57])
    it(`fill ${String(width)} cells, and leave out what has no room`, () => {
      const line = textOf(rowLine(layOut(columns, width), ['日本語', 'only wide', '7']))
      assert.equal(widthOf(line), width)
      assert.equal(line.includes('onl…'), width >= 30)
      assert.ok(line.endsWith('7'))
    })
})

describe('paint', () => {
  const line = [
    { text: 'x', tone: 'bad' as const },
    { text: 'y', tone: 'plain' as const },
  ]
  it('says by bold what it says by colour', () => {
    assert.equal(painter(true)(line), '\u001b[1;31mx\u001b[0my')
    assert.equal(painter(false)(line), '\u001b[1mx\u001b[0my')
  })
})
