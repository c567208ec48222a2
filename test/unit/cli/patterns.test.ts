import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { escapeSigns, findWhereabouts, fromRoot, pathToRoot } from '../../../daemon/cli/patterns.ts'
import { escapePath, matchesPath, parsePattern, SkeinError } from '../../../protocol/index.ts'
import { makeFolder } from '../../helpers/cli-server.ts'

/** A checkout with some folders, links, and a folder beside it. */
function makeCheckout(t: TestContext): string {
  const root = path.join(makeFolder(t), 'repo')
  for (const folder of ['.git', 'src/auth', 'lib', 'app/[id]', 'deep/er']) {
    mkdirSync(path.join(root, folder), { recursive: true })
  }
  mkdirSync(path.join(root, '..', 'outside'))
  writeFileSync(path.join(root, 'AGENTS.md'), '')
  symlinkSync('src/auth', path.join(root, 'link'))
  symlinkSync('AGENTS.md', path.join(root, 'CLAUDE.md'))
  symlinkSync('../outside', path.join(root, 'out'))
  symlinkSync('deep/er', path.join(root, 'er'))
  symlinkSync('loop', path.join(root, 'loop'))
  symlinkSync('nowhere', path.join(root, 'dangling'))
  symlinkSync(root, path.join(root, '..', 'alias'))
  return root
}

describe('fromRoot', () => {
  const FROM_SRC: readonly (readonly [typed: string, sent: string])[] = [
    ['auth/login.ts', 'src/auth/login.ts'],
    ['./auth', 'src/auth'],
    ['auth/', 'src/auth/'],
    ['auth//x', 'src/auth/x'],
    ['../lib/x', 'lib/x'],
    ['../../repo/lib', 'lib'],
    ['.', 'src'],
    ['./', 'src/'],
    ['..', '**'],
    ['../', '**'],
    ['*.ts', 'src/*.ts'],
    ['**/*.ts', 'src/**/*.ts'],
    ['../**', '**'],
    ['../{a,b/c}/d', '{a,b/c}/d'],
    ['auth/[a-z]*.ts', 'src/auth/[a-z]*.ts'],
    ['../app/\\[id]/page.tsx', 'app/\\[id]/page.tsx'],
    ['auth\\login.ts', 'src/auth/login.ts'],
    ['not/there/yet.ts', 'src/not/there/yet.ts'],
    ['../link/login.ts', 'src/auth/login.ts'],
    ['../link/*.ts', 'src/auth/*.ts'],
    ['../link/../x', 'src/x'],
    ['../er/../x', 'deep/x'],
    ['../CLAUDE.md', 'AGENTS.md'],
    ['../out', 'out'],
    ['../out/file', 'out/file'],
    ['../loop', 'loop'],
    ['../dangling/x', 'dangling/x'],
    // What cannot be a path goes on as it is, to be refused by name.
    ['', ''],
    ['  ', '  '],
    ['!auth', '!auth'],
    ['a\0b', 'a\0b'],
    ['a}', 'src/a}'],
    ['*/../../x', 'src/*/../../x'],
  ]
  for (const [typed, sent] of FROM_SRC) {
    it(`sends ${JSON.stringify(typed)} typed in src as ${JSON.stringify(sent)}`, (t) => {
      const root = makeCheckout(t)
      assert.equal(fromRoot(typed, { cwd: path.join(root, 'src'), root }), sent)
    })
  }

  it('maps absolute paths inside the checkout, through links and before they exist', (t) => {
    const root = makeCheckout(t)
    const here = { cwd: path.join(root, 'src'), root }
    assert.equal(fromRoot(`${root}/lib/x.ts`, here), 'lib/x.ts')
    assert.equal(fromRoot(`${root}/**/*.ts`, here), '**/*.ts')
    assert.equal(fromRoot(root, here), '**')
    assert.equal(fromRoot(path.join(root, '..', 'alias', 'new', 'x'), here), 'new/x')
  })

  it('spells the folder that one stands in, whatever signs are in its name', (t) => {
    const root = makeCheckout(t)
    assert.equal(fromRoot('page.tsx', { cwd: `${root}/app/[id]`, root }), 'app/\\[id]/page.tsx')
    assert.equal(fromRoot('*.tsx', { cwd: `${root}/app/[id]`, root }), 'app/\\[id]/*.tsx')
  })

  for (const typed of ['../../x', '/etc/passwd', '/**', '../../repo2/x', '../../outside/x']) {
    it(`refuses ${typed}, which leaves the checkout`, (t) => {
      const root = makeCheckout(t)
      assert.throws(
        () => fromRoot(typed, { cwd: path.join(root, 'src'), root }),
        (error) => error instanceof SkeinError && error.code === 'INPUT_PATTERN',
      )
    })
  }

  it('outside of a checkout passes relative patterns on and refuses absolute ones', () => {
    const nowhere = { cwd: '/', root: null }
    assert.equal(fromRoot('src/**', nowhere), 'src/**')
    assert.throws(() => fromRoot('/src', nowhere), /is absolute, and you are in no checkout/)
  })

  it('keeps a plain name meaning the file of that name, from any folder', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      // No name on a disk has these, and a pattern cannot spell them.
      .filter((text) => !/[/\\\p{C}\u2028\u2029]/u.test(text) && !/^\.{1,2}$/.test(text))
      .filter((text) => text.trim() !== '')
    fc.assert(
      fc.property(name, name, (folder, file) => {
        const here = { cwd: `/no/such/top/${folder}`, root: '/no/such/top' }
        const sent = fromRoot(escapePath(file), here)
        const pattern = parsePattern(sent, { caseExact: true })
        assert.ok(matchesPath(pattern, `${folder}/${file}`), sent)
      }),
    )
  })
})

describe('escapeSigns', () => {
  it('is escapePath of the protocol', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(escapeSigns(text), escapePath(text))
      }),
    )
  })
})

describe('findWhereabouts', () => {
  it('finds the root above, whether .git is a folder or a file', (t) => {
    const root = makeCheckout(t)
    assert.deepEqual(findWhereabouts(path.join(root, 'src')), { cwd: `${root}/src`, root })
    const worktree = path.join(root, '..', 'tree')
    mkdirSync(path.join(worktree, 'a'), { recursive: true })
    writeFileSync(path.join(worktree, '.git'), 'gitdir: elsewhere')
    assert.equal(findWhereabouts(path.join(worktree, 'a')).root, worktree)
    assert.equal(findWhereabouts('/').root, null)
  })

  it('tells the way back', (t) => {
    const root = makeCheckout(t)
    assert.equal(pathToRoot(root), '')
    assert.equal(pathToRoot(path.join(root, 'src', 'auth')), '../..')
    assert.equal(pathToRoot(null), '')
  })
})
