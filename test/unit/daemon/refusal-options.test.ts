import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalOptions } from '../../../daemon/refusal-options.ts'
import type { Scope } from '../../../protocol/index.ts'
import { CONFLICT } from '../cli/fixtures.ts'

const file = (pattern: string): Scope => {
  return { kind: 'file', pattern, symbols: [], mode: 'exclusive' }
}
const symbols = (pattern: string, ...names: string[]): Scope => {
  return { kind: 'symbol', pattern, symbols: names, mode: 'exclusive' }
}
const met = (scope: Scope, ...shared: string[]): typeof CONFLICT => ({
  ...CONFLICT,
  your_pattern: scope.pattern,
  your_symbols: scope.symbols,
  symbol_overlap: shared.length === 0 ? [] : [{ file: scope.pattern, symbols: shared }],
})

function commandsFor(asked: readonly Scope[], conflicts: (typeof CONFLICT)[]): string[] {
  const wanted = new Set(['wait', 'claim_the_rest', 'check_again'])
  return refusalOptions(asked, conflicts, [], null)
    .filter(({ action }) => wanted.has(action))
    .map(({ command }) => command)
}

describe('what a refused caller can do', () => {
  it('is to take those of its symbols that nobody holds', () => {
    const asked = symbols('src/a.ts', 'A::b', 'C')
    assert.deepEqual(commandsFor([asked], [met(asked, 'A::b')]), [
      'skein claim --symbol src/a.ts:A::b --symbol src/a.ts:C --wait 10m',
      'skein claim --symbol src/a.ts:C',
      'skein check --symbol src/a.ts:A::b --symbol src/a.ts:C',
    ])
  })

  it('tells files from symbols of the same files', () => {
    const part = symbols('a b.ts', 'A')
    assert.deepEqual(commandsFor([file('a b.ts'), part], [met(file('a b.ts'))]), [
      "skein claim 'a b.ts' --symbol 'a b.ts:A' --wait 10m",
      "skein claim --symbol 'a b.ts:A'",
      "skein check 'a b.ts'",
    ])
  })

  it('promises nothing free while not all conflicts are known', () => {
    const asked = [file('a'), file('b')]
    const many = Array.from({ length: 20 }, () => met(file('a')))
    assert.deepEqual(commandsFor(asked, many), ['skein claim a b --wait 10m', 'skein check a'])
  })
})
