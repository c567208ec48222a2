// The pass of a checkout's hooks, and the proofs of sessions that were answered.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  findPass,
  listPasses,
  makePass,
  passFile,
  passId,
} from '../../../daemon/http-hooks/passes.ts'
import { openProofs, proofsFolder } from '../../../daemon/http-hooks/proofs.ts'

function makeHome(t: TestContext): string {
  const home = mkdtempSync(path.join(os.tmpdir(), 'skein-passes-'))
  t.after(() => {
    rmSync(home, { recursive: true, force: true })
  })
  return home
}

function keep(home: string, root: string): string {
  const { text, kept } = makePass(root)
  mkdirSync(path.dirname(passFile(home, root)), { recursive: true })
  writeFileSync(passFile(home, root), kept)
  return text
}

describe('a pass', () => {
  it('is good for its checkout, until its file is another or gone', (t) => {
    const home = makeHome(t)
    const first = keep(home, '/a')
    assert.deepEqual(findPass(home, first), { id: passId('/a'), root: '/a' })
    assert.deepEqual(listPasses(home), [{ id: passId('/a'), root: '/a' }])
    const second = keep(home, '/a')
    assert.equal(findPass(home, first), null)
    assert.equal(findPass(home, second)?.root, '/a')
    rmSync(passFile(home, '/a'))
    assert.equal(findPass(home, second), null)
  })

  it('is no other text', (t) => {
    const home = makeHome(t)
    const text = keep(home, '/a')
    keep(home, '/b')
    const swapped = text.replace(passId('/a'), passId('/b'))
    const forms = [
      '',
      'skein_h_',
      `${text}0`,
      text.slice(0, -1),
      swapped,
      text.replace('_h_', '_a_'),
    ]
    for (const form of forms) assert.equal(findPass(home, form), null, form)
  })
})

describe('proofs', () => {
  it('name the process for each session, and go with the daemon', (t) => {
    const home = makeHome(t)
    const proofs = openProofs(home, 4711)
    const file = path.join(proofsFolder(home, 'aa'), 'one')
    proofs.note('aa', 'one')
    assert.equal(readFileSync(file, 'utf8'), '4711\n')
    proofs.note('aa', '../two')
    assert.ok(!existsSync(path.join(home, 'http-hooks', 'two')))
    proofs.close()
    assert.ok(!existsSync(file))
    proofs.note('aa', 'one')
    assert.ok(!existsSync(file), 'it is closed')
  })

  it('of an earlier daemon prove nothing', (t) => {
    const home = makeHome(t)
    openProofs(home, 4711).note('aa', 'one')
    openProofs(home, 4712)
    assert.ok(!existsSync(path.join(proofsFolder(home, 'aa'), 'one')))
  })

  it('are bounded: the oldest goes', (t) => {
    const home = makeHome(t)
    const proofs = openProofs(home, 1)
    for (let i = 0; i <= 1_000; i++) proofs.note('aa', `s${String(i)}`)
    assert.ok(!existsSync(path.join(proofsFolder(home, 'aa'), 's0')))
    assert.ok(existsSync(path.join(proofsFolder(home, 'aa'), 's1000')))
  })
})
