// `npm run test:offline`: the archive, on a machine that has Node, git, an empty environment, a fresh home and no network. The daemon is
// started as the installed unit says, and where root may have namespaces, by a real user manager of systemd.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Ran } from '../helpers/cli-io.ts'
import { seal } from '../helpers/offline-archive.ts'
import { until } from '../helpers/poll.ts'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..')
const MIB_MAX = 8
const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-offline-')))
const home = path.join(folder, "ann's $home 100%")
const prefix = path.join(home, '.local')
const unit = path.join(home, '.config/systemd/user/skein.service')
const repo = path.join(folder, 'shop')
/** All that a login brings; no more than what hooks and agents are promised. */
const ENV = { HOME: home, PATH: `${prefix}/bin:/usr/bin:/bin`, SHELL: '/bin/sh' }
const CUT_OFF = ['unshare', '--map-root-user', '--net']

/** Without a network. */
function offline(words: readonly string[], env: Readonly<Record<string, string>> = ENV): Ran {
  const [program = '', ...rest] = [...CUT_OFF, ...words]
  const at = { cwd: existsSync(repo) ? repo : folder, env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(program, rest, at)
  return { exit: status ?? -1, stdout, stderr }
}

const skein = (line: string, session = 'one'): Ran =>
  offline(['skein', ...line.split(' ')], { ...ENV, SKEIN_SESSION: session })

function must({ exit, stdout, stderr }: Ran): string {
  assert.equal(exit, 0, stderr + stdout)
  return stdout
}

/** Words of a line of a unit, as systemd.syntax(7) and systemd.service(5) have them. */
function unitWords(line: string): readonly string[] {
  const quoted = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)]
  return quoted.map(([, inside, bare = '']) => {
    return (inside ?? bare).replace(/\\([\\"])/g, '$1').replaceAll('%%', '%')
  })
}

function makeRepo(at: string): void {
  mkdirSync(path.join(at, 'src'), { recursive: true })
  writeFileSync(path.join(at, 'src/login.ts'), 'export function login(): void {}\n')
  const git = (...words: readonly string[]): void => {
    execFileSync('git', ['-C', at, ...words], { stdio: 'ignore' })
  }
  git('init', '--initial-branch=main')
  git('add', '--all')
  git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--message', 'start')
}

function listOf(at: string): readonly string[] {
  const names = readdirSync(at, { recursive: true }).map(String).sort()
  return names.map((name) => {
    const found = statSync(path.join(at, name))
    return found.isDirectory() ? name : `${name} ${String(found.mtimeMs)}`
  })
}

const isCut = spawnSync('unshare', [...CUT_OFF.slice(1), 'true']).status === 0
const skip = isCut ? false : 'unshare --map-root-user --net is not allowed here'

describe('the offline archive', { skip, timeout: 300_000 }, () => {
  let archive = ''

  before(() => {
    const words = [path.join(ROOT, '.ci/pack-offline.mjs'), folder]
    execFileSync(process.execPath, words, { stdio: 'inherit' })
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.tar.gz'))
    assert.ok(statSync(path.join(folder, file)).size < MIB_MAX * 1024 * 1024)
    execFileSync('tar', ['-xzf', path.join(folder, file), '-C', folder])
    archive = path.join(folder, file.replace('-offline.tar.gz', ''))
    mkdirSync(home)
  })
  after(() => {
    offline(['skein', 'down'])
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const install = (...words: readonly string[]): Ran =>
    offline([path.join(archive, 'install.sh'), ...words])

  it('has no network to fall back on', () => {
    const { stdout } = offline(['cat', '/proc/net/dev'])
    assert.deepEqual(
      stdout.match(/^\s*\w+:/gm)?.map((name) => name.trim()),
      ['lo:'],
    )
  })

  it('installs, with the service where no manager runs, and says so', () => {
    const { exit, stdout, stderr } = install('--service')
    assert.match(stdout, /^installed skein /)
    assert.match(stderr, /not started: no systemd of yours answers here/)
    assert.equal(exit, 1)
    assert.match(must(skein('version')), /^skein \d/)
    assert.ok(existsSync(path.join(prefix, 'share/man/man1/skein.1')))
  })

  const isThere = spawnSync('systemd-analyze', ['--version']).status === 0
  it('writes a unit that systemd accepts', { skip: isThere ? false : 'no systemd-analyze' }, () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit])
    assert.deepEqual([status, String(stderr)], [0, ''])
  })

  it('starts as the unit says, with nothing else in the environment', async () => {
    const text = readFileSync(unit, 'utf8')
    const start = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? ''
    const words = unitWords(start).map((word, i) => (i === 0 ? word : word.replaceAll('$$', '$')))
    const given = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) =>
      unitWords(line),
    )
    const [program = '', ...rest] = [...CUT_OFF, '/usr/bin/env', '-i', ...given, ...words]
    assert.ok(words.slice(0, 2).every((word) => path.isAbsolute(word)))
    const daemon = spawn(program, rest, { cwd: '/', env: {}, stdio: 'ignore', detached: true })
    daemon.unref()
    await until('the daemon is ready', () => skein('status --quiet').exit === 0, {
      withinMs: 20_000,
      everyMs: 200,
    })
  })

  it('enrols a fresh repository, and claims files and symbols of it', () => {
    makeRepo(repo)
    must(skein('init --yes --tool all'))
    assert.match(must(skein('claim src/login.ts --symbol login')), /^granted/)
    assert.equal(skein('claim src/login.ts', 'two').exit, 1)
    assert.match(must(skein('service print', 'two')), /^ExecStart=/m)
    assert.match(skein('doctor').stdout, /^OK {4}service /m)
  })

  it('changes nothing the second time', () => {
    const before = listOf(prefix)
    assert.match(must(install()), /is installed already/)
    assert.deepEqual(listOf(prefix), before)
    assert.match(skein('service install').stdout, /^unchanged /)
  })

  it('upgrades under a daemon that runs, which goes on, and says how to start the new one', () => {
    const next = path.join(folder, 'next')
    cpSync(archive, next, { recursive: true })
    writeFileSync(path.join(next, 'package/README.md'), '# another build\n')
    seal(next, '0.2.0')
    const stdout = must(offline([path.join(next, 'install.sh')]))
    assert.match(stdout, /^upgraded skein to 0\.2\.0/)
    assert.match(stdout, /skein down && skein up --background/)
    // Parts that were never loaded until now are those of the daemon's own build.
    must(skein('metrics'))
    must(skein('why src/login.ts'))
    assert.match(must(skein('claims --json')), /login/)
  })

  it('goes, but for the home', () => {
    must(skein('uninstall --yes --all'))
    const stdout = must(install('--uninstall'))
    assert.match(stdout, /\.skein' stays|\.skein stays/)
    assert.ok(!existsSync(unit))
    assert.deepEqual(
      listOf(prefix).filter((name) => name.includes('skein')),
      [],
    )
    assert.ok(existsSync(path.join(home, '.skein/ledger')))
  })
})

const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--cgroup', '--mount-proc']
const isManaged =
  existsSync('/lib/systemd/systemd') &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', [...NAMESPACES, 'true']).status === 0

describe(
  'a user manager of systemd',
  {
    skip: isManaged ? skip : 'it needs systemd, root and namespaces',
    timeout: 120_000,
  },
  () => {
    it('starts the service, and a worker outlives its restart', () => {
      const place = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-manager-')))
      const own = path.join(place, 'home')
      mkdirSync(path.join(own, '.skein'), { recursive: true, mode: 0o700 })
      makeRepo(path.join(place, 'origin'))
      execFileSync('git', [
        'clone',
        '--quiet',
        path.join(place, 'origin'),
        path.join(place, 'shop'),
      ])
      const launchers = 'fleet:\n  launchers:\n    script: { command: sh, args: [-s] }\n'
      writeFileSync(path.join(own, '.skein/config.yml'), launchers, { mode: 0o600 })
      writeFileSync(path.join(own, '.skein/service.env'), 'FROM_SERVICE_ENV=yes\n', { mode: 0o600 })
      const script = `
      cd '${place}/shop'
      skein() { '${process.execPath}' '${path.join(ROOT, 'dist/skein.js')}' "$@"; }
      skein service install >/dev/null
      skein service status --json >'${place}/first'
      skein init --yes --quiet
      skein assign 'echo $$ >${place}/worker; env >${place}/env; exec sleep 60' --launcher script --json >/dev/null
      until [ -s '${place}/worker' ] && [ -s '${place}/env' ]; do sleep 0.1; done
      skein service install --restart >/dev/null
      skein service status --json >'${place}/second'
      kill -0 "$(cat '${place}/worker')" && echo lives >'${place}/lives'
      skein workers --json >'${place}/workers'
      kill -9 "$(sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' '${place}/second')"
      until skein service status --json >'${place}/third' 2>/dev/null; do sleep 0.2; done
      kill -0 "$(cat '${place}/worker')" && echo lives >>'${place}/lives'
      skein service uninstall >/dev/null`
      const manager = path.join(ROOT, 'test/offline/user-manager.sh')
      const env = { PATH: process.env['PATH'] ?? '', SKEIN_HTTP_PORT: '0' }
      try {
        const ran = spawnSync('unshare', [...NAMESPACES, manager, own, script], {
          env,
          encoding: 'utf8',
        })
        assert.equal(ran.status, 0, ran.stderr + ran.stdout)
        const read = (name: string): string => readFileSync(path.join(place, name), 'utf8')
        const [first, second, third] = ['first', 'second', 'third'].map(
          (name) => JSON.parse(read(name)) as { active: boolean; pid: number },
        )
        assert.ok(first?.active && second?.active && third?.active)
        assert.equal(new Set([first.pid, second.pid, third.pid]).size, 3)
        assert.equal(read('lives'), 'lives\nlives\n')
        assert.match(read('workers'), /"state": "running"/)
        assert.match(read('env'), /^FROM_SERVICE_ENV=yes$/m)
        assert.match(read('env'), new RegExp(`^PATH=.*:${own}/\\.local/bin`, 'm'))
        assert.ok(!existsSync(path.join(own, '.config/systemd/user/skein.service')))
      } finally {
        rmSync(place, { recursive: true, force: true, maxRetries: 5 })
      }
    })
  },
)
