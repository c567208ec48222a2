import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createSymbols } from '../../../daemon/symbols/symbols.ts'
import { makeFiles, pathsOf } from './files.ts'

interface Case {
  readonly what: string
  readonly file: string
  readonly source: string
  readonly found: readonly string[]
  readonly never?: readonly string[]
}

const CASES: readonly Case[] = [
  {
    what: 'keeps what stands around a broken function',
    file: 'a.ts',
    source: 'class A {\n  f() {}\n}\nfunction g( {\n}\nexport class B {\n  h() {}\n}\n',
    found: ['A', 'A::f'],
    never: ['g::B', 'h'],
  },
  {
    what: 'does not call the methods of a broken class functions of the file',
    file: 'b.ts',
    source: 'class A extends {\n  f() {}\n  g() {\n',
    found: [],
    never: ['f', 'g'],
  },
  {
    what: 'does not put a neighbour into the method that was not closed',
    file: 'c.ts',
    source: 'class A {\n  f() {\n    if (x) {\n  }\n\n  g() {}\n}\n\nclass B {\n  h() {}\n}\n',
    found: ['A', 'B', 'B::h'],
    never: ['A::f::g', 'A::B', 'A::f::B'],
  },
  {
    what: 'does not put what follows into a function that was not closed',
    file: 'd.go',
    source: 'package a\n\nfunc F() {\n\tif x {\n}\n\nfunc G() {}\n\ntype T struct{}\n',
    found: ['F'],
    never: ['F::G', 'F::T'],
  },
  {
    what: 'keeps the rest of a Python file',
    file: 'e.py',
    source: 'class A:\n    def f(self):\n        return (1,\n\ndef g():\n    pass\n',
    found: ['A', 'A::f'],
  },
  {
    what: 'keeps the methods before and after a bad expression',
    file: 'F.java',
    source: 'class A {\n  void f() { int x = ; }\n  void g() {}\n}\n',
    found: ['A', 'A::f', 'A::g'],
  },
  {
    what: 'does not give a Ruby method to the method before it',
    file: 'g.rb',
    source: 'class A\n  def f\n    if x\n  end\n\n  def g\n  end\nend\n',
    found: [],
    never: ['A::f::g', 'g'],
  },
  {
    what: 'keeps the functions of a C file beside an unknown macro',
    file: 'h.c',
    source:
      'EXPORT_API(int) f(void) { return 1; }\nint g(void) { return 2; }\nFOO_BEGIN\nint h(void) { return 3; }\n',
    found: ['g', 'h'],
  },
]

describe('a file with syntax errors', () => {
  const symbols = createSymbols()
  after(() => symbols.stop())

  for (const { what, file, source, found, never = [] } of CASES) {
    it(what, async (t) => {
      const files = makeFiles(t)
      const answer = await symbols.symbolsOf(files.write(file, source))
      assert.equal(answer.kind, 'outline')
      const paths = answer.symbols.map(({ path }) => path)
      assert.equal(answer.hasErrors, true)
      for (const path of found) assert.ok(paths.includes(path), `${path} in ${paths.join(' ')}`)
      for (const path of never) assert.ok(!paths.includes(path), `${path} in ${paths.join(' ')}`)
    })
  }

  it('never makes up a path, wherever a line is lost or doubled', async (t) => {
    const files = makeFiles(t)
    const source = [
      'class Router {',
      '  handle() {',
      '    if (this.x) {',
      '      return 1',
      '    }',
      '  }',
      '',
      '  close() {}',
      '}',
      '',
      'function start() {',
      '  const inner = () => {',
      '    stop()',
      '  }',
      '}',
      '',
    ]
    const whole = await pathsOf(symbols, files.write('whole.ts', source.join('\n')))
    assert.deepEqual(whole, ['Router', 'Router::handle', 'Router::close', 'start', 'start::inner'])
    const headers = ['class', 'handle', 'function', 'const'].map(
      (word) => new RegExp(`^ *${word}\\b`),
    )
    for (const [at, line] of source.entries()) {
      if (headers.some((header) => header.test(line))) continue
      const without = source.toSpliced(at, 1)
      const twice = source.toSpliced(at, 0, line)
      for (const [name, lines] of [
        [`w${String(at)}.ts`, without],
        [`t${String(at)}.ts`, twice],
      ] as const) {
        const text = lines.join('\n')
        const paths = await pathsOf(symbols, files.write(name, text))
        const wrong: readonly string[] = paths.filter((path) => !whole.includes(path))
        assert.deepEqual(wrong, [], `${name}:\n${text}`)
      }
    }
  })
})
