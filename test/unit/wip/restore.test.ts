import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createGit } from '../../../daemon/git.ts'
import { createGitObjects, type GitObjects } from '../../../daemon/git-objects.ts'
import { createReplays, type Replay } from '../../../daemon/git-replay.ts'
import { createWorktree } from '../../../daemon/git-worktree.ts'
import { writeReplay, type Restored } from '../../../daemon/wip/restore.ts'
import { SkeinError } from '../../../protocol/index.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
const replays = createReplays(env)

/** A commit of these files on top of HEAD, which no branch has. */
function workOf(t: TestContext, root: string, change: (tree: string) => void): string {
  const tree = path.join(makeFolder(t), 'w')
  git(root, 'worktree', 'add', '--quiet', '--detach', tree)
  change(tree)
  git(tree, 'add', '--all')
  git(tree, 'commit', '--quiet', '--message', 'work')
  return git(tree, 'rev-parse', 'HEAD').trim()
}

async function replayOf(root: string, commit: string): Promise<Replay> {
  const replay = await replays.replay(root, commit, undefined)
  assert.ok(replay !== null)
  return replay
}

/** @param meanwhile is done when all has been looked at */
async function restore(
  root: string,
  replay: Replay,
  meanwhile: () => void = () => undefined,
): Promise<Restored> {
  const checkout = await createGit(env).findCheckout(root)
  assert.ok(checkout !== null)
  const real = createGitObjects(env)
  const objects: GitObjects = {
    ...real,
    withReader(where, signal, use) {
      meanwhile()
      return real.withReader(where, signal, use)
    },
  }
  const tools = { objects, worktree: createWorktree(env), replays }
  return writeReplay(tools, checkout, replay, undefined)
}

async function refused(root: string, replay: Replay, meanwhile?: () => void): Promise<string> {
  try {
    await restore(root, replay, meanwhile)
  } catch (error) {
    if (error instanceof SkeinError) return error.code
    throw error
  }
  return 'written'
}

describe('a restore', () => {
  it('puts a folder where a file was, and takes the file away', async (t) => {
    const root = makeRepo(t, { files: ['api', 'x'] })
    const commit = workOf(t, root, (tree) => {
      rmSync(path.join(tree, 'api'))
      writeIn(tree, 'api/index.ts', 'in a folder\n')
    })
    const { written } = await restore(root, await replayOf(root, commit))
    assert.deepEqual([...written].sort(), ['api', 'api/index.ts'])
    assert.equal(readFileSync(path.join(root, 'api/index.ts'), 'utf8'), 'in a folder\n')
  })

  it('removes folders that become empty, and no others', async (t) => {
    const root = makeRepo(t, { files: ['deep/er/a', 'deep/b', 'x'] })
    const commit = workOf(t, root, (tree) => {
      rmSync(path.join(tree, 'deep/er'), { recursive: true })
    })
    await restore(root, await replayOf(root, commit))
    assert.deepEqual(
      [existsSync(path.join(root, 'deep/er')), existsSync(path.join(root, 'deep'))],
      [false, true],
    )
  })

  it('follows a file that was renamed meanwhile', async (t) => {
    const root = makeRepo(t)
    writeIn(
      root,
      'src/a.ts',
      Array.from({ length: 30 }, (_, at) => `line ${String(at)}\n`).join(''),
    )
    git(root, 'commit', '--quiet', '--all', '--message', 'longer')
    const commit = workOf(t, root, (tree) => {
      const text = readFileSync(path.join(tree, 'src/a.ts'), 'utf8')
      writeIn(tree, 'src/a.ts', text.replace('line 3\n', 'line three\n'))
    })
    git(root, 'mv', 'src/a.ts', 'src/moved.ts')
    git(root, 'commit', '--quiet', '--message', 'moved')
    const { written } = await restore(root, await replayOf(root, commit))
    assert.deepEqual(written, ['src/moved.ts'])
    assert.match(readFileSync(path.join(root, 'src/moved.ts'), 'utf8'), /line three/)
  })

  it('is refused where anything else lies in the way, ignored files and links too', async (t) => {
    const outside = makeFolder(t)
    const cases: readonly ((root: string) => void)[] = [
      (root) => {
        writeIn(root, 'new/x.ts', 'somebody wrote this\n')
      },
      (root) => {
        writeIn(root, 'new', 'a file where a folder has to be\n')
      },
      (root) => {
        symlinkSync(outside, path.join(root, 'new'))
      },
      (root) => {
        writeIn(root, 'new/x.ts/inside', 'a folder where a file has to be\n')
      },
      (root) => {
        writeIn(root, '.git/info/exclude', 'new/\n')
        writeIn(root, 'new/x.ts', 'ignored, and somebody\u2019s all the same\n')
      },
    ]
    for (const put of cases) {
      const root = makeRepo(t)
      const commit = workOf(t, root, (tree) => {
        writeIn(tree, 'new/x.ts', 'kept\n')
        writeIn(tree, 'src/a.ts', 'kept, too\n')
      })
      put(root)
      assert.equal(await refused(root, await replayOf(root, commit)), 'WIP_OVERWRITES')
      assert.equal(readFileSync(path.join(root, 'src/a.ts'), 'utf8'), 'src/a.ts\n')
    }
    assert.equal(existsSync(path.join(outside, 'x.ts')), false)
  })

  it('is refused where git was told to look past a file, unless it is as committed', async (t) => {
    for (const flag of ['--skip-worktree', '--assume-unchanged']) {
      const root = makeRepo(t)
      const commit = workOf(t, root, (tree) => {
        writeIn(tree, 'src/a.ts', 'kept\n')
      })
      git(root, 'update-index', flag, 'src/a.ts')
      writeIn(root, 'src/a.ts', 'set up for this machine\n')
      assert.equal(await refused(root, await replayOf(root, commit)), 'WIP_OVERWRITES', flag)
      assert.equal(readFileSync(path.join(root, 'src/a.ts'), 'utf8'), 'set up for this machine\n')
      writeIn(root, 'src/a.ts', 'src/a.ts\n')
      assert.equal(await refused(root, await replayOf(root, commit)), 'written', flag)
    }
  })

  it('is refused where somebody writes while it is prepared, and then writes nothing', async (t) => {
    const root = makeRepo(t)
    const commit = workOf(t, root, (tree) => {
      writeIn(tree, 'src/a.ts', 'kept\n')
      writeIn(tree, 'src/b.ts', 'kept, too\n')
      writeIn(tree, 'src/new/c.ts', 'new\n')
    })
    for (const file of ['src/b.ts', 'src/new/c.ts']) {
      const code = await refused(root, await replayOf(root, commit), () => {
        writeIn(root, file, 'written meanwhile\n')
      })
      assert.equal(code, 'WIP_OVERWRITES', file)
      assert.equal(readFileSync(path.join(root, file), 'utf8'), 'written meanwhile\n')
      git(root, 'checkout', '--quiet', '--', 'src/b.ts')
      assert.equal(git(root, 'diff', '--name-only'), '', file)
    }
    assert.deepEqual(readdirSync(path.join(root, 'src')).sort(), ['a.ts', 'b.ts', 'new'])
  })

  it('writes nothing where one of its files cannot be written', async (t) => {
    const root = makeRepo(t)
    const commit = workOf(t, root, (tree) => {
      writeIn(tree, 'src/a.ts', 'kept\n')
      rmSync(path.join(tree, 'src/b.ts'))
      writeIn(tree, 'link', 'x'.repeat(5_000))
    })
    const { changes, ...rest } = await replayOf(root, commit)
    // No disk takes a link as long.
    const asLink = changes.map(({ path: file, before, after }) => ({
      ...{ path: file, before },
      after: file === 'link' && after !== null ? { ...after, mode: '120000' } : after,
    }))
    const replay = { ...rest, changes: asLink.toSorted((a, b) => (a.path > b.path ? -1 : 1)) }
    assert.equal(await refused(root, replay), 'WIP_UNWRITABLE')
    assert.equal(git(root, 'status', '--porcelain'), '')
  })

  it('writes nothing outside of the checkout, nor into .git, whatever a commit says', async (t) => {
    const root = makeRepo(t)
    const commit = workOf(t, root, (tree) => {
      writeIn(tree, 'x', 'x\n')
    })
    const { changes, ...rest } = await replayOf(root, commit)
    for (const file of [
      '../out',
      '.git/hooks/pre-commit',
      'a/../../out',
      '.GIT/config',
      '/etc/x',
      'a//b',
    ]) {
      const forged = { ...rest, changes: changes.map((change) => ({ ...change, path: file })) }
      assert.equal(await refused(root, forged), 'WIP_OVERWRITES', file)
    }
  })
})
