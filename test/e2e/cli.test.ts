import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { collect, makeMachine, PROGRAM, waitFor } from '../helpers/cli-daemon.ts'

const FILES = {
  '.skein.yml': 'repo: team/project\n',
  'src/auth/login.ts': 'export {}\n',
  'lib/tool.ts': 'export {}\n',
}

describe('skein up and down', () => {
  it('start a daemon once, tell the next steps, and end it', async (t) => {
    const machine = makeMachine(t)
    const first = await machine.run('up --background')
    assert.equal(first.exit, 0, first.stderr)
    assert.match(first.stdout, /^skein \S+ is running on \S+\n/)
    assert.match(first.stdout, /^ {2}http {2}http:\/\/127\.0\.0\.1:\d+$/m)
    assert.match(first.stdout, /put `skein` on your PATH/)
    assert.match(first.stdout, /skein init/)

    const second = await machine.run('up --background --json')
    assert.equal(second.exit, 0)
    const status = JSON.parse(second.stdout) as { already_running: boolean; pid: number }
    assert.equal(status.already_running, true)

    const third = await machine.run('up')
    assert.equal(third.exit, 1)
    assert.match(third.stderr, /DAEMON_RUNNING[^]*ACTION REQUIRED: skein status\n$/)

    const down = await machine.run('down')
    assert.deepEqual([down.exit, down.stderr], [0, ''])
    assert.equal(down.stdout, `Stopped (pid ${String(status.pid)}). Claims stay on disk.\n`)
    assert.equal((await machine.run('down')).stdout, `No daemon runs on ${machine.home}.\n`)
    assert.equal((await machine.run('status')).exit, 2)
  })

  it('of several at once start one, and all return when it is ready', async (t) => {
    const machine = makeMachine(t)
    const all = await Promise.all([1, 2, 3].map(() => machine.run('up --background --json')))
    const pids = all.map(({ exit, stdout, stderr }) => {
      assert.equal(exit, 0, stderr)
      return (JSON.parse(stdout) as { pid: number }).pid
    })
    assert.equal(new Set(pids).size, 1)
  })

  it('in the foreground print where it is, and end with 0 when asked to', async (t) => {
    const machine = makeMachine(t)
    const child = machine.start(['up'])
    const ended = collect(child)
    await waitFor(child, 'stderr', 'skein try')
    child.kill('SIGTERM')
    const { exit, stdout, stderr } = await ended
    assert.equal(exit, 0, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /is ready on /)
  })

  it('tell the failure of a daemon in the background as their own', async (t) => {
    const machine = makeMachine(t)
    mkdirSync(machine.home, { mode: 0o700 })
    writeFileSync(path.join(machine.home, 'config.yml'), 'machin: x\n')
    const ran = await machine.run('up --background')
    assert.equal(ran.exit, 64)
    assert.match(ran.stderr, /config\.yml:1: machin: unknown key; the nearest right key is machine/)
    const validated = await machine.run('config validate')
    assert.equal(validated.exit, 64)
  })
})

describe('skein in a repository', () => {
  it('takes part from the first look at it, and from outside shows what takes part', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('project', FILES)
    assert.equal((await machine.run('up --background')).exit, 0)
    assert.match((await machine.run('status')).stdout, /No repository is enrolled/)
    for (const cwd of [path.join(root, 'src'), undefined]) {
      const { stdout } = await machine.run('status', cwd === undefined ? {} : { cwd })
      assert.match(stdout, /^\S+\/project\S* +leader/m)
    }
  })

  it('lets default identities collide, from any folder, and lets nobody lose a claim', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('project', FILES)
    assert.equal((await machine.run('up --background')).exit, 0)
    const [src, lib] = [path.join(root, 'src'), path.join(root, 'lib')]
    const bob = { cwd: lib, env: { SKEIN_SESSION: 'other-session' } }

    const granted = await machine.run(['claim', 'auth/**', '--description', 'rework'], { cwd: src })
    assert.equal(granted.exit, 0, granted.stderr)
    assert.match(granted.stdout, /^granted until .*fence \d+\n {2}src\/auth\/\*\* {2}clm_/)

    const refused = await machine.run('claim ../src/auth/login.ts tool.ts', bob)
    assert.equal(refused.exit, 1)
    assert.match(refused.stdout, /^REFUSED: src\/auth\/login\.ts is held by \S+\/shell\/sion\.\n/)
    assert.match(refused.stdout, /^ {2}why +"rework"$/m)
    assert.match(refused.stdout, /Nothing was claimed\./)
    const option = /\(cd \.\. && skein (claim lib\/tool\.ts)\)/.exec(refused.stdout)?.[1]
    assert.ok(option !== undefined, refused.stdout)
    assert.equal((await machine.run(option, { ...bob, cwd: root })).exit, 0)

    const check = await machine.run('check login.ts --json', { cwd: path.join(src, 'auth') })
    assert.equal(check.exit, 0, 'its own claim is no obstacle')
    assert.equal((await machine.run('check ../src', bob)).exit, 1)
    assert.equal((await machine.run(`check ${src}/auth/new.ts`, bob)).exit, 1)
    assert.equal((await machine.run('check ../../x', bob)).exit, 64)

    const listed = await machine.run('claims --json', { cwd: root })
    const { claims } = JSON.parse(listed.stdout) as OperationResult<'claims'>
    assert.deepEqual(claims.map(({ pattern }) => pattern).toSorted(), [
      'lib/tool.ts',
      'src/auth/**',
    ])
    const [theirs] = claims.filter(({ session }) => session === 'test-session')
    const stolen = await machine.run(['release', theirs?.id ?? ''], bob)
    assert.equal(stolen.exit, 7)
    assert.match(stolen.stderr, /^ACTION REQUIRED: /m)
    const forced = ['release', theirs?.id ?? '', '--force', '--reason', 'x']
    assert.equal((await machine.run(forced, bob)).exit, 7)
    assert.equal((await machine.run([...forced, '--yes'], bob)).exit, 7, 'no trust_scripts')

    assert.equal((await machine.run('verify', { cwd: root })).exit, 0)
    const released = await machine.run('release --mine', { cwd: root })
    assert.match(released.stdout, /^released src\/auth/)
    const again = await machine.run('claim ../src/auth/login.ts --json', bob)
    const { claims: now } = JSON.parse(again.stdout) as OperationResult<'claim'>
    assert.ok((now[0]?.fence ?? 0) > (theirs?.fence ?? Infinity))
    const why = await machine.run(['why', theirs?.id ?? ''], { cwd: root })
    assert.match(why.stdout, /was granted src\/auth/)
    assert.equal((await machine.run('audit verify', { cwd: root })).exit, 0)
    assert.match((await machine.run('logs')).stdout, / info {3}ready {2}/)
  })

  const linux = { skip: process.platform !== 'linux' }
  it('leaves the daemon that it starts nothing of who it is', linux, async (t) => {
    const machine = makeMachine(t)
    const env = { SKEIN_SESSION: 'mine', SKEIN_AGENT: 'me', CLAUDE_CODE_SESSION_ID: 'c' }
    assert.equal((await machine.run('up --background', { env })).exit, 0)
    const { pid } = JSON.parse(readFileSync(path.join(machine.home, 'daemon.pid'), 'utf8')) as {
      pid: number
    }
    const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0')
    const names = environment.map((line) => line.split('=')[0])
    assert.ok(names.includes('SKEIN_HOME'))
    for (const name of Object.keys(env)) assert.ok(!names.includes(name), name)
  })

  it('is told to init where nobody has, and init writes its file once', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('fresh', { 'README.md': '# x\n' })
    const [file, at] = [path.join(root, '.skein.yml'), { cwd: root }]
    assert.equal((await machine.run('up --background')).exit, 0)
    const claim = await machine.run('claim README.md', at)
    assert.equal(claim.exit, 5)
    assert.match(claim.stderr, /ACTION REQUIRED: skein init\n$/)

    const plan = await machine.run('init --dry-run', at)
    assert.match(plan.stdout, /b\/\.skein\.yml\n[^]*^\+repo: local\/fresh-/m)
    assert.equal((await machine.run('init', at)).exit, 64)
    assert.equal(existsSync(file), false)

    const written = await machine.run('init --repo team/fresh --yes', at)
    assert.equal(written.exit, 0, written.stderr)
    assert.match(written.stdout, /^wrote [^]*\nenrolled team\/fresh\n[^]*git commit/)
    const text = readFileSync(file, 'utf8')
    assert.match(text, /^repo: team\/fresh$/m)
    assert.equal((await machine.run('config validate', at)).exit, 0)
    assert.equal((await machine.run('claim README.md', at)).exit, 0)

    const again = await machine.run('init --yes', at)
    assert.equal(again.exit, 0, again.stderr)
    assert.match(again.stdout, /^Nothing to change/)
    assert.equal(readFileSync(file, 'utf8'), text)
  })
})

describe('skein mcp', () => {
  it('starts a daemon where none runs, and lets an agent speak to it', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('project', FILES)
    const child = machine.start(['mcp'], { cwd: root })
    const ended = collect(child)
    const clientInfo = { name: 'test', version: '1' }
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
    child.stdin.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
    )
    await waitFor(child, 'stdout', '"serverInfo"')
    child.stdin.end()
    const { exit, stderr } = await ended
    assert.deepEqual([exit, stderr], [0, ''])
  })
})

describe('skein try', () => {
  it('shows a refusal and a hand-over in seconds, and leaves nothing behind', async (t) => {
    const machine = makeMachine(t)
    const folder = path.join(machine.folder, 'tmp')
    mkdirSync(folder)
    const { exit, stdout, stderr } = await machine.run('try', { env: { TMPDIR: folder } })
    assert.equal(exit, 0, stderr)
    for (const text of ['alice $ skein claim', 'REFUSED', 'bob $ skein verify', 'All went as told'])
      assert.ok(stdout.includes(text), text)
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(existsSync(machine.home), false)
  })

  it('cleans up when it is interrupted', async (t) => {
    const machine = makeMachine(t)
    const folder = path.join(machine.folder, 'tmp')
    mkdirSync(folder)
    const child = machine.start(['try'], { env: { TMPDIR: folder } })
    const ended = collect(child)
    await waitFor(child, 'stdout', 'alice $')
    const [stage = ''] = readdirSync(folder)
    const lock = readFileSync(path.join(folder, stage, 'home', 'daemon.pid'), 'utf8')
    child.kill('SIGINT')
    assert.equal((await ended).exit, 130)
    assert.deepEqual(readdirSync(folder), [])
    const { pid } = JSON.parse(lock) as { pid: number }
    assert.throws(() => process.kill(pid, 0), /ESRCH/)
  })
})

describe('the program', () => {
  it('is quiet when its reader goes away', (t) => {
    const { folder } = makeMachine(t)
    const script = `"$0" "$1" help | true; echo "\${PIPESTATUS[0]}"`
    const words = ['-c', script, process.execPath, PROGRAM]
    const out = execFileSync('bash', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    assert.equal(out, '0\n')
  })

  it('starts `check` without schemas, YAML, logs, documents and the MCP SDK', () => {
    const loaded = staticImports(PROGRAM)
    assert.ok(loaded.size > 1)
    const code = [...loaded].map((file) => readFileSync(file, 'utf8')).join('\n')
    for (const mark of ['strictObject', 'parseDocument', 'pino', 'yjs', 'modelcontextprotocol'])
      assert.ok(!code.includes(mark), mark)
    assert.ok(code.length < 120_000, `${String(code.length)} characters are loaded`)
  })
})

/** A bundled file with all that it imports at once. */
function staticImports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const code = readFileSync(file, 'utf8')
  for (const [, to = ''] of code.matchAll(/(?:from|import)"(\.[^"]+)"/g)) {
    staticImports(path.join(path.dirname(file), to), seen)
  }
  return seen
}
