// Consent: what init would write is shown, and written after one yes; a plan is a twin here, files are the wiring's own.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Machine } from '../../../daemon/cli/machine.ts'
import type { FileChange, WiringOrder, WiringPlan } from '../../../daemon/cli/setup.ts'
import { NO_MACHINE, runCommand } from '../../helpers/cli-io.ts'

const CHANGE: FileChange = {
  file: '/repo/AGENTS.md',
  shown: 'AGENTS.md',
  before: Buffer.from('one\ntwo\n'),
  after: Buffer.from('one\n2\n'),
  mode: 0o644,
  what: 'what agents should do',
}

function twin(plan: Partial<WiringPlan> = {}): {
  machine: Machine
  orders: WiringOrder[]
  applied: WiringPlan[]
} {
  const orders: WiringOrder[] = []
  const applied: WiringPlan[] = []
  const whole = {
    root: '/repo',
    tools: [],
    changes: [CHANGE],
    settings: [],
    problems: [],
    notes: [],
    ...plan,
  }
  const machine: Machine = {
    ...NO_MACHINE,
    loadWiring: () =>
      Promise.resolve({
        plan: (order) => {
          orders.push(order)
          return Promise.resolve({ ...whole, act: order.act })
        },
        apply: (done) => {
          applied.push(done)
          return Promise.resolve([])
        },
        trustCodex: () => Promise.resolve(0),
      }),
  }
  return { machine, orders, applied }
}

const AT = { cwd: '/repo' }

describe('consent', () => {
  it('is asked for once, after all files were shown', async () => {
    const { machine, applied } = twin()
    const { exit, stderr } = await runCommand(['uninstall'], { ...AT, typed: 'y\n' }, machine)
    assert.equal(exit, 0)
    assert.match(
      stderr,
      /change {2}AGENTS\.md {2}what agents should do\n\nWrite 1 file\? \[y\/N\] $/,
    )
    assert.equal(applied.length, 1)
  })

  it('that is not given leaves everything', async () => {
    for (const typed of ['n\n', '\n', '']) {
      const { machine, applied } = twin()
      const { exit } = await runCommand(['upgrade'], { ...AT, typed }, machine)
      assert.equal(exit, 130)
      assert.equal(applied.length, 0)
    }
  })

  it('is not asked for where nothing would be written', async () => {
    const { machine } = twin({ changes: [] })
    const { exit, stderr } = await runCommand(['upgrade'], AT, machine)
    assert.deepEqual([exit, stderr], [0, ''])
  })
})

describe('--dry-run', () => {
  it('prints a diff', async () => {
    const { machine, applied } = twin()
    const { exit, stdout } = await runCommand(['upgrade', '--dry-run'], AT, machine)
    assert.equal(exit, 0)
    assert.equal(applied.length, 0)
    assert.equal(
      stdout,
      [
        'diff --git a/AGENTS.md b/AGENTS.md',
        '--- a/AGENTS.md',
        '+++ b/AGENTS.md',
        '@@ -1,2 +1,2 @@',
        ' one',
        '-two',
        '+2',
        '',
      ].join('\n'),
    )
  })

  it('ends with 1 where a file has to be left alone', async () => {
    const problems = [{ shown: '.mcp.json', problem: 'is no plain JSON', hint: 'Correct it.' }]
    const { machine } = twin({ problems })
    const { exit, stderr } = await runCommand(['upgrade', '--dry-run'], AT, machine)
    assert.equal(exit, 1)
    assert.match(
      stderr,
      /^LEFT ALONE \.mcp\.json is no plain JSON\n {2}ACTION REQUIRED: Correct it\.$/m,
    )
  })
})

describe('--tool', () => {
  it('is taken several times, with commas, and as all', async () => {
    for (const [words, tools] of [
      [
        ['--tool', 'codex', '--tool', 'claude'],
        ['claude', 'codex'],
      ],
      [
        ['--tool', 'cursor,codex'],
        ['codex', 'cursor'],
      ],
      [['--tool', 'all'], null],
      [[], null],
    ] as const) {
      const { machine, orders } = twin()
      await runCommand(['uninstall', '--yes', ...words], AT, machine)
      assert.deepEqual(orders[0]?.tools, tools)
    }
  })

  it('refuses a harness that it does not know', async () => {
    const { machine } = twin()
    const { exit, stderr } = await runCommand(['uninstall', '--tool', 'vim'], AT, machine)
    assert.equal(exit, 64)
    assert.match(stderr, /--tool takes claude, codex, cursor or all, not `vim`/)
  })
})
