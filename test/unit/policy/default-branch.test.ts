import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGit } from '../../../daemon/git.ts'
import { createHistory } from '../../../daemon/git-history.ts'
import { findPolicyBranch } from '../../../daemon/policy/default-branch.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }

async function nameIn(root: string): Promise<string | undefined> {
  const checkout = await createGit(env).findCheckout(root)
  assert.ok(checkout !== null)
  return (await findPolicyBranch(createHistory(env), checkout))?.name
}

function commit(root: string, text: string): void {
  writeIn(root, '.skein.yml', text)
  git(root, 'commit', '--quiet', '--all', '--message', 'change the policy')
}

function cloneOf(t: Cleaner, origin: string): string {
  const root = makeFolder(t)
  git(root, 'clone', '--quiet', origin, root)
  return root
}

describe('the branch whose policy counts', () => {
  it('is not named by what stands in a working tree, nor by another branch', async (t) => {
    const root = makeRepo(t)
    git(root, 'checkout', '--quiet', '-b', 'sly')
    commit(root, 'repo: test/shop\ndefault_branch: sly\n')
    assert.equal(await nameIn(root), 'main')
    git(root, 'checkout', '--quiet', 'main')
    writeIn(root, '.skein.yml', 'repo: test/shop\ndefault_branch: sly\n')
    assert.equal(await nameIn(root), 'main')
  })

  it('may be named by the one that git names', async (t) => {
    const root = makeRepo(t)
    git(root, 'branch', 'develop')
    commit(root, 'repo: test/shop\ndefault_branch: develop\n')
    assert.equal(await nameIn(root), 'develop')
    commit(root, 'repo: test/shop\ndefault_branch: nowhere\n')
    assert.equal(await nameIn(root), 'main', 'there is no such branch')
    commit(root, 'default_branch: [\n')
    assert.equal(await nameIn(root), 'main', 'it cannot be read')
  })

  it('is one of the remote, where there is one', async (t) => {
    const origin = makeRepo(t)
    commit(origin, 'repo: test/shop\ndefault_branch: develop\n')
    const root = cloneOf(t, origin)
    git(root, 'branch', 'develop')
    assert.equal(await nameIn(root), 'main', 'develop is of this clone alone')
    git(origin, 'branch', 'develop')
    git(root, 'fetch', '--quiet')
    assert.equal(await nameIn(root), 'develop')
  })

  it('is none before the first commit, and where git names none', async (t) => {
    const empty = makeFolder(t)
    git(empty, 'init', '--quiet', '--initial-branch=main')
    assert.equal(await nameIn(empty), undefined)
    const root = makeRepo(t)
    git(root, 'branch', '--move', 'topic')
    assert.equal(await nameIn(root), undefined)
  })
})
