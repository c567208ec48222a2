import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FileSymbol } from '../../../daemon/symbols/outline.ts'
import { changedLines, touchedSymbols } from '../../../daemon/symbols/touched.ts'

const SYMBOLS: readonly FileSymbol[] = [
  symbol('A', 2, 20, [{ startLine: 40, endLine: 45 }]),
  symbol('A::f', 4, 8),
  symbol('A::f::inner', 5, 6),
  symbol('A::g', 10, 12),
  symbol('b', 22, 22),
  symbol('c', 22, 22),
  symbol('A::h', 41, 43),
]

describe('touchedSymbols', () => {
  const cases: readonly [string, number, number, readonly string[], boolean][] = [
    ['the innermost symbol of a line', 5, 5, ['A::f::inner'], false],
    ['the outer one where no inner one stands', 9, 9, ['A'], false],
    ['each stretch of a range', 7, 10, ['A', 'A::f', 'A::g'], false],
    ['both of two on one line', 22, 22, ['b', 'c'], false],
    ['a symbol by its second place', 44, 44, ['A'], false],
    ['what lies in a second place', 42, 42, ['A::h'], false],
    ['nothing outside', 30, 32, [], true],
    ['a symbol and the outside around it', 21, 22, ['b', 'c'], true],
    ['an insertion by what holds both lines', 5, 4, ['A::f'], false],
    ['an insertion between two symbols by neither', 22, 21, [], true],
  ]
  for (const [what, startLine, endLine, symbols, isOutside] of cases) {
    it(`gives ${what}`, () => {
      assert.deepEqual(touchedSymbols(SYMBOLS, [{ startLine, endLine }]), { symbols, isOutside })
    })
  }

  it('says of every range what a look at each line says', () => {
    const span = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 9 }))
      .map(([startLine, more]) => ({ startLine, endLine: startLine + more }))
    const name = fc.constantFrom('a', 'b', 'a::b', 'a::b::c', 'a::d', 'e', 'e::f')
    const given = fc.uniqueArray(fc.tuple(name, span), { selector: ([path]) => path, maxLength: 7 })
    fc.assert(
      fc.property(given, span, (list, range) => {
        const symbols = list.map(([path, { startLine, endLine }]) =>
          symbol(path, startLine, endLine),
        )
        assert.deepEqual(touchedSymbols(symbols, [range]), slowly(symbols, range))
      }),
    )
  })
})

describe('changedLines', () => {
  it('gives the lines from the first to the last change on both sides', () => {
    assert.deepEqual(changedLines('a\nb\nc\nd', 'a\nX\nY\nc\nd'), {
      before: { startLine: 2, endLine: 2 },
      after: { startLine: 2, endLine: 3 },
    })
  })

  it('gives an empty side for what was only put in or taken out', () => {
    assert.deepEqual(changedLines('a\nc', 'a\nb\nc')?.before, { startLine: 2, endLine: 1 })
    assert.deepEqual(changedLines('a\nb\nc', 'a\nc')?.after, { startLine: 2, endLine: 1 })
    assert.equal(changedLines('a', 'a'), null)
  })
})

function symbol(
  path: string,
  startLine: number,
  endLine: number,
  also?: FileSymbol['also'],
): FileSymbol {
  return { path, kind: 'function', startLine, endLine, ...(also === undefined ? {} : { also }) }
}

function slowly(symbols: readonly FileSymbol[], range: { startLine: number; endLine: number }) {
  const touched = new Set<string>()
  let isOutside = false
  for (let line = range.startLine; line <= range.endLine; line++) {
    const here = symbols.filter(({ startLine, endLine }) => startLine <= line && line <= endLine)
    if (here.length === 0) isOutside = true
    for (const { path } of here) {
      if (!here.some((other) => other.path.startsWith(`${path}::`))) touched.add(path)
    }
  }
  const inOrder = symbols.map(({ path }) => path).filter((path) => touched.has(path))
  return { symbols: inOrder, isOutside }
}
