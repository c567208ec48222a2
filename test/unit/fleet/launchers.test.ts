// How workers are started. Nothing of a task becomes an argument, and what an operator names is a name, whatever it looks like.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../../../daemon/config.ts'
import { machineFileSchema } from '../../../daemon/config-schema.ts'
import {
  findLauncher,
  launchEnv,
  launchInput,
  launchWords,
} from '../../../daemon/fleet/launchers.ts'
import { gitFolders } from '../../../daemon/fleet/launchers/codex.ts'
import type { Launcher, LaunchTerms } from '../../../daemon/fleet/launchers/launcher.ts'
import { SkeinError } from '../../../protocol/index.ts'

type Launchers = NonNullable<Config['fleet']['launchers']>

function launcher(name: string, launchers: Launchers = {}): Launcher {
  const found = findLauncher({ fleet: { launchers } }, name)
  assert.ok(found)
  return found
}

const TERMS: LaunchTerms = {
  ...{ type: 'work', model: null, conversation: null, budgetUsd: null },
  ...{ worktree: '/nowhere', bridge: ['node', '/opt/skein.js', 'mcp'] },
}
const HARNESSES = ['claude', 'codex', 'opencode']

/** The word behind a flag. */
function after(words: readonly string[], flag: string): string {
  assert.equal(words.filter((word) => word === flag).length, 1, flag)
  return words[words.indexOf(flag) + 1] ?? ''
}

describe('a launcher', () => {
  it('is a program with its words as they stand', () => {
    const sh = launcher('sh', { sh: { command: 'sh', args: ['-s'], env: { A: '1' } } })
    assert.equal(sh.command, 'sh')
    assert.deepEqual(launchWords(sh, { ...TERMS, model: 'opus', conversation: 'c' }), ['-s'])
    assert.deepEqual(launchEnv(sh, TERMS), { A: '1' })
    assert.equal(launchInput(sh, 'work', 'do it'), 'do it')
  })

  it('is there for each harness without a word', () => {
    for (const name of HARNESSES) assert.equal(launcher(name).command, name)
    assert.equal(findLauncher({ fleet: {} }, 'toString'), null)
  })

  it('without a program is a mistake in config.yml', () => {
    const wrong = machineFileSchema.safeParse({ fleet: { launchers: { x: { args: [] } } } })
    assert.match(wrong.error?.issues[0]?.message ?? '', /needs a `command`/)
    for (const kind of HARNESSES)
      assert.ok(machineFileSchema.safeParse({ fleet: { launchers: { x: { kind } } } }).success)
  })

  it('takes no name of a model or a conversation that could be anything else', () => {
    for (const name of ['--yolo', '-c', '', 'a b', 'a\nb', 'x'.repeat(200)])
      for (const harness of HARNESSES)
        for (const terms of [{ model: name }, { conversation: name }])
          assert.throws(
            () => launchWords(launcher(harness), { ...TERMS, ...terms }),
            (error) => error instanceof SkeinError && error.code === 'ASSIGNMENT_REFUSED',
          )
    for (const name of ['opus', 'claude-fable-5[1m]', 'anthropic/claude-x', 'gpt-5.1', 'qwen:7b'])
      for (const harness of HARNESSES) {
        const words = launchWords(launcher(harness), { ...TERMS, model: name })
        assert.equal(after(words, '--model'), name)
      }
  })
})

describe('Claude Code as a worker', () => {
  it('has its tools denied by real flags, its model, and what is added', () => {
    const opus = launcher('claude', {
      claude: { kind: 'claude', model: 'opus', args: ['--max-turns', '50'] },
    })
    const words = launchWords(opus, TERMS)
    assert.deepEqual(words.slice(0, 4), ['-p', '--output-format', 'stream-json', '--verbose'])
    assert.match(after(words, '--disallowedTools'), /Bash\(git push:\*\),/)
    assert.deepEqual(words.slice(-4), ['--model', 'opus', '--max-turns', '50'])
    assert.equal(after(launchWords(opus, { ...TERMS, model: 'haiku' }), '--model'), 'haiku')
  })

  it('reaches skein in a worktree whose .mcp.json nobody has approved', () => {
    const words = launchWords(launcher('claude'), TERMS)
    assert.deepEqual(JSON.parse(after(words, '--mcp-config')), {
      mcpServers: {
        skein: { type: 'stdio', command: 'node', args: ['/opt/skein.js', 'mcp'] },
      },
    })
    assert.match(after(words, '--allowedTools'), /(^|,)mcp__skein(,|$)/)
  })

  it('takes a conversation up again, and stops at its budget', () => {
    const words = launchWords(launcher('claude'), { ...TERMS, conversation: 'abc', budgetUsd: 2.5 })
    assert.equal(after(words, '--resume'), 'abc')
    assert.equal(after(words, '--max-budget-usd'), '2.5')
  })

  it('edits nothing where it looks at work', () => {
    const words = launchWords(launcher('claude'), { ...TERMS, type: 'review' })
    assert.equal(after(words, '--allowedTools'), 'Read,Bash,mcp__skein')
    assert.equal(after(words, '--permission-mode'), 'default')
    assert.match(after(words, '--append-system-prompt'), /submit_verdict/)
  })

  it('is denied nothing where its config says so in as many words', () => {
    const free = launcher('free', { free: { kind: 'claude', deny: [] } })
    assert.ok(!launchWords(free, TERMS).includes('--disallowedTools'))
  })
})

describe('Codex as a worker', () => {
  it('asks nobody, has skein as its server and the rules as its developer', () => {
    const words = launchWords(launcher('codex'), TERMS)
    assert.deepEqual(words.slice(0, 4), ['exec', '--json', '--sandbox', 'workspace-write'])
    assert.ok(words.includes('approval_policy="never"'))
    assert.ok(words.includes('mcp_servers.skein.args=["/opt/skein.js","mcp"]'))
    assert.ok(words.some((word) => word.startsWith('developer_instructions="You work')))
    assert.equal(words.at(-1), '-')
  })

  it('takes a conversation up again', () => {
    const words = launchWords(launcher('codex'), { ...TERMS, conversation: 'abc' })
    assert.deepEqual(words.slice(-3), ['resume', 'abc', '-'])
  })

  it('may commit in its worktree, and writes neither hooks nor settings of the clone', (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-codex-'))
    t.after(() => {
      rmSync(folder, { recursive: true })
    })
    const common = path.join(folder, 'clone', '.git')
    for (const name of ['objects', 'refs', 'hooks', 'worktrees/asg'])
      mkdirSync(path.join(common, name), { recursive: true })
    writeFileSync(path.join(common, 'worktrees/asg/commondir'), '../..\n')
    mkdirSync(path.join(folder, 'asg'))
    writeFileSync(path.join(folder, 'asg/.git'), `gitdir: ${common}/worktrees/asg\n`)
    const wanted = ['worktrees/asg', 'objects', 'refs'].map((name) => path.join(common, name))
    const worktree = path.join(folder, 'asg')
    assert.deepEqual(gitFolders(worktree), wanted)
    const words = launchWords(launcher('codex'), { ...TERMS, worktree })
    const added = words.filter((_, at) => words[at - 1] === '--add-dir')
    assert.deepEqual(added, wanted)
    assert.deepEqual(gitFolders(path.join(folder, 'clone')), [])
  })
})

describe('opencode as a worker', () => {
  it('has its settings in its environment, and its rules before the task', () => {
    const opencode = launcher('opencode')
    const terms = { ...TERMS, conversation: 'ses_1' }
    assert.deepEqual(launchWords(opencode, { ...terms, model: 'a/b' }), [
      ...['run', '--format', 'json', '--model', 'a/b', '--session', 'ses_1'],
    ])
    const { PWD, OPENCODE_CONFIG_CONTENT = '' } = launchEnv(opencode, terms)
    assert.equal(PWD, '/nowhere')
    const { mcp, permission } = JSON.parse(OPENCODE_CONFIG_CONTENT) as {
      readonly mcp: { readonly skein: { readonly command: readonly string[] } }
      readonly permission: { readonly edit: string; readonly bash: Record<string, string> }
    }
    assert.deepEqual(mcp.skein.command, TERMS.bridge)
    assert.equal(permission.bash['git push*'], 'deny')
    assert.equal(Object.keys(permission.bash)[0], '*')
    assert.match(launchInput(opencode, 'work', 'do it'), /^You work[^]*\n\ndo it$/)
  })

  it('lets its own environment stand', () => {
    const own = launcher('own', { own: { kind: 'opencode', env: { OPENCODE_CONFIG_CONTENT: '' } } })
    assert.equal(launchEnv(own, TERMS)['OPENCODE_CONFIG_CONTENT'], '')
  })
})

describe('the task of a worker', () => {
  it('is in the input alone, whatever it says', () => {
    fc.assert(
      fc.property(fc.constantFrom('sh', ...HARNESSES), fc.string(), (name, text) => {
        const prompt = `--task ${text} end`
        const started = launcher(name, { sh: { command: 'sh' } })
        assert.ok(launchInput(started, 'work', prompt).endsWith(prompt))
        const told = JSON.stringify([launchWords(started, TERMS), launchEnv(started, TERMS)])
        assert.ok(!told.includes('--task'))
      }),
      { numRuns: 50 },
    )
  })
})
