// The guard as harnesses meet it: payloads through the installed commands, against a daemon, with several sessions.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeHarness, type HarnessOptions, type HarnessRun, type Hooked } from '../helpers/hooks.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

const ROUTER = `import { x } from './x'

export class Router {
  handleA(): number {
    return 1
  }

  handleB(): number {
    return 2
  }
}

export function start(): Router {
  return new Router()
}
`
const SCENES = 60

const suite = createCleaner()
let daemon: Daemon
let root: string
let scene = -1

before(async () => {
  root = makeRepo(suite)
  for (let at = 0; at < SCENES; at++) {
    writeIn(root, `s${String(at)}/router.ts`, ROUTER)
    writeIn(root, `s${String(at)}/a.txt`, 'one\ntwo\n')
    writeIn(root, `s${String(at)}/b.txt`, 'one\n')
  }
  writeIn(root, '.gitignore', 'out/\n*.log\n')
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'scenes')
  daemon = await startDaemon(suite)
})

after(() => suite.run())
beforeEach(() => scene++)

/** A file of the present scene. */
function at(file: string, of = root): string {
  return path.join(of, `s${String(scene)}`, file)
}

function named(file: string): string {
  return `s${String(scene)}/${file}`
}

function harness(name: string, options: Partial<HarnessOptions> = {}): HarnessRun {
  return makeHarness(name, { home: daemon.home, cwd: root, ...options })
}

function edit(file: string, old = 'one', now = 'uno') {
  return { file_path: file, old_string: old, new_string: now }
}

function assertAllowed({ exit, says, stderr }: Hooked): void {
  assert.deepEqual({ exit, says, stderr }, { exit: 0, says: null, stderr: '' })
}

function assertDenied({ exit, says, stderr, text }: Hooked, ...words: readonly string[]): void {
  assert.deepEqual({ exit, says }, { exit: 2, says: 'deny' })
  for (const word of words) {
    assert.ok(stderr.includes(word), `${word} in ${stderr}`)
    assert.ok(text.includes(word), `${word} in ${text}`)
  }
}

async function held(session: string): Promise<readonly string[]> {
  const { claims } = await daemon.client.must('claims', { cwd: root, of_session: session })
  return claims.map(({ pattern, symbols }) => [pattern, ...symbols].join(':')).sort()
}

function run(words: readonly string[], session: string): { exit: number; stdout: string } {
  const env = {
    PATH: process.env['PATH'],
    HOME: daemon.home,
    SKEIN_HOME: daemon.home,
    SKEIN_SESSION: session,
  }
  try {
    const stdout = execFileSync(process.execPath, [PROGRAM, ...words], {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    return { exit: 0, stdout }
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string }
    return { exit: status, stdout }
  }
}

describe('an edit', () => {
  it('claims its file by itself, and says nothing', async () => {
    const alice = harness('alice')
    const first = await alice.before('Edit', edit(at('a.txt')))
    assertAllowed(first)
    assert.equal(first.stdout, '')
    assert.deepEqual(await held(alice.session), [named('a.txt')])
    assertAllowed(await alice.before('Edit', edit(at('a.txt'))))
    assert.deepEqual(await held(alice.session), [named('a.txt')])
  })

  it('of what another session holds is denied with who, what, until when and what to type', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    assertAllowed(await alice.before('Write', { file_path: at('a.txt'), content: 'x' }))
    const denied = await bob.before('Edit', edit(at('a.txt')))
    assertDenied(denied, named('a.txt'), '/claude/', 'until ', 'skein wait que_')
    const [claim] = (await daemon.client.must('claims', { cwd: root, of_session: alice.session }))
      .claims
    assertDenied(denied, `skein request ${claim?.id ?? ''} --reason`)
    assert.deepEqual(await held(bob.session), [])
  })

  it('is denied with commands that can be typed as they stand', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    const { stderr } = await bob.before('Edit', edit(at('a.txt')))
    const request = /skein (request clm_\w+) --reason '([^']*)'/.exec(stderr)
    assert.ok(request !== null, stderr)
    const asked = run([...(request[1] ?? '').split(' '), '--reason', request[2] ?? ''], bob.session)
    assert.equal(asked.exit, 0, asked.stdout)
    const told = await alice.before('Edit', edit(at('a.txt')))
    assert.match(told.text, /asks you to give up[^]*skein respond req_/)
  })

  it('of a sub-agent is its session’s, and each part is told of the other', async () => {
    const alice = harness('alice')
    const part = { agent_id: 'sub-1', agent_type: 'Explore' }
    await alice.before('Edit', edit(at('a.txt')))
    const first = await alice.before('Edit', edit(at('a.txt')), part)
    assertAllowed(first)
    assert.match(first.text, /the main agent of this session wrote s\d+\/a\.txt a moment ago/)
    assert.equal((await alice.before('Edit', edit(at('a.txt')), part)).stdout, '', 'its own')
    const back = await alice.before('Edit', edit(at('a.txt')))
    assert.match(back.text, /sub-agent Explore sub-1 of this session wrote/)
  })

  it('of several files is allowed as a whole or not at all', async () => {
    const [alice, bob] = [harness('alice'), harness('bob', { harness: 'codex' })]
    await alice.before('Edit', edit(at('b.txt')))
    const patch = `*** Begin Patch\n*** Update File: ${named('a.txt')}\n@@\n-one\n+uno\n*** Update File: ${named('b.txt')}\n@@\n-one\n+uno\n*** End Patch`
    assertDenied(await bob.before('apply_patch', { command: patch }), named('b.txt'))
    assert.deepEqual(await held(bob.session), [])
    const free = `*** Begin Patch\n*** Update File: ${named('a.txt')}\n@@\n-one\n+uno\n*** Add File: ${named('new.txt')}\n+x\n*** End Patch`
    assertAllowed(await bob.before('apply_patch', { command: free }))
    assert.deepEqual(await held(bob.session), [named('a.txt'), named('new.txt')])
  })

  it('reads never ask', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    for (const tool of ['Read', 'Grep', 'Glob']) {
      assertAllowed(await bob.before(tool, { file_path: at('a.txt'), path: at('a.txt') }))
    }
    assertAllowed(await bob.before('Bash', { command: `cat ${at('a.txt')} | head -1` }))
    assertAllowed(await bob.before('mcp__fs__read_file', { path: at('a.txt') }))
  })

  it('through a tool of an MCP server is judged by its arguments', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    assertAllowed(await alice.before('mcp__fs__write_file', { path: at('a.txt'), content: 'x' }))
    assert.deepEqual(await held(alice.session), [named('a.txt')])
    assertDenied(await bob.before('mcp__fs__edit_file', { path: named('a.txt'), edits: [] }))
    assertDenied(
      await bob.before('mcp__fs__move_file', { source: at('a.txt'), destination: at('z.txt') }),
    )
    assertAllowed(await bob.before('mcp__skein__claim_files', { patterns: [at('a.txt')] }))
  })
})

describe('the file decides', () => {
  it('and not the working directory', async () => {
    const elsewhere = makeFolder(suite)
    const [alice, bob] = [harness('alice', { cwd: elsewhere }), harness('bob')]
    assertAllowed(await alice.before('Edit', edit(at('a.txt'))))
    assert.deepEqual(await held(alice.session), [named('a.txt')])
    assertDenied(await bob.before('Edit', edit(named('a.txt'))))
  })

  it('in a worktree as in the clone', async () => {
    const tree = addWorktree(suite, root, 'topic')
    const [alice, bob] = [harness('alice'), harness('bob', { cwd: tree })]
    await alice.before('Edit', edit(at('a.txt')))
    assertDenied(await bob.before('Edit', edit(at('a.txt', tree))), named('a.txt'))
    assertAllowed(await bob.before('Edit', edit(at('b.txt', tree))))
    assert.deepEqual(await held(bob.session), [named('b.txt')])
  })

  it('behind a symlink', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    const link = path.join(makeFolder(suite), 'link')
    symlinkSync(path.dirname(at('a.txt')), link)
    assertDenied(await bob.before('Edit', edit(path.join(link, 'a.txt'))), named('a.txt'))
  })

  it('and one that is ignored, git’s own, or in no enrolled repository is nobody’s', async () => {
    const alice = harness('alice')
    const strange = makeRepo(suite, { skeinYml: null })
    for (const file of [
      path.join(root, 'out/built.js'),
      at('debug.log'),
      path.join(root, '.git/config'),
      path.join(strange, 'README.md'),
      path.join(makeFolder(suite), 'x.txt'),
    ]) {
      assertAllowed(await alice.before('Write', { file_path: file, content: 'x' }))
    }
    assert.deepEqual(await held(alice.session), [])
  })
})

describe('declarations of one file', () => {
  const inA = (file: string) => edit(file, '    return 1\n', '    return 10\n')
  const inB = (file: string) => edit(file, '    return 2\n', '    return 20\n')

  it('are edited beside each other, and each is told of the other', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    assertAllowed(await alice.before('Edit', inA(at('router.ts'))))
    assert.deepEqual(await held(alice.session), [`${named('router.ts')}:Router::handleA`])
    const beside = await bob.before('Edit', inB(at('router.ts')))
    assertAllowed(beside)
    assert.match(beside.text, /beside you: leave that alone/)
    assert.deepEqual(await held(bob.session), [`${named('router.ts')}:Router::handleB`])
    assertDenied(await bob.before('Edit', inA(at('router.ts'))), 'Router::handleA')
    assertDenied(await alice.before('Edit', inB(at('router.ts'))), 'Router::handleB')
    assertAllowed(await alice.before('Edit', inA(at('router.ts'))))
  })

  it('are told apart in a whole file that is written anew', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', inA(at('router.ts')))
    const content = ROUTER.replace('return 2', 'return 22')
    assertAllowed(await bob.before('Write', { file_path: at('router.ts'), content }))
    assert.deepEqual(await held(bob.session), [`${named('router.ts')}:Router::handleB`])
    assertDenied(await bob.before('Write', { file_path: at('router.ts'), content: 'gone' }))
  })

  it('are told apart in a patch', async () => {
    const [alice, bob] = [harness('alice'), harness('bob', { harness: 'codex' })]
    await alice.before('Edit', inA(at('router.ts')))
    const patch = (line: string): string =>
      `*** Begin Patch\n*** Update File: ${named('router.ts')}\n@@\n-    return ${line}\n+    return 7\n*** End Patch`
    assertAllowed(await bob.before('apply_patch', { command: patch('2') }))
    assertDenied(await bob.before('apply_patch', { command: patch('1') }), 'Router::handleA')
  })

  it('do not cover what stands outside of them, and the refusal says so', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', inA(at('router.ts')))
    const denied = await bob.before('Edit', edit(at('router.ts'), './x', './y'))
    assertDenied(denied, 'outside of every declaration')
  })
})

describe('a command', () => {
  it('that writes what another holds is denied, whichever way it does', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    const file = named('a.txt')
    for (const command of [
      `echo x > ${file}`,
      `sed -i 's/one/uno/' ${file}`,
      `cat <<'EOF' > ${file}\nx\nEOF`,
      `cd s${String(scene)} && rm a.txt`,
      `bash -c 'tee ${file}' < /dev/null`,
      `cp ${named('b.txt')} ${file}`,
      `mv ${file} elsewhere.txt`,
      `git checkout -- ${file}`,
      `rm -rf s${String(scene)}`,
      `sed -i s/one/uno/ s${String(scene)}/*.txt`,
    ]) {
      assertDenied(await bob.before('Bash', { command }), file)
    }
    assert.deepEqual(await held(bob.session), [])
  })

  it('that writes free files claims them', async () => {
    const alice = harness('alice')
    const command = `sed -i s/one/uno/ ${named('a.txt')} && echo x > ${named('new.txt')}`
    assertAllowed(await alice.before('Bash', { command }))
    assert.deepEqual(await held(alice.session), [named('a.txt'), named('new.txt')])
  })

  it('that sweeps the worktree is denied while another’s changes are in it', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    assertAllowed(await bob.before('Bash', { command: 'git stash' }))
    writeFileSync(at('a.txt'), 'changed\n')
    for (const command of ['git stash', 'git reset --hard', 'git checkout .', 'git restore .'])
      assertDenied(await bob.before('Bash', { command }), named('a.txt'))
    assertAllowed(await alice.before('Bash', { command: `git checkout ${named('a.txt')}` }))
    git(root, 'checkout', '--', named('a.txt'))
  })

  it('whose text does not say what it writes is judged by its effect', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    const tool = { command: 'python3 tool.py' }
    assertAllowed(await bob.before('Bash', tool))
    // The holder's own edit was let through a while ago, before the command.
    writeFileSync(at('b.txt'), 'by bob\n')
    const changed = [{ path: at('a.txt') }, { path: at('b.txt') }]
    const seen = await bob.after('Bash', tool, {
      tool_response: { bashEditDiff: { changedFiles: changed } },
    })
    assert.equal(seen.exit, 0)
    assert.equal(seen.says, null, 'the holder may have written it itself')
    assert.deepEqual(await held(bob.session), [named('b.txt')])
  })

  it('is told what it changed of another’s, and so is the holder', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    const claim = await daemon.client.must('claim', {
      cwd: root,
      session: alice.session,
      agent: 'alice',
      scopes: [{ kind: 'file', pattern: named('a.txt') }],
    })
    await alice.start()
    const tool = { command: 'make generate' }
    assertAllowed(await bob.before('Bash', tool))
    writeFileSync(at('a.txt'), 'by bob\n')
    const seen = await bob.after('Bash', tool)
    assert.equal(seen.says, 'block')
    assert.match(seen.text, new RegExp(`${named('a.txt')} \\(held by alice\\)`))
    const told = await alice.before('Read', { file_path: at('a.txt') })
    assert.match(told.text, /changed s\d+\/a\.txt, which you hold/)
    const { notices } = await daemon.client.must('inbox', { cwd: root, session: alice.session })
    assert.deepEqual(
      notices.map(({ kind, paths }) => ({ kind, paths })),
      [{ kind: 'guard.leaked', paths: [named('a.txt')] }],
    )
    assert.equal(claim.status, 'granted')
    assert.equal((await bob.after('Bash', tool)).stdout, '', 'once')
    git(root, 'checkout', '--', named('a.txt'))
  })
})

describe('SKEIN_BYPASS', () => {
  it('lets a write through, records it, and tells the holder', async () => {
    const alice = harness('alice')
    const bob = harness('bob', { env: { SKEIN_BYPASS: 'hotfix of the day' } })
    await alice.before('Edit', edit(at('a.txt')))
    const through = await bob.before('Edit', edit(at('a.txt')))
    assertAllowed(through)
    assert.match(through.text, /written all the same by SKEIN_BYPASS/)
    const told = await alice.before('Read', {})
    assert.match(told.text, /which you hold, by SKEIN_BYPASS \("hotfix of the day"\)/)
    const { events } = await daemon.client.must('events', { cwd: root, kinds: ['guard.bypassed'] })
    assert.equal(events.at(-1)?.data['path'], named('a.txt'))
    const inbox = await daemon.client.must('inbox', { cwd: root, session: alice.session })
    assert.equal(inbox.notices[0]?.reason, 'hotfix of the day')
  })
})

describe('a session', () => {
  it('starts with at most five lines: who holds what, and what is its own', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    await bob.before('Edit', edit(at('b.txt')))
    const started = await alice.start({ source: 'resume' })
    assert.equal(started.exit, 0)
    const specific = started.json?.['hookSpecificOutput'] as { additionalContext: string }
    assert.ok(specific.additionalContext.split('\n').length <= 5)
    assert.match(specific.additionalContext, new RegExp(`this session holds ${named('a.txt')}`))
    assert.match(specific.additionalContext, new RegExp(`others hold [^]*${named('b.txt')}`))
  })

  it('gives back everything when it ends', async () => {
    const alice = harness('alice')
    await alice.before('Edit', edit(at('a.txt')))
    await alice.before('Edit', edit(at('b.txt')))
    const ended = await alice.end()
    assert.deepEqual([ended.exit, ended.stdout], [0, ''])
    assert.deepEqual(await held(alice.session), [])
  })

  it('hears that its wait was granted', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    await bob.before('Edit', edit(at('a.txt')))
    const scopes = [{ kind: 'file', pattern: named('a.txt') }]
    const wait = { cwd: root, session: bob.session, scopes, wait_s: 60 }
    const waiting = daemon.client.must('claim', wait)
    const other = createClient({ socket: daemon.socket })
    for (;;) {
      const { entries } = await other.must('queue', { cwd: root })
      if (entries.some(({ session }) => session === bob.session)) break
    }
    other.close()
    await alice.end()
    assert.equal((await waiting).status, 'granted')
    const told = await bob.before('Edit', edit(at('a.txt')))
    assertAllowed(told)
    assert.match(told.text, new RegExp(`the wait is over: you hold ${named('a.txt')}`))
  })
})

describe('each harness', () => {
  it('codex: is denied in the form of claude, and knows `cmd`', async () => {
    const [alice, bob] = [harness('alice'), harness('bob', { harness: 'codex' })]
    await alice.before('Edit', edit(at('a.txt')))
    assertDenied(await bob.before('Bash', { cmd: `rm ${named('a.txt')}` }), named('a.txt'))
    const words = ['bash', '-lc', `rm ${named('a.txt')}`]
    assertDenied(await bob.before('shell', { command: words, workdir: root }), named('a.txt'))
  })

  it('cursor: always says `permission`, flat', async () => {
    const [alice, bob] = [harness('alice'), harness('bob', { harness: 'cursor' })]
    const free = await bob.before('StrReplace', {
      path: at('b.txt'),
      old_string: 'one',
      new_string: 'x',
    })
    assert.deepEqual([free.exit, free.json], [0, { permission: 'allow' }])
    await alice.before('Edit', edit(at('a.txt')))
    for (const [tool, input] of [
      ['StrReplace', { path: at('a.txt'), old_string: 'one', new_string: 'x' }],
      ['Write', { file_path: at('a.txt'), contents: 'x' }],
      ['Delete', { path: at('a.txt') }],
      ['Shell', { command: `rm ${named('a.txt')}`, working_directory: root }],
    ] as const) {
      const denied = await bob.before(tool, input)
      assertDenied(denied, named('a.txt'))
      assert.equal(denied.json?.['user_message'], denied.json?.['agent_message'])
    }
    const shell = await bob.send(['guard'], {
      conversation_id: bob.session,
      hook_event_name: 'beforeShellExecution',
      command: `echo x > ${named('a.txt')}`,
      cwd: root,
    })
    assertDenied(shell, named('a.txt'))
    const mcp = await bob.send(['guard'], {
      conversation_id: bob.session,
      workspace_roots: [root],
      hook_event_name: 'beforeMCPExecution',
      tool_name: 'write_file',
      tool_input: JSON.stringify({ path: at('a.txt'), content: 'x' }),
    })
    assertDenied(mcp, named('a.txt'))
    assert.equal((await bob.before('Read', { path: at('a.txt') })).says, 'allow')
  })

  it('over HTTP: the same answers, always with 200', async () => {
    const { port, token } = await daemon.tcp()
    const http = createClient({ port, token })
    const alice = harness('alice')
    await alice.before('Edit', edit(at('a.txt')))
    const post = (body: unknown, harnessName = 'claude') =>
      http.request({ method: 'POST', path: `/hooks/${harnessName}`, body: JSON.stringify(body) })
    const call = {
      session_id: 'over-http',
      cwd: root,
      hook_event_name: 'PreToolUse',
      tool_name: 'Edit',
    }
    const denied = await post({ ...call, tool_input: edit(at('a.txt')) })
    assert.equal(denied.status, 200)
    const { hookSpecificOutput: told } = JSON.parse(denied.body) as {
      hookSpecificOutput: { permissionDecision: string; permissionDecisionReason: string }
    }
    assert.equal(told.permissionDecision, 'deny')
    assert.match(told.permissionDecisionReason, /held by/)
    const allowed = await post({ ...call, tool_input: edit(at('b.txt')) })
    assert.deepEqual([allowed.status, allowed.body], [200, '{}'])
    const cursor = await post(
      {
        conversation_id: 'c',
        workspace_roots: [root],
        hook_event_name: 'preToolUse',
        tool_name: 'Write',
        tool_input: { path: at('a.txt') },
      },
      'cursor',
    )
    assert.match(cursor.body, /"permission":"deny"/)
    const stranger = createClient({ port })
    const refused = await stranger.request({ method: 'POST', path: '/hooks/claude', body: '{}' })
    assert.equal(refused.status, 401)
    http.close()
    stranger.close()
  })
})

describe('what is no payload', () => {
  it('is let through with a word', async () => {
    const alice = harness('alice')
    const odd = await alice.send(['guard'], 'no json')
    assert.equal(odd.exit, 0)
    assert.match(odd.text, /was not judged/)
    const strange = await harness('bob', { harness: 'cursor' }).send(['guard'], '[]')
    assert.deepEqual([strange.exit, strange.says], [0, 'allow'])
  })

  it('too large is judged without its contents', async () => {
    const [alice, bob] = [harness('alice'), harness('bob')]
    await alice.before('Edit', edit(at('a.txt')))
    const content = 'x'.repeat(3_000_000)
    assertDenied(await bob.before('Write', { file_path: at('a.txt'), content }), named('a.txt'))
    assertDenied(
      await bob.before('Bash', { command: `echo ${content} > ${named('a.txt')}` }),
      'smaller',
    )
  })
})
