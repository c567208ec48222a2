import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createSnapshots, type SnapshotTree } from '../../../daemon/git-snapshot.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
const BOUNDS = { files: 100, fileBytes: 1_048_576, bytes: 2 * 1_048_576 }

function take(root: string, covers: (file: string) => boolean = () => true): Promise<SnapshotTree> {
  return createSnapshots(env).take(root, { covers, bounds: BOUNDS, signal: undefined })
}

function content({ tree }: SnapshotTree, root: string, file: string): string {
  return git(root, 'cat-file', 'blob', `${tree}:${file}`)
}

describe('a snapshot', () => {
  it('is of HEAD where nothing has changed, whatever the stamps say', async (t) => {
    const root = makeRepo(t)
    writeIn(root, 'src/a.ts', 'src/a.ts\n')
    const taken = await take(root)
    assert.deepEqual([taken.files, taken.tree], [[], git(root, 'rev-parse', 'HEAD^{tree}').trim()])
  })

  it('is taken before the first commit, too', async (t) => {
    const root = makeFolder(t)
    git(root, 'init', '--quiet')
    writeIn(root, 'a', 'staged\n')
    git(root, 'add', 'a')
    writeIn(root, 'b', 'not staged\n')
    const taken = await take(root)
    assert.deepEqual([taken.head, taken.files], [null, ['a', 'b']])
    assert.equal(content(taken, root, 'a'), 'staged\n')
  })

  it('takes files with their marks in the middle of a merge, and leaves it there', async (t) => {
    const root = makeRepo(t)
    git(root, 'checkout', '--quiet', '-b', 'other')
    writeIn(root, 'src/a.ts', 'theirs\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'theirs')
    git(root, 'checkout', '--quiet', 'main')
    writeIn(root, 'src/a.ts', 'ours\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'ours')
    assert.throws(() => git(root, 'merge', '--quiet', 'other'))
    const before = git(root, 'ls-files', '--stage')
    const taken = await take(root)
    assert.deepEqual(taken.files, ['src/a.ts'])
    assert.match(content(taken, root, 'src/a.ts'), /<<<<<<< HEAD\nours/)
    assert.equal(git(root, 'ls-files', '--stage'), before)
    assert.equal(existsSync(path.join(root, '.git/MERGE_HEAD')), true)
  })

  it('names what it leaves out: large files, submodules, other repositories, sockets', async (t) => {
    const root = makeRepo(t)
    const inner = makeRepo(t)
    git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'sub')
    git(root, 'commit', '--quiet', '--message', 'a submodule')
    writeIn(path.join(root, 'sub'), 'src/a.ts', 'in the submodule\n')
    git(path.join(root, 'sub'), 'commit', '--quiet', '--all', '--message', 'inside')
    mkdirSync(path.join(root, 'nested'))
    git(path.join(root, 'nested'), 'init', '--quiet')
    writeIn(root, 'nested/x', 'x\n')
    writeIn(root, 'large.bin', '')
    truncateSync(path.join(root, 'large.bin'), BOUNDS.fileBytes + 1)
    execFileSync('mkfifo', [path.join(root, 'src/a.ts.pipe')])
    rmSync(path.join(root, 'src/b.ts'))
    execFileSync('mkfifo', [path.join(root, 'src/b.ts')])
    const taken = await take(root)
    assert.deepEqual(taken.files, [])
    assert.deepEqual(taken.skipped.map(({ path: file, why }) => `${file}: ${why}`).sort(), [
      'large.bin: it is larger than 1 MiB',
      'nested/: it is a repository of its own',
      'src/b.ts: it is no plain file',
      'sub: a submodule is a repository of its own',
    ])
  })

  it('stays inside what it was asked for, by names and by bytes', async (t) => {
    const root = makeRepo(t)
    const names = [
      'one\ntwo',
      '"quoted"',
      ' led by a blank',
      '-dash',
      'ünï',
      'back\\slash',
      'tab\there',
    ]
    for (const name of names) writeIn(root, name, `${name}\n`)
    writeIn(root, 'src/a.ts', 'nobody asked\n')
    const taken = await take(root, (file) => !file.startsWith('src/'))
    assert.deepEqual([...taken.files].sort(), [...names].sort())
    for (const name of names) assert.equal(content(taken, root, name), `${name}\n`)
    for (const at of [1, 2, 3])
      writeFileSync(path.join(root, `big-${String(at)}`), Buffer.alloc(BOUNDS.fileBytes - 100, at))
    const { files, skipped } = await take(root, (file) => file.startsWith('big-'))
    assert.deepEqual([files.length, skipped.length], [2, 1])
  })

  it('does not look behind a link that has taken a folder\u2019s place', async (t) => {
    const root = makeRepo(t)
    const outside = makeFolder(t)
    writeIn(outside, 'a.ts', 'a secret of another place\n')
    rmSync(path.join(root, 'src'), { recursive: true })
    symlinkSync(outside, path.join(root, 'src'))
    const taken = await take(root)
    assert.deepEqual([...taken.files].sort(), ['src', 'src/a.ts', 'src/b.ts'])
    assert.equal(content(taken, root, 'src'), outside)
  })

  it('runs no filter and no hook of the repository', async (t) => {
    const root = makeRepo(t)
    const trap = path.join(makeFolder(t), 'ran')
    git(root, 'config', 'filter.trap.clean', `touch ${trap}; cat`)
    git(root, 'config', 'core.fsmonitor', `touch ${trap}`)
    writeIn(root, '.gitattributes', '* filter=trap\n')
    writeIn(root, 'src/a.ts', 'the work\n')
    const taken = await take(root)
    assert.equal(content(taken, root, 'src/a.ts'), 'the work\n')
    assert.equal(existsSync(trap), false)
  })

  it('of a detached HEAD tells of commits that nothing else has', async (t) => {
    const root = makeRepo(t)
    const snapshots = createSnapshots(env)
    git(root, 'checkout', '--quiet', '--detach')
    assert.equal(await snapshots.unreferenced(root, undefined), 0)
    writeIn(root, 'src/a.ts', 'committed\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'nobody has it')
    assert.equal(await snapshots.unreferenced(root, undefined), 1)
    assert.equal(readFileSync(path.join(root, 'src/a.ts'), 'utf8'), 'committed\n')
  })

  it('is written through to the disk, and so is its commit', async (t) => {
    const root = makeRepo(t)
    writeIn(root, 'src/a.ts', 'the work\n')
    const folder = makeFolder(t)
    const trace = path.join(folder, 'trace')
    writeIn(folder, 'config', `[trace2]\n\teventTarget = ${trace}\n`)
    const snapshots = createSnapshots({ ...env, GIT_CONFIG_GLOBAL: path.join(folder, 'config') })
    const wish = { covers: () => true, bounds: BOUNDS, signal: undefined }
    const { tree, head: parent } = await snapshots.take(root, wish)
    const commit = { tree, parent, message: 'work', atMs: 0, signal: undefined }
    await snapshots.commit(root, commit)
    const events = readFileSync(trace, 'utf8').trimEnd().split('\n').map(parseEvent)
    const flushed = events.filter(({ key }) => key === 'fsync/hardware-flush').map(({ sid }) => sid)
    const commands = events.filter(({ sid, name }) => name !== undefined && flushed.includes(sid))
    assert.deepEqual(
      commands.map(({ name }) => name),
      ['hash-object', 'write-tree', 'commit-tree'],
    )
  })
})

/** Of git's own trace, by trace2.eventTarget: which process says it, and the command's name or a counter's. */
interface TraceEvent {
  readonly sid: string
  readonly name?: string
  readonly key?: string
}

function parseEvent(line: string): TraceEvent {
  const { event, sid, name, key } = JSON.parse(line) as TraceEvent & { readonly event: string }
  return {
    sid,
    ...(event === 'cmd_name' && name !== undefined ? { name } : {}),
    ...(key === undefined ? {} : { key }),
  }
}
