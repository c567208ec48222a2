// Claude Code's hooks over HTTP, as init writes them: the settings are read as Claude Code reads them, posted as it posts them,
// and the command beside them is run by a shell, with the variables that it sets.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { makeMachine, type Machine } from '../helpers/cli-daemon.ts'
import { git, writeIn } from '../helpers/repo.ts'

interface Handler {
  readonly type: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly command?: string
  readonly onFailure?: string
}

interface Settings {
  readonly env: Readonly<Record<string, string>>
  readonly hooks: Readonly<Record<string, readonly { readonly hooks: readonly Handler[] }[]>>
}

const LOCAL = '.claude/settings.local.json'

async function setUp(t: TestContext): Promise<{ machine: Machine; root: string; env: Env }> {
  const machine = makeMachine(t)
  const root = machine.makeRepo('shop', { 'a.txt': 'a\n', 'b.txt': 'b\n' })
  writeIn(machine.folder, 'bin/claude', '#!/bin/sh\necho "2.1.295 (Claude Code)"\n')
  // Stands for skein on the path of the hooks: says that it was asked, and refuses.
  writeIn(machine.folder, 'bin/skein', '#!/bin/sh\ncat >/dev/null\necho "asked $*"\nexit 2\n')
  const bin = path.join(machine.folder, 'bin')
  for (const name of ['claude', 'skein']) chmodSync(path.join(bin, name), 0o755)
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const must = async (words: string) => {
    const { exit, stdout, stderr } = await machine.run(words, { cwd: root, env })
    assert.equal(exit, 0, `${words}\n${stdout}${stderr}`)
  }
  await must('up --background --quiet')
  await must('init --tool claude --yes --quiet')
  return { machine, root, env }
}

type Env = Readonly<Record<string, string>>

function settingsIn(root: string, file = LOCAL): Settings {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Settings
}

function handler(root: string, type: string, event = 'PreToolUse', file = LOCAL): Handler {
  const found = settingsIn(root, file)
    .hooks[event]?.flatMap(({ hooks }) => hooks)
    .find((each) => each.type === type)
  assert.ok(found, `${file} has no ${type} hook at ${event}`)
  return found
}

function edit(root: string, file: string, session: string, more: object = {}): object {
  return {
    session_id: session,
    cwd: root,
    hook_event_name: 'PreToolUse',
    tool_name: 'Write',
    tool_use_id: 'toolu_1',
    tool_input: { file_path: path.join(root, file), content: 'x\n' },
    ...more,
  }
}

/** As Claude Code does it: of its variables only those that are named stand in the headers. */
async function post(hook: Handler, payload: object, env: Env = {}) {
  const headers = Object.entries(hook.headers ?? {}).map(([name, value]): [string, string] => [
    name,
    value.replace(/\$(\w+)/g, (_, variable: string) => env[variable] ?? ''),
  ])
  const answer = await fetch(hook.url ?? '', {
    method: 'POST',
    headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
    body: JSON.stringify(payload),
    signal: AbortSignal.timeout(60_000),
  })
  const body = await answer.text()
  return { status: answer.status, body }
}

/** What the shell does with the command beside it: null where it ends without a word. */
function besides(root: string, hook: Handler, session: string, env: Env): string | null {
  const { status, stdout } = spawnSync('sh', ['-c', hook.command ?? ''], {
    cwd: root,
    input: '{}',
    encoding: 'utf8',
    env: { ...env, ...settingsIn(root).env, CLAUDE_CODE_SESSION_ID: session },
  })
  return status === 0 && stdout === '' ? null : stdout.trim()
}

describe('Claude Code over HTTP', () => {
  it('is judged at the port, and the commands beside it rest for as long as they can', async (t) => {
    const { machine, root, env } = await setUp(t)
    const hook = handler(root, 'http')
    const commands = [
      handler(root, 'command'),
      handler(root, 'command', 'PreToolUse', '.claude/settings.json'),
    ]
    const heard = (session: string) =>
      commands.map((command) => besides(root, command, session, env))
    assert.deepEqual(
      heard('first').map((said) => said?.slice(0, 11)),
      ['asked guard', 'asked guard'],
      'nothing was proven yet',
    )
    assert.deepEqual(await post(hook, edit(root, 'a.txt', 'first')), { status: 200, body: '{}' })
    assert.deepEqual(heard('first'), [null, null])
    assert.notEqual(heard('second')[0], null, 'another session has proven nothing')

    const refused = await post(hook, edit(root, 'a.txt', 'second'))
    assert.match(refused.body, /"permissionDecision":"deny".*not written/)
    assert.deepEqual(heard('second'), [null, null])

    const { pid } = JSON.parse(readFileSync(path.join(machine.home, 'daemon.pid'), 'utf8')) as {
      pid: number
    }
    process.kill(pid, 'SIGKILL')
    while (spawnSync('kill', ['-0', String(pid)]).status === 0);
    assert.notEqual(heard('first')[0], null, 'the daemon died')
  })

  it('hears what the environment of its harness says', async (t) => {
    const { machine, root, env } = await setUp(t)
    const hook = handler(root, 'http')
    await post(hook, edit(root, 'a.txt', 'first'), { SKEIN_AGENT: 'ada' })
    const { stdout } = await machine.run('claims --json', { cwd: root, env })
    assert.match(stdout, /"agent": ?"ada"/)
    const second = edit(root, 'a.txt', 'second')
    assert.match((await post(hook, second, { SKEIN_WAIT: 'refuse' })).body, /deny/)
    assert.match(
      (await post(hook, second, { SKEIN_BYPASS: 'it burns' })).body,
      /SKEIN_BYPASS|bypass/i,
    )
    const odd = await post(hook, edit(root, 'b.txt', 'second'), { SKEIN_WAIT: 'soon' })
    assert.match(odd.body, /SKEIN_WAIT says `soon`/)
    // Nobody sits before it: the hook waits, as its process would.
    const waits = post(hook, second, { CLAUDE_CODE_ENTRYPOINT: 'sdk-cli' })
    const queued = async (): Promise<boolean> =>
      /que_/.test((await machine.run('queue --json', { cwd: root, env })).stdout)
    while (!(await queued()));
    const released = await machine.run('release --mine', {
      cwd: root,
      env: { ...env, SKEIN_AGENT: 'ada', SKEIN_SESSION: 'first' },
    })
    assert.equal(released.exit, 0, released.stderr)
    const { body } = await waits
    assert.doesNotMatch(body, /deny/)
  })

  it('judges a file that is larger than a call may be', async (t) => {
    const { root } = await setUp(t)
    const hook = handler(root, 'http')
    await post(hook, edit(root, 'a.txt', 'first'))
    const tool_input = { file_path: path.join(root, 'a.txt'), content: 'x'.repeat(8 * 1_048_576) }
    const { status, body } = await post(hook, edit(root, 'a.txt', 'second', { tool_input }))
    assert.equal(status, 200)
    assert.match(body, /deny/)
  })

  it('shows a pass that opens nothing else, that git leaves out, and that ends with uninstall', async (t) => {
    const { machine, root, env } = await setUp(t)
    const hook = handler(root, 'http')
    const file = path.join(root, LOCAL)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    // Whatever becomes of the tracked file.
    const rules = readFileSync(path.join(root, '.gitignore'), 'utf8')
    writeIn(root, '.gitignore', '')
    assert.equal(git(root, 'status', '--short', '--', LOCAL), '')
    writeIn(root, '.gitignore', rules)
    const pass = hook.headers?.['Authorization'] ?? ''
    for (const name of readdirSync(machine.home, { recursive: true }).map(String)) {
      const kept = path.join(machine.home, name)
      if (statSync(kept).isFile())
        assert.ok(!readFileSync(kept, 'latin1').includes(pass.slice('Bearer '.length)), name)
    }
    const origin = new URL(hook.url ?? '').origin
    const claims = await fetch(`${origin}/v1/claims`, {
      method: 'POST',
      headers: { authorization: pass },
      body: '{}',
    })
    assert.equal(claims.status, 401)
    const end = edit(root, 'a.txt', 'first', { hook_event_name: 'SessionEnd' })
    assert.equal((await post(hook, end)).status, 403)

    const second = await machine.run('init --tool claude --yes', { cwd: root, env })
    assert.match(second.stdout, /Nothing to change/)
    await machine.run('uninstall --tool claude --yes', { cwd: root, env })
    assert.ok(!existsSync(file))
    assert.equal((await post(hook, edit(root, 'a.txt', 'first'))).status, 401)
  })

  it('is not used where git would keep the file', async (t) => {
    const { machine, root, env } = await setUp(t)
    await machine.run('uninstall --tool claude --yes', { cwd: root, env })
    writeIn(root, '.gitignore', '*.json\n!settings.local.json\n')
    const { stdout } = await machine.run('init --tool claude --yes', { cwd: root, env })
    assert.match(stdout, /git would not leave out/)
    assert.doesNotMatch(readFileSync(path.join(root, LOCAL), 'utf8'), /skein_h_/)
    assert.match(readFileSync(path.join(root, LOCAL), 'utf8'), /"onFailure": "block"/)
  })

  it('follows the daemon to another port', async (t) => {
    const { machine, root, env } = await setUp(t)
    const before = handler(root, 'http')
    await machine.run('down', { cwd: root, env })
    assert.deepEqual(
      readdirSync(path.join(machine.home, 'http-hooks')).filter((name) => name.startsWith('live')),
      [],
    )
    await machine.run('up --background --quiet', { cwd: root, env })
    const after = handler(root, 'http')
    assert.notEqual(after.url, before.url)
    assert.deepEqual(after.headers, before.headers)
    assert.equal((await post(after, edit(root, 'a.txt', 'first'))).status, 200)
    const { stdout } = await machine.run('doctor', { cwd: root, env })
    assert.match(stdout, /^OK +claude http hooks +go to port/m)
  })
})
