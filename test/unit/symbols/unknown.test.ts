import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileSymbol } from '../../../daemon/symbols/outline.ts'
import { knownPathsOf, NEAREST_MAX, unknownAmong } from '../../../daemon/symbols/unknown.ts'

describe('unknownAmong', () => {
  const known = knownPathsOf(of('Router::handle', 'Router::close', 'Session', 'compile'))

  it('takes every symbol and everything that one lies in', () => {
    assert.deepEqual(unknownAmong(known, ['Router::handle', 'Router', 'Session']), [])
  })

  it('names the one that was meant first', () => {
    assert.equal(unknownAmong(known, ['Router::handel'])[0]?.nearest[0], 'Router::handle')
    assert.equal(unknownAmong(known, ['compil'])[0]?.nearest[0], 'compile')
  })

  it('finds a method by its bare name, also misspelt', () => {
    assert.equal(unknownAmong(known, ['handle'])[0]?.nearest[0], 'Router::handle')
    assert.ok(unknownAmong(known, ['hanlde'])[0]?.nearest.includes('Router::handle'))
    assert.equal(unknownAmong(known, ['router::HANDLE'])[0]?.nearest[0], 'Router::handle')
  })

  it('lists what the file has when nothing is near, at most twenty, each once', () => {
    const many = knownPathsOf(of(...Array.from({ length: 50 }, (_, n) => `symbol${String(n)}`)))
    const listed = unknownAmong(many, ['zzz'])[0]?.nearest ?? []
    assert.equal(listed.length, NEAREST_MAX)
    assert.equal(new Set(listed).size, NEAREST_MAX)
    assert.deepEqual(unknownAmong(knownPathsOf([]), ['x']), [{ symbol: 'x', nearest: [] }])
  })

  it('does not take a part of a name for what it lies in', () => {
    assert.equal(unknownAmong(known, ['Rout']).length, 1)
    assert.equal(unknownAmong(known, ['Router::handle::inner']).length, 1)
  })
})

function of(...paths: string[]): readonly FileSymbol[] {
  return paths.map((path) => ({ path, kind: 'function', startLine: 1, endLine: 1 }))
}
