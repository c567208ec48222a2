// Refactors as agents make them: a symbol and its uses in one claim, at the command line, over MCP and HTTP; by names and by
// a language server; and claims that follow a rename through real hooks and before a commit.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeHarness } from '../helpers/hooks.ts'
import { makeLanguageServer } from '../helpers/language-server.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

const MONEY = `export function parse(text: string): number {
  const amount = Number(text)
  return amount
}

export function format(amount: number): string {
  return String(amount)
}
`
const BILL = `import { parse } from './money'

export function total(a: string): number {
  return parse(a) + 1
}

export function unrelated(): string {
  return 'parse'
}
`

interface Place {
  readonly daemon: Daemon
  readonly root: string
  readonly cli: (
    session: string,
    ...words: string[]
  ) => { readonly exit: number; readonly said: string }
}

async function begin(t: TestContext, config = '', folders = ''): Promise<Place> {
  const root = makeRepo(t)
  writeIn(root, 'src/money.ts', MONEY)
  writeIn(root, 'src/bill.ts', BILL)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'shop')
  const home = path.join(makeFolder(t), 'h')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(path.join(home, 'config.yml'), config)
  const PATH = `${folders}${process.env['PATH'] ?? ''}`
  const daemon = await startDaemon(t, { home, env: { PATH } })
  return {
    daemon,
    root,
    cli(session, ...words) {
      const env = { PATH, HOME: home, SKEIN_HOME: home, SKEIN_SESSION: session }
      const ran = spawnSync(process.execPath, [PROGRAM, ...words], {
        cwd: root,
        env,
        encoding: 'utf8',
      })
      return { exit: ran.status ?? -1, said: ran.stdout + ran.stderr }
    },
  }
}

describe('a claim of a symbol with its uses', () => {
  it('keeps out who wants a using function, and nobody else of the file', async (t) => {
    const { cli } = await begin(t)
    const dry = cli('a', 'refactor', 'src/money.ts:parse', '--dry-run')
    assert.equal(dry.exit, 0, dry.said)
    assert.match(dry.said, /by names/)
    assert.match(dry.said, /src\/bill\.ts total/)
    assert.equal(cli('b', 'claim', '--symbol', 'src/bill.ts:total').exit, 0)
    assert.equal(cli('a', 'refactor', 'src/money.ts', 'parse', '--dry-run').exit, 1)
    assert.equal(cli('a', 'refactor', 'src/money.ts', 'parse').exit, 1)
    assert.equal(cli('c', 'claim', '--symbol', 'src/money.ts:parse').exit, 0, 'all or none')
    assert.equal(cli('c', 'release', '--mine').exit, 0)
    assert.equal(cli('b', 'release', '--mine').exit, 0)
    const granted = cli('a', 'refactor', 'src/money.ts', 'parse', '--to', 'parseAmount')
    assert.equal(granted.exit, 0, granted.said)
    for (const symbol of ['bill.ts:total', 'money.ts:parse'])
      assert.equal(cli('b', 'claim', '--symbol', `src/${symbol}`).exit, 1, symbol)
    for (const symbol of ['bill.ts:unrelated', 'money.ts:format'])
      assert.equal(cli('b', 'claim', '--symbol', `src/${symbol}`).exit, 0, symbol)
  })

  it('is told when the symbol is unknown, has no name, or is used too widely', async (t) => {
    const { cli, root } = await begin(t)
    assert.match(cli('a', 'refactor', 'src/money.ts', 'pars').said, /SYMBOL_UNKNOWN/)
    assert.match(cli('a', 'refactor', 'src/none.ts', 'parse').said, /NOT_FOUND/)
    assert.match(cli('a', 'refactor', 'src/money.ts').said, /INPUT_USAGE/)
    for (let at = 0; at < 120; at++)
      writeIn(root, `src/u${String(at)}.ts`, 'export function f() {\n  return parse()\n}\n')
    git(root, 'add', '--all')
    const wide = cli('a', 'refactor', 'src/money.ts', 'parse')
    assert.equal(wide.exit, 64)
    assert.match(wide.said, /122 files/)
    assert.match(wide.said, /INPUT_TOO_WIDE/)
  })

  it('is a tool and a route like every other', async (t) => {
    const { daemon, root } = await begin(t)
    const client = new Client({ name: 'test', version: '1' })
    const env = { PATH: process.env['PATH'] ?? '', HOME: daemon.home, SKEIN_HOME: daemon.home }
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [PROGRAM, 'mcp'],
      cwd: root,
      env: { ...env, SKEIN_SESSION: 'm' },
    })
    await client.connect(transport)
    t.after(() => client.close())
    const args = { file: 'src/money.ts', symbol: 'parse', new_name: 'read' }
    const answer = await client.callTool({ name: 'claim_refactor', arguments: args })
    const text = JSON.stringify(answer.content)
    assert.match(text, /GRANTED/)
    assert.match(text, /by names/)
    const refused = await daemon.client.must('refactor', {
      file: 'src/money.ts',
      symbol: 'format',
      to: 'read',
      session: 'h',
      cwd: root,
    })
    assert.equal(refused.status, 'refused')
    assert.deepEqual(
      refused.files.map(({ file, symbols }) => [file, symbols]),
      [['src/money.ts', ['format', 'read']]],
    )
  })

  it('is found by a language server where config.yml allows it, else by names', async (t) => {
    const references = [
      { file: 'src/money.ts', line: 1, column: 16 },
      { file: 'src/bill.ts', line: 1, column: 9 },
      { file: 'src/bill.ts', line: 8, column: 2 },
    ]
    const fake = makeLanguageServer(t, 'typescript-language-server', { references })
    const folders = `${fake.folder}${path.delimiter}`
    const off = await begin(t, '', folders)
    assert.match(off.cli('a', 'refactor', 'src/money.ts', 'parse', '--dry-run').said, /by names/)
    assert.equal(fake.asked(), null)
    const on = await begin(t, 'language_servers: [typescript]\n', folders)
    const { said } = on.cli('a', 'refactor', 'src/money.ts', 'parse', '--dry-run')
    assert.match(said, /by typescript-language-server/)
    assert.match(said, /src\/bill\.ts unrelated/)
    const broken = makeLanguageServer(t, 'typescript-language-server', { mode: 'garbage' })
    const other = await begin(
      t,
      'language_servers: [typescript]\n',
      `${broken.folder}${path.delimiter}`,
    )
    const fallen = other.cli('a', 'refactor', 'src/money.ts', 'parse', '--dry-run')
    assert.match(fallen.said, /by names/)
    assert.match(fallen.said, /note: typescript-language-server: /)
  })
})

describe('a claim on a renamed declaration', () => {
  const edit = (file: string) => ({
    file_path: file,
    old_string: 'function parse',
    new_string: 'function parseAmount',
  })

  function write(root: string, to: string): void {
    const file = path.join(root, 'src/money.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace('function parse(', `function ${to}(`))
  }

  it('follows at the edit, and whoever holds a use is told', async (t) => {
    const { daemon, root, cli } = await begin(t)
    const alice = makeHarness('alice', { home: daemon.home, cwd: root })
    const bob = makeHarness('bob', { home: daemon.home, cwd: root })
    const bill = path.join(root, 'src/bill.ts')
    const own = { file_path: bill, old_string: 'parse(a) + 1', new_string: 'parse(a) + 2' }
    assert.equal((await bob.before('Edit', own)).exit, 0)
    const input = edit(path.join(root, 'src/money.ts'))
    assert.equal((await alice.before('Edit', input)).exit, 0)
    write(root, 'parseAmount')
    const told = await alice.after('Edit', input)
    assert.match(told.text, /parse is called parseAmount now in src\/money\.ts.*names both/)
    const { claims } = await daemon.client.must('claims', { cwd: root })
    const mine = claims.find(({ pattern }) => pattern === 'src/money.ts')
    assert.deepEqual(mine?.symbols, ['parse', 'parseAmount'])
    assert.equal(cli('c', 'claim', '--symbol', 'src/money.ts:parseAmount').exit, 1)
    assert.equal(cli('c', 'claim', '--symbol', 'src/money.ts:format').exit, 0)
    await until('the holder of a use is told', async () => {
      const { notices } = await daemon.client.must('inbox', { cwd: root, session: bob.session })
      return notices.some(
        ({ kind, paths }) => kind === 'guard.renamed' && paths[0] === 'src/bill.ts',
      )
    })
    assert.match((await bob.before('Edit', own)).text, /parse is called parseAmount now/)
    const { events } = await daemon.client.must('events', { cwd: root, kinds: ['symbol.renamed'] })
    assert.deepEqual(
      events.map(({ data }) => data['renamed']),
      [[{ from: 'parse', to: 'parseAmount' }]],
    )
  })

  it('does not follow to a name that another holds; both are told', async (t) => {
    const { daemon, root } = await begin(t)
    const holder = { cwd: root, session: 'holder' }
    writeIn(root, 'src/money.ts', `${MONEY}export const parseAmount = 1\n`)
    const scope = { kind: 'symbol', pattern: 'src/money.ts', symbols: ['parseAmount'] }
    await daemon.client.must('claim', { ...holder, scopes: [scope] })
    writeIn(root, 'src/money.ts', MONEY)
    const alice = makeHarness('alice', { home: daemon.home, cwd: root })
    const input = edit(path.join(root, 'src/money.ts'))
    assert.equal((await alice.before('Edit', input)).exit, 0)
    write(root, 'parseAmount')
    assert.match((await alice.after('Edit', input)).text, /holds that name: take another one/)
    const { notices } = await daemon.client.must('inbox', holder)
    assert.deepEqual(
      notices.map(({ kind }) => kind),
      ['guard.leaked'],
    )
  })

  it('follows before a commit, where no hook saw the edit', async (t) => {
    const { daemon, root } = await begin(t)
    const alice = { cwd: root, session: 'alice' }
    const scope = { kind: 'symbol', pattern: 'src/money.ts', symbols: ['parse'] }
    await daemon.client.must('claim', { ...alice, scopes: [scope] })
    write(root, 'read')
    await daemon.client.must('cover', { ...alice, paths: ['src/money.ts'] })
    const { claims } = await daemon.client.must('claims', alice)
    assert.deepEqual(claims[0]?.symbols, ['parse', 'read'])
  })
})
