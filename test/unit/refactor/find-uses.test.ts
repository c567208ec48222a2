// Where a symbol is used, found by names in real files of a real repository.
import assert from 'node:assert/strict'
import '../../../daemon/shims.ts'
import { describe, it, type TestContext } from 'node:test'
import { createGit } from '../../../daemon/git.ts'
import { createGrep } from '../../../daemon/git-grep.ts'
import { findUses } from '../../../daemon/refactor/find-uses.ts'
import type { FoundUses } from '../../../daemon/refactor/found.ts'
import { git, makeRepo, writeIn } from '../../helpers/repo.ts'
import { makeSymbols } from '../symbols/files.ts'

type Files = Readonly<Record<string, string>>

async function usesOf(
  t: TestContext,
  files: Files,
  file: string,
  symbol: string,
): Promise<FoundUses> {
  const root = makeRepo(t, { files: [] })
  for (const [name, content] of Object.entries(files)) writeIn(root, name, content)
  git(root, 'add', '--all')
  const env = { PATH: process.env['PATH'] }
  const own = createGit(env)
  const checkout = await own.findCheckout(root)
  assert.ok(checkout !== null)
  const parts = {
    git: own,
    grep: createGrep(env),
    symbols: makeSymbols(t),
    servers: { references: () => Promise.resolve({ kind: 'off' } as const) },
  }
  const name = symbol.slice(symbol.lastIndexOf(':') + 1)
  const definition = { file, symbol, name, place: null }
  return findUses(parts, checkout, definition, AbortSignal.timeout(30_000))
}

/** `file symbols`, or `file *` with them where the file is meant as a whole. */
function told({ files }: FoundUses): readonly string[] {
  return files
    .map(({ file, symbols, whole }) => {
      return [file, ...(whole === null ? [] : ['*']), ...symbols].join(' ')
    })
    .sort()
}

describe('uses by names', () => {
  it('in TypeScript are identifiers, with the declarations around them', async (t) => {
    const found = await usesOf(
      t,
      {
        'src/money.ts': 'export function parse(text: string) {\n  return parse(text)\n}\n',
        'src/sum.ts':
          "import { parse } from './money'\n// parse\nexport function total() {\n  return parse('parse')\n}\nexport function none() {\n  return 'parse'\n}\nclass Bill {\n  pay() {\n    return this.parse({ parse })\n  }\n}\n",
        'src/view.tsx':
          "import { parse } from './money'\nexport const View = () => <p title={parse('1')} />\n",
        'src/index.ts': "export { parse } from './money'\n",
        'src/top.ts':
          "import { parse } from './money'\nparse('1')\nfunction a() {\n  return parse('2')\n}\n",
        'src/words.ts': 'export const text = "parse"\nconst parser = 1\n',
      },
      'src/money.ts',
      'parse',
    )
    assert.deepEqual(told(found), [
      'src/index.ts *',
      'src/money.ts parse',
      'src/sum.ts total Bill::pay',
      'src/top.ts * a',
      'src/view.tsx View',
    ])
    assert.equal(found.server, null)
    assert.match(found.notes.join('\n'), /import lines .*src\/sum\.ts/)
  })

  it('in Python and Go are found alike', async (t) => {
    const python = await usesOf(
      t,
      {
        'shop/money.py': 'def parse(text):\n    return text\n',
        'shop/bill.py':
          'from .money import parse\n\nclass Bill:\n    """parse"""\n    def pay(self):\n        return parse("1")  # parse\n\n    def rest(self):\n        return 0\n',
        'main.go': 'package main\nfunc parse() {}\n',
      },
      'shop/money.py',
      'parse',
    )
    assert.deepEqual(told(python), ['shop/bill.py Bill::pay', 'shop/money.py parse'])
    assert.match(python.notes.join('\n'), /not claimed, though they name it: main\.go/)

    const go = await usesOf(
      t,
      {
        'money.go': 'package shop\n\ntype Bill struct{}\n\nfunc (b *Bill) Pay() int { return 1 }\n',
        'use.go':
          'package shop\n\nfunc total(b *Bill) int {\n\treturn b.Pay() // Pay\n}\n\nfunc other() string { return "Pay" }\n',
      },
      'money.go',
      'Bill::Pay',
    )
    assert.deepEqual(told(go), ['money.go Bill::Pay', 'use.go total'])
  })

  it('in files of an unknown language mean the file, in prose nothing', async (t) => {
    const found = await usesOf(
      t,
      {
        'a.ts': 'export const rate = 1\n',
        'page.vue': '<script>rate</script>\n',
        'README.md': 'rate\n',
        'data.json': '{"rate": 1}\n',
        'asset.bin': 'rate\0\n',
      },
      'a.ts',
      'rate',
    )
    assert.deepEqual(told(found), ['a.ts rate', 'page.vue *'])
    assert.match(found.notes.join('\n'), /README\.md/)
  })

  it('takes a name as it stands, whatever signs it has', async (t) => {
    const found = await usesOf(
      t,
      {
        'a.js': 'export const $a = () => 1\nexport const a = 2\n',
        'b.js':
          "import { $a, a } from './a'\nfunction f() {\n  return $a()\n}\nfunction g() {\n  return a\n}\n",
        '--all.js': 'function h() {\n  return $a()\n}\n',
      },
      'a.js',
      '$a',
    )
    assert.deepEqual(told(found), ['--all.js h', 'a.js $a', 'b.js f'])
  })
})
