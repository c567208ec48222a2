// What goes past every hook, seen on the disk: real worktrees, a real daemon, plain writes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { makeHarness, type HarnessRun } from '../helpers/hooks.ts'
import { until } from '../helpers/poll.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

interface World {
  readonly daemon: Daemon
  readonly root: string
  readonly tree: string
  readonly alice: HarnessRun
  readonly bob: HarnessRun
}

/** Alice works in the clone, Bob in a worktree of it. */
async function setUp(t: TestContext, config = ''): Promise<World> {
  const root = makeRepo(t)
  const tree = addWorktree(t, root, 'bobs')
  const home = path.join(makeFolder(t), 'h')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(path.join(home, 'config.yml'), `http_port: 0\n${config}`)
  const daemon = await startDaemon(t, { home })
  const alice = makeHarness('alice', { home, cwd: root })
  const bob = makeHarness('bob', { home, cwd: tree })
  await bob.start()
  const write = { file_path: path.join(root, 'src/a.ts'), content: 'hers\n' }
  assert.equal((await alice.before('Write', write)).exit, 0)
  await until('the folders are watched', () => isWatched(daemon.pid, path.join(tree, 'src')))
  return { daemon, root, tree, alice, bob }
}

/** The kernel names the inodes that a process watches. */
function isWatched(pid: number, folder: string): boolean {
  const inode = statSync(folder).ino.toString(16)
  const listed = execFileSync(
    'sh',
    ['-c', `cat /proc/${String(pid)}/fdinfo/* 2>/dev/null || true`],
    {
      encoding: 'utf8',
    },
  )
  return listed.includes(`ino:${inode} `)
}

async function leaks({ daemon, root }: World): Promise<readonly unknown[]> {
  const { events } = await daemon.client.must('events', { cwd: root, kinds: ['guard.leaked'] })
  return events.map(({ data }) => data['path'])
}

/** When the holder of the first claim was last active. */
async function lastSeen({ daemon, root }: World): Promise<string> {
  const { claims } = await daemon.client.must('claims', { cwd: root })
  return claims[0]?.last_activity ?? ''
}

const onLinux = {
  skip: process.platform !== 'linux' && 'the kernel tells of watches on Linux only',
}

describe('a file that somebody holds', onLinux, () => {
  it('is seen to change where its holder does not work: both sides are told', async (t) => {
    const world = await setUp(t)
    writeIn(world.tree, 'src/a.ts', 'not hers\n')
    await until('it is seen', async () => (await leaks(world)).length > 0)
    assert.deepEqual(await leaks(world), ['src/a.ts'])
    const hers = { file_path: path.join(world.root, 'src/a.ts'), content: 'hers again\n' }
    const heard = await world.alice.before('Write', hers)
    assert.match(heard.text, /changed src\/a\.ts, which you hold/)
    const his = { file_path: path.join(world.tree, 'src/b.ts'), content: 'his\n' }
    const told = await world.bob.before('Write', his)
    assert.match(told.text, /src\/a\.ts changed in this checkout and is held by .*put it back/)
    // The same again is no news; what nobody holds never was.
    writeIn(world.tree, 'src/a.ts', 'not hers either\n')
    writeIn(world.tree, 'free.ts', 'free\n')
    const claim = { scopes: [{ kind: 'file', pattern: 'README.md' }], cwd: world.root }
    await world.daemon.client.must('claim', { ...claim, agent: 'cat', session: 'c' })
    await until('the root is watched', () => isWatched(world.daemon.pid, world.tree))
    writeIn(world.tree, 'README.md', 'not the cat\n')
    await until('the other is seen', async () => (await leaks(world)).length > 1)
    assert.deepEqual(await leaks(world), ['src/a.ts', 'README.md'])
  })

  it('changes by commits of others without a word', async (t) => {
    const world = await setUp(t)
    writeIn(world.root, 'src/a.ts', 'hers\n')
    git(world.root, 'commit', '--quiet', '--all', '--message', 'hers')
    git(world.tree, 'merge', '--quiet', '--ff-only', 'main')
    assert.equal(readFileSync(path.join(world.tree, 'src/a.ts'), 'utf8'), 'hers\n')
    // The next is seen, so the one before was looked at.
    writeIn(world.tree, 'src/a.ts', 'not hers\n')
    await until('it is seen', async () => (await leaks(world)).length > 0)
    const { events } = await world.daemon.client.must('events', {
      cwd: world.root,
      kinds: ['guard.leaked'],
    })
    assert.equal(events.length, 1)
  })

  it('shows that its holder lives when any editor writes it where the holder works', async (t) => {
    const world = await setUp(t)
    const before = await lastSeen(world)
    writeIn(world.root, 'src/a.ts', 'by hand\n')
    await until('it counts', async () => (await lastSeen(world)) > before)
    assert.deepEqual(await leaks(world), [])
  })

  it('is its holder’s in each checkout where the holder has worked', async (t) => {
    const world = await setUp(t)
    const elsewhere = { file_path: path.join(world.tree, 'new.ts'), content: 'hers\n' }
    assert.equal((await world.alice.before('Write', elsewhere)).exit, 0)
    const before = await lastSeen(world)
    writeIn(world.root, 'src/a.ts', 'by hand\n')
    await until('it counts', async () => (await lastSeen(world)) > before)
    assert.deepEqual(await leaks(world), [])
  })
})

describe('read_only', () => {
  it('takes the write bits of what others hold, and gives them back', async (t) => {
    const world = await setUp(t, 'read_only: true\n')
    const modeOf = (root: string): number => statSync(path.join(root, 'src/a.ts')).mode & 0o777
    const before = modeOf(world.root)
    await until('the bits are gone', () => (modeOf(world.tree) & 0o222) === 0)
    assert.equal(modeOf(world.root), before)
    assert.equal(git(world.tree, 'status', '--porcelain'), '')
    await world.alice.end()
    await until('they are back', () => modeOf(world.tree) === before)
    const write = { file_path: path.join(world.root, 'src/a.ts'), content: 'hers\n' }
    const again = makeHarness('carol', { home: world.daemon.home, cwd: world.root })
    await again.before('Write', write)
    await until('the bits are gone again', () => (modeOf(world.tree) & 0o222) === 0)
    await world.daemon.stop()
    assert.equal(modeOf(world.tree), before)
  })

  it('gives them back before the edit that is allowed, and with the claim', async (t) => {
    const world = await setUp(t, 'read_only: true\n')
    const isWritable = (): boolean => {
      return (statSync(path.join(world.tree, 'src/a.ts')).mode & 0o200) !== 0
    }
    const his = { file_path: path.join(world.tree, 'src/a.ts'), content: 'his\n' }
    await until('the bits are gone', () => !isWritable())
    await world.alice.end()
    assert.equal((await world.bob.before('Write', his)).exit, 0)
    assert.ok(isWritable(), 'when the hook has answered')
    await world.bob.end()
    const again = { file_path: path.join(world.root, 'src/a.ts'), content: 'hers\n' }
    await world.alice.before('Write', again)
    await until('the bits are gone again', () => !isWritable())
    await world.alice.end()
    const { client } = world.daemon
    const who = { agent: 'cat', session: 'c', cwd: world.tree }
    await client.must('claim', { ...who, scopes: [{ kind: 'file', pattern: 'src/**' }] })
    assert.ok(isWritable(), 'when the claim is granted')
  })
})
