import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { findSockets } from '../../../daemon/client/place.ts'
import { createFile, openHome, replaceFile, socketPaths } from '../../../daemon/home.ts'

const NOBODY = 65_534
const isRoot = process.geteuid?.() === 0

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-home-')))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Acts as a user without rights; root may do anything. */
function asNobody(act: () => void): void {
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    act()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

const unusable = (text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error)
  assert.equal(error.code, 'HOME_UNUSABLE')
  assert.match(error.message, text)
  return true
}

describe('openHome', () => {
  it('creates a private home with folders, version and token', (t) => {
    const home = path.join(makeFolder(t), 'new', 'home')
    const { token } = openHome(home)
    assert.match(token, /^skein_[0-9a-f]{64}$/)
    assert.equal(statSync(home).mode & 0o777, 0o700)
    assert.equal(statSync(path.join(home, 'token')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(home).sort(), ['VERSION', 'audit', 'ledger', 'logs', 'token'])
    assert.equal(readFileSync(path.join(home, 'token'), 'utf8'), `${token}\n`)
  })

  it('keeps the token of an earlier start', (t) => {
    const home = makeFolder(t)
    assert.equal(openHome(home).token, openHome(home).token)
  })

  it('closes a home that others could read', (t) => {
    const home = makeFolder(t)
    chmodSync(home, 0o755)
    openHome(home)
    assert.equal(statSync(home).mode & 0o777, 0o700)
  })

  it('refuses a home that others can write to, and leaves it alone', (t) => {
    const home = makeFolder(t)
    chmodSync(home, 0o770)
    assert.throws(() => openHome(home), unusable(/can be written to by other users/))
    assert.equal(statSync(home).mode & 0o777, 0o770)
    assert.deepEqual(readdirSync(home), [])
  })

  it('refuses a home of another user', { skip: !isRoot }, (t) => {
    const home = makeFolder(t)
    chownSync(home, NOBODY, NOBODY)
    assert.throws(() => openHome(home), unusable(/belongs to another user/))
  })

  it('refuses a file', (t) => {
    const home = path.join(makeFolder(t), 'file')
    writeFileSync(home, '')
    assert.throws(() => openHome(home), unusable(/is not a folder/))
    assert.throws(() => openHome(path.join(home, 'below')), unusable(/is not a folder/))
  })

  it('refuses a home that it cannot write to', (t) => {
    const outer = makeFolder(t)
    const home = path.join(outer, 'home')
    mkdirSync(home)
    if (isRoot) chownSync(home, NOBODY, NOBODY)
    chmodSync(outer, 0o755)
    chmodSync(home, 0o500)
    asNobody(() => {
      assert.throws(() => openHome(path.join(home, 'deeper')), unusable(/cannot be written to/))
    })
    chmodSync(home, 0o700)
  })

  it('refuses a newer format, and a version that is none', (t) => {
    const home = makeFolder(t)
    writeFileSync(path.join(home, 'VERSION'), '2\n')
    assert.throws(() => openHome(home), { code: 'HOME_NEWER' })
    writeFileSync(path.join(home, 'VERSION'), 'two')
    assert.throws(() => openHome(home), unusable(/holds no version/))
  })

  it('refuses a damaged token instead of making another', (t) => {
    const home = makeFolder(t)
    writeFileSync(path.join(home, 'token'), 'skein_')
    assert.throws(() => openHome(home), unusable(/holds no token/))
    assert.equal(readFileSync(path.join(home, 'token'), 'utf8'), 'skein_')
  })
})

describe('socketPaths', () => {
  it('puts the sockets into a home with a short path', (t) => {
    const home = makeFolder(t)
    writeFileSync(path.join(home, 'sockets'), '/left/over')
    assert.deepEqual(socketPaths(home, {}), {
      api: path.join(home, 'api.sock'),
      mcp: path.join(home, 'mcp.sock'),
    })
    assert.equal(existsSync(path.join(home, 'sockets')), false)
    assert.deepEqual(findSockets(home), socketPaths(home, {}))
  })

  it('puts them into a short private folder for a long path, where clients find them', (t) => {
    const runtime = makeFolder(t)
    const home = path.join(makeFolder(t), 'x'.repeat(90))
    openHome(home)
    const sockets = socketPaths(home, { XDG_RUNTIME_DIR: runtime })
    assert.ok(Buffer.byteLength(sockets.api) < 104)
    assert.equal(path.dirname(path.dirname(sockets.api)), runtime)
    assert.equal(statSync(path.dirname(sockets.api)).mode & 0o777, 0o700)
    assert.deepEqual(findSockets(home), sockets)
  })

  it('keeps a folder that clients know, and makes another when it is gone', (t) => {
    const [first, second] = [makeFolder(t), makeFolder(t)]
    const home = path.join(makeFolder(t), 'x'.repeat(90))
    openHome(home)
    const sockets = socketPaths(home, { XDG_RUNTIME_DIR: first })
    assert.deepEqual(socketPaths(home, { XDG_RUNTIME_DIR: second }), sockets)
    rmSync(first, { recursive: true })
    const moved = socketPaths(home, { XDG_RUNTIME_DIR: second })
    assert.equal(path.dirname(path.dirname(moved.api)), second)
  })

  it('never uses a folder that somebody else made', { skip: !isRoot }, (t) => {
    const runtime = makeFolder(t)
    const home = path.join(makeFolder(t), 'x'.repeat(90))
    openHome(home)
    const folder = path.dirname(socketPaths(home, { XDG_RUNTIME_DIR: runtime }).api)
    chownSync(folder, NOBODY, NOBODY)
    assert.throws(() => findSockets(home), unusable(/belongs to somebody else/))
    rmSync(path.join(home, 'sockets'))
    const again = () => socketPaths(home, { XDG_RUNTIME_DIR: runtime })
    assert.throws(again, unusable(/belongs to another user/))
  })
})

describe('files of the home', () => {
  it('are created once and replaced whole, without leaving anything behind', (t) => {
    const file = path.join(makeFolder(t), 'file')
    assert.equal(createFile(file, 'one'), true)
    assert.equal(createFile(file, 'two'), false)
    assert.equal(readFileSync(file, 'utf8'), 'one')
    replaceFile(file, 'three')
    assert.equal(readFileSync(file, 'utf8'), 'three')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(path.dirname(file)), ['file'])
  })
})
