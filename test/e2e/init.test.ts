// init, upgrade and uninstall in real clones: worktrees, folders of a monorepo, hooks of others, and a process that dies in
// the middle.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { format } from 'prettier'
import { makeMachine, PROGRAM, type Machine } from '../helpers/cli-daemon.ts'
import { git, writeIn } from '../helpers/repo.ts'

const ALL = 'init --tool all --yes'

function setUp(t: TestContext): { machine: Machine; root: string } {
  const machine = makeMachine(t)
  const root = machine.makeRepo('shop', { 'README.md': '# shop\n', 'web/src/a.ts': 'export {}\n' })
  return { machine, root }
}

async function must(machine: Machine, words: string, cwd: string): Promise<string> {
  const { exit, stdout, stderr } = await machine.run(words, { cwd })
  assert.equal(exit, 0, `${words}\n${stdout}${stderr}`)
  return stdout
}

/** Every file below a folder, with its content and mode; links as what they point to. */
function contentsOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort()
  return Object.fromEntries(
    names.flatMap((name) => {
      const file = path.join(folder, name)
      const stat = lstatSync(file)
      if (!stat.isFile()) return []
      // What git itself writes when it is asked something.
      if (/^\.git\/(?:index|worktrees\/.*)$/.test(name)) return []
      return [[name, `${String(stat.mode & 0o777)} ${readFileSync(file, 'latin1')}`]]
    }),
  )
}

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) writeIn(root, file, text)
}

describe('skein init', () => {
  it('wires all harnesses, and a second run changes nothing and says so', async (t) => {
    const { machine, root } = setUp(t)
    await must(machine, ALL, root)
    for (const file of [
      '.skein.yml',
      '.mcp.json',
      '.claude/settings.json',
      'CLAUDE.md',
      'AGENTS.md',
      '.gitignore',
      '.codex/config.toml',
      '.codex/hooks.json',
      '.cursor/mcp.json',
      '.cursor/hooks.json',
      '.git/hooks/pre-commit',
      '.git/hooks/pre-push',
      '.git/hooks/prepare-commit-msg',
    ])
      assert.ok(existsSync(path.join(root, file)), file)
    const before = contentsOf(root)
    assert.match(await must(machine, ALL, root), /^Nothing to change/)
    assert.deepEqual(contentsOf(root), before)
    assert.match(await must(machine, 'upgrade --yes', root), /^Nothing to change/)
    assert.deepEqual(contentsOf(root), before)
  })

  it('writes what Prettier leaves as it is, so that nothing fights over it', async (t) => {
    const { machine, root } = setUp(t)
    const shown = JSON.parse(await must(machine, `${ALL} --json`, root)) as {
      readonly changes: readonly { readonly file: string }[]
    }
    const files = shown.changes.map(({ file }) => path.resolve(root, file))
    const formatted = files.filter((file) => /\.(?:json|md|yml)$/.test(file))
    assert.ok(formatted.length >= 7, formatted.join(' '))
    for (const file of formatted) {
      const text = readFileSync(file, 'utf8')
      assert.equal(await format(text, { filepath: file }), text, file)
    }
  })

  it('takes the harnesses that are used here, and no other', async (t) => {
    const { machine, root } = setUp(t)
    mkdirSync(path.join(root, '.cursor'))
    // Git, and no harness that this machine may have.
    const PATH = '/usr/bin:/bin'
    const { exit } = await machine.run('init --yes', { cwd: root, env: { PATH } })
    assert.equal(exit, 0)
    assert.ok(existsSync(path.join(root, '.cursor/hooks.json')))
    assert.ok(!existsSync(path.join(root, '.codex')))
    assert.ok(!existsSync(path.join(root, '.claude')))
  })

  it('shows a diff that git applies, and writes nothing', async (t) => {
    const { machine, root } = setUp(t)
    put(root, { 'AGENTS.md': '# Rules\nno end', '.mcp.json': '{\r\n\t"mcpServers": {}\r\n}\r\n' })
    git(root, 'add', '--all')
    const before = contentsOf(root)
    const plan = await machine.run('init --tool all --dry-run', { cwd: root })
    assert.equal(plan.exit, 0)
    assert.deepEqual(contentsOf(root), before)
    const tracked = plan.stdout
      .split(/^(?=diff --git )/m)
      .filter((part) => !part.includes('.git/hooks'))
    const applied = spawnSync('git', ['apply', '--whitespace=nowarn'], {
      cwd: root,
      input: tracked.join(''),
    })
    assert.equal(applied.status, 0, String(applied.stderr))
    await must(machine, ALL, root)
    const ours = contentsOf(root)
    assert.match(ours['AGENTS.md'] ?? '', /skein: begin/)
    assert.match(await must(machine, 'init --tool all --dry-run', root), /^$/)
  })

  it('asks once on a terminal, and needs --yes without one', async (t) => {
    const { machine, root } = setUp(t)
    const { exit, stderr } = await machine.run('init --tool all', { cwd: root })
    assert.equal(exit, 64)
    assert.match(stderr, /ACTION REQUIRED: skein init --yes/)
    assert.ok(!existsSync(path.join(root, '.skein.yml')))
  })

  it('wires the root from a folder of a monorepo, and says so', async (t) => {
    const { machine, root } = setUp(t)
    const cwd = path.join(root, 'web', 'src')
    const { exit, stderr } = await machine.run(ALL, { cwd })
    assert.equal(exit, 0)
    assert.ok(stderr.includes(`The repository begins at ${root}`))
    assert.ok(existsSync(path.join(root, '.claude/settings.json')))
    assert.deepEqual(readdirSync(cwd), ['a.ts'])
  })

  it('wires a worktree, whose git hooks are those of its clone', async (t) => {
    const { machine, root } = setUp(t)
    const tree = path.join(machine.folder, 'tree')
    git(root, 'worktree', 'add', '--quiet', '-b', 'side', tree)
    const before = contentsOf(tree)
    await must(machine, ALL, tree)
    assert.ok(existsSync(path.join(tree, '.mcp.json')))
    assert.ok(!existsSync(path.join(root, '.mcp.json')))
    assert.match(
      readFileSync(path.join(root, '.git/hooks/pre-commit'), 'utf8'),
      /skein hook pre-commit/,
    )
    await must(machine, 'uninstall --all --yes', tree)
    assert.deepEqual(contentsOf(tree), before)
  })

  it('names broken files, leaves them alone, does the others, and ends with 1', async (t) => {
    const { machine, root } = setUp(t)
    put(root, {
      '.mcp.json': '{\n  // ours\n}\n',
      '.codex/config.toml': 'a = = 1\n',
    })
    symlinkSync('/nowhere', path.join(root, 'AGENTS.md'))
    const { exit, stdout } = await machine.run(ALL, { cwd: root })
    assert.equal(exit, 1)
    for (const file of ['.mcp.json', '.codex/config.toml', 'AGENTS.md'])
      assert.match(stdout, new RegExp(`LEFT ALONE ${file.replace('.', '\\.')} `))
    assert.equal(readFileSync(path.join(root, '.mcp.json'), 'utf8'), '{\n  // ours\n}\n')
    assert.ok(lstatSync(path.join(root, 'AGENTS.md')).isSymbolicLink())
    assert.ok(existsSync(path.join(root, '.claude/settings.json')))
    assert.ok(existsSync(path.join(root, '.codex/hooks.json')))
  })

  it('writes nothing through a linked folder', async (t) => {
    const { machine, root } = setUp(t)
    const outside = path.join(machine.folder, 'outside')
    mkdirSync(outside)
    symlinkSync(outside, path.join(root, '.claude'))
    assert.equal((await machine.run(ALL, { cwd: root })).exit, 1)
    assert.deepEqual(readdirSync(outside), [])
  })

  it('keeps the mode of a file', async (t) => {
    const { machine, root } = setUp(t)
    put(root, { 'AGENTS.md': 'x\n' })
    chmodSync(path.join(root, 'AGENTS.md'), 0o600)
    await must(machine, ALL, root)
    assert.equal(statSync(path.join(root, 'AGENTS.md')).mode & 0o777, 0o600)
  })

  it('writes fail-closed settings for oneself where Claude Code knows them', async (t) => {
    const { machine, root } = setUp(t)
    const bin = path.join(machine.folder, 'bin')
    put(machine.folder, { 'bin/claude': '#!/bin/sh\necho "2.1.295 (Claude Code)"\n' })
    chmodSync(path.join(bin, 'claude'), 0o755)
    const env = { PATH: `${bin}:/usr/bin:/bin` }
    assert.equal((await machine.run('init --yes', { cwd: root, env })).exit, 0)
    const local = path.join(root, '.claude/settings.local.json')
    assert.match(readFileSync(local, 'utf8'), /"onFailure": "block"/)
    assert.equal(git(root, 'status', '--short', '--ignored', '--', local).slice(0, 2), '!!')

    rmSync(local)
    put(root, { '.claude/settings.local.json': '{}\n' })
    git(root, 'add', '--force', local)
    const again = await machine.run('init --yes', { cwd: root, env })
    assert.match(again.stdout, /settings\.local\.json is tracked/)
    assert.equal(readFileSync(local, 'utf8'), '{}\n')
  })
})

describe('the pushes of a clone', () => {
  it('are not fenced where git-lfs keeps files, which init says', async (t) => {
    const { machine, root } = setUp(t)
    const bin = path.join(machine.folder, 'bin')
    mkdirSync(bin)
    const helper = path.join(path.dirname(PROGRAM), 'git-remote-skein.js')
    symlinkSync(helper, path.join(bin, 'git-remote-skein'))
    const remote = path.join(machine.folder, 'remote.git')
    git(machine.folder, 'init', '--quiet', '--bare', remote)
    git(root, 'remote', 'add', 'origin', remote)
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, GIT_CONFIG_GLOBAL: '/dev/null' }
    const settings = () => git(root, 'config', '--local', '--list')
    // Set up, and not used.
    git(root, 'config', 'filter.lfs.process', 'git-lfs filter-process')
    assert.equal((await machine.run('init --yes', { cwd: root, env })).exit, 0)
    assert.match(settings(), /pushinsteadof/)
    writeIn(root, 'assets/.gitattributes', '*.png filter=lfs diff=lfs merge=lfs -text\n')
    const wired = await machine.run('init --yes', { cwd: root, env })
    assert.equal(wired.exit, 0, wired.stderr)
    assert.match(wired.stdout, /pushes are not fenced: git-lfs/)
    assert.doesNotMatch(settings(), /pushinsteadof/)
    // To run init once more would change nothing: it is not advised.
    const { stdout } = await machine.run('doctor', { cwd: root, env })
    assert.match(stdout, /^OK +push .*git-lfs cannot upload/m)
  })

  it('are fenced where git finds the helper, and go past it again after uninstall', async (t) => {
    const { machine, root } = setUp(t)
    const bin = path.join(machine.folder, 'bin')
    mkdirSync(bin)
    const dist = path.dirname(PROGRAM)
    symlinkSync(path.join(dist, 'git-remote-skein.js'), path.join(bin, 'git-remote-skein'))
    const remote = path.join(machine.folder, 'remote.git')
    git(machine.folder, 'init', '--quiet', '--bare', remote)
    git(root, 'remote', 'add', 'origin', remote)
    const env = {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: machine.folder,
      SKEIN_HOME: machine.home,
      SKEIN_SESSION: 'test-session',
      GIT_CONFIG_GLOBAL: '/dev/null',
    }
    const run = (...words: string[]) =>
      spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words], {
        cwd: root,
        env,
        encoding: 'utf8',
      })
    const fenced = () => run('config', '--local', '--get-regexp', 'pushinsteadof').stdout
    const tokens = () => git(remote, 'for-each-ref', 'refs/skein/fence/t/').trim()

    // Without the helper every push of this clone would fail.
    const without = await machine.run('init --yes', { cwd: root })
    assert.match(without.stdout, /pushes are not fenced/)
    assert.equal(fenced(), '')

    const shown = await machine.run('init --yes --dry-run', { cwd: root, env })
    assert.match(shown.stdout, /git config --local --add url\.skein::/)
    assert.equal(fenced(), '')
    const wired = await machine.run('init --yes', { cwd: root, env })
    assert.equal(wired.exit, 0, wired.stderr)
    assert.match(wired.stdout, /The remote origin can fence pushes/)
    assert.match(fenced(), /url\.skein::/)
    assert.equal(tokens(), '')
    const again = await machine.run('init --yes', { cwd: root, env })
    assert.match(again.stdout, /Nothing to change/)

    assert.equal((await machine.run('up --background', { env })).exit, 0)
    const claimed = await machine.run('claim README.md', { cwd: root, env })
    assert.equal(claimed.exit, 0, claimed.stderr)
    writeIn(root, 'README.md', '# the shop\n')
    assert.equal(run('commit', '--quiet', '--all', '--message', 'x').status, 0)
    const pushed = run('push', 'origin', 'main:work')
    assert.equal(pushed.status, 0, pushed.stderr)
    assert.equal(tokens().split('\n').length, 1)

    assert.equal((await machine.run('uninstall --yes', { cwd: root, env })).exit, 0)
    assert.equal(fenced(), '')
    assert.equal(run('push', 'origin', 'main').status, 0)
  })
})

describe('a remote that takes branches only', () => {
  it('is told of when pushes are wired, and by the doctor', async (t) => {
    const { machine, root } = setUp(t)
    const bin = path.join(machine.folder, 'bin')
    mkdirSync(bin)
    symlinkSync(
      path.join(path.dirname(PROGRAM), 'git-remote-skein.js'),
      path.join(bin, 'git-remote-skein'),
    )
    const remote = path.join(machine.folder, 'remote.git')
    git(machine.folder, 'init', '--quiet', '--bare', remote)
    const hook = path.join(remote, 'hooks', 'pre-receive')
    writeFileSync(hook, '#!/bin/sh\n! grep -q refs/skein\n')
    chmodSync(hook, 0o755)
    git(root, 'remote', 'add', 'origin', remote)
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    const wired = await machine.run('init --yes', { cwd: root, env })
    assert.match(
      wired.stdout,
      /The remote origin cannot fence pushes \(pre-receive hook declined\)/,
    )
    const { stdout } = await machine.run('doctor', { cwd: root, env })
    assert.match(stdout, /WARN +push +origin cannot fence \(pre-receive hook declined\)/)
  })
})

describe('skein uninstall', () => {
  it('gives back the bytes of every file, and of files that were empty', async (t) => {
    const { machine, root } = setUp(t)
    put(root, {
      '.mcp.json': '{ }',
      '.claude/settings.json': '{\n}\n',
      'AGENTS.md': '',
      '.gitignore': '\n\n',
      '.codex/config.toml': '# mine',
      '.cursor/hooks.json': '{"version":1,"hooks":{}}',
    })
    const before = contentsOf(root)
    await must(machine, ALL, root)
    await must(machine, 'uninstall --all --yes', root)
    assert.deepEqual(contentsOf(root), before)
    assert.match(await must(machine, 'uninstall --yes', root), /^Nothing of skein is wired here/)
  })

  it('leaves what others added since', async (t) => {
    const { machine, root } = setUp(t)
    await must(machine, ALL, root)
    const file = path.join(root, '.mcp.json')
    const value = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, unknown> }
    value.mcpServers['mine'] = { command: 'x' }
    writeFileSync(file, JSON.stringify(value))
    writeFileSync(
      path.join(root, 'AGENTS.md'),
      `mine\n${readFileSync(path.join(root, 'AGENTS.md'), 'utf8')}`,
    )
    await must(machine, 'uninstall --yes', root)
    assert.equal(readFileSync(file, 'utf8'), '{"mcpServers":{"mine":{"command":"x"}}}')
    assert.equal(readFileSync(path.join(root, 'AGENTS.md'), 'utf8'), 'mine\n')
    assert.ok(existsSync(path.join(root, '.skein.yml')))
  })

  it('of one harness leaves the others', async (t) => {
    const { machine, root } = setUp(t)
    await must(machine, ALL, root)
    await must(machine, 'uninstall --tool codex --yes', root)
    assert.ok(!existsSync(path.join(root, '.codex')))
    assert.ok(existsSync(path.join(root, '.claude/settings.json')))
    assert.ok(existsSync(path.join(root, '.git/hooks/pre-commit')))
  })
})

describe('git hooks of others', () => {
  /** A skein that says how it was called. */
  function stand(machine: Machine): string {
    const text = '#!/bin/sh\necho "skein $*" >> "$TRACE"\n[ "$2" != pre-push ] || cat >> "$TRACE"\n'
    put(machine.folder, { 'bin/skein': text })
    chmodSync(path.join(machine.folder, 'bin', 'skein'), 0o755)
    return path.join(machine.folder, 'bin')
  }

  function run(
    machine: Machine,
    root: string,
    words: readonly string[],
  ): { status: number | null; trace: string } {
    const trace = path.join(machine.folder, 'trace')
    rmSync(trace, { force: true })
    const env = {
      PATH: `${stand(machine)}:${process.env['PATH'] ?? ''}`,
      HOME: machine.folder,
      TRACE: trace,
      GIT_CONFIG_GLOBAL: '/dev/null',
    }
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@localhost']
    const { status } = spawnSync('git', [...identity, ...words], { cwd: root, env })
    return { status, trace: existsSync(trace) ? readFileSync(trace, 'utf8') : '' }
  }

  const FOREIGN = '#!/bin/sh\necho "theirs $(basename "$0") $*" >> "$TRACE"\n'

  function hook(root: string, name: string, text: string, mode = 0o755): string {
    const file = path.join(root, '.git', 'hooks', name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  it('are called first, with their arguments and their input, and come back', async (t) => {
    const { machine, root } = setUp(t)
    const remote = path.join(machine.folder, 'remote.git')
    git(machine.folder, 'init', '--quiet', '--bare', remote)
    git(root, 'remote', 'add', 'origin', remote)
    hook(root, 'pre-commit', FOREIGN, 0o750)
    hook(root, 'pre-push', `${FOREIGN}cat >> "$TRACE"\n`)
    const before = contentsOf(path.join(root, '.git', 'hooks'))
    await must(machine, ALL, root)

    const commit = run(machine, root, ['commit', '--allow-empty', '-m', 'x'])
    assert.equal(commit.status, 0)
    assert.match(
      commit.trace,
      /^theirs pre-commit \nskein hook pre-commit\nskein hook prepare-commit-msg /,
    )
    const push = run(machine, root, ['push', 'origin', 'main'])
    assert.equal(push.status, 0)
    const refs = 'refs/heads/main [0-9a-f]{40} refs/heads/main 0{40}\\n'
    assert.match(
      push.trace,
      new RegExp(`^theirs pre-push origin .*\\n${refs}skein hook pre-push origin .*\\n${refs}$`),
    )
    await must(machine, 'uninstall --yes', root)
    assert.deepEqual(contentsOf(path.join(root, '.git', 'hooks')), before)
  })

  it('decide as before: one that refuses, refuses', async (t) => {
    const { machine, root } = setUp(t)
    hook(root, 'pre-commit', `${FOREIGN}exit 3\n`)
    await must(machine, ALL, root)
    const { status, trace } = run(machine, root, ['commit', '--allow-empty', '-m', 'x'])
    assert.equal(status, 1)
    assert.doesNotMatch(trace, /skein/)
  })

  it('are not called when they are switched off', async (t) => {
    const { machine, root } = setUp(t)
    hook(root, 'pre-commit', FOREIGN, 0o644)
    await must(machine, ALL, root)
    const { trace } = run(machine, root, ['commit', '--allow-empty', '-m', 'x'])
    assert.doesNotMatch(trace, /theirs/)
    assert.match(trace, /skein hook pre-commit/)
  })

  it('are not touched where they are links', async (t) => {
    const { machine, root } = setUp(t)
    const script = path.join(root, 'check.sh')
    writeFileSync(script, '#!/bin/sh\n')
    symlinkSync('../../check.sh', path.join(root, '.git/hooks/pre-commit'))
    const { exit, stdout } = await machine.run(ALL, { cwd: root })
    assert.equal(exit, 1)
    assert.match(stdout, /pre-commit is a symbolic link\n.*skein hook pre-commit/)
    assert.equal(readFileSync(script, 'utf8'), '#!/bin/sh\n')
  })

  it('are left alone where they belong to the repository, and the line to add is told', async (t) => {
    const { machine, root } = setUp(t)
    put(root, { '.husky/_/pre-commit': '#!/bin/sh\n', '.husky/pre-commit': 'lint\n' })
    git(root, 'config', 'core.hooksPath', '.husky/_')
    const before = contentsOf(path.join(root, '.husky'))
    assert.match(await must(machine, ALL, root), /add to its pre-commit: skein hook pre-commit/)
    assert.deepEqual(contentsOf(path.join(root, '.husky')), before)
    writeFileSync(path.join(root, '.husky/pre-commit'), 'lint\nskein hook pre-commit\n')
    assert.doesNotMatch(await must(machine, ALL, root), /add to its pre-commit/)
  })

  it('go where core.hooksPath says, if that is of this clone alone', async (t) => {
    const { machine, root } = setUp(t)
    const hooks = path.join(machine.folder, 'hooks')
    mkdirSync(hooks)
    git(root, 'config', 'core.hooksPath', hooks)
    await must(machine, ALL, root)
    assert.ok(existsSync(path.join(hooks, 'pre-push')))
    assert.ok(!existsSync(path.join(root, '.git/hooks/pre-push')))
  })
})

describe('a crash of init', () => {
  it('leaves whole files at every point, and the next run finishes', async (t) => {
    const { machine, root } = setUp(t)
    const foreign = { '.mcp.json': '{ "a": 1 }', 'AGENTS.md': 'x', '.codex/config.toml': 'a = 1\n' }
    put(root, foreign)
    writeFileSync(path.join(root, '.git/hooks/pre-commit'), '#!/bin/sh\n', { mode: 0o755 })
    const original = contentsOf(root)
    await must(machine, ALL, root)
    const finished = contentsOf(root)
    const isWhole = (name: string, content: string): boolean =>
      content === original[name] || content === finished[name]
    let crashes = 0
    for (let renames = 0; ; renames++) {
      await must(machine, 'uninstall --all --yes', root)
      assert.deepEqual(contentsOf(root), original)
      const shim = path.resolve('test/helpers/rename-shim.mjs')
      const env = { NODE_OPTIONS: `--import ${shim}`, SKEIN_TEST_RENAMES: String(renames) }
      const { exit } = await machine.run(ALL, { cwd: root, env })
      if (exit === 0) break
      crashes++
      const left = contentsOf(root)
      for (const [name, content] of Object.entries(left)) {
        // What a crash leaves of its own is beside the files, and swept at the next run.
        if (/\.skein-[0-9a-f]{12}$/.test(name) || name.startsWith('.git/skein/')) continue
        assert.ok(isWhole(name, content), `after ${String(renames)} renames: ${name}`)
      }
      for (const name of Object.keys(original)) assert.ok(name in left, `${name} is gone`)
      await must(machine, ALL, root)
      assert.deepEqual(withoutRecord(contentsOf(root)), withoutRecord(finished))
    }
    assert.ok(crashes > 10, String(crashes))
  })

  function withoutRecord(
    contents: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const kept = Object.entries(contents).filter(([name]) => !name.startsWith('.git/skein/'))
    return Object.fromEntries(kept)
  }
})
