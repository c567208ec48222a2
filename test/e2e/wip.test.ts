// Kept work as people meet it: a claim ends against the will of its session, and what was not committed comes back.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OperationResult } from '../../protocol/index.ts'
import { startDaemon, type Daemon, type DaemonOptions } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

type Kept = OperationResult<'wip/list'>['kept'][number]

const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
const ANN = { agent: 'ann', session: 'ann-1' }
const BEN = { agent: 'ben', session: 'ben-1' }

/** A daemon that takes a script's --yes for a person's. */
async function start(
  t: TestContext,
  config = '',
  more: Partial<DaemonOptions> = {},
): Promise<Daemon> {
  const home = path.join(makeFolder(t, 'skein-home-'), 'h')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(path.join(home, 'config.yml'), `trust_scripts: true\n${config}`)
  return startDaemon(t, { home, ...more })
}

async function claim(
  daemon: Daemon,
  who: object,
  cwd: string,
  ...patterns: string[]
): Promise<string> {
  const scopes = patterns.map((pattern) => ({ kind: 'file', pattern }))
  const { status, claims } = await daemon.client.must('claim', { ...who, cwd, scopes })
  assert.equal(status, 'granted')
  return claims[0]?.id ?? ''
}

async function revoke(daemon: Daemon, cwd: string, ...ids: string[]): Promise<void> {
  const act = { ids, force: true, reason: 'gone home', yes: true }
  await daemon.client.must('release', { ...BEN, cwd, ...act })
}

async function kept(daemon: Daemon, cwd: string, count = 1): Promise<readonly Kept[]> {
  return until(`${String(count)} works are kept`, async () => {
    const { kept: found } = await daemon.client.must('wip/list', { ...ANN, cwd })
    return found.length >= count ? found : null
  })
}

function read(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
}

describe('work under a claim that a person ends', () => {
  it('is kept as it lies there, and nothing of the checkout changes', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t, { files: ['src/a.ts', 'src/b.ts', 'src/gone.ts', 'docs/x.md'] })
    const id = await claim(daemon, ANN, root, 'src/')
    writeIn(root, 'src/a.ts', 'the work\n')
    git(root, 'add', 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work, and more\n')
    rmSync(path.join(root, 'src/gone.ts'))
    writeIn(root, 'src/new file\n"2".ts', 'new\n')
    chmodSync(path.join(root, 'src/b.ts'), 0o755)
    symlinkSync('../docs/x.md', path.join(root, 'src/link'))
    writeIn(root, 'docs/x.md', 'nobody claimed this\n')
    const before = [
      git(root, 'status', '--porcelain'),
      git(root, 'diff', '--cached'),
      git(root, 'stash', 'list'),
    ]
    await revoke(daemon, root, id)
    const [work] = await kept(daemon, root)
    assert.ok(work !== undefined)
    const after = [
      git(root, 'status', '--porcelain'),
      git(root, 'diff', '--cached'),
      git(root, 'stash', 'list'),
    ]
    assert.deepEqual(after, before)
    assert.deepEqual([...work.files].sort(), [
      'src/a.ts',
      'src/b.ts',
      'src/gone.ts',
      'src/link',
      'src/new file\n"2".ts',
    ])
    assert.deepEqual(
      [work.reason, work.agent, work.session, work.branch],
      ['revoked', 'ann', 'ann-1', 'main'],
    )
    assert.deepEqual(
      work.claims.map((each) => each.id),
      [id],
    )
    assert.equal(
      git(root, 'rev-parse', `refs/skein/wip/${work.id}^`).trim(),
      git(root, 'rev-parse', 'HEAD').trim(),
    )

    const other = addWorktree(t, root, 'other')
    const back = await daemon.client.must('wip/restore', { ...ANN, cwd: other, id })
    assert.deepEqual([back.restored.length, back.conflicts], [5, []])
    assert.equal(read(other, 'src/a.ts'), 'the work, and more\n')
    assert.equal(read(other, 'src/new file\n"2".ts'), 'new\n')
    assert.equal(existsSync(path.join(other, 'src/gone.ts')), false)
    assert.equal(readlinkSync(path.join(other, 'src/link')), '../docs/x.md')
    assert.equal(lstatSync(path.join(other, 'src/b.ts')).mode & 0o111, 0o111)
    assert.equal(read(other, 'docs/x.md'), 'docs/x.md\n')
    const again = await daemon.client.must('wip/restore', { ...ANN, cwd: other, id: work.id })
    assert.deepEqual([again.restored, again.already.length], [[], 5])
  })

  it('is told to whoever lost it, and in the story of the claim', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t)
    const id = await claim(daemon, ANN, root, 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work\n')
    await revoke(daemon, root, id)
    const [work] = await kept(daemon, root)
    const { notices } = await until('the inbox tells of it', async () => {
      const inbox = await daemon.client.must('inbox', { ...ANN, cwd: root })
      return inbox.notices.length > 0 ? inbox : null
    })
    assert.deepEqual(
      notices.map(({ kind, wip, paths }) => ({ kind, wip, paths })),
      [{ kind: 'wip.kept', wip: work?.id, paths: ['src/a.ts'] }],
    )
    const { notices: others } = await daemon.client.must('inbox', { ...BEN, cwd: root })
    assert.deepEqual(others, [])
    for (const pattern of [id, 'src/a.ts', work?.id ?? '']) {
      const { summary } = await daemon.client.must('why', { ...ANN, cwd: root, pattern })
      assert.match(summary.join('\n'), /the work of ann in src\/a\.ts was kept \(wip_/)
    }
  })

  it('is kept in every worktree of its session, and not where there is none', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t)
    const tree = addWorktree(t, root, 'feature')
    const id = await claim(daemon, ANN, root, 'src/a.ts')
    await claim(daemon, ANN, tree, 'src/b.ts')
    writeIn(tree, 'src/a.ts', 'in the worktree\n')
    writeIn(tree, 'src/b.ts', 'still held\n')
    await revoke(daemon, root, id)
    const [work] = await kept(daemon, root)
    assert.deepEqual([work?.files, work?.branch, work?.checkout], [['src/a.ts'], 'feature', tree])
    const { kept: all } = await daemon.client.must('wip/list', { ...ANN, cwd: tree })
    assert.equal(all.length, 1)
  })

  it('is not kept when its holder gives it back itself', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t)
    const id = await claim(daemon, ANN, root, 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work\n')
    await daemon.client.must('release', { ...ANN, cwd: root, ids: [id] })
    // Another end, kept after the first would have been.
    const other = await claim(daemon, ANN, root, 'src/b.ts')
    writeIn(root, 'src/b.ts', 'other work\n')
    await revoke(daemon, root, other)
    const all = await kept(daemon, root)
    assert.deepEqual(
      all.map(({ files }) => files),
      [['src/b.ts']],
    )
  })
})

describe('work under a claim whose time is over', () => {
  it('is kept before the claim ends', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t)
    writeIn(root, 'src/a.ts', 'the work\n')
    const scopes = [{ kind: 'file', pattern: 'src/a.ts' }]
    const { claims } = await daemon.client.must('claim', { ...ANN, cwd: root, scopes, ttl_s: 1 })
    await until('the claim has ended', async () => {
      const { claims: live } = await daemon.client.must('claims', { ...BEN, cwd: root })
      return live.length === 0
    })
    // No waiting: it is there by then.
    const { kept: all } = await daemon.client.must('wip/list', { ...ANN, cwd: root })
    assert.deepEqual(
      all.map(({ reason, files, claims: of }) => ({
        reason,
        files,
        of: of.map((each) => each.id),
      })),
      [{ reason: 'ttl', files: ['src/a.ts'], of: [claims[0]?.id] }],
    )
  })
})

describe('a restore', () => {
  async function lose(
    t: TestContext,
    files: Readonly<Record<string, string>>,
    more: Partial<DaemonOptions> = {},
  ): Promise<{ daemon: Daemon; root: string; work: Kept }> {
    const daemon = await start(t, '', more)
    const root = makeRepo(t)
    const id = await claim(daemon, ANN, root, 'src/')
    for (const [file, content] of Object.entries(files)) writeIn(root, file, content)
    await revoke(daemon, root, id)
    const [work] = await kept(daemon, root)
    assert.ok(work !== undefined)
    git(root, 'checkout', '--quiet', '--', '.')
    git(root, 'clean', '--quiet', '-df')
    return { daemon, root, work }
  }

  it('merges where the history went on, and marks conflicts as git does', async (t) => {
    const { daemon, root, work } = await lose(t, { 'src/a.ts': 'mine\n', 'src/c.ts': 'new\n' })
    writeIn(root, 'src/a.ts', 'theirs\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'went on')
    const back = await daemon.client.must('wip/restore', { ...ANN, cwd: root, id: work.id })
    assert.deepEqual([back.restored, back.conflicts], [['src/a.ts', 'src/c.ts'], ['src/a.ts']])
    assert.equal(read(root, 'src/a.ts'), '<<<<<<< HEAD\ntheirs\n=======\nmine\n>>>>>>> kept work\n')
    assert.match(git(root, 'status', '--porcelain'), /^UU src\/a\.ts$/m)
    assert.equal(read(root, 'src/c.ts'), 'new\n')
  })

  it('never overwrites work that is not committed, and then writes nothing', async (t) => {
    const { daemon, root, work } = await lose(t, { 'src/a.ts': 'mine\n', 'src/c.ts': 'new\n' })
    writeIn(root, 'src/c.ts', 'somebody wrote this\n')
    const { code, message } = await daemon.client.fails('wip/restore', {
      ...ANN,
      cwd: root,
      id: work.id,
    })
    assert.equal(code, 'WIP_OVERWRITES')
    assert.match(message, /src\/c\.ts/)
    assert.deepEqual(
      [read(root, 'src/a.ts'), read(root, 'src/c.ts')],
      ['src/a.ts\n', 'somebody wrote this\n'],
    )
  })

  it('is refused into files that others hold, unless a person says so', async (t) => {
    // For a while after a forced end nobody is granted the same: the daemon's clock runs ahead.
    const quick = { preload: [SHIM], env: { SKEIN_TEST_CLOCK_RATE: '20' } }
    const { daemon, root, work } = await lose(t, { 'src/a.ts': 'mine\n' }, quick)
    const held = await until(
      'the delay after a forced end is over',
      async () => {
        const scopes = [{ kind: 'file', pattern: 'src/a.ts' }]
        const { claims } = await daemon.client.must('claim', { ...BEN, cwd: root, scopes })
        return claims[0]?.id ?? null
      },
      { everyMs: 50 },
    )
    const call = { ...ANN, cwd: root, id: work.id }
    const { code, message, hint } = await daemon.client.fails('wip/restore', call)
    assert.deepEqual([code, /src\/a\.ts \(ben\)/.test(message)], ['CLAIM_CONFLICT', true])
    assert.ok(hint.includes(held), hint)
    assert.equal(read(root, 'src/a.ts'), 'src/a.ts\n')
    const unsaid = await daemon.client.fails('wip/restore', { ...call, force: true })
    assert.equal(unsaid.code, 'FORBIDDEN_PERSON')
    await daemon.client.must('wip/restore', { ...call, force: true, yes: true })
    assert.equal(read(root, 'src/a.ts'), 'mine\n')
  })

  it('makes a branch of it, and writes no file', async (t) => {
    const { daemon, root, work } = await lose(t, { 'src/a.ts': 'mine\n' })
    const call = { ...ANN, cwd: root, id: work.id }
    const { branch, restored } = await daemon.client.must('wip/restore', {
      ...call,
      to_branch: 'rescue',
    })
    assert.deepEqual(
      [branch, restored, git(root, 'show', 'rescue:src/a.ts')],
      ['rescue', [], 'mine\n'],
    )
    assert.equal(git(root, 'status', '--porcelain'), '')
    const taken = await daemon.client.fails('wip/restore', { ...call, to_branch: 'rescue' })
    const strange = await daemon.client.fails('wip/restore', { ...call, to_branch: '--force x' })
    assert.deepEqual([taken.code, strange.code], ['INPUT_USAGE', 'INPUT_USAGE'])
  })
})

describe('kept work', () => {
  it('is given up by a person alone, who is told how it comes back', async (t) => {
    const daemon = await start(t)
    const root = makeRepo(t)
    const id = await claim(daemon, ANN, root, 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work\n')
    await revoke(daemon, root, id)
    const [work] = await kept(daemon, root)
    const call = { ...ANN, cwd: root }
    const { code } = await daemon.client.fails('wip/drop', { ...call, ids: [work?.id] })
    assert.equal(code, 'FORBIDDEN_PERSON')
    const young = await daemon.client.must('wip/drop', { ...call, older_s: 3600, yes: true })
    assert.deepEqual(young.dropped, [])
    const { dropped } = await daemon.client.must('wip/drop', {
      ...call,
      ids: [work?.id],
      yes: true,
    })
    assert.deepEqual(
      dropped.map((each) => each.commit),
      [work?.commit],
    )
    assert.equal(git(root, 'for-each-ref', 'refs/skein'), '')
    assert.equal(git(root, 'show', `${work?.commit ?? ''}:src/a.ts`), 'the work\n')
    const gone = await daemon.client.fails('wip/show', { ...call, id: work?.id })
    assert.equal(gone.code, 'WIP_UNKNOWN')
  })

  it('is removed when its time is over, and what is younger stays', async (t) => {
    const first = await start(t, 'retention:\n  wip: 2d\n')
    const root = makeRepo(t)
    const id = await claim(first, ANN, root, 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work\n')
    await revoke(first, root, id)
    const [young] = await kept(first, root)
    await first.stop()
    const old = 'wip_01HZZZZZZZZZZZZZZZZZZZZZZ0'
    const when = `${String(Math.floor(Date.now() / 1000) - 3 * 86_400)} +0000`
    const words = ['commit-tree', '-m', 'long ago', 'HEAD^{tree}']
    const who = { GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@localhost' }
    const also = {
      GIT_COMMITTER_NAME: 't',
      GIT_COMMITTER_EMAIL: 't@localhost',
      GIT_COMMITTER_DATE: when,
    }
    const env = { PATH: process.env['PATH'], ...who, ...also }
    const commit = execFileSync('git', words, { cwd: root, env, encoding: 'utf8' }).trim()
    git(root, 'update-ref', `refs/skein/wip/${old}`, commit)
    await startDaemon(t, { home: first.home })
    const left = await until('the old one is gone', () => {
      const refs = git(root, 'for-each-ref', '--format=%(refname:lstrip=3)', 'refs/skein/wip')
      return refs.includes(old) ? null : refs
    })
    assert.equal(left.trim(), young?.id)
  })

  it('is not pushed by a plain push', async (t) => {
    const daemon = await start(t)
    const remote = path.join(makeFolder(t), 'r.git')
    const root = makeRepo(t)
    git(root, 'init', '--quiet', '--bare', remote)
    git(root, 'remote', 'add', 'origin', remote)
    const id = await claim(daemon, ANN, root, 'src/a.ts')
    writeIn(root, 'src/a.ts', 'the work\n')
    await revoke(daemon, root, id)
    await kept(daemon, root)
    git(root, 'push', '--quiet', '--all', 'origin')
    git(root, 'push', '--quiet', '--tags', 'origin')
    assert.match(git(remote, 'for-each-ref'), /refs\/heads\/main/)
    assert.doesNotMatch(git(remote, 'for-each-ref'), /skein/)
  })
})
