import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { outline, type Declaration, type FileSymbol } from '../../../daemon/symbols/outline.ts'
import { fromColumns, toColumns } from '../../../daemon/symbols/worker/messages.ts'

describe('outline', () => {
  it('nests by containment, whatever the order of the declarations', () => {
    const found = outline([at('c', 20, 30), at('a', 0, 50), at('b', 10, 40), at('d', 60, 70)])
    assert.deepEqual(paths(found), ['a', 'a::b', 'a::b::c', 'd'])
  })

  it('puts declarations of one extent beside each other', () => {
    assert.deepEqual(paths(outline([at('a', 0, 9), at('b', 0, 9)])), ['a', 'b'])
  })

  it('merges one path into one symbol with all its places, and drops places within places', () => {
    const found = outline([
      { ...at('f', 0, 9), startLine: 1, endLine: 2 },
      { ...at('f', 10, 19), startLine: 5, endLine: 9 },
      { ...at('f', 20, 29), startLine: 6, endLine: 7 },
    ])
    assert.deepEqual(found, [
      {
        path: 'f',
        kind: 'function',
        startLine: 1,
        endLine: 2,
        also: [{ startLine: 5, endLine: 9 }],
      },
    ])
  })

  it('calls a function in a class a method', () => {
    const found = outline([{ ...at('A', 0, 50), kind: 'class' }, at('f', 10, 20), at('g', 60, 70)])
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['class', 'method', 'function'],
    )
  })

  it('puts the owner before the name', () => {
    assert.deepEqual(paths(outline([{ ...at('f', 0, 9), owner: ['A'] }])), ['A::f'])
  })

  it('leaves out what a path cannot hold, and what lies in it', () => {
    const found = outline([
      at('::', 0, 50),
      at('in', 10, 20),
      at('a\u202e', 60, 70),
      at('ok', 80, 90),
    ])
    assert.deepEqual(paths(found), ['ok'])
  })

  it('leaves out paths that are too long to be claimed, in time linear in the depth', () => {
    const deep = Array.from({ length: 10_000 }, (_, n) => at(`f${String(n)}`, n, 30_000 - n))
    const found = outline(deep)
    assert.ok(found.length > 100 && found.length < 1_000)
    assert.ok(found.every(({ path }) => path.length <= 1_024))
  })

  it('takes variables only outside functions where the language says so', () => {
    const local = { ...at('x', 10, 20), kind: 'const', isOnlyOutsideFunctions: true } as const
    assert.deepEqual(paths(outline([at('f', 0, 50), local])), ['f'])
    assert.deepEqual(paths(outline([{ ...at('n', 0, 50), kind: 'module' }, local])), ['n', 'n::x'])
  })

  it('takes an object literal only if it holds a symbol', () => {
    const holder = { ...at('o', 0, 50), isOnlyHolder: true }
    assert.deepEqual(paths(outline([holder])), [])
    assert.deepEqual(paths(outline([holder, at('f', 10, 20)])), ['o', 'o::f'])
  })

  it('writes names in NFC', () => {
    assert.deepEqual(paths(outline([at('cafe\u0301', 0, 9)])), ['caf\u00e9'])
  })

  it('crosses to the daemon and back as columns', () => {
    const found = outline([at('a', 0, 50), at('b', 10, 20), at('b', 30, 40), at('c', 60, 70)])
    assert.deepEqual(fromColumns(toColumns(found)), found)
    assert.deepEqual(fromColumns(toColumns([])), [])
  })
})

function at(name: string, start: number, end: number): Declaration {
  return {
    owner: [],
    name: [name],
    kind: 'function',
    start,
    end,
    startLine: start,
    endLine: end,
    column: 0,
    isOnlyOutsideFunctions: false,
    isOnlyHolder: false,
    mustBeDeeper: false,
  }
}

function paths(found: readonly FileSymbol[]): readonly string[] {
  return found.map(({ path }) => path)
}
