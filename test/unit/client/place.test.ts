import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { chooseSocketFolder, findSockets, homePath } from '../../../daemon/client/place.ts'

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-place-')))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

describe('homePath', () => {
  it('is the variable, else ~/.skein', () => {
    assert.equal(homePath({ SKEIN_HOME: '/nonexistent/home' }), '/nonexistent/home')
    assert.equal(
      homePath({}, () => '/nonexistent'),
      '/nonexistent/.skein',
    )
    assert.equal(
      homePath({ SKEIN_HOME: '' }, () => '/nonexistent'),
      '/nonexistent/.skein',
    )
    assert.equal(homePath({ SKEIN_HOME: 'relative' }), path.resolve('relative'))
  })

  it('is one path whatever link leads to it', (t) => {
    const folder = makeFolder(t)
    const home = path.join(folder, 'home')
    mkdirSync(home)
    symlinkSync(home, path.join(folder, 'link'))
    assert.equal(homePath({ SKEIN_HOME: path.join(folder, 'link') }), home)
    assert.equal(homePath({ SKEIN_HOME: `${home}/` }), home)
  })
})

describe('findSockets', () => {
  it('finds the sockets of a home that names no folder in the home', (t) => {
    const home = makeFolder(t)
    const own = { api: path.join(home, 'api.sock'), mcp: path.join(home, 'mcp.sock') }
    assert.deepEqual(findSockets(home), own)
    writeFileSync(path.join(home, 'sockets'), 'not/absolute')
    assert.deepEqual(findSockets(home), own)
  })

  it('finds them in the folder that the home names, made yet or not', (t) => {
    const [home, folder] = [makeFolder(t), makeFolder(t)]
    for (const place of [folder, path.join(folder, 'gone')]) {
      writeFileSync(path.join(home, 'sockets'), `${place}\n`)
      assert.equal(findSockets(home).api, path.join(place, 'api.sock'))
    }
  })

  it('refuses a folder that is a link', (t) => {
    const [home, folder] = [makeFolder(t), makeFolder(t)]
    symlinkSync(folder, path.join(folder, 'link'))
    writeFileSync(path.join(home, 'sockets'), path.join(folder, 'link'))
    assert.throws(() => findSockets(home), { code: 'HOME_UNUSABLE' })
  })
})

describe('chooseSocketFolder', () => {
  const long = `/${'x'.repeat(90)}`

  it('is the home up to 90 bytes', () => {
    assert.equal(chooseSocketFolder('/home/ann/.skein', {}), '/home/ann/.skein')
    assert.equal(chooseSocketFolder(long.slice(0, 90), {}), long.slice(0, 90))
    assert.notEqual(chooseSocketFolder(long, {}), long)
    // Bytes, not characters.
    assert.notEqual(chooseSocketFolder(`/${'ü'.repeat(50)}`, {}), `/${'ü'.repeat(50)}`)
  })

  it('is short, made of the home, and in the first base that can be used', (t) => {
    const base = makeFolder(t)
    const folder = chooseSocketFolder(long, { XDG_RUNTIME_DIR: base })
    assert.match(folder, new RegExp(`^${base}/skein-[0-9a-f]{16}$`))
    assert.equal(folder, chooseSocketFolder(long, { XDG_RUNTIME_DIR: base }))
    assert.notEqual(folder, chooseSocketFolder(`${long}y`, { XDG_RUNTIME_DIR: base }))
    for (const XDG_RUNTIME_DIR of [
      '/nonexistent',
      'relative',
      '',
      path.join(base, 'y'.repeat(80)),
    ]) {
      assert.equal(path.dirname(chooseSocketFolder(long, { XDG_RUNTIME_DIR }, () => base)), base)
    }
  })
})
