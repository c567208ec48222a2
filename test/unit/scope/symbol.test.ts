import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SkeinError } from '../../../protocol/errors.ts'
import {
  isSymbolInside,
  overlappingSymbols,
  parseSymbol,
  splitSymbol,
  symbolsOverlap,
} from '../../../protocol/scope/symbol.ts'

describe('parseSymbol', () => {
  it('takes what languages call their declarations', () => {
    for (const text of ['main', 'Router::handle', 'Vec::operator[]', 'A::init(a:b:)', 'A::#x']) {
      assert.equal(parseSymbol(text), text)
    }
    assert.equal(parseSymbol(' Router :: handle '), 'Router::handle')
    assert.equal(parseSymbol('Spec::`takes all`'), 'Spec::takes all')
    assert.equal(parseSymbol('cafe\u0301'), 'caf\u00e9')
  })

  it('refuses empty parts, control characters and endless names', () => {
    for (const text of ['', '::a', 'a::', 'a::::b', 'a:::b', 'a\nb', 'x'.repeat(2_000)]) {
      assert.throws(() => parseSymbol(text), SkeinError)
    }
  })
})

describe('symbolsOverlap', () => {
  it('overlaps at the boundary of a name only', () => {
    assert.equal(symbolsOverlap('Outer::Inner', 'Outer::Inner::m'), true)
    assert.equal(symbolsOverlap('Outer::Inner', 'Outer::Other::m'), false)
    assert.equal(symbolsOverlap('Router', 'Router::handleA'), true)
    assert.equal(symbolsOverlap('Router', 'RouterX'), false)
    assert.equal(symbolsOverlap('Router::handleA', 'Router::handleB'), false)
    assert.equal(symbolsOverlap('a', 'A'), false)
  })

  it('agrees with the comparison of whole sets', () => {
    const name = fc.array(fc.constantFrom('A', 'B', 'C:d'), { minLength: 1, maxLength: 3 })
    const set = fc.array(
      name.map((parts) => parts.join('::')),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(set, set, (mine, theirs) => {
        const expected = mine.filter((a) => theirs.some((b) => symbolsOverlap(a, b)))
        assert.deepEqual(overlappingSymbols(mine, theirs), expected)
      }),
    )
  })
})

describe('isSymbolInside', () => {
  it('holds for one of them and for what lies in one of them', () => {
    assert.equal(isSymbolInside('A', ['A']), true)
    assert.equal(isSymbolInside('A::b', ['C', 'A']), true)
    assert.equal(isSymbolInside('A', ['A::b']), false)
    assert.equal(isSymbolInside('AB', ['A']), false)
    assert.equal(isSymbolInside('A', []), false)
  })
})

describe('splitSymbol', () => {
  it('reads a file and a symbol at each colon that stands alone', () => {
    const split = (text: string): string[] =>
      splitSymbol(text).map(({ file, symbol }) => `${file} | ${symbol}`)
    assert.deepEqual(split('src/a.ts:Router::handle'), ['src/a.ts | Router::handle'])
    assert.deepEqual(split('a.swift:A::init(a:b:)'), [
      'a.swift | A::init(a:b:)',
      'a.swift:A::init(a | b:)',
      'a.swift:A::init(a:b | )',
    ])
    for (const text of ['Router::handle', 'main', ':a', 'a:', ' : ', ''])
      assert.deepEqual(split(text), [], text)
  })
})
