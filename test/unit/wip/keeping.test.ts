import assert from 'node:assert/strict'
import { chmodSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadRepoConfig } from '../../../daemon/config.ts'
import { createGit } from '../../../daemon/git.ts'
import type { Log } from '../../../daemon/log.ts'
import type { Clock } from '../../../daemon/ports.ts'
import type { Repo } from '../../../daemon/repos.ts'
import { createKeptRefs, type KeptRefs } from '../../../daemon/git-kept.ts'
import { createSnapshots, type Snapshots } from '../../../daemon/git-snapshot.ts'
import { createKeeping, type Keeping } from '../../../daemon/wip/keeping.ts'
import { openWorkPlaces } from '../../../daemon/wip/places.ts'
import { asRepoId, SkeinError, type AuditEvent } from '../../../protocol/index.ts'
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

/** What stands between keeping and git. */
interface Doors {
  readonly refs: KeptRefs
  readonly snapshots: Snapshots
}

function stage(
  t: TestContext,
  change: (doors: Doors) => Partial<Doors> = () => ({}),
  late = { ms: 0 },
): Stage {
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
  const uptime = (): number => performance.now() + late.ms
  const clock: Clock = { wall: () => Date.now(), uptime, monotonic: uptime, boot: 'b' }
  const places = openWorkPlaces({ home: makeFolder(t), wallMs: () => clock.wall(), log })
  const repos = { all: () => [repo] } as never
  let seed = 0
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(++seed)
  const doors = { refs: createKeptRefs(env), snapshots: createSnapshots(env) }
  const keeping = createKeeping({
    ...{ repos, git: createGit(env), places, clock, machine: 'box', random, log },
    ...doors,
    ...change(doors),
  })
  return { keeping, repo, root, warnings, places }
}

function lost(pattern: string, branch: string | null = null) {
  const who = { agent: 'ann', session: 's1', branch }
  return { id: `clm_${pattern}`, kind: 'file' as const, pattern, fence: 1, ...who }
}

/** The news that a claim has ended, so long ago. */
function ended(of: ReturnType<typeof lost>, reason: string, agoMs = 0): AuditEvent {
  const { id, kind, ...who } = of
  return {
    kind: 'claim.released',
    repo: asRepoId('test/shop'),
    machine: 'box',
    at: new Date(Date.now() - agoMs).toISOString(),
    data: { claim: id, claim_kind: kind, reason, ...who },
    ...{ id: 'evt_1', prev: '', hash: '', term: 1, index: 1, actor: 'ann' },
  }
}

const HOUR_MS = 3_600_000

function refsIn(root: string): readonly string[] {
  return git(root, 'for-each-ref', '--format=%(refname)', 'refs/skein/wip/')
    .split('\n')
    .slice(0, -1)
}

function cannotList(): Promise<never> {
  return Promise.reject(new SkeinError('REPO_NOT_GIT', 'git for-each-ref: bad object.'))
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

  it('of an end that was missed goes on where nobody can say what is kept, and is waited for', async (t) => {
    let asked = 0
    const { keeping, root } = stage(t, ({ refs }) => ({
      refs: {
        ...refs,
        list: (where, signal) => (asked++ === 0 ? cannotList() : refs.list(where, signal)),
      },
    }))
    writeIn(root, 'src/a.ts', 'the work\n')
    keeping.hear(ended(lost('src/a.ts'), 'revoked', HOUR_MS))
    await keeping.stop()
    assert.equal(refsIn(root).length, 1)
  })

  it('keeps where nobody can say what is kept already', async (t) => {
    const { keeping, root, repo, warnings } = stage(t, ({ refs }) => ({
      refs: { ...refs, list: cannotList },
    }))
    writeIn(root, 'src/a.ts', 'the work\n')
    await keeping.keepLost(repo, [lost('src/a.ts')], 'idle')
    assert.equal(refsIn(root).length, 1)
    assert.deepEqual(warnings, ['what is kept already cannot be listed'])
  })

  it('keeps and lists beside what a crash has damaged', async (t) => {
    const damages: readonly ((object: string) => void)[] = [
      (object) => {
        rmSync(object)
      },
      (object) => {
        truncateSync(object)
      },
      (object) => {
        writeFileSync(object, 'no object at all')
      },
    ]
    for (const damage of damages) {
      const { keeping, root, repo } = stage(t)
      writeIn(root, 'src/a.ts', 'the work\n')
      await keeping.keepLost(repo, [lost('src/a.ts')], 'idle')
      const [broken = ''] = refsIn(root)
      const commit = git(root, 'rev-parse', broken).trim()
      const object = path.join(root, '.git/objects', commit.slice(0, 2), commit.slice(2))
      chmodSync(object, 0o600)
      damage(object)
      writeIn(root, 'src/b.ts', 'other work\n')
      await keeping.keepLost(repo, [lost('src/b.ts')], 'idle')
      const kept = await keeping.list(repo)
      assert.deepEqual(
        kept.map(({ note }) => note?.claims.map(({ pattern }) => pattern)),
        [['src/b.ts']],
      )
      assert.equal(kept[0]?.parent, git(root, 'rev-parse', 'HEAD').trim())
    }
  })

  it('keeps at the news of an end what could not be kept before it', async (t) => {
    let asked = 0
    const { keeping, root, repo } = stage(t, ({ snapshots }) => ({
      snapshots: {
        ...snapshots,
        take: (where, wish) => (asked++ === 0 ? cannotList() : snapshots.take(where, wish)),
      },
    }))
    writeIn(root, 'src/a.ts', 'the work\n')
    await keeping.keepLost(repo, [lost('src/a.ts')], 'idle')
    assert.equal(refsIn(root).length, 0)
    keeping.hear(ended(lost('src/a.ts'), 'idle'))
    await keeping.stop()
    assert.equal(refsIn(root).length, 1)
  })

  it('does not keep what others write after an end as work of it, however late its news come', async (t) => {
    const late = { ms: 0 }
    const { keeping, root, repo } = stage(t, () => ({}), late)
    writeIn(root, 'src/a.ts', 'the work\n')
    await keeping.keepLost(repo, [lost('src/a.ts')], 'idle')
    writeIn(root, 'src/a.ts', 'of the next holder\n')
    late.ms = HOUR_MS
    keeping.hear(ended(lost('src/a.ts'), 'idle'))
    await keeping.stop()
    assert.equal(refsIn(root).length, 1)
  })

  it('keeps anew where a claim that was kept lived on, and ended otherwise', async (t) => {
    const { keeping, root, repo } = stage(t)
    writeIn(root, 'src/a.ts', 'the work\n')
    await keeping.keepLost(repo, [lost('src/a.ts')], 'idle')
    writeIn(root, 'src/a.ts', 'more work\n')
    keeping.hear(ended(lost('src/a.ts'), 'revoked'))
    await keeping.stop()
    assert.equal(refsIn(root).length, 2)
  })

  it('of a session with more claims than a note takes is still known as its', async (t) => {
    const { keeping, root, repo } = stage(t)
    writeIn(root, 'src/a.ts', 'the work\n')
    const claims = Array.from({ length: 1_001 }, (_, at) => lost(`src/${String(at)}`))
    await keeping.keepLost(repo, [lost('src/a.ts'), ...claims], 'idle')
    const [kept] = await keeping.list(repo)
    assert.deepEqual(
      [kept?.note?.session, kept?.note?.claims.length, kept?.note?.claims_more],
      ['s1', 1_000, 2],
    )
  })

  it('gives each session of one sweep a time of its own', async (t) => {
    const signals = new Set<AbortSignal | undefined>()
    const { keeping, root, repo } = stage(t, ({ snapshots }) => ({
      snapshots: {
        ...snapshots,
        take(where, wish) {
          signals.add(wish.signal)
          return snapshots.take(where, wish)
        },
      },
    }))
    writeIn(root, 'src/a.ts', 'the work\n')
    const other = { ...lost('src/b.ts'), session: 's2' }
    await keeping.keepLost(repo, [lost('src/a.ts'), other], 'idle')
    assert.equal(signals.size, 2)
  })
})
