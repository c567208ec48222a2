// install.sh: what it refuses, and that it takes nothing that is not its own. The real program is installed by `npm run test:offline`.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { makeFolder } from '../helpers/repo.ts'
import { makeArchive, makePath, runInstaller } from '../helpers/offline-archive.ts'

const GIT = 'echo git version 2.39.2'
const NODE = `exec '${process.execPath}' "$@"`

function makePlace(t: TestContext, programs: Readonly<Record<string, string>>) {
  const folder = makeFolder(t)
  const home = path.join(folder, "o'dd $home 100%")
  mkdirSync(home)
  const archive = makeArchive(folder, '1.2.3')
  const env = { HOME: home, PATH: makePath(folder, programs) }
  const run = (...words: readonly string[]) => runInstaller(archive, words, env)
  return { folder, home, archive, env, run }
}

/** All below a folder, with when it was written. */
function listOf(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true }).map(String).sort()
  return names.map((name) => {
    const { mtimeMs, ino } = lstatSync(path.join(folder, name))
    // Folders may be looked into: what is in them counts.
    return name.endsWith('bin') ? name : `${name} ${String(mtimeMs)} ${String(ino)}`
  })
}

describe('install.sh refuses', () => {
  const AT = { git: GIT, node: NODE }
  const OLD = { git: GIT, node: 'if [ "$1" = --version ]; then echo v18.1.0; else exit 1; fi' }
  const CASES: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'without git',
      { node: NODE },
      /no git is on the PATH\.\n {2}ACTION REQUIRED: Install git 2\.31/,
    ],
    [
      'with an old git',
      { node: NODE, git: 'echo git version 2.30.9' },
      /2\.31 or newer; this is 2\.30/,
    ],
    ['without Node.js', { git: GIT }, /no Node\.js was found\.\n {2}ACTION REQUIRED/],
    ['with an old Node.js', OLD, /needs Node\.js 20\.19 or newer; \/.*\/node is v18\.1\.0/],
  ]
  for (const [what, programs, says] of CASES) {
    it(what, (t) => {
      const { archive, home, run } = makePlace(t, programs)
      // The usual places of this machine are not the test's.
      const script = path.join(archive, 'install.sh')
      const text = readFileSync(script, 'utf8')
      writeFileSync(script, text.replace(/(?:\/[\w/]+\/bin\/node )+/, ''))
      const { exit, stdout, stderr } = run()
      assert.deepEqual([exit, stdout], [1, ''])
      assert.match(stderr, says)
      assert.deepEqual(readdirSync(home), [])
    })
  }

  it('wrong words, and a Node.js that is none', (t) => {
    const { run, home } = makePlace(t, AT)
    for (const words of [
      ['--prefx', '/x'],
      ['--prefix'],
      ['--prefix', 'a\nb'],
      ['--node', '/none'],
    ])
      assert.equal(run(...words).exit, 64, words.join(' '))
    assert.match(run('--help').stdout, /^Usage: \.\/install\.sh/)
    assert.deepEqual(readdirSync(home), [])
  })

  it('a damaged archive', (t) => {
    const { run, home, archive } = makePlace(t, AT)
    appendFileSync(path.join(archive, 'package/dist/skein.js'), '// more\n')
    assert.match(run().stderr, /damaged, or was changed/)
    assert.deepEqual(readdirSync(home), [])
  })

  it('to write over a command of somebody else', (t) => {
    const { run, home } = makePlace(t, AT)
    const command = path.join(home, '.local/bin/skein')
    mkdirSync(path.dirname(command), { recursive: true })
    writeFileSync(command, '#!/bin/sh\n')
    assert.match(run().stderr, /skein is there, and not from here/)
    assert.match(run('--uninstall').stdout, /left alone, not from here/)
    assert.equal(readFileSync(command, 'utf8'), '#!/bin/sh\n')
  })
})

describe('install.sh', () => {
  const AT = { git: GIT, node: NODE }

  it('installs, changes nothing the second time, mends, upgrades, and goes', (t) => {
    const { run, home, folder, env } = makePlace(t, AT)
    const prefix = path.join(home, '.local')
    const skein = (): string =>
      execFileSync(path.join(prefix, 'bin/skein'), ['a b', "c'd"], { env: {}, encoding: 'utf8' })
    assert.match(run().stdout, /^installed skein 1\.2\.3: /)
    assert.equal(skein(), "1.2.3 a b c'd\n")
    const before = listOf(prefix)
    assert.match(run().stdout, /^skein 1\.2\.3 is installed already/)
    assert.deepEqual(listOf(prefix), before)
    const current = path.join(prefix, 'lib/skein/current')
    writeFileSync(path.join(current, 'dist/skein.js'), 'broken')
    assert.match(run().stdout, /^repairs /)
    assert.equal(skein(), "1.2.3 a b c'd\n")

    const first = readlinkSync(current)
    const upgrade = (version: string) => runInstaller(makeArchive(folder, version), [], env)
    assert.match(upgrade('1.3.0').stdout, /^upgraded skein to 1\.3\.0/)
    assert.equal(skein(), "1.3.0 a b c'd\n")
    assert.ok(existsSync(path.join(prefix, 'lib/skein', first)))
    upgrade('1.4.0')
    assert.ok(!existsSync(path.join(prefix, 'lib/skein', first)))

    assert.match(run('--uninstall').stdout, /removed skein from/)
    const left = readdirSync(prefix, { recursive: true }).map(String)
    assert.deepEqual(
      left.filter((name) => /skein/.test(name)),
      [],
    )
  })

  it('removes nothing while clones push through skein, unless it is forced', (t) => {
    const { run, home, folder, env } = makePlace(t, {
      ...AT,
      git: `if [ "$1" = --version ]; then ${GIT}; else exec /usr/bin/env -i PATH='${process.env['PATH'] ?? ''}' git "$@"; fi`,
    })
    run()
    const clone = path.join(folder, 'a clone')
    const git = (...words: readonly string[]) => execFileSync('git', ['-C', clone, ...words])
    execFileSync('git', ['init', '--quiet', clone])
    mkdirSync(path.join(home, '.skein'))
    writeFileSync(path.join(home, '.skein/config.yml'), `repos:\n  a/b:\n    - ${clone}\n`)
    git('config', 'url.skein::/srv/a.git.pushInsteadOf', '/srv/a.git')
    const refused = run('--uninstall')
    assert.equal(refused.exit, 1)
    assert.match(refused.stderr, /a clone\n.*nothing was removed/)
    assert.ok(existsSync(path.join(home, '.local/bin/skein')))
    const { stdout } = runInstaller(
      path.join(folder, 'skein-1.2.3'),
      ['--uninstall', '--force'],
      env,
    )
    assert.match(stdout, /\.skein stays: claims, logs/)
  })
})
