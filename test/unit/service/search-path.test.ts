import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readLoginPath } from '../../../daemon/service/login-shell.ts'
import { servicePath, stableProgram } from '../../../daemon/service/search-path.ts'

function makePlace(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-place-')))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function withPrograms(folder: string, ...names: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  for (const name of names) writeFileSync(path.join(folder, name), '#!/bin/sh\n', { mode: 0o755 })
  return folder
}

describe('the PATH of a service', () => {
  it('has what this terminal, a login shell and agents have, each once and in that order', (t) => {
    const home = makePlace(t)
    const own = withPrograms(path.join(home, 'tools'), 'claude')
    const nvm = withPrograms(path.join(home, '.nvm/v20/bin'), 'node')
    const env = { HOME: home, PATH: `${own}:${nvm}:/usr/bin` }
    const node = path.join(nvm, 'node')
    const login = '/usr/bin:/opt/company/bin:relative'
    const at = { env, cwd: '/', passing: [], node }
    const made = servicePath({ ...at, login, platform: 'linux' }).split(':')
    assert.deepEqual(made.slice(0, 4), [own, nvm, '/usr/bin', '/opt/company/bin'])
    for (const usual of ['.local/bin', '.cargo/bin'])
      assert.ok(made.includes(path.join(home, usual)))
    assert.ok(made.includes('/usr/local/bin'))
    assert.equal(new Set(made).size, made.length)
    assert.ok(made.every((folder) => path.isAbsolute(folder)))
    const mac = servicePath({ ...at, login: null, platform: 'darwin' })
    assert.ok(mac.includes(':/opt/homebrew/bin:'))
  })

  it('has nothing of the checkout here, of packages, or of this login alone', (t) => {
    const home = makePlace(t)
    const checkout = path.join(home, 'shop')
    mkdirSync(path.join(checkout, '.git'), { recursive: true })
    const chosen = withPrograms(path.join(checkout, 'bin'), 'git')
    const packages = withPrograms(path.join(home, 'node_modules/.bin'), 'git')
    const passing = withPrograms(path.join(home, 'run/user/7'))
    const broken = withPrograms(path.join(home, 'a\nb'))
    const env = { HOME: home, PATH: `${chosen}:${packages}:${broken}:${passing}:${home}/none:/bin` }
    const facts = {
      env,
      cwd: checkout,
      passing: [passing],
      node: '/bin/node',
      login: null,
      platform: 'linux',
    } as const
    assert.equal(servicePath(facts).split(':')[0], '/bin')
  })

  it('names the runtime by a link that its next upgrade keeps', (t) => {
    const home = makePlace(t)
    const version = withPrograms(path.join(home, 'Cellar/node/22.1.0/bin'), 'node')
    const links = path.join(home, 'links')
    mkdirSync(links)
    symlinkSync(path.join(version, 'node'), path.join(links, 'node'))
    const program = path.join(version, 'node')
    const at = { env: { HOME: home, PATH: `/nowhere:${links}` }, cwd: null, passing: [] }
    assert.equal(stableProgram(program, at), path.join(links, 'node'))
    assert.equal(stableProgram(program, { ...at, env: { PATH: '/usr/bin' } }), program)
  })
})

describe('what a login shell says', () => {
  it('is its PATH, whatever its files print; nothing where it fails or is unknown', async (t) => {
    const home = makePlace(t)
    const shell = path.join(home, 'bash')
    const write = (text: string): void => {
      writeFileSync(shell, `#!/bin/sh\n${text}\n`)
      chmodSync(shell, 0o755)
    }
    write('echo welcome; PATH=/a:/b; shift; shift; eval "$1"; sleep 30 &')
    assert.equal(await readLoginPath({ SHELL: shell }), '/a:/b')
    write('echo no')
    assert.equal(await readLoginPath({ SHELL: shell }), null)
    assert.equal(await readLoginPath({ SHELL: '/bin/tcsh' }), null)
    assert.equal(await readLoginPath({ SHELL: path.join(home, 'none/bash') }), null)
  })
})
