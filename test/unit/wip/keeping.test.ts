import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { loadRepoConfig } from '../../../daemon/config.ts'
import { createGit } from '../../../daemon/git.ts'
import type { Log } from '../../../daemon/log.ts'
import type { Clock } from '../../../daemon/ports.ts'
import type { Repo } from '../../../daemon/repos.ts'
import type { Keeping } from '../../../daemon/wip/keeping.ts'
import { openWip } from '../../../daemon/wip/wip.ts'
import { openWorkPlaces } from '../../../daemon/wip/places.ts'
import { asRepoId } from '../../../protocol/index.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
const NOBODY = { agent: 'worker', session: 'assignment-1', reason: 'removed' }

interface Stage {
  readonly keeping: Keeping
  readonly repo: Repo
  readonly root: string
  readonly warnings: readonly string[]
  readonly places: ReturnType<typeof openWorkPlaces>
}

function stage(t: TestContext): Stage {
  const root = makeRepo(t)
  const repo: Repo = {
    id: asRepoId('test/shop'),
    config: loadRepoConfig(root),
    host: null,
    problem: null,
    checkouts: [root],
  }
  const warnings: string[] = []
  const say = (_facts: object, text: string): void => void warnings.push(text)
  const log = { info: () => undefined, debug: () => undefined, warn: say, error: say } as Log
  const uptime = (): number => performance.now()
  const clock: Clock = { wall: () => Date.now(), uptime, monotonic: uptime, boot: 'b' }
  const places = openWorkPlaces({ home: makeFolder(t), wallMs: () => clock.wall(), log })
  const repos = { all: () => [repo] } as never
  let seed = 0
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(++seed)
  const { keeping } = openWip(env, {
    ...{ repos, git: createGit(env), places, clock, machine: 'box', random, log },
  })
  return { keeping, repo, root, warnings, places }
}

function lost(pattern: string, branch: string | null = null) {
  const who = { agent: 'ann', session: 's1', branch }
  return { id: `clm_${pattern}`, kind: 'file' as const, pattern, fence: 1, ...who }
}

describe('keeping', () => {
  it('a whole worktree survives its removal, and is kept once', async (t) => {
    const { keeping, repo, root } = stage(t)
    const tree = addWorktree(t, root, 'issue-1')
    writeIn(tree, 'src/a.ts', 'the work\n')
    writeIn(tree, 'new.ts', 'new\n')
    const id = await keeping.keepAll(repo, { ...NOBODY, root: tree })
    assert.equal(await keeping.keepAll(repo, { ...NOBODY, root: tree }), id)
    git(root, 'worktree', 'remove', '--force', tree)
    const kept = await keeping.list(repo)
    assert.deepEqual(
      kept.map(({ id: found, note }) => [found, note?.files, note?.branch, note?.reason]),
      [[id, 2, 'issue-1', 'removed']],
    )
    assert.equal(git(root, 'show', `refs/skein/wip/${id ?? ''}:new.ts`), 'new\n')
  })

  it('keeps nothing where there is nothing, and no folder that is gone', async (t) => {
    const { keeping, repo, root, warnings, places } = stage(t)
    assert.equal(await keeping.keepAll(repo, { ...NOBODY, root }), null)
    const tree = addWorktree(t, root, 'gone')
    places.note(repo.id, 's1', tree)
    rmSync(tree, { recursive: true })
    await keeping.keepLost(repo, [lost('src/')], 'ttl')
    assert.deepEqual([await keeping.list(repo), warnings], [[], []])
  })

  it('keeps commits that only a detached HEAD has', async (t) => {
    const { keeping, repo, root } = stage(t)
    git(root, 'checkout', '--quiet', '--detach')
    writeIn(root, 'src/a.ts', 'committed\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'nobody has it')
    const commit = git(root, 'rev-parse', 'HEAD').trim()
    const id = await keeping.keepAll(repo, { ...NOBODY, root })
    git(root, 'checkout', '--quiet', 'main')
    assert.equal(git(root, 'rev-parse', `refs/skein/wip/${id ?? ''}^`).trim(), commit)
  })

  it('looks where the session was seen, else where the branch of its claim is', async (t) => {
    const { keeping, repo, root, places } = stage(t)
    const tree = addWorktree(t, root, 'feature')
    repo.checkouts.push(tree)
    for (const place of [root, tree]) writeIn(place, 'src/a.ts', `work in ${place}\n`)
    await keeping.keepLost(repo, [lost('src/a.ts', 'feature')], 'idle')
    const [byBranch, ...more] = await keeping.list(repo)
    assert.deepEqual([byBranch?.note?.checkout, more], [tree, []])
    places.note(repo.id, 's1', root)
    await keeping.keepLost(repo, [lost('src/a.ts', 'feature')], 'idle')
    const all = await keeping.list(repo)
    assert.deepEqual(new Set(all.map(({ note }) => note?.checkout)), new Set([tree, root]))
  })

  it('takes what its claims covered, and for a task all that nobody else holds', async (t) => {
    const { keeping, repo, root } = stage(t)
    writeIn(root, 'src/a.ts', 'a\n')
    writeIn(root, 'src/b.ts', 'b\n')
    await keeping.keepLost(repo, [lost('src/b*')], 'ttl')
    await keeping.keepLost(repo, [{ ...lost('T1'), kind: 'resource' }], 'ttl')
    const [first, ...none] = await keeping.list(repo)
    const names = (id: string): string => git(root, 'diff', '--name-only', `refs/skein/wip/${id}^!`)
    assert.deepEqual([names(first?.id ?? ''), none], ['src/b.ts\n', []])
    await keeping.keepLost(repo, [{ ...lost('T1'), kind: 'task' }], 'process-died')
    const task = (await keeping.list(repo)).find(({ note }) => note?.reason === 'process-died')
    assert.equal(names(task?.id ?? ''), 'src/a.ts\nsrc/b.ts\n')
  })
})
