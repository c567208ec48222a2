import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { closeOverCase, foldText } from '../../../protocol/scope/fold.ts'

describe('foldText', () => {
  it('makes one of what Unicode calls one, in any language', () => {
    const pairs = [
      ['README.md', 'readme.MD'],
      ['\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2', '\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3'],
      ['caf\u00e9', 'CAFE\u0301'],
      ['stra\u1e9ee', 'stra\u00dfe'],
      ['J\u030c', '\u01f0'],
      ['\u212a', 'k'],
    ] as const
    for (const [a, b] of pairs) assert.equal(foldText(a), foldText(b))
  })

  it('keeps apart what Unicode keeps apart', () => {
    assert.notEqual(foldText('\u0131'), foldText('i'))
    assert.notEqual(foldText('\u0130'), foldText('i'))
    assert.notEqual(foldText('stra\u00dfe'), foldText('strasse'))
  })

  it('folds each character as the simple fold of regular expressions does', () => {
    for (let code = 0; code < 0x1ea00; code++) {
      if (code >= 0xd800 && code < 0xe000) continue
      const char = String.fromCodePoint(code)
      if (char.normalize('NFC') !== char) continue
      const folded = foldText(char)
      if (folded === char) continue
      assert.equal(foldText(folded), folded)
      assert.ok(new RegExp(`^\\u{${code.toString(16)}}$`, 'iu').test(folded), code.toString(16))
    }
  })

  it('is idempotent and blind to composition', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(text, (text) => {
        const folded = foldText(text)
        assert.equal(foldText(folded), folded)
        assert.equal(foldText(text.normalize('NFD')), foldText(text.normalize('NFC')))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('closeOverCase', () => {
  it('adds every other case', () => {
    assert.deepEqual(closeOverCase([[0x61, 0x63]]), [
      [0x41, 0x43],
      [0x61, 0x63],
    ])
    assert.deepEqual(closeOverCase([[0x73, 0x73]]), [
      [0x53, 0x53],
      [0x73, 0x73],
      [0x17f, 0x17f],
    ])
    assert.deepEqual(closeOverCase([[0x3c3, 0x3c3]]), [
      [0x3a3, 0x3a3],
      [0x3c2, 0x3c3],
    ])
  })
})
