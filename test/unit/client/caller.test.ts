import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  identifyCaller,
  type CallerInput,
  type CallerSurroundings,
} from '../../../daemon/client/caller.ts'
import type { ProcessFacts } from '../../../daemon/client/proc.ts'

type Row = readonly [name: string, options?: Partial<ProcessFacts> & { readonly words?: string[] }]

/** A twin of the machine: processes from init down to the caller, pids 1, 2, 3 and so on. */
function surround(...rows: readonly Row[]): CallerSurroundings {
  const processes = rows.map(([name, { words = [], ...options } = {}], index): ProcessFacts => {
    const pid = index + 1
    const facts = {
      pid,
      parent: index,
      leader: 0,
      terminal: null,
      started: `t${String(pid)}`,
      name,
    }
    return { ...facts, command: () => words, ...options }
  })
  return {
    pid: rows.length,
    processes: {
      read: (pid) => processes.find((each) => each.pid === pid) ?? null,
      isGone: (pid) => processes.every((each) => each.pid !== pid),
    },
    boot: () => 'boot-1',
    user: () => 'ann',
  }
}

const TTY = { terminal: '34816', leader: 2 }
const INIT: Row = ['init']
const SKEIN: Row = ['node']
const IN_TERMINAL = surround(INIT, ['zsh', TTY], ['node', TTY])

const ask = (env: CallerInput['env'], around: CallerSurroundings) => identifyCaller({ env }, around)

describe('the session of a caller', () => {
  it('is the first that is there, in the order of the ruling', () => {
    const env: Record<string, string> = {
      SKEIN_SESSION: 'from-environment',
      CLAUDE_CODE_SESSION_ID: 'from-claude',
      CODEX_SESSION_ID: 'from-codex',
    }
    const input = { session: 'from-flag', hookSession: 'from-hook', env }
    const said = (more: Partial<CallerInput>): readonly string[] => {
      const { session, sessionSource } = identifyCaller({ ...input, ...more }, IN_TERMINAL)
      return [session, sessionSource]
    }
    assert.deepEqual(said({}), ['from-flag', 'flag'])
    assert.deepEqual(said({ session: undefined }), ['from-environment', 'environment'])
    const rest = { session: ' ', env: { ...env, SKEIN_SESSION: '' } }
    assert.deepEqual(said(rest), ['from-hook', 'hook'])
    assert.deepEqual(said({ ...rest, hookSession: undefined }), ['from-claude', 'claude'])
    const codex = { CODEX_SESSION_ID: 'from-codex' }
    assert.deepEqual(said({ session: '', hookSession: '', env: codex }), ['from-codex', 'codex'])
    assert.equal(said({ session: '', hookSession: '', env: {} })[1], 'terminal')
  })

  it('is one for everything in one terminal, and another in the next', () => {
    const { session, process } = ask({}, IN_TERMINAL)
    assert.match(session, /^tty_[0-9a-f]{20}$/)
    assert.deepEqual(process, { pid: 2, started: 't2' })
    const deeper = surround(INIT, ['zsh', TTY], ['make', TTY], ['sh', TTY], ['node', TTY])
    assert.equal(ask({}, deeper).session, session)
    const others = [
      surround(INIT, ['zsh', { ...TTY, started: 'later' }], ['node', TTY]),
      surround(
        INIT,
        ['zsh', { ...TTY, terminal: '34817' }],
        ['node', { ...TTY, terminal: '34817' }],
      ),
      { ...IN_TERMINAL, boot: () => 'boot-2' },
    ]
    const sessions = others.map((around) => ask({}, around).session)
    assert.equal(new Set([session, ...sessions]).size, 4)
  })

  it('without a terminal is that of the harness, through the shells it starts', () => {
    const one = ask({}, surround(INIT, ['codex'], ['bash'], SKEIN))
    const two = ask({}, surround(INIT, ['codex'], ['bash', { started: 'new' }], ['sh'], SKEIN))
    assert.match(one.session, /^proc_[0-9a-f]{20}$/)
    assert.equal(one.session, two.session)
    assert.deepEqual(one.process, { pid: 2, started: 't2' })
  })

  it('without a terminal and a harness is that of the nearest shell', () => {
    const caller = ask({}, surround(INIT, ['cron'], ['bash'], ['make'], ['dash'], ['make'], SKEIN))
    assert.deepEqual(caller.process, { pid: 5, started: 't5' })
    assert.equal(caller.sessionSource, 'process')
  })

  it('with nothing around is that of the process alone', () => {
    const lonely = ask({}, surround(INIT, SKEIN))
    assert.equal(lonely.process, null)
    assert.notEqual(lonely.session, ask({}, surround(INIT, INIT, SKEIN)).session)
  })

  it('does not count a terminal whose session leader is gone', () => {
    const orphan = surround(INIT, ['bash'], ['node', { terminal: '34816', leader: 99 }])
    assert.equal(ask({}, orphan).sessionSource, 'process')
  })
})

describe('the process that a session lives in', () => {
  it('is the harness for a session that has a name', () => {
    const around = surround(INIT, ['claude'], ['bash'], SKEIN)
    const { process } = ask({ CLAUDE_CODE_SESSION_ID: 'c' }, around)
    assert.deepEqual(process, { pid: 2, started: 't2' })
  })

  it('is never a passing shell for a session that has a name', () => {
    const steps = surround(INIT, ['bash'], SKEIN)
    assert.equal(ask({ SKEIN_SESSION: 'ci-7' }, steps).process, null)
    assert.equal(ask({ SKEIN_SESSION: 'ci-7' }, IN_TERMINAL).process, null)
  })
})

describe('the harness of a caller', () => {
  it('is known by its program, its script or its package', () => {
    const table: readonly (readonly [Row, string | null])[] = [
      [['claude'], 'claude'],
      [['Cursor'], 'cursor'],
      [['cursor-agent'], 'cursor-agent'],
      [['opencode'], 'opencode'],
      [['node', { words: ['node', '/usr/bin/gemini'] }], 'gemini'],
      [
        [
          'MainThread',
          { words: ['node', '--no-warnings', '/x/node_modules/@openai/codex/bin/run.js'] },
        ],
        'codex',
      ],
      [['node', { words: ['node', '/x/node_modules/@anthropic-ai/claude-code/cli.js'] }], 'claude'],
      [['python3.12', { words: ['python3.12', '-m', 'aider'] }], 'aider'],
      [['node', { words: ['node', '/home/claude/codex/server.js', 'gemini'] }], null],
      [['vim', { words: ['vim', 'claude'] }], null],
      [['constructor'], null],
    ]
    for (const [row, harness] of table) {
      const caller = ask({}, surround(INIT, row, ['bash'], SKEIN))
      assert.equal(caller.harness, harness, row[0])
      assert.equal(caller.tool, harness ?? 'shell')
    }
  })

  it('is the nearest one, and never the command itself', () => {
    assert.equal(ask({}, surround(INIT, ['cursor'], ['claude'], ['sh'], SKEIN)).harness, 'claude')
    assert.equal(ask({}, surround(INIT, ['claude'])).harness, null)
  })

  it('is told by its variable where its process is not seen', () => {
    assert.equal(ask({ CODEX_SESSION_ID: 'x' }, surround(INIT, SKEIN)).harness, 'codex')
  })
})

describe('the agent of a caller', () => {
  it('is the flag, then the variable, else for the daemon to name', () => {
    const env = { SKEIN_AGENT: 'reviewer' }
    assert.equal(identifyCaller({ agent: 'builder', env }, IN_TERMINAL).agent, 'builder')
    assert.equal(ask(env, IN_TERMINAL).agent, 'reviewer')
    const caller = ask({ SKEIN_AGENT: '' }, IN_TERMINAL)
    assert.deepEqual([caller.agent, caller.user, caller.tool], [null, 'ann', 'shell'])
  })
})

describe('the real caller', () => {
  it('is the same at every call', () => {
    assert.deepEqual(identifyCaller({ env: {} }), identifyCaller({ env: {} }))
    assert.notEqual(identifyCaller({ env: {} }).user, '')
  })
})

describe('a run without a person', () => {
  const under = (name: string, ...words: string[]): boolean =>
    ask({}, surround(INIT, ['zsh'], [name, { words: [name, ...words] }], ['sh'], SKEIN)).isHeadless

  it('is known by what Claude Code says of itself, and by how a harness was started', () => {
    assert.equal(under('claude'), false)
    assert.equal(under('claude', '-p', 'go'), true)
    assert.equal(under('codex', 'fix the exec path'), false)
    assert.equal(under('codex', 'exec', '--json', 'go'), true)
    assert.equal(under('cursor-agent', '--print', 'go'), true)
    assert.equal(under('zsh', '-p'), false)
    for (const [entry, isHeadless] of Object.entries({
      'sdk-cli': true,
      'sdk-ts': true,
      cli: false,
    }))
      assert.equal(ask({ CLAUDE_CODE_ENTRYPOINT: entry }, IN_TERMINAL).isHeadless, isHeadless)
  })
})
