// What a declaration is called now, from two versions of a file as the real parser reads them.
import assert from 'node:assert/strict'
import '../../../daemon/shims.ts'
import { describe, it, type TestContext } from 'node:test'
import type { Renaming } from '../../../protocol/index.ts'
import { findRenames, type Version } from '../../../daemon/refactor/renames.ts'
import { makeSymbols } from '../symbols/files.ts'

const BODY = '  const sum = 1\n  return sum + 2\n'
const LONG = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']
  .map((name) => `  ${name}()\n`)
  .join('')
const one = (name: string, body = BODY) => `export function ${name}() {\n${body}}\n`

async function renamesIn(
  t: TestContext,
  before: string,
  now: string,
  wanted: readonly string[],
): Promise<readonly Renaming[]> {
  const symbols = makeSymbols(t)
  const versionOf = async (text: string): Promise<Version> => {
    const answer = await symbols.outlineOf('a.ts', new TextEncoder().encode(text))
    assert.ok(answer.kind === 'outline')
    return { symbols: answer.symbols, text }
  }
  return findRenames(await versionOf(before), await versionOf(now), wanted)
}

const ROWS: readonly (readonly [
  what: string,
  before: string,
  now: string,
  wanted: readonly string[],
  found: readonly string[],
])[] = [
  [
    'a new name',
    one('a') + one('b', '  return 7\n'),
    one('c') + one('b', '  return 7\n'),
    ['a'],
    ['a>c'],
  ],
  [
    'a new name that calls itself',
    one('a', '  return a() + 1\n'),
    one('c', '  return c() + 1\n'),
    ['a'],
    ['a>c'],
  ],
  [
    'a new name and place',
    one('a') + one('b', '  x()\n'),
    one('b', '  x()\n') + one('c'),
    ['a'],
    ['a>c'],
  ],
  ['a name that stands', one('a'), one('a') + one('c'), ['a'], []],
  ['a declaration that is gone', one('a') + one('b', '  x()\n'), one('b', '  x()\n'), ['a'], []],
  [
    'another text under a new name',
    one('a'),
    one('c', '  while (true) {\n    y()\n  }\n'),
    ['a'],
    [],
  ],
  [
    'another short text',
    one('a', '  return load(1)\n'),
    one('c', "  throw new Error('never')\n"),
    ['a'],
    [],
  ],
  ['nothing but a name', one('a', ''), one('c', ''), ['a'], []],
  [
    'a text of one line',
    'export const a = (x: number) => load(x)\n',
    'export const c = (x: number) => load(x)\n',
    ['a'],
    ['a>c'],
  ],
  ['most of a long text', one('a', LONG), one('c', LONG.replace('six', 'other')), ['a'], ['a>c']],
  [
    'two of which one is a little more like it',
    one('a', LONG),
    one('c', LONG.replace('six', 'other')) + one('d', LONG.replace(/five|six/g, 'other')),
    ['a'],
    [],
  ],
  ['another kind', one('a'), `export class c {\n${BODY.replace(/^/gm, '// ')}}\n`, ['a'], []],
  ['two that may be it', one('a'), one('c') + one('d'), ['a'], []],
  ['two that became one', one('a') + one('b'), one('c'), ['a', 'b'], []],
  [
    'a method, in its class alone',
    `class A {\n  m() {\n${BODY}}\n}\nclass B {}\n`,
    `class A {\n  n() {\n${BODY}}\n}\nclass B {\n  k() {\n${BODY}}\n}\n`,
    ['A::m'],
    ['A::m>A::n'],
  ],
  [
    'what lies in a renamed class',
    `class A {\n  m() {\n${BODY}}\n}\n`,
    `class B {\n  m() {\n${BODY}}\n}\n`,
    ['A::m', 'A'],
    ['A::m>B::m', 'A>B'],
  ],
]

describe('a renamed declaration', () => {
  for (const [what, before, now, wanted, found] of ROWS) {
    it(`is told by its text: ${what}`, async (t) => {
      const told = await renamesIn(t, before, now, wanted)
      assert.deepEqual(
        told.map(({ from, to }) => `${from}>${to}`),
        found,
      )
    })
  }
})
