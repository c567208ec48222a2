// The write bits of real files, taken and given back.
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Repo } from '../../../daemon/repos.ts'
import { openReadOnly, type ReadOnly } from '../../../daemon/watching/read-only.ts'
import { asPeerId } from '../../../protocol/index.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

/** As a daemon that ended without a word has left it. */
function leftBehind(home: string, taken: Readonly<Record<string, readonly string[]>>): ReadOnly {
  const noted = Object.entries(taken).map(([root, files]) => {
    for (const file of files) {
      writeIn(root, file, 'x\n')
      chmodSync(path.join(root, file), 0o444)
    }
    return [root, Object.fromEntries(files.map((file) => [file, 0o200]))]
  })
  writeFileSync(path.join(home, 'read-only.json'), JSON.stringify(Object.fromEntries(noted)))
  const nothing = {} as never
  return openReadOnly({ home, self: asPeerId('p'), git: nothing, callers: nothing })
}

function modes(root: string, ...files: readonly string[]): readonly string[] {
  return files.map((file) => (statSync(path.join(root, file)).mode & 0o777).toString(8))
}

describe('giving the bits back', () => {
  it('goes on past a folder that has become a file, or a link to itself', (t) => {
    const root = makeFolder(t)
    const home = makeFolder(t)
    const bits = leftBehind(home, { [root]: ['a/x.ts', 'b/x.ts', 'c.ts'] })
    for (const folder of ['a', 'b']) rmSync(path.join(root, folder), { recursive: true })
    writeIn(root, 'a', 'a file now\n')
    symlinkSync('b', path.join(root, 'b'))
    bits.release()
    assert.deepEqual(modes(root, 'c.ts'), ['644'])
    assert.equal(readFileSync(path.join(home, 'read-only.json'), 'utf8'), '{}\n')
  })

  it('is done at once for what a session was let write, and for nothing else', (t) => {
    const root = makeFolder(t)
    const bits = leftBehind(makeFolder(t), { [root]: ['a.ts', 'b.ts'] })
    bits.giveBack(root, (file) => file === 'a.ts')
    assert.deepEqual(modes(root, 'a.ts', 'b.ts'), ['644', '444'])
  })

  it('is one checkout’s matter, and not of another one inside it', async (t) => {
    const root = makeFolder(t)
    const inner = path.join(root, '.claude', 'worktrees', 'x')
    const bits = leftBehind(makeFolder(t), { [root]: ['a.ts'], [inner]: ['a.ts'] })
    await bits.apply({ checkouts: [root], host: null } as unknown as Repo)
    assert.deepEqual([...modes(root, 'a.ts'), ...modes(inner, 'a.ts')], ['644', '444'])
  })
})
