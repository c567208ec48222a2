// Branches put on top of their target, by git itself.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createLandingGit } from '../../../daemon/git-landing.ts'
import { createWorkerGit } from '../../../daemon/git-workers.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const IDENTITY = {
  ...{ GIT_AUTHOR_NAME: 'w', GIT_AUTHOR_EMAIL: 'w@example.org' },
  ...{ GIT_COMMITTER_NAME: 'w', GIT_COMMITTER_EMAIL: 'w@example.org' },
}

function commit(root: string, file: string, text: string, message: string): string {
  writeIn(root, file, text)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', message)
  return git(root, 'rev-parse', 'HEAD').trim()
}

describe('a branch that was merged with its target', () => {
  it('lands as one commit where its commits one by one would conflict', async (t) => {
    const root = makeRepo(t, { files: ['a.txt'], skeinYml: null })
    git(root, 'checkout', '--quiet', '-b', 'work')
    commit(root, 'a.txt', 'work\n', 'the work')
    git(root, 'checkout', '--quiet', 'main')
    const onto = commit(root, 'a.txt', 'main\n', 'meanwhile')
    git(root, 'checkout', '--quiet', 'work')
    git(root, 'merge', '--quiet', '--strategy', 'ours', '--no-edit', 'main')
    const head = commit(root, 'a.txt', 'main\nwork\n', 'both')
    const env = { ...process.env, ...IDENTITY }
    const landing = createLandingGit({ env, helperFolder: () => root })
    const folder = path.join(makeFolder(t), 'w')
    await landing.addDetached(root, folder, onto)
    const put = await landing.put(folder, { onto, head, method: 'rebase', message: 'one' })
    assert.ok(put.kind === 'put')
    const made = put.commit
    assert.equal(git(root, 'show', `${made}:a.txt`), 'main\nwork\n')
    assert.equal(git(root, 'rev-parse', `${made}^`).trim(), onto)
  })
})

describe("a worker's worktree", () => {
  it('begins where the default branch stands when its branch has nothing of its own', async (t) => {
    const origin = makeRepo(t, { files: ['a.txt'], skeinYml: null })
    const clone = path.join(makeFolder(t), 'c')
    git(origin, 'clone', '--quiet', origin, clone)
    git(clone, 'branch', 'task-x')
    const fresh = commit(origin, 'a.txt', 'later\n', 'later')
    const env = { ...process.env, ...IDENTITY }
    const worker = createWorkerGit({ env, helperFolder: () => clone })
    const folder = path.join(makeFolder(t), 'w')
    const base = await worker.addWorktree(clone, folder, 'task-x', 'main', true)
    assert.equal(base, fresh)
    assert.equal(git(folder, 'rev-parse', 'HEAD').trim(), fresh)
  })
})
