// The write bits of real files, taken and given back.
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { openReadOnly, type ReadOnly } from '../../../daemon/watching/read-only.ts'
import { asPeerId } from '../../../protocol/index.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

/** As a daemon that ended without a word has left it. */
function leftBehind(home: string, root: string, files: readonly string[]): ReadOnly {
  for (const file of files) chmodSync(path.join(root, file), 0o444)
  const taken = Object.fromEntries(files.map((file) => [path.join(root, file), 0o200]))
  writeFileSync(path.join(home, 'read-only.json'), JSON.stringify(taken))
  const nothing = {} as never
  return openReadOnly({ home, self: asPeerId('p'), git: nothing, callers: nothing })
}

describe('giving the bits back', () => {
  it('goes on past a folder that has become a file, or a link to itself', (t) => {
    const root = makeFolder(t)
    const files = ['a/x.ts', 'b/x.ts', 'c.ts']
    for (const file of files) writeIn(root, file, 'x\n')
    const home = makeFolder(t)
    const bits = leftBehind(home, root, files)
    for (const folder of ['a', 'b']) rmSync(path.join(root, folder), { recursive: true })
    writeIn(root, 'a', 'a file now\n')
    symlinkSync('b', path.join(root, 'b'))
    bits.release()
    assert.equal(statSync(path.join(root, 'c.ts')).mode & 0o777, 0o644)
    assert.equal(readFileSync(path.join(home, 'read-only.json'), 'utf8'), '{}\n')
  })
})
