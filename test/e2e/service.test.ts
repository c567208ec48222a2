// The user service: a unit that the system's own checker accepts, and that starts the daemon it names.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { serviceFile, serviceText } from '../../daemon/wiring/service.ts'
import { makeMachine, PROGRAM } from '../helpers/cli-daemon.ts'
import { makeFolder } from '../helpers/repo.ts'

const ENV = { HOME: '/home/ann', SKEIN_HOME: '/home/ann/100% "mine" $x', PATH: '/usr/bin:/opt/a b' }
const SELF = ['/opt/a b/node', '/opt/skein.js']

describe('the unit of systemd', () => {
  it('quotes what a unit would read otherwise', () => {
    const text = serviceText(SELF, ENV, 'linux')
    assert.match(text, /^ExecStart="\/opt\/a b\/node" "\/opt\/skein\.js" up --quiet$/m)
    assert.match(
      text,
      /"SKEIN_HOME=\/home\/ann\/100%% \\"mine\\" \$\$x" "PATH=\/usr\/bin:\/opt\/a b"$/m,
    )
  })

  const isThere = spawnSync('systemd-analyze', ['--version']).status === 0
  it('is accepted by systemd-analyze', { skip: isThere ? false : 'not installed here' }, (t) => {
    const file = path.join(makeFolder(t), 'skein.service')
    const self = [process.execPath, PROGRAM]
    writeFileSync(file, serviceText(self, { ...process.env, SKEIN_HOME: '/tmp/none' }, 'linux'))
    // Without --user, which needs a run-time folder: the grammar is the same.
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file])
    assert.deepEqual([status, String(stderr)], [0, ''])
  })
})

describe('the agent of launchd', () => {
  it('is well-formed XML with every word of the program', () => {
    const text = serviceText(['/opt/<node>', '/opt/a&b.js'], ENV, 'darwin')
    assert.match(
      text,
      /<string>\/opt\/&lt;node&gt;<\/string>\n\s*<string>\/opt\/a&amp;b\.js<\/string>/,
    )
    assert.doesNotMatch(text, /__\w+__/)
  })
})

describe('init --service', { skip: process.platform === 'linux' ? false : 'Linux only' }, () => {
  it('writes the unit, says what to do where no manager answers, and takes it away again', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('shop', { 'README.md': '# shop\n' })
    // No bus is named, so that a manager that runs here is not asked.
    const env = { XDG_RUNTIME_DIR: '/nonexistent', DBUS_SESSION_BUS_ADDRESS: '' }
    const at = { cwd: root, env }
    const init = await machine.run('init --service --yes', at)
    assert.equal(init.exit, 0, init.stderr)
    assert.match(init.stdout, /No service manager of yours answers here/)
    const file = serviceFile({ HOME: machine.folder }, 'linux') ?? ''
    assert.equal(file, path.join(machine.folder, '.config/systemd/user/skein.service'))
    assert.ok(readFileSync(file, 'utf8').includes(`"SKEIN_HOME=${machine.home}"`))
    assert.equal(
      (await machine.run('init --service --yes', at)).stdout.split('\n')[0],
      'Nothing to change: all of it is there.',
    )
    assert.equal((await machine.run('uninstall --service --yes', at)).exit, 0)
    assert.ok(!existsSync(file))
  })
})
