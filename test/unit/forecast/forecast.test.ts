import assert from 'node:assert/strict'
import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { forecast, type Forecast } from '../../../daemon/forecast/forecast.ts'
import { createMerges, parseMerge, type Merges } from '../../../daemon/git-merge.ts'
import { addWorktree, git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

function look(root: string, more: { of?: string; merges?: Merges } = {}): Promise<Forecast> {
  const { of = null, merges = createMerges(env) } = more
  const { signal } = new AbortController()
  return forecast(merges, { root, trunk: 'refs/heads/main', of, remoteSinceMs: 0, signal })
}

/** A repository in which each branch has changed its files so. */
function branches(
  t: TestContext,
  changes: Readonly<Record<string, Readonly<Record<string, string | null>>>>,
): string {
  const root = makeRepo(t, { files: ['src/a.ts', 'src/b.ts', 'docs/x.md'] })
  for (const [branch, files] of Object.entries(changes)) {
    git(root, 'checkout', '--quiet', '-b', branch, 'main')
    change(root, files)
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message', branch)
  }
  git(root, 'checkout', '--quiet', 'main')
  return root
}

function change(root: string, files: Readonly<Record<string, string | null>>): void {
  for (const [file, content] of Object.entries(files)) {
    if (content === null) rmSync(path.join(root, file))
    else writeIn(root, file, content)
  }
}

function told({ collisions }: Forecast): readonly string[] {
  return collisions.map(
    ({ a, b, files }) =>
      `${a.name} ${b.name}: ${files.map(({ path: file, kind }) => `${file} ${kind}`).join(', ')}`,
  )
}

describe('a forecast', () => {
  it('names the pairs that stop each other, and what at', async (t) => {
    const root = branches(t, {
      one: { 'src/a.ts': 'one\n', 'src/b.ts': 'the same\n' },
      two: { 'src/a.ts': 'two\n', 'src/b.ts': 'the same\n' },
      three: { 'docs/x.md': 'three\n' },
      four: { 'docs/x.md': null },
    })
    const seen = await look(root)
    assert.deepEqual(told(seen), [
      'four three: docs/x.md modify/delete',
      'one two: src/a.ts contents',
    ])
    assert.equal(seen.method, 'merge')
    assert.deepEqual(
      seen.lines.map(({ name }) => name),
      ['four', 'one', 'three', 'two'],
    )
  })

  it('leaves out changes of a file that fit together', async (t) => {
    const text = Array.from({ length: 20 }, (_, line) => `line ${String(line)}\n`)
    const root = makeRepo(t, { files: [] })
    writeIn(root, 'long.ts', text.join(''))
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message', 'long')
    for (const [branch, line] of [
      ['top', 1],
      ['bottom', 18],
    ] as const) {
      git(root, 'checkout', '--quiet', '-b', branch, 'main')
      writeIn(root, 'long.ts', text.with(line, `${branch}\n`).join(''))
      git(root, 'commit', '--quiet', '--all', '--message', branch)
    }
    assert.deepEqual(told(await look(root)), [])
  })

  it('counts what is not committed, new files and symlinks too, and changes nothing', async (t) => {
    const root = branches(t, {
      one: { 'src/a.ts': 'one\n', 'new.ts': 'one\n', link: 'one\n' },
    })
    const tree = addWorktree(t, root, 'work')
    writeIn(tree, 'src/a.ts', 'work\n')
    writeIn(tree, 'new.ts', 'work\n')
    symlinkSync('src/b.ts', path.join(tree, 'link'))
    rmSync(path.join(tree, 'docs/x.md'))
    const before = git(tree, 'status', '--porcelain', '--untracked-files=all')
    const refs = git(root, 'for-each-ref')
    const seen = await look(root)
    const [collision] = seen.collisions
    assert.deepEqual(collision?.files.map(({ path: file }) => file).sort(), [
      ...['link', 'new.ts', 'src/a.ts'],
    ])
    const work = seen.lines.find(({ name }) => name === 'work')
    assert.deepEqual([work?.isDirty, work?.worktree], [true, tree])
    assert.equal(work?.files.includes('docs/x.md'), true)
    assert.equal(git(tree, 'status', '--porcelain', '--untracked-files=all'), before)
    assert.equal(git(root, 'for-each-ref'), refs)
    assert.deepEqual(await look(root, { of: tree }), await look(root, { of: 'work' }))
  })

  it('sees a file where the other has a folder', async (t) => {
    const root = branches(t, {
      file: { api: 'a file\n' },
      folder: { 'api/index.ts': 'in a folder\n' },
    })
    const [collision] = (await look(root)).collisions
    assert.deepEqual([collision?.a.name, collision?.b.name], ['file', 'folder'])
  })

  it('looks at fetched branches, not at the twins of local ones', async (t) => {
    const root = branches(t, { one: { 'src/a.ts': 'one\n' }, two: { 'src/a.ts': 'two\n' } })
    git(root, 'update-ref', 'refs/remotes/origin/two', 'two')
    git(root, 'branch', '--quiet', '-D', 'two')
    git(root, 'update-ref', 'refs/remotes/origin/one', 'main')
    assert.deepEqual(told(await look(root)), ['one origin/two: src/a.ts contents'])
  })

  it('tells only of the branch that is asked for, and says when there is none', async (t) => {
    const root = branches(t, {
      one: { 'src/a.ts': '1\n' },
      two: { 'src/a.ts': '2\n' },
      three: { 'src/a.ts': '3\n' },
    })
    assert.equal((await look(root)).collisions.length, 3)
    assert.equal((await look(root, { of: 'two' })).collisions.length, 2)
    await assert.rejects(look(root, { of: 'nobody' }), {
      code: 'NOT_FOUND',
      message: /is called nobody/,
    })
    await assert.rejects(look(root, { of: 'main' }), { code: 'NOT_FOUND', message: /not ahead/ })
  })

  it('names files that both changed where git cannot merge in memory', async (t) => {
    const root = branches(t, { one: { 'src/a.ts': '1\n' }, two: { 'src/a.ts': '2\n' } })
    const merges = { ...createMerges(env), canMerge: () => Promise.resolve(false) }
    const seen = await look(root, { merges })
    assert.equal(seen.method, 'paths')
    assert.deepEqual(told(seen), ['one two: src/a.ts changed by both'])
  })

  it('leaves no index behind', async (t) => {
    const root = makeRepo(t)
    writeIn(root, 'src/a.ts', 'changed\n')
    const temporary = makeFolder(t)
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = temporary
    t.after(() => {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    })
    const { lines } = await look(root)
    assert.equal(lines[0]?.isDirty, true)
    assert.deepEqual(readdirSync(temporary), [])
  })
})

describe('what git says of a merge', () => {
  it('is read with the kind of each conflict', () => {
    const text =
      'aa\0f\0g\0\x001\0f\0Auto-merging\0Auto-merging f\n\x001\0f\0CONFLICT (contents)\0x\n\x002\0g\0h\0CONFLICT (modify/delete)\0y\n\0'
    assert.deepEqual(parseMerge(text), [
      { path: 'f', kind: 'contents' },
      { path: 'g', kind: 'modify/delete' },
    ])
    assert.deepEqual(parseMerge('aa\0'), [])
    assert.deepEqual(parseMerge('aa\0\x001\0f\0Auto-merging\0Auto-merging f\n\0'), [])
    assert.deepEqual(parseMerge(''), [])
  })
})
