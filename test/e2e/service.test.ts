// The user service: files that the systems' own checkers accept, and a command that leaves one daemon running, its own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { serviceFile, serviceText } from '../../daemon/service/unit.ts'
import { makeMachine, PROGRAM } from '../helpers/cli-daemon.ts'
import { makeFolder } from '../helpers/repo.ts'
import { standInManager } from '../helpers/service-manager.ts'

/** No bus is named, so that a manager that runs here is not asked. */
const NO_MANAGER = { XDG_RUNTIME_DIR: '/nonexistent', DBUS_SESSION_BUS_ADDRESS: '' }
const ODD = 'a b 100% $x "q" \\ it\'s <&>'

function isMissing(program: string, ...words: readonly string[]): string | false {
  return spawnSync(program, words).status === 0 ? false : `${program} is not installed here`
}

describe('the unit of systemd', { skip: isMissing('systemd-analyze', '--version') }, () => {
  for (const name of [ODD, 'a b 100% $x <&>']) {
    it(`is accepted by systemd-analyze, which finds the program in \`${name}\``, (t) => {
      const folder = makeFolder(t)
      const odd = path.join(folder, name)
      mkdirSync(odd)
      symlinkSync(process.execPath, path.join(odd, 'node'))
      const file = path.join(folder, 'skein.service')
      const self = [path.join(odd, 'node'), PROGRAM]
      const facts = { folder: odd, home: path.join(odd, '.skein'), searched: `${odd}:/usr/bin` }
      const text = serviceText('systemd', { self, ...facts })
      assert.deepEqual(verify(file, text), [0, ''])
      // It looks: another program would not be there.
      const other = text.replace(/(ExecStart="[^"]*)/, '$1-none')
      assert.match(verify(file, other)[1], /is not executable/)
    })
  }
})

function verify(file: string, text: string): readonly [number | null, string] {
  writeFileSync(file, text)
  // Without --user, which needs a run-time folder: the grammar is the same.
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file])
  return [status, String(stderr)]
}

describe('the agent of launchd', () => {
  it(
    'is a property list that says the same',
    {
      skip: isMissing('python3', '-c', 'import plistlib'),
    },
    () => {
      const facts = { folder: `/${ODD}`, home: `/${ODD}/.skein`, searched: '/usr/bin:/bin' }
      const text = serviceText('launchd', { self: [`/${ODD}/node`, '/opt/skein.js'], ...facts })
      const script =
        'import json,plistlib,sys;print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
      const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: text })
      assert.equal(String(stderr), '')
      assert.deepEqual(JSON.parse(String(stdout)), {
        Label: 'dev.skein.daemon',
        ProgramArguments: [`/${ODD}/node`, '/opt/skein.js', 'up', '--quiet', '--detached'],
        WorkingDirectory: '/',
        EnvironmentVariables: {
          HOME: `/${ODD}`,
          SKEIN_HOME: `/${ODD}/.skein`,
          PATH: '/usr/bin:/bin',
        },
        RunAtLoad: true,
        KeepAlive: { SuccessfulExit: false },
        ThrottleInterval: 10,
        ExitTimeOut: 30,
        AbandonProcessGroup: true,
        SoftResourceLimits: { Core: 0 },
        StandardErrorPath: `/${ODD}/.skein/logs/service.err`,
      })
    },
  )
})

const isLinux = process.platform === 'linux'

describe('skein service', { skip: isLinux ? false : 'Linux only' }, () => {
  it('takes over from a daemon that runs by itself, once, and goes again', async (t) => {
    const machine = makeMachine(t)
    const { env, calls } = standInManager(machine)
    const run = async (words: string) => {
      const ran = await machine.run(words, { env })
      return {
        ...ran,
        answer: ran.stdout.startsWith('{') ? (JSON.parse(ran.stdout) as object) : {},
      }
    }
    assert.equal((await run('up --background')).exit, 0)
    assert.equal((await run('service status')).exit, 1)
    const first = await run('service install')
    assert.equal(first.exit, 0, first.stderr)
    assert.match(first.stdout, /^wrote .*skein\.service\nThe daemon that ran by itself/)
    assert.deepEqual(
      calls().filter((call) => call.includes('start')),
      ['restart skein.service'],
    )
    const again = await run('service install')
    assert.match(again.stdout, /^unchanged /)
    assert.deepEqual(calls().at(-1), 'start skein.service')
    const state = await run('service status --json')
    assert.equal(state.exit, 0)
    const { pid } = (await run('status --json')).answer as { pid: number }
    const wanted = { found: 'ours', enabled: true, active: true, pid, lingering: true }
    assert.deepEqual({ ...state.answer, ...wanted }, state.answer)
    const doctor = await run('doctor --json')
    assert.match(doctor.stdout, /"name": "service",\s+"level": "OK"/)
    // A program that has come since, where the service does not look.
    const later = path.join(machine.folder, 'later')
    mkdirSync(later)
    writeFileSync(path.join(later, 'opencode'), '#!/bin/sh\n', { mode: 0o755 })
    const missed = await machine.run('doctor', { env: { PATH: `${later}:${env['PATH'] ?? ''}` } })
    assert.match(missed.stdout, /WARN {2}service +its PATH has no opencode, which you find here/)
    assert.equal((await run('service uninstall')).exit, 0)
    assert.equal((await run('service status --json')).exit, 1)
    assert.match((await run('service uninstall')).stdout, /No service of skein is here/)
  })

  it('never writes over a file that is not as skein wrote it', async (t) => {
    const machine = makeMachine(t)
    const at = { env: NO_MANAGER }
    const file = serviceFile('systemd', { HOME: machine.folder })
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, '[Service]\nExecStart=/bin/true\n')
    for (const act of ['install', 'uninstall']) {
      const ran = await machine.run(`service ${act}`, at)
      assert.equal(ran.exit, 1)
      assert.match(
        ran.stderr,
        /was not written by skein, and is left alone\.\n {2}ACTION REQUIRED: rm /,
      )
    }
    assert.equal(readFileSync(file, 'utf8'), '[Service]\nExecStart=/bin/true\n')
    const printed = await machine.run('service print', at)
    writeFileSync(file, `${printed.stdout}# mine\n`)
    assert.match((await machine.run('service install', at)).stderr, /was changed since/)
    writeFileSync(file, printed.stdout)
    assert.match(
      (await machine.run('service install --dry-run', at)).stderr,
      /Nothing would change/,
    )
  })

  it('shows what it would do, and says what to do where no manager answers', async (t) => {
    const machine = makeMachine(t)
    const at = { env: NO_MANAGER }
    const file = serviceFile('systemd', { HOME: machine.folder })
    const shown = await machine.run('service install --dry-run', at)
    assert.match(shown.stdout, /^\+KillMode=process$/m)
    assert.match(shown.stderr, /then: systemctl --user enable --now skein\.service/)
    assert.ok(!existsSync(file))
    const ran = await machine.run('service install', at)
    assert.equal(ran.exit, 1)
    assert.match(ran.stderr, /not started: no systemd of yours answers here/)
    assert.ok(existsSync(file))
    assert.equal((await machine.run('service uninstall', at)).exit, 0)
    assert.ok(!existsSync(file))
  })
})

describe('init --service', { skip: isLinux ? false : 'Linux only' }, () => {
  it('writes the unit, says what to do where no manager answers, and takes it away again', async (t) => {
    const machine = makeMachine(t)
    const root = machine.makeRepo('shop', { 'README.md': '# shop\n' })
    const at = { cwd: root, env: NO_MANAGER }
    const init = await machine.run('init --service --yes', at)
    assert.equal(init.exit, 1)
    assert.match(init.stderr, /not started: no systemd of yours answers here/)
    const file = serviceFile('systemd', { HOME: machine.folder })
    assert.ok(readFileSync(file, 'utf8').includes(`"SKEIN_HOME=${machine.home}"`))
    assert.equal(
      (await machine.run('init --service --yes', at)).stdout.split('\n')[0],
      'Nothing to change: all of it is there.',
    )
    assert.equal((await machine.run('uninstall --service --yes', at)).exit, 0)
    assert.ok(!existsSync(file))
  })
})
