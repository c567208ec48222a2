// The kernel's watches, on real folders.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FolderWatches } from '../../../daemon/watching/folders.ts'
import { until } from '../../helpers/poll.ts'
import { makeFolder, writeIn } from '../../helpers/repo.ts'

describe('a folder that is watched', () => {
  it('is watched again when it was removed and made anew', async (t) => {
    const root = makeFolder(t)
    const seen = new Set<string>()
    const watches = new FolderWatches(
      root,
      (file) => seen.add(file),
      (code) => {
        assert.fail(code)
      },
    )
    t.after(() => {
      watches.keep(new Set())
    })
    const folders = new Set(['src'])
    writeIn(root, 'src/a.ts', 'one\n')
    watches.keep(folders)
    rmSync(path.join(root, 'src'), { recursive: true })
    await until('its end is seen', () => seen.has('src/a.ts'))
    writeIn(root, 'src/a.ts', 'two\n')
    watches.keep(folders)
    seen.clear()
    writeIn(root, 'src/b.ts', 'three\n')
    await until('it is seen', () => seen.has('src/b.ts'))
    assert.equal(watches.count, 1)
  })
})
