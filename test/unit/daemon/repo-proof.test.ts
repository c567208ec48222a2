import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { createGit } from '../../../daemon/git.ts'
import { createHistory } from '../../../daemon/git-history.ts'
import { createGitObjects } from '../../../daemon/git-objects.ts'
import {
  boundTo,
  createRepoProof,
  type ProofQuestion,
  type RepoProof,
} from '../../../daemon/repo-proof.ts'
import { asPeerId, SkeinError } from '../../../protocol/index.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'

const ENV = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
}

function makeProof(env: Readonly<Record<string, string | undefined>> = ENV): RepoProof {
  return createRepoProof(createGit(env), createHistory(env), createGitObjects(env))
}

const proof = makeProof()

function longText(): string {
  return `${randomBytes(60).toString('hex')}\n`
}

function commitAll(root: string, message: string): string {
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--allow-empty', '--message', message)
  return git(root, 'rev-parse', 'HEAD').trim()
}

/** A repository of `commits` commits, each with a new file and a changed one. */
function makeHistory(cleaner: Cleaner, commits = 8): string {
  const root = makeRepo(cleaner)
  for (let at = 1; at < commits; at++) {
    writeIn(root, `src/deep/er/file-${String(at)}.ts`, longText())
    writeIn(root, 'README.md', longText())
    commitAll(root, `commit ${String(at)}`)
  }
  return root
}

function makeClone(cleaner: Cleaner, root: string, ...options: readonly string[]): string {
  const clone = path.join(makeFolder(cleaner), 'clone')
  git(root, 'clone', '--quiet', ...options, `file://${root}`, clone)
  return clone
}

async function askFor(member: string, newcomer: string): Promise<ProofQuestion> {
  const question = await proof.question(member, await proof.offer(newcomer))
  assert.ok(question !== null, 'nothing is shared')
  return question
}

async function isProven(member: string, newcomer: string): Promise<boolean> {
  const question = await askFor(member, newcomer)
  return proof.verify(member, question, await proof.answer(newcomer, question))
}

describe('a repository is proven', () => {
  it('by a clone, with sixteen files of different content', async (t) => {
    const member = makeHistory(t, 12)
    const question = await askFor(member, makeClone(t, member))
    assert.equal(question.pairs.length, 16)
    const contents = question.pairs.map(({ commit, path: file }) =>
      git(member, 'show', `${commit}:${file}`),
    )
    assert.equal(new Set(contents).size, 16)
    assert.ok(contents.filter((content) => content.length >= 64).length >= 12)
    assert.equal(await isProven(member, makeClone(t, member)), true)
  })

  it('by hashes that anybody with the files would make', async (t) => {
    const member = makeHistory(t)
    const question = await askFor(member, makeClone(t, member))
    const expected = question.pairs.map(({ commit, path: file }) => {
      const bytes = execFileSync('git', ['cat-file', 'blob', `${commit}:${file}`], { cwd: member })
      return createHmac('sha256', Buffer.from(question.nonce, 'hex')).update(bytes).digest('hex')
    })
    assert.deepEqual(await proof.answer(member, question), expected)
  })

  it('for whom it was asked of, and nobody else', async (t) => {
    const member = makeHistory(t)
    const newcomer = makeClone(t, member)
    const question = await askFor(member, newcomer)
    const [mine, theirs] = [asPeerId('mine'), asPeerId('theirs')]
    const answers = await proof.answer(newcomer, boundTo(question, mine))
    assert.equal(await proof.verify(member, boundTo(question, theirs), answers), false)
    assert.equal(await proof.verify(member, boundTo(question, mine), answers), true)
  })

  it('whoever of the two is ahead, on branches of their own', async (t) => {
    const member = makeHistory(t)
    const newcomer = makeClone(t, member)
    git(newcomer, 'checkout', '--quiet', '-b', 'topic')
    for (let at = 0; at < 3; at++) commitAll(newcomer, `ahead ${String(at)}`)
    for (let at = 0; at < 5; at++) commitAll(member, `also ahead ${String(at)}`)
    assert.equal(await isProven(member, newcomer), true)
    assert.equal(await isProven(newcomer, member), true)
  })

  it('by a fork that shares only the root, with what stands in the root', async (t) => {
    const member = makeRepo(t)
    const root = git(member, 'rev-parse', 'HEAD').trim()
    const fork = makeClone(t, member)
    for (const [repo, name] of [
      [member, 'ours.ts'],
      [fork, 'theirs.ts'],
    ] as const) {
      writeIn(repo, name, longText())
      commitAll(repo, name)
    }
    const question = await askFor(member, fork)
    assert.deepEqual(new Set(question.pairs.map(({ commit }) => commit)), new Set([root]))
    assert.equal(question.pairs.length, 4)
    assert.equal(await isProven(member, fork), true)
  })

  it('with one small file, if there is no other', async (t) => {
    const member = makeRepo(t, { files: ['a'], skeinYml: null })
    const question = await askFor(member, member)
    assert.deepEqual(
      question.pairs.map(({ path: file }) => file),
      ['a'],
    )
    assert.equal(await isProven(member, makeClone(t, member)), true)
  })

  it('with names of all kinds, and links', async (t) => {
    const member = makeRepo(t, { files: [], skeinYml: null })
    const names = [
      'two words',
      'ünï/ço dé',
      'line\nbreak\n',
      '-x',
      'a:b',
      '"q"\\',
      ':(top)x',
      '^{tree}',
    ]
    for (const name of names) writeIn(member, name, longText())
    symlinkSync('two words', path.join(member, 'link'))
    commitAll(member, 'odd')
    const question = await askFor(member, makeClone(t, member))
    const asked = question.pairs.map(({ path: file }) => file)
    assert.deepEqual(new Set(asked), new Set([...names, 'link']))
    assert.equal(await isProven(member, makeClone(t, member)), true)
  })

  it('without names that are no text, submodules, empty files and large ones', async (t) => {
    const member = makeRepo(t, { files: [], skeinYml: null })
    writeIn(member, 'good', longText())
    writeIn(member, 'empty', '')
    writeIn(member, 'large', 'x'.repeat(1_048_577))
    writeIn(member, 'huge', 'x'.repeat(5_000_000))
    writeFileSync(Buffer.concat([Buffer.from(`${member}/`), Buffer.from([0xff, 0xfe])]), 'content')
    git(member, 'add', '--all')
    const linked = git(member, 'rev-parse', 'HEAD').trim()
    git(member, 'update-index', '--add', '--cacheinfo', `160000,${linked},lib`)
    git(member, 'commit', '--quiet', '--message', 'odd')
    const question = await askFor(member, member)
    assert.deepEqual(
      question.pairs.map(({ path: file }) => file),
      ['good'],
    )
  })

  it('in a repository of SHA-256', async (t) => {
    const member = makeFolder(t)
    git(member, 'init', '--quiet', '--object-format=sha256')
    writeIn(member, 'src/a.ts', longText())
    const commit = commitAll(member, 'first')
    assert.equal(commit.length, 64)
    assert.equal(await isProven(member, makeClone(t, member)), true)
  })
})

describe('a repository is not proven', () => {
  it('by another one', async (t) => {
    const [member, other] = [makeHistory(t), makeHistory(t)]
    assert.equal(await proof.question(member, await proof.offer(other)), null)
    const question = await askFor(member, member)
    const answers = await proof.answer(other, question)
    assert.deepEqual(new Set(answers), new Set([null]))
    assert.equal(await proof.verify(member, question, answers), false)
  })

  it('without a commit, and says what to do', async (t) => {
    const empty = makeFolder(t)
    git(empty, 'init', '--quiet')
    const member = makeHistory(t)
    const asIs = (error: unknown): boolean => {
      assert.ok(error instanceof SkeinError)
      assert.equal(error.code, 'REPO_FOREIGN')
      return /no commit yet/.test(error.message) && /git pull/.test(error.hint)
    }
    await assert.rejects(proof.offer(empty), asIs)
    await assert.rejects(proof.question(empty, await proof.offer(member)), asIs)
    assert.deepEqual(
      await proof.answer(empty, await askFor(member, member)),
      new Array(16).fill(null),
    )
  })

  it('without a file that could be asked about', async (t) => {
    const member = makeRepo(t, { files: [], skeinYml: null })
    const refused = proof.question(member, await proof.offer(member))
    await assert.rejects(refused, { code: 'REPO_FOREIGN', message: /could be asked about/ })
    writeIn(member, 'empty', '')
    commitAll(member, 'nothing in it')
    const still = proof.question(member, await proof.offer(member))
    await assert.rejects(still, { code: 'REPO_FOREIGN', message: /could be asked about/ })
  })

  it('by forged answers', async (t) => {
    const member = makeHistory(t)
    const question = await askFor(member, member)
    const right = await proof.answer(member, question)
    const first = right[0] ?? ''
    const flipped = (first.startsWith('0') ? '1' : '0') + first.slice(1)
    const forged: readonly (readonly unknown[])[] = [
      [],
      right.slice(1),
      [...right, first],
      [flipped, ...right.slice(1)],
      [null, ...right.slice(1)],
      [first.toUpperCase() + ' ', ...right.slice(1)],
      [`${first}00`, ...right.slice(1)],
      [{ length: 64 }, ...right.slice(1)],
      [...right].reverse(),
      right.map(() => first),
    ]
    for (const answers of forged) {
      assert.equal(await proof.verify(member, question, answers as string[]), false)
    }
    assert.equal(await proof.verify(member, question, 'x' as unknown as string[]), false)
    assert.equal(await proof.verify(member, question, right), true)
  })

  it('by answers to an earlier question', async (t) => {
    const member = makeHistory(t)
    const question = await askFor(member, member)
    const answers = await proof.answer(member, question)
    const again = { ...question, nonce: randomBytes(32).toString('hex') }
    assert.equal(await proof.verify(member, again, answers), false)
  })

  it('by no answers to no question', async (t) => {
    const member = makeHistory(t)
    const question = { nonce: randomBytes(32).toString('hex'), pairs: [] }
    assert.equal(await proof.verify(member, question, []), false)
  })

  it('by chance: two questions differ', async (t) => {
    const member = makeHistory(t, 12)
    const [one, two] = [await askFor(member, member), await askFor(member, member)]
    assert.notEqual(one.nonce, two.nonce)
    assert.notDeepEqual(one.pairs, two.pairs)
  })
})

describe('a clone that has not everything', () => {
  it('answers null for what is cut from a shallow one, and fetches nothing', async (t) => {
    const member = makeHistory(t)
    const shallow = makeClone(t, member, '--depth', '1')
    const question = await askFor(member, shallow)
    const head = git(member, 'rev-parse', 'HEAD').trim()
    const answers = await proof.answer(shallow, question)
    assert.deepEqual(
      answers.map((answer) => answer !== null),
      question.pairs.map(({ commit }) => commit === head),
    )
    assert.ok(answers.includes(null))
    assert.equal(await proof.verify(member, question, answers), false)
  })

  it('asks from a shallow one for what it has', async (t) => {
    const member = makeHistory(t)
    const shallow = makeClone(t, member, '--depth', '2')
    assert.equal(await isProven(shallow, member), true)
  })

  for (const filter of ['blob:none', 'tree:0']) {
    it(`answers null for what is left out of a partial one, ${filter}, and fetches nothing`, async (t) => {
      const member = makeHistory(t)
      git(member, 'config', 'uploadpack.allowFilter', 'true')
      git(member, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
      const partial = makeClone(t, member, `--filter=${filter}`)
      const count = (): string => git(partial, 'count-objects', '-v')
      const before = count()
      const question = await askFor(member, partial)
      const answers = await proof.answer(partial, question)
      assert.ok(answers.includes(null))
      assert.ok(answers.some((answer) => answer !== null) || filter === 'tree:0')
      assert.equal(await proof.verify(member, question, answers), false)
      const own = await askFor(partial, member)
      assert.equal(await proof.verify(partial, own, await proof.answer(member, own)), true)
      assert.equal(count(), before)
    })
  }
})

describe('an offer', () => {
  it('holds roots and commits at growing distance, 64 at most', async (t) => {
    const root = makeRepo(t)
    const first = git(root, 'rev-parse', 'HEAD').trim()
    for (let at = 0; at < 40; at++) commitAll(root, String(at))
    const line = git(root, 'rev-list', 'HEAD').trim().split('\n')
    git(root, 'update-ref', 'refs/remotes/origin/main', line[3] ?? '')
    const { commits } = await proof.offer(root)
    const near = [0, 1, 2, 4, 8, 16, 32, 40].map((at) => line[at] ?? '')
    const remote = [3, 4, 5, 7, 11, 19, 35].map((at) => line[at] ?? '')
    assert.deepEqual(new Set(commits), new Set([...near, ...remote, first]))
    const roots = Array.from({ length: 70 }, (_, at) => {
      const who = 'committer t <t@example.org> 1700000000 +0000'
      return `commit refs/heads/orphan-${String(at)}\n${who}\ndata 1\nx\nM 644 inline f\ndata 2\n${String(at + 10)}\n`
    })
    execFileSync('git', ['fast-import', '--quiet'], { cwd: root, input: roots.join('') })
    assert.equal((await makeProof().offer(root)).commits.length, 64)
  })

  it('is refused when it is no list of ids, or too long', async (t) => {
    const member = makeHistory(t)
    const head = git(member, 'rev-parse', 'HEAD').trim()
    const hostile: readonly unknown[] = [
      null,
      {},
      { commits: 'x' },
      { commits: ['HEAD'] },
      { commits: ['--all'] },
      { commits: [`${head}\n${head}`] },
      { commits: [`${head}^{tree}`] },
      { commits: [head.slice(1)] },
      { commits: new Array(65).fill(head) },
      { commits: new Array(100_000).fill(head) },
    ]
    for (const offer of hostile) {
      const refused = proof.question(member, offer as { commits: string[] })
      await assert.rejects(refused, { code: 'INPUT_SCHEMA' })
    }
    assert.equal(await proof.question(member, { commits: [] }), null)
    // A tree's id is the id of no commit.
    const tree = git(member, 'rev-parse', 'HEAD^{tree}').trim()
    assert.equal(await proof.question(member, { commits: [tree, '0'.repeat(40)] }), null)
  })
})

describe('a hostile question', () => {
  const nonce = '00'.repeat(32)

  it('is refused when it breaks the bounds', async (t) => {
    const root = makeHistory(t, 2)
    const commit = git(root, 'rev-parse', 'HEAD').trim()
    const pair = { commit, path: 'README.md' }
    const hostile: readonly unknown[] = [
      undefined,
      [],
      { nonce, pairs: {} },
      { nonce: '', pairs: [pair] },
      { nonce: 'x'.repeat(64), pairs: [pair] },
      { nonce, pairs: new Array(17).fill(pair) },
      { nonce, pairs: new Array(1_000_000).fill(pair) },
      { nonce, pairs: [{ commit: 'HEAD', path: 'README.md' }] },
      { nonce, pairs: [{ commit: '--batch', path: 'README.md' }] },
      { nonce, pairs: [{ commit: `${commit}\n`, path: 'README.md' }] },
      { nonce, pairs: [{ commit, path: '' }] },
      { nonce, pairs: [{ commit, path: 'README.md\0' }] },
      { nonce, pairs: [{ commit, path: 'x'.repeat(4_097) }] },
      { nonce, pairs: [{ commit, path: 7 }] },
    ]
    for (const question of hostile) {
      const refused = proof.answer(root, question as ProofQuestion)
      await assert.rejects(refused, { code: 'INPUT_SCHEMA', exit: 64 })
    }
  })

  it('finds nothing but files of the commit', async (t) => {
    const root = makeHistory(t, 2)
    const commit = git(root, 'rev-parse', 'HEAD').trim()
    writeIn(path.dirname(root), 'skein-proof-outside', 'outside')
    t.after(() => {
      rmSync(path.join(path.dirname(root), 'skein-proof-outside'))
    })
    writeIn(root, 'untracked', 'untracked')
    writeIn(root, '-x', 'untracked')
    const places = ['../skein-proof-outside', '../x', '-x', '--help', 'untracked', '.git/config']
    const odd = ['/', '/README.md', 'README.md/', './README.md', 'src/../README.md', 'src//a.ts']
    const magic = [':README.md', 'HEAD:README.md', '*', 'src', '..', '.', 'README.md\nREADME.md']
    for (const file of [...places, ...odd, ...magic, 'a/'.repeat(2_000)]) {
      const pairs = [{ commit, path: file }]
      assert.deepEqual(await proof.answer(root, { nonce, pairs }), [null], file)
    }
    const random = fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }), { maxLength: 16 }),
      async (files) => {
        const paths = files.map((file) => file.replaceAll('\0', '?'))
        fc.pre(!paths.includes('README.md') && !paths.includes('.skein.yml'))
        const asked = paths.map((file) => ({ commit, path: file }))
        const answers = await proof.answer(root, { nonce, pairs: asked })
        assert.deepEqual(
          answers,
          paths.map(() => null),
        )
      },
    )
    await fc.assert(random, { numRuns: 20 })
  })

  it('does not have large files read, and what follows is answered', async (t) => {
    const root = makeRepo(t)
    writeIn(root, 'huge', 'x'.repeat(30_000_000))
    const commit = commitAll(root, 'huge')
    const pairs = ['huge', 'README.md', 'huge', 'src/a.ts'].map((file) => ({ commit, path: file }))
    const answers = await proof.answer(root, { nonce, pairs })
    assert.deepEqual(
      answers.map((answer) => answer !== null),
      [false, true, false, true],
    )
  })

  it('runs no filter, textconv or hook of the checkout', async (t) => {
    const root = makeRepo(t)
    const sprung = path.join(makeFolder(t), 'sprung')
    writeIn(root, '.gitattributes', '* filter=trap diff=trap\n')
    const commit = commitAll(root, 'attributes')
    for (const key of ['filter.trap.smudge', 'filter.trap.process', 'diff.trap.textconv']) {
      git(root, 'config', key, `touch ${sprung}`)
    }
    const pairs = [{ commit, path: 'README.md' }]
    const bare = createHmac('sha256', Buffer.from(nonce, 'hex')).update('README.md\n').digest('hex')
    assert.deepEqual(await proof.answer(root, { nonce, pairs }), [bare])
    assert.equal(existsSync(sprung), false)
  })
})

describe('the process that reads', () => {
  const nonce = '00'.repeat(32)
  const pairs = [{ commit: '0'.repeat(40), path: 'x' }]

  /** A git that never answers. */
  function makeStuck(t: TestContext): RepoProof {
    const bin = makeFolder(t)
    writeFileSync(path.join(bin, 'git'), '#!/bin/sh\nexec tail -f /dev/null\n', { mode: 0o755 })
    return makeProof({ ...ENV, PATH: `${bin}:${ENV.PATH ?? ''}` })
  }

  it('is stopped by the signal', async (t) => {
    const root = makeRepo(t)
    const reason = new Error('enough')
    await assert.rejects(proof.answer(root, { nonce, pairs }, AbortSignal.abort(reason)), reason)
    const controller = new AbortController()
    const answer = makeStuck(t).answer(root, { nonce, pairs }, controller.signal)
    controller.abort(reason)
    await assert.rejects(answer, reason)
  })

  it('is stopped after ten seconds', async (t) => {
    const root = makeRepo(t)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const answer = makeStuck(t).answer(root, { nonce, pairs })
    t.mock.timers.tick(10_000)
    await assert.rejects(answer, { code: 'BUSY', message: /more than 10 s/ })
  })

  it('says that git is missing, or that the folder is no repository', async (t) => {
    const missing = makeProof({ PATH: '/nonexistent' }).answer(makeRepo(t), { nonce, pairs })
    await assert.rejects(missing, { code: 'REPO_NOT_GIT', message: /could not be started/ })
    const nowhere = proof.answer(makeFolder(t), { nonce, pairs })
    await assert.rejects(nowhere, { code: 'REPO_NOT_GIT', message: /not a git repository/ })
  })

  it('says that an object is damaged', async (t) => {
    const root = makeRepo(t)
    writeIn(root, 'long', randomBytes(100_000).toString('base64'))
    const commit = commitAll(root, 'long')
    const blob = git(root, 'rev-parse', 'HEAD:long').trim()
    const file = path.join(root, '.git/objects', blob.slice(0, 2), blob.slice(2))
    const half = readFileSync(file).subarray(0, 50_000)
    rmSync(file)
    writeFileSync(file, half)
    const broken = proof.answer(root, { nonce, pairs: [{ commit, path: 'long' }] })
    await assert.rejects(broken, { code: 'REPO_NOT_GIT', message: /git cat-file in/ })
  })
})
