// doctor on real homes and clones, and its canary with a harness in small: every word that it can say is made to be said.
import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { CanaryReport, Check } from '../../daemon/cli/setup.ts'
import { makeMachine, PROGRAM, type Machine } from '../helpers/cli-daemon.ts'
import { git, writeIn } from '../helpers/repo.ts'

interface Desk {
  readonly machine: Machine
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  examine(more?: Readonly<Record<string, string>>): Promise<readonly Check[]>
  canary(words: string, more?: Readonly<Record<string, string>>): Promise<readonly CanaryReport[]>
}

/** A machine with a clone, a `skein` and a `claude` on its PATH, and no other harness. */
function setUp(t: TestContext): Desk {
  const machine = makeMachine(t)
  const root = machine.makeRepo('shop', { 'README.md': '# shop\n' })
  const bin = path.join(machine.folder, 'bin')
  mkdirSync(bin)
  for (const [name, file] of [
    ['skein', 'stand-in-guard.mjs'],
    ['claude', 'fake-claude.mjs'],
  ] as const) {
    copyFileSync(path.resolve('test/helpers', file), path.join(bin, name))
    chmodSync(path.join(bin, name), 0o755)
  }
  const PATH = [bin, path.dirname(process.execPath), '/usr/bin', '/bin'].join(path.delimiter)
  const env = { PATH, STAND_IN_PROGRAM: PROGRAM }
  const json = async (
    words: string,
    more: object,
  ): Promise<{ checks: readonly Check[]; canary: readonly CanaryReport[]; exit: number }> => {
    const ran = await machine.run(`${words} --json`, { cwd: root, env: { ...env, ...more } })
    assert.ok(ran.stdout.startsWith('{'), ran.stderr)
    return {
      ...(JSON.parse(ran.stdout) as { checks: readonly Check[]; canary: readonly CanaryReport[] }),
      exit: ran.exit,
    }
  }
  return {
    machine,
    root,
    env,
    examine: async (more = {}) => {
      const { checks, exit } = await json('doctor', more)
      assert.equal(exit, checks.some(({ level }) => level === 'FAIL') ? 1 : 0)
      return checks
    },
    canary: async (words, more = {}) =>
      (await json(`doctor --canary ${words}`.trim(), more)).canary,
  }
}

function find(checks: readonly Check[], name: string): Check {
  const found = checks.find((check) => check.name === name)
  assert.ok(found, `${name} in ${checks.map((check) => check.name).join(', ')}`)
  return found
}

async function wireAll({ machine, root, env }: Desk): Promise<void> {
  assert.equal((await machine.run('up --background', { cwd: root, env })).exit, 0)
  const { exit, stderr } = await machine.run('init --tool all --yes', { cwd: root, env })
  assert.equal(exit, 0, stderr)
}

describe('skein doctor', () => {
  it('finds nothing where all is well, but for what a person has to do in Codex', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    const checks = await desk.examine()
    const others = checks.filter(({ level }) => level !== 'OK').map(({ name }) => name)
    assert.deepEqual(others, ['codex hooks'])
    for (const { level, hint } of checks) assert.equal(hint === null, level === 'OK')
  })

  it('says what is missing on a bare machine, and how to get it', async (t) => {
    const desk = setUp(t)
    const checks = await desk.examine({ PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` })
    assert.deepEqual(
      [find(checks, 'daemon'), find(checks, 'path'), find(checks, '.skein.yml')].map(
        ({ level, hint }) => [level, hint],
      ),
      [
        ['FAIL', 'skein up --background'],
        ['FAIL', 'npm install --global skein'],
        ['FAIL', 'skein init'],
      ],
    )
  })

  it('finds each broken link', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    const { root, machine } = desk
    rmSync(path.join(root, '.mcp.json'))
    chmodSync(path.join(root, '.git/hooks/pre-push'), 0o644)
    writeIn(root, '.git/hooks/pre-commit', '#!/bin/sh\n')
    chmodSync(path.join(root, '.git/hooks/pre-commit'), 0o755)
    writeIn(root, '.codex/config.toml', 'a = = 1')
    const hooks = path.join(root, '.cursor/hooks.json')
    writeFileSync(hooks, readFileSync(hooks, 'utf8').replace('"timeout": 10', '"timeout": 11'))
    writeIn(machine.folder, '.claude/settings.json', '{ "disableAllHooks": true }')
    chmodSync(machine.home, 0o750)
    git(root, 'remote', 'add', 'origin', '/nowhere')
    const checks = await desk.examine()
    for (const [name, level, says, hint] of [
      ['claude .mcp.json', 'FAIL', /not there/, /skein init --tool claude/],
      ['git pre-push', 'FAIL', /cannot be executed/, /chmod \+x/],
      ['git pre-commit', 'WARN', /does not call/, /skein init/],
      ['codex .codex/config.toml', 'FAIL', /no TOML/, /Correct it/],
      ['cursor .cursor/hooks.json', 'WARN', /another version/, /skein upgrade/],
      ['claude hooks', 'FAIL', /disableAllHooks/, /Take disableAllHooks out/],
      ['home', 'FAIL', /entered by other users/, /chmod 700/],
      ['push', 'WARN', /not fenced/, /skein init/],
    ] as const) {
      const check = find(checks, name)
      assert.equal(check.level, level, name)
      assert.match(check.says, says)
      assert.match(check.hint ?? '', hint)
    }
    git(root, 'config', 'url.skein::/nowhere.pushInsteadOf', '/nowhere')
    assert.equal(find(await desk.examine(), 'push').level, 'OK')
  })

  it('writes a bundle without a secret, once', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    const { machine, root, env } = desk
    const token = readFileSync(path.join(machine.home, 'token'), 'utf8').trim()
    const log = path.join(machine.home, 'logs', 'daemon.ndjson')
    const secrets = ['hunter2hunter2', 'ghp_0123456789abcdef']
    writeFileSync(
      log,
      `{"url":"https://ann:${secrets[0] ?? ''}@example.org/x","authorization":"Bearer ${secrets[1] ?? ''}","t":"${token}"}\n`,
      { flag: 'a' },
    )
    const at = { cwd: root, env }
    assert.equal((await machine.run('doctor --bundle report.json', at)).exit, 0)
    const file = path.join(root, 'report.json')
    const text = readFileSync(file, 'utf8')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const bundle = JSON.parse(text) as { log: readonly string[]; checks: readonly Check[] }
    assert.ok(bundle.log.length > 1)
    assert.ok(bundle.checks.length > 10)
    for (const secret of [token, ...secrets]) assert.ok(!text.includes(secret), secret)
    assert.ok(!text.includes(readFileSync(path.join(machine.home, 'identity.key'), 'utf8').trim()))
    const again = await machine.run('doctor --bundle report.json', at)
    assert.equal(again.exit, 7)
  })
})

describe('the canary', () => {
  const words = (reports: readonly CanaryReport[]): readonly string[] =>
    reports.map(({ tool, way, verdict }) => `${tool} ${way} ${verdict}`)

  it('says BLOCKED and REPLAYED where the refusal arrives, and leaves nothing behind', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    const before = readdirSync(desk.root).sort()
    assert.deepEqual(words(await desk.canary('')), [
      'claude edit BLOCKED',
      'claude shell BLOCKED',
      'codex edit and shell NOT INSTALLED',
      'cursor edit REPLAYED',
      'cursor shell REPLAYED',
    ])
    assert.deepEqual(readdirSync(desk.root).sort(), before)
    const { stdout } = await desk.machine.run('claims --json', { cwd: desk.root })
    assert.deepEqual((JSON.parse(stdout) as { claims: readonly unknown[] }).claims, [])
  })

  it('says LEAKED where a hook lets it pass, or is not run at all', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    assert.deepEqual(words(await desk.canary('', { STAND_IN_GUARD: 'open' })), [
      'claude edit LEAKED',
      'claude shell LEAKED',
      'codex edit and shell NOT INSTALLED',
      'cursor edit LEAKED',
      'cursor shell LEAKED',
    ])
    const without = await desk.canary('--tool claude', { FAKE_CLAUDE: 'no-hooks' })
    assert.deepEqual(words(without), ['claude edit LEAKED', 'claude shell LEAKED'])
  })

  it('takes a file that git does not ignore', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    writeIn(desk.root, '.gitignore', '*.txt\n')
    const reports = await desk.canary('--tool claude')
    assert.deepEqual(words(reports), ['claude edit BLOCKED', 'claude shell BLOCKED'])
  })

  it('says NOT INSTALLED for Cursor without hooks', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    rmSync(path.join(desk.root, '.cursor/hooks.json'))
    assert.deepEqual(words(await desk.canary('--tool cursor')), [
      'cursor edit and shell NOT INSTALLED',
    ])
  })

  it('says UNKNOWN, and why, where the harness never came to write', async (t) => {
    const desk = setUp(t)
    await wireAll(desk)
    const reports = await desk.canary('--tool claude', { FAKE_CLAUDE: 'broken' })
    assert.deepEqual(words(reports), ['claude edit UNKNOWN', 'claude shell UNKNOWN'])
    assert.match(reports[0]?.says ?? '', /not logged in/)
  })

  it('needs a daemon, and says so', async (t) => {
    const desk = setUp(t)
    const { machine, root, env } = desk
    assert.equal((await machine.run('init --tool claude --yes', { cwd: root, env })).exit, 0)
    const { exit, stderr } = await machine.run('doctor --canary', { cwd: root, env })
    assert.equal(exit, 2)
    assert.match(stderr, /ACTION REQUIRED: skein up/)
    assert.ok(!existsSync(path.join(root, 'skein-canary')))
  })
})
