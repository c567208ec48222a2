import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import {
  ANCESTORS_MAX,
  bootId,
  isLiving,
  parsePs,
  parseStat,
  readLineage,
  systemProcesses,
  type ProcessFacts,
} from '../../../daemon/client/proc.ts'

const stat = (name: string, state = 'S', terminal = 34_816): string =>
  `77 (${name}) ${state} 50 77 60 ${String(terminal)} -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 114448 3133440 390`

describe('parseStat', () => {
  it('reads parent, session leader, terminal and start time', () => {
    const facts = parseStat(stat('bash'))
    assert.ok(facts !== null)
    const { command, ...plain } = facts
    assert.equal(typeof command, 'function')
    assert.deepEqual(plain, {
      pid: 77,
      parent: 50,
      leader: 60,
      terminal: '34816',
      started: '114448',
      name: 'bash',
    })
  })

  it('is not misled by names', () => {
    for (const name of ['a b', ') S 1 2 3', '((', 'x) R 9 (y', '']) {
      assert.equal(parseStat(stat(name))?.name, name)
      assert.equal(parseStat(stat(name))?.parent, 50)
    }
  })

  it('knows no terminal, no zombies, no garbage', () => {
    assert.equal(parseStat(stat('sh', 'S', 0))?.terminal, null)
    assert.equal(parseStat(stat('sh', 'Z')), null)
    for (const text of ['', '77', '77 (sh', '77 (sh) S 1']) assert.equal(parseStat(text), null)
  })
})

describe('parsePs', () => {
  const table = parsePs(
    [
      '    1     0 Ss   ??       Sat Nov 21 14:31:13 2026 /sbin/launchd',
      '  500     1 Ss   ttys001  Sat Nov 21 15:00:00 2026 login -pf ann',
      '  501   500 S    ttys001  Sat Nov 21 15:00:01 2026 -zsh',
      '  502   501 S+   ttys001  Sat Nov  1 05:00:02 2026 /usr/local/bin/node /opt/bin/codex exec',
      '  503   502 S    ??       Sat Nov 21 15:00:03 2026 (helper)',
      '  504   502 Z    ttys001  Sat Nov 21 15:00:03 2026 (gone)',
      'nonsense',
    ].join('\n'),
  )

  it('reads names, arguments and start times', () => {
    assert.equal(table.get(501)?.name, 'zsh')
    assert.equal(table.get(502)?.name, 'node')
    assert.deepEqual(table.get(502)?.command(), ['/usr/local/bin/node', '/opt/bin/codex', 'exec'])
    assert.equal(table.get(502)?.started, 'Sat Nov 1 05:00:02 2026')
    assert.equal(table.has(504), false)
  })

  it('finds the session leader on the same terminal', () => {
    assert.equal(table.get(502)?.leader, 500)
    assert.equal(table.get(503)?.terminal, null)
    assert.equal(table.get(503)?.leader, 0)
  })

  it('reads what ps prints here', { skip: process.platform === 'win32' }, () => {
    const columns = 'pid=,ppid=,stat=,tty=,lstart=,command='
    const env = { PATH: process.env['PATH'], LC_ALL: 'C' }
    const here = parsePs(execFileSync('ps', ['-axo', columns], { encoding: 'utf8', env }))
    assert.equal(here.get(process.pid)?.parent, process.ppid)
  })
})

describe('systemProcesses', () => {
  it('knows this process and its ancestors', () => {
    const lineage = readLineage(process.pid, systemProcesses())
    assert.deepEqual(
      lineage.slice(0, 2).map(({ pid }) => pid),
      [process.pid, process.ppid],
    )
    assert.ok(lineage[0]?.command()[0]?.includes('node'))
  })

  it('tells the living from the dead, and a pid from its next bearer', async (t) => {
    const child = spawn('sleep', ['60'])
    t.after(() => child.kill('SIGKILL'))
    await once(child, 'spawn')
    const { pid = 0 } = child
    const started = systemProcesses().read(pid)?.started ?? ''
    assert.equal(isLiving({ pid, started }, systemProcesses()), true)
    assert.equal(isLiving({ pid, started: `${started}0` }, systemProcesses()), false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(isLiving({ pid, started }, systemProcesses()), false)
  })

  it('takes nobody for dead where nothing can be read', () => {
    const blind = { read: () => null, isGone: () => false }
    assert.equal(isLiving({ pid: 1, started: '1' }, blind), true)
    assert.equal(isLiving({ pid: 1, started: '1' }, { ...blind, isGone: () => true }), false)
  })

  it('does not run in circles', () => {
    const circle: ProcessFacts = {
      pid: 2,
      parent: 2,
      leader: 2,
      terminal: null,
      started: '1',
      name: 'x',
      command: () => [],
    }
    const table = { read: () => circle, isGone: () => false }
    assert.equal(readLineage(2, table).length, ANCESTORS_MAX)
  })
})

describe('bootId', () => {
  it('is the same at every call', () => {
    assert.equal(bootId(), bootId())
    assert.notEqual(bootId(), '')
  })
})
