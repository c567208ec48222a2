import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createGit, type Checkout, type Git } from '../../../daemon/git.ts'
import { SkeinError } from '../../../protocol/index.ts'

const ENV = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}
/** Works as long as git need not be started. */
const NO_GIT = { PATH: '/nonexistent' }

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-git-')))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function git(cwd: string, ...args: readonly string[]): string {
  const who = [
    '-c',
    'user.name=t',
    '-c',
    'user.email=t@example.org',
    '-c',
    'protocol.file.allow=always',
  ]
  return execFileSync('git', [...who, ...args], {
    cwd,
    env: {
      ...ENV,
      GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
      GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

function makeClone(t: TestContext, name = 'shop'): string {
  const root = path.join(makeFolder(t), name)
  mkdirSync(root)
  git(root, 'init', '-q', '-b', 'main')
  return root
}

function makeRepo(t: TestContext, name?: string): string {
  const root = makeClone(t, name)
  writeFileSync(path.join(root, 'a.ts'), '')
  git(root, 'add', '.')
  git(root, 'commit', '-q', '-m', 'first')
  return root
}

async function checkoutOf(gits: Git, folder: string): Promise<Checkout> {
  const checkout = await gits.findCheckout(folder)
  assert.ok(checkout !== null)
  return checkout
}

describe('findCheckout', () => {
  it('finds the checkout from its root, its folders, its files and paths that do not exist yet', async (t) => {
    const root = makeRepo(t)
    const gits = createGit(ENV)
    mkdirSync(path.join(root, 'src/deep'), { recursive: true })
    for (const place of ['.', 'src/deep', 'a.ts', 'new/folder/file.ts', 'a.ts/odd', '.git/hooks']) {
      assert.deepEqual(await gits.findCheckout(path.join(root, place)), {
        root,
        commonDir: path.join(root, '.git'),
        gitDir: path.join(root, '.git'),
        isWorktree: false,
      })
    }
  })

  it('finds none outside, in an unfinished clone, and in a bare repository', async (t) => {
    const folder = makeFolder(t)
    const gits = createGit(ENV)
    assert.equal(await gits.findCheckout(folder), null)
    assert.equal(await gits.findCheckout('/nonexistent/at/all'), null)
    mkdirSync(path.join(folder, '.git'))
    assert.equal(await gits.findCheckout(folder), null)
    git(folder, 'init', '-q', '--bare', 'bare.git')
    assert.equal(await gits.findCheckout(path.join(folder, 'bare.git')), null)
    git(folder, 'init', '-q')
    assert.equal((await checkoutOf(gits, folder)).root, folder)
  })

  it('tells worktrees, nested clones and symlinked folders apart', async (t) => {
    const root = makeRepo(t)
    const gits = createGit(ENV)
    git(root, 'worktree', 'add', '-q', 'trees/one', '-b', 'one')
    git(root, 'init', '-q', 'vendor/lib')
    symlinkSync(path.join(root, 'vendor/lib'), path.join(root, 'lib'))
    const tree = await checkoutOf(gits, path.join(root, 'trees/one/new'))
    assert.equal(tree.root, path.join(root, 'trees/one'))
    assert.equal(tree.commonDir, path.join(root, '.git'))
    assert.equal(tree.isWorktree, true)
    assert.equal(await gits.currentBranch(tree), 'one')
    const lib = await checkoutOf(gits, path.join(root, 'lib/new.ts'))
    assert.equal(lib.root, path.join(root, 'vendor/lib'))
  })

  it('starts no git once the checkout is known, and looks again when it was replaced', async (t) => {
    const root = makeRepo(t)
    const folder = path.dirname(root)
    const bin = path.join(folder, 'bin')
    const calls = path.join(folder, 'calls')
    mkdirSync(bin)
    const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
    writeFileSync(path.join(bin, 'git'), `#!/bin/sh\necho >> ${calls}\nexec ${real} "$@"\n`)
    chmodSync(path.join(bin, 'git'), 0o755)
    writeFileSync(calls, '')
    const count = (): number => statSync(calls).size
    const gits = createGit({ ...ENV, PATH: `${bin}:${ENV.PATH ?? ''}` })
    const ask = async (): Promise<void> => {
      const checkout = await checkoutOf(gits, path.join(root, 'src/any'))
      await gits.repoIdOf(checkout, { repo: null })
      await gits.trackedFiles(checkout)
      await gits.currentBranch(checkout)
    }
    await ask()
    const cold = count()
    assert.ok(cold > 0)
    await ask()
    assert.equal(count(), cold)
    renameSync(path.join(root, '.git'), path.join(folder, 'old'))
    assert.equal(await gits.findCheckout(root), null)
    git(root, 'init', '-q')
    await checkoutOf(gits, root)
    assert.ok(count() > cold)
  })

  it('is not led astray by the variables of a hook', async (t) => {
    const [root, other] = [makeRepo(t), makeRepo(t)]
    const gits = createGit({
      ...ENV,
      GIT_DIR: path.join(other, '.git'),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: '/nonexistent',
      GIT_CONFIG_PARAMETERS: "'core.bare'='true'",
    })
    const checkout = await checkoutOf(gits, root)
    assert.equal(checkout.root, root)
    assert.equal((await gits.trackedFiles(checkout)).count, 1)
  })

  it('runs nothing that the checkout brings', async (t) => {
    const root = makeRepo(t)
    const trap = path.join(path.dirname(root), 'trap')
    const sprung = path.join(path.dirname(root), 'sprung')
    writeFileSync(trap, `#!/bin/sh\ntouch ${sprung}\n`)
    chmodSync(trap, 0o755)
    git(root, 'config', 'core.fsmonitor', trap)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    await gits.trackedFiles(checkout)
    await gits.rootCommits(checkout)
    assert.equal(existsSync(sprung), false)
  })

  it('says that git is missing', async (t) => {
    const root = makeRepo(t)
    const refused = createGit(NO_GIT).findCheckout(root)
    await assert.rejects(refused, { code: 'REPO_NOT_GIT', message: /could not be started/ })
  })

  it('stops when it is aborted', async (t) => {
    const root = makeRepo(t)
    const reason = new Error('enough')
    await assert.rejects(createGit(ENV).findCheckout(root, AbortSignal.abort(reason)), reason)
  })
})

describe('repoIdOf', () => {
  const none = { repo: null }

  it('takes the id of .skein.yml first', async (t) => {
    const root = makeClone(t)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    assert.equal(await gits.repoIdOf(checkout, { repo: 'acme/other' }), 'acme/other')
  })

  it('takes the one of origin, and sees it change', async (t) => {
    const root = makeClone(t)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    git(root, 'remote', 'add', 'origin', 'https://me:secret@example.org/acme/shop.git')
    assert.equal(await gits.repoIdOf(checkout, none), 'acme/shop')
    assert.equal(await gits.originUrl(checkout), 'https://example.org/acme/shop.git')
    git(root, 'remote', 'set-url', 'origin', 'git@example.org:acme/store.git')
    assert.equal(await gits.repoIdOf(checkout, none), 'acme/store')
  })

  it('makes one of folder and root commit, the same in all worktrees', async (t) => {
    const root = makeRepo(t, 'my shop')
    const gits = createGit(ENV)
    const first = git(root, 'rev-parse', 'HEAD')
    git(root, 'remote', 'add', 'origin', '/srv/git/shop.git')
    git(root, 'worktree', 'add', '-q', '../tree')
    const expected = `local/my-shop-${first.slice(0, 8)}`
    assert.equal(await gits.repoIdOf(await checkoutOf(gits, root), none), expected)
    const tree = await checkoutOf(gits, path.join(root, '../tree'))
    assert.equal(await gits.repoIdOf(tree, none), expected)
  })

  it('asks for the first commit when there is nothing to go by', async (t) => {
    const root = makeClone(t)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    await assert.rejects(gits.repoIdOf(checkout, none), (error: unknown) => {
      assert.ok(error instanceof SkeinError)
      assert.equal(error.code, 'REPO_NOT_ENROLLED')
      assert.match(error.hint, /first commit/)
      return true
    })
    git(root, 'commit', '-q', '--allow-empty', '-m', 'first')
    assert.match(await gits.repoIdOf(checkout, none), /^local\/shop-[0-9a-f]{8}$/)
  })
})

describe('rootCommits', () => {
  it('lists the roots of all branches, oldest first', async (t) => {
    const root = makeRepo(t)
    const first = git(root, 'rev-parse', 'HEAD')
    git(root, 'checkout', '-q', '--orphan', 'pages')
    const later = { ...ENV, GIT_COMMITTER_DATE: '2026-02-01T00:00:00Z' }
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']
    execFileSync('git', [...who, 'commit', '-q', '-m', 'pages'], { cwd: root, env: later })
    const second = git(root, 'rev-parse', 'HEAD')
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    const expected = { commits: [first, second], isShallow: false }
    assert.deepEqual(await gits.rootCommits(checkout), expected)
  })

  it('does not take the cut of a shallow clone for a root', async (t) => {
    const root = makeRepo(t)
    git(root, 'commit', '-q', '--allow-empty', '-m', 'second')
    const clone = path.join(path.dirname(root), 'clone')
    git(root, 'clone', '-q', '--depth', '1', `file://${root}`, clone)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, clone)
    assert.deepEqual(await gits.rootCommits(checkout), { commits: [], isShallow: true })
    const refused = gits.repoIdOf(checkout, { repo: null })
    await assert.rejects(refused, { message: /shallow history/ })
  })
})

describe('trackedFiles and currentBranch', () => {
  it('follow the index', async (t) => {
    const root = makeRepo(t)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    assert.deepEqual(await gits.trackedFiles(checkout), { count: 1, paths: ['a.ts'] })
    writeFileSync(path.join(root, 'ü "x"\n.ts'), '')
    git(root, 'add', '.')
    assert.deepEqual((await gits.trackedFiles(checkout)).paths, ['a.ts', 'ü "x"\n.ts'])
  })

  it('know an empty repository', async (t) => {
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, makeClone(t))
    assert.deepEqual(await gits.trackedFiles(checkout), { count: 0, paths: [] })
    assert.deepEqual(await gits.rootCommits(checkout), { commits: [], isShallow: false })
    assert.equal(await gits.currentBranch(checkout), 'main')
  })

  it('follow HEAD', async (t) => {
    const root = makeRepo(t)
    const gits = createGit(ENV)
    const checkout = await checkoutOf(gits, root)
    git(root, 'checkout', '-q', '-b', 'topic/one')
    assert.equal(await gits.currentBranch(checkout), 'topic/one')
    git(root, 'checkout', '-q', '--detach')
    assert.equal(await gits.currentBranch(checkout), null)
  })
})
