// What counts as changed in a checkout, and that no program of the repository is run to find out.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createGit } from '../../../daemon/git.ts'
import { createWorktree } from '../../../daemon/git-worktree.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

/** `a.bin` goes through a filter that leaves a mark; it is gone again when the commit is made. */
function makeFiltered(t: TestContext): { readonly root: string; readonly hasRun: () => boolean } {
  const root = makeRepo(t)
  const mark = path.join(makeFolder(t), 'mark')
  git(root, 'config', 'filter.marking.clean', 'tr a-z A-Z')
  writeIn(root, '.gitattributes', '*.bin filter=marking\n')
  writeIn(root, 'a.bin', 'content\n')
  const past = new Date(Date.now() - 60_000)
  for (const file of ['a.bin', 'README.md', 'src/a.ts'])
    utimesSync(path.join(root, file), past, past)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'filtered')
  git(root, 'config', 'filter.marking.clean', `tee ${mark} | tr a-z A-Z`)
  return { root, hasRun: () => existsSync(mark) }
}

/** As if the index had been written in the same moment as the files. */
function makeRacy(root: string): void {
  const { atime, mtime } = statSync(path.join(root, 'README.md'))
  utimesSync(path.join(root, '.git', 'index'), atime, new Date(mtime.getTime() - 1_000))
}

describe('what has changed', () => {
  it('is found without the filters of the repository', async (t) => {
    const { root, hasRun } = makeFiltered(t)
    const doors = createGit(env)
    const checkout = await doors.findCheckout(root)
    assert.ok(checkout !== null)
    makeRacy(root)
    writeIn(root, 'README.md', 'another text\n')
    for (const changed of [
      await createWorktree(env).changed(checkout),
      await doors.changedFiles(checkout),
    ]) {
      assert.ok(changed.includes('README.md'))
      assert.equal(changed.includes('src/a.ts'), false)
    }
    assert.equal(hasRun(), false)
  })

  it('is no file of which only the right to write was taken', async (t) => {
    const { root } = makeFiltered(t)
    const doors = createGit(env)
    const checkout = await doors.findCheckout(root)
    assert.ok(checkout !== null)
    chmodSync(path.join(root, 'a.bin'), 0o444)
    assert.deepEqual(await doors.changedFiles(checkout), [])
  })
})
