import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { createGit, type Checkout } from '../../../daemon/git.ts'
import { createHistory, historyToken } from '../../../daemon/git-history.ts'
import { createIssuedTokens } from '../../../daemon/tasks/tokens.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }
const signal = new AbortController().signal

async function checkoutOf(root: string): Promise<Checkout> {
  const checkout = await createGit(env).findCheckout(root)
  assert.ok(checkout !== null)
  return checkout
}

function commit(root: string, file: string, text: string): string {
  writeIn(root, file, text)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', file)
  return git(root, 'rev-parse', 'HEAD').trim()
}

/** A clone, and the bare remote that it came from. */
function clonePair(t: TestContext): { remote: string; clone: string; other: string } {
  const seed = makeRepo(t, { files: ['context/a.json', 'context/b.json'] })
  const folder = makeFolder(t)
  const [remote, clone, other] = ['remote.git', 'clone', 'other'].map((name) => `${folder}/${name}`)
  assert.ok(remote !== undefined && clone !== undefined && other !== undefined)
  git(folder, 'clone', '--quiet', '--bare', seed, remote)
  git(folder, 'clone', '--quiet', remote, clone)
  git(folder, 'clone', '--quiet', remote, other)
  return { remote, clone, other }
}

describe('the token of a history', () => {
  it('is sha256 over HEAD and the last commit of each file, as anybody with git computes it', async (t) => {
    const root = makeRepo(t, { files: ['context/a.json', 'context/b.json'] })
    const first = git(root, 'rev-parse', 'HEAD').trim()
    const second = commit(root, 'context/b.json', 'changed')
    const head = commit(root, 'src/x.ts', 'x')
    const history = createHistory(env)
    const checkout = await checkoutOf(root)
    assert.equal(await history.head(checkout), head)
    const files = ['context/a.json', 'context/b.json', 'context/untracked.json']
    const commits = await history.lastCommits(checkout, head, files)
    assert.deepEqual(commits, [first, second, ''])
    const expected = createHash('sha256')
      .update(head + first + second)
      .digest('hex')
    assert.equal(historyToken(head, commits), expected)
  })

  it('is not there before the first commit', async (t) => {
    const root = makeFolder(t)
    git(root, 'init', '--quiet')
    assert.equal(await createHistory(env).head(await checkoutOf(root)), null)
  })

  it('is remembered with what it stood for, the last thousand of them', () => {
    const tokens = createIssuedTokens()
    for (let i = 0; i <= 1_000; i++) tokens.note(`t${String(i)}`, new Map([['a', `c${String(i)}`]]))
    assert.equal(tokens.commitOf('t0', 'a'), null)
    assert.equal(tokens.commitOf('t1', 'a'), 'c1')
    assert.equal(tokens.commitOf('t1', 'b'), null)
  })
})

describe('the trunk', () => {
  it('is what is configured, what origin names, or main or master', async (t) => {
    const { clone } = clonePair(t)
    const history = createHistory(env)
    const cloned = await checkoutOf(clone)
    const main = { branch: 'main', remote: 'refs/remotes/origin/main' }
    assert.deepEqual(await history.trunk(cloned, null), main)
    assert.deepEqual(await history.trunk(cloned, 'main'), main)
    assert.deepEqual(await history.trunk(cloned, 'dev'), { branch: 'dev', remote: null })
    const alone = await checkoutOf(makeRepo(t))
    assert.deepEqual(await history.trunk(alone, null), { branch: 'main', remote: null })
    git(alone.root, 'branch', '--move', 'topic')
    assert.equal(await history.trunk(alone, null), null)
  })

  it('is ahead of a checkout on a path only when a commit there is missing', async (t) => {
    const { clone, other } = clonePair(t)
    const history = createHistory(env)
    const checkout = await checkoutOf(clone)
    const newer = (file: string) => history.newerOn(checkout, 'refs/remotes/origin/main', file)
    const pushed = commit(other, 'context/b.json', 'new')
    git(other, 'push', '--quiet')
    assert.equal(await newer('context/b.json'), null, 'not fetched yet')
    git(clone, 'fetch', '--quiet')
    assert.equal(await newer('context/b.json'), pushed)
    assert.equal(await newer('context'), pushed)
    assert.equal(await newer('context/a.json'), null)
    git(clone, 'pull', '--quiet', '--rebase')
    assert.equal(await newer('context/b.json'), null)
  })
})

describe('branches of the remote', () => {
  it('are asked of the remote itself', async (t) => {
    const { clone, other } = clonePair(t)
    const history = createHistory(env)
    const checkout = await checkoutOf(clone)
    git(other, 'push', '--quiet', 'origin', 'HEAD:refs/heads/team/topic')
    assert.deepEqual([...((await history.remoteBranches(checkout, signal)) ?? [])].sort(), [
      'main',
      'team/topic',
    ])
    assert.equal(await history.wasFetched(checkout, 'team/topic'), false)
    git(clone, 'fetch', '--quiet')
    assert.equal(await history.wasFetched(checkout, 'team/topic'), true)
    assert.equal(await history.wasFetched(checkout, 'team'), false)
  })

  it('are not known without a remote, and a remote that is gone is a failure', async (t) => {
    const history = createHistory(env)
    assert.equal(await history.remoteBranches(await checkoutOf(makeRepo(t)), signal), null)
    const lost = await checkoutOf(makeRepo(t, { origin: '/nonexistent/x.git' }))
    await assert.rejects(history.remoteBranches(lost, signal), { code: 'REPO_NOT_GIT' })
  })
})
