import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ClaimKind } from '../../../protocol/claim.ts'
import { judgeable, type JudgedScope, overlapScopes } from '../../../protocol/scope/overlap.ts'
import { createScopeIndex } from '../../../protocol/scope/scope-index.ts'
import { samplePatterns } from './oracle.ts'

function scope(kind: ClaimKind, pattern: string): JudgedScope {
  const symbols = kind === 'symbol' ? ['A'] : []
  return judgeable({ kind, pattern, symbols, mode: 'exclusive' }, { caseExact: false })
}

describe('createScopeIndex', () => {
  it('finds all that overlap, whatever was added, moved and removed', () => {
    const kinds = fc.constantFrom<ClaimKind>('file', 'module', 'symbol', 'task', 'resource')
    const scopes = fc
      .tuple(kinds, fc.constantFrom(...samplePatterns(400, 31), 'a/b', 'a/b/c', 'A/B'))
      .map(([kind, pattern]) => scope(kind, pattern))
    const step = fc.record({ key: fc.nat(12), scope: fc.option(scopes, { freq: 3 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), scopes, (steps, asked) => {
        const index = createScopeIndex<number>()
        const held = new Map<number, JudgedScope>()
        for (const { key, scope } of steps) {
          if (scope === null) {
            index.remove(key)
            held.delete(key)
          } else {
            index.add(key, scope)
            held.set(key, scope)
          }
        }
        assert.equal(index.size, held.size)
        const found = [...index.candidates(asked)]
        assert.equal(new Set(found).size, found.length)
        assert.ok(found.every((key) => held.has(key)))
        const overlapping = [...held].filter(([, other]) => overlapScopes(asked, other) !== null)
        assert.deepEqual(
          found.sort((a, b) => a - b),
          overlapping.map(([key]) => key).sort((a, b) => a - b),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('is empty again when all is removed', () => {
    const index = createScopeIndex<string>()
    index.add('x', scope('file', '{a/b,c}/**'))
    index.add('y', scope('task', 'a'))
    index.remove('x')
    index.remove('y')
    index.remove('y')
    assert.equal(index.size, 0)
    assert.deepEqual([...index.candidates(scope('file', '**'))], [])
    assert.deepEqual([...index.candidates(scope('task', 'a'))], [])
  })
})
