import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClaimKind, Scope } from '../../../protocol/claim.ts'
import { SkeinError } from '../../../protocol/errors.ts'
import {
  judgeable,
  type JudgedScope,
  modesConflict,
  overlapScopes,
} from '../../../protocol/scope/overlap.ts'

function scope(kind: ClaimKind, pattern: string, symbols: readonly string[] = []): JudgedScope {
  const written: Scope = { kind, pattern, symbols, mode: 'exclusive' }
  return judgeable(written, { caseExact: false })
}

describe('overlapScopes', () => {
  it('finds the path in question where a side names one', () => {
    const overlap = overlapScopes(scope('file', 'src/**'), scope('file', './src/auth/login.ts'))
    assert.deepEqual(overlap, { kind: 'paths', paths: ['src/auth/login.ts'], symbols: [] })
    assert.deepEqual(overlapScopes(scope('file', 'src'), scope('module', 'src/auth'))?.paths, [
      'src/auth',
    ])
    assert.deepEqual(overlapScopes(scope('file', '*.ts'), scope('file', 'a*'))?.paths, [])
    assert.equal(overlapScopes(scope('file', 'src/a.ts'), scope('file', 'src/b.ts')), null)
  })

  it('tells symbols that overlap from symbols that do not', () => {
    const held = scope('symbol', 'router.ts', ['Router::handleA'])
    assert.deepEqual(overlapScopes(scope('symbol', './router.ts', ['Router::handleB']), held), {
      kind: 'disjoint-symbols',
      paths: ['router.ts'],
      symbols: [],
    })
    assert.deepEqual(overlapScopes(scope('symbol', 'router.ts', ['main', 'Router']), held), {
      kind: 'symbols',
      paths: ['router.ts'],
      symbols: ['Router'],
    })
    assert.equal(overlapScopes(scope('symbol', 'other.ts', ['Router']), held), null)
  })

  it('sees who asks for symbols in a whole file, and who asks for the file', () => {
    const file = scope('file', 'src/**')
    const symbol = scope('symbol', 'src/router.ts', ['Router'])
    assert.deepEqual(overlapScopes(symbol, file), {
      kind: 'symbol-in-file',
      paths: ['src/router.ts'],
      symbols: ['Router'],
    })
    assert.equal(overlapScopes(file, symbol)?.kind, 'paths')
  })

  it('compares tasks and resources by name, with case, and with their own kind only', () => {
    const task = scope('task', 'deploy')
    assert.deepEqual(overlapScopes(task, scope('task', 'deploy')), {
      kind: 'name',
      paths: [],
      symbols: [],
    })
    assert.equal(overlapScopes(task, scope('task', 'Deploy')), null)
    assert.equal(overlapScopes(task, scope('resource', 'deploy')), null)
    assert.equal(overlapScopes(task, scope('file', 'deploy')), null)
    assert.equal(overlapScopes(scope('file', 'deploy'), task), null)
  })

  it('makes patterns and symbols canonical, and refuses bad ones', () => {
    const made = scope('symbol', './src//a.ts', ['A :: b', 'A::b'])
    assert.equal(made.pattern, 'src/a.ts')
    assert.deepEqual(made.symbols, ['A::b'])
    assert.throws(() => scope('file', '../x'), SkeinError)
    assert.throws(() => scope('symbol', 'x', ['::']), SkeinError)
  })
})

describe('modesConflict', () => {
  it('lets only shared and shared be together', () => {
    assert.equal(modesConflict('shared', 'shared'), false)
    assert.equal(modesConflict('shared', 'exclusive'), true)
    assert.equal(modesConflict('exclusive', 'shared'), true)
    assert.equal(modesConflict('exclusive', 'exclusive'), true)
  })
})
