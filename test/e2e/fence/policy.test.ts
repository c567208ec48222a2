// What the repository keeps shut, at the server's pre-receive hook and in the check for continuous integration: neither asks a daemon.
import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPolicy } from '../../../daemon/policy/read.ts'
import { shutBy } from '../../../daemon/policy/shut.ts'
import { FencedWorld, must, type FencedClone, type Ran } from '../../helpers/fenced.ts'
import type { Cleaner } from '../../helpers/cleanup.ts'
import { git, makeFolder, makeRepo, writeIn } from '../../helpers/repo.ts'

const HOOK = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../templates/git/pre-receive',
)

const SKEIN_YML = `repo: test/shop
release_on_landing: false
protected: [gen/**]
owners:
  areas:
    auth: { paths: [src/auth/**], owners: [alice], severity: hard }
`

interface Asked {
  readonly error: { readonly data: { readonly approval: string } }
}

interface Report {
  readonly policy: { readonly branch: string } | null
  readonly findings: readonly { readonly kind: string; readonly path: string }[]
  readonly passed: readonly { readonly kind: string; readonly path: string; readonly why: string }[]
}

describe('what the policy keeps shut', () => {
  it('is refused by the pre-receive hook and named by the check, as the default branch has it', async (t) => {
    const world = await FencedWorld.make(t, { skeinYml: SKEIN_YML })
    const [first, second] = [await world.clone('alice'), await world.clone('bob')]
    const [alice, bob] = [first.as('alice'), second.as('bob')]
    world.hook('pre-receive', readFileSync(HOOK, 'utf8'))
    const setting = ['-c', `url.${world.bare}.pushInsteadOf=${world.bare}/`]
    const around = (by: FencedClone, branch: string): Promise<Ran> =>
      by.run('git', [...setting, 'push', '--no-verify', `${world.bare}/`, `HEAD:${branch}`])
    const check = async (): Promise<Report> => {
      const range = ['--range', 'origin/main..HEAD']
      const { stdout } = await bob.alone().skein('verify', '--push', ...range, '--json')
      return JSON.parse(stdout) as Report
    }
    const found = ({ findings }: Report): string[] =>
      findings.map((one) => `${one.kind} ${one.path}`)

    // A push that opens the policy is judged by the one before it, whichever branch it is for.
    bob.write('gen/a.ts', 'by hand\n')
    bob.write('.skein.yml', 'repo: test/shop\n')
    await bob.git('add', '--all')
    await bob.git('commit', '--quiet', '--message', 'open up')
    const closed = await around(bob, 'main')
    assert.equal(closed.code, 1)
    assert.match(
      closed.stderr,
      /changes gen\/a\.ts, which is protected: gen\/\*\* in \.skein\.yml of main/,
    )
    const report = await check()
    assert.equal(report.policy?.branch, 'main')
    assert.deepEqual(found(report), ['protected gen/a.ts'])
    const told = await bob.alone().skein('verify', '--push', '--range', 'origin/main..HEAD')
    assert.equal(told.code, 4)
    assert.match(told.stdout, /^PROTECTED {2}\w{12} "open up" changes gen\/a\.ts.*: gen\/\*\*$/m)

    // A person who says why goes past it, and is named.
    const named = 'open up\n\nSkein-Bypass: the generator is broken'
    await bob.git('commit', '--quiet', '--amend', '--message', named)
    const passed = must(await around(bob, 'bypassed'))
    assert.match(passed.stderr, /changes gen\/a\.ts .* all the same: the generator is broken/)
    const [by] = (await check()).passed
    assert.deepEqual(
      [by?.kind, by?.path, by?.why],
      ['bypassed', 'gen/a.ts', 'the generator is broken'],
    )
    await bob.git('commit', '--quiet', '--amend', '--message', `${named} still`)
    await bob.git('-C', world.bare, 'config', 'skein.bypass', 'refuse')
    assert.equal((await around(bob, 'refused')).code, 1)

    // In a hard area a live claim that covers the file is the word of its owners.
    await bob.git('reset', '--quiet', '--hard', 'origin/main')
    await bob.commit('src/auth/login.ts', 'unasked')
    const unasked = await around(bob, 'unasked')
    assert.equal(unasked.code, 1)
    assert.match(
      unasked.stderr,
      /changes src\/auth\/login\.ts in the hard area 'auth' without a live claim on it; others than alice/,
    )
    assert.deepEqual(found(await check()), ['unapproved src/auth/login.ts'])
    const asked = await bob.skein('claim', 'src/auth/login.ts', '--json')
    const { error } = JSON.parse(asked.stdout || asked.stderr) as Asked
    must(await alice.skein('owners', 'approve', error.data.approval, '--yes'))
    const { fence } = await bob.claim('src/auth/login.ts')
    const under = (text: string): string => `${text}\n\nSkein-Fence: ${String(fence)}`
    await bob.git('commit', '--quiet', '--amend', '--message', under('let in'))
    must(await bob.push('origin', 'HEAD:let-in'))
    assert.deepEqual(found(await check()), [])
    bob.write('src/auth/token.ts', 'more\n')
    await bob.git('commit', '--quiet', '--all', '--amend', '--message', under('and more'))
    assert.match(
      (await around(bob, 'more')).stderr,
      /changes src\/auth\/token\.ts in the hard area/,
    )
    assert.deepEqual(found(await check()), ['unapproved src/auth/token.ts'])

    // What an ended claim covered nobody can tell from outside: it is named, and accused of nothing.
    await bob.git('-C', world.bare, 'update-ref', '-d', `refs/skein/fence/t/${String(fence)}`)
    const ended = await check()
    assert.deepEqual(found(ended), [])
    assert.equal(ended.passed[0]?.kind, 'ended')
    assert.match((await around(bob, 'ended')).stderr, /under a claim that has ended/)
    await bob.git('-C', world.bare, 'config', 'skein.policy', 'off')
    await bob.git('commit', '--quiet', '--amend', '--message', 'nobody looks')
    must(await around(bob, 'off'))
  })
})

describe('the reading of .skein.yml by the pre-receive hook', () => {
  const files = ['Gen/deep/b.ts', 'src/[id].tsx', 'src/auth/login.ts', 'docs/a.md']
  const spellings: Readonly<Record<string, string>> = {
    nothing: 'repo: a/b\n',
    'a flow': 'protected: [gen/**, "src/[[]id].tsx"]\n',
    'a block, indented or not': 'repo: a/b\nprotected:\n- gen/\n- docs   # all of it\n',
    'quotes and comments':
      '# protected: [docs]\nprotected:\n  - \'gen/*.ts\' # made\n  - "src/auth"\n',
    'braces and classes': "protected: ['{gen,docs}/**', 'src/[id].tsx']\n",
    'exact case': 'case: exact\nprotected: [GEN/**, docs/**]\n',
    'areas in blocks':
      'owners:\n  modules:\n    "the docs":\n      severity: hard\n      paths:\n        - docs/**\n  areas:\n    soft: {paths: [gen/**]}\n',
    'areas in one flow over lines':
      "owners: {areas: {auth: {paths: ['src/auth/**'],\n    owners: [al, bo], severity: hard},\n  soft: {paths: [gen]}}}\nprotected: []\n",
    'text that looks like it':
      'commands:\n  build: |\n    protected: [docs]\n  test: run # protected\nprotected: [gen/**]\n',
    'the whole as a flow': '{repo: a/b, protected: [gen/**]}\n',
  }

  it('agrees with the one of skein, however the file is written', (t) => {
    const served = makeServed(t)
    const made = files.map((file) => ({ file, commit: served.commit({ [file]: 'x\n' }) }))
    for (const [name, text] of Object.entries(spellings)) {
      served.setMain(served.commit({ '.skein.yml': text }))
      const shut = shutBy(readPolicy('.skein.yml', text), text.startsWith('case: exact'))
      const wanted = files.filter((file) => shut.ruleOn(file) !== null)
      const refused = made.filter(({ commit }) => served.runHook(commit).status !== 0)
      const found = refused.map(({ file }) => file)
      assert.deepEqual(found, wanted, name)
    }
  })

  it('refuses what it cannot read, and says how to go on', (t) => {
    const served = makeServed(t)
    const pushed = served.commit({ 'a.ts': 'x\n' })
    const unread = [
      'protected: >\n  gen/**\n',
      'protected:\n  - gen\n    /**\n',
      'protected: [a\n',
      'owners: {areas: {a: {paths: ["\\x61"]}}}\n',
    ]
    for (const text of unread) {
      served.setMain(served.commit({ '.skein.yml': text }))
      const { status, stderr } = served.runHook(pushed)
      assert.equal(status, 1, text)
      assert.match(stderr, /cannot read[^]*git config skein\.policy off/)
    }
  })
})

interface Served {
  /** A commit on the first one, with these files; on no branch of what is served. */
  readonly commit: (files: Readonly<Record<string, string>>) => string
  readonly setMain: (commit: string) => void
  /** As git does for a push of this commit to a new branch. */
  readonly runHook: (commit: string) => SpawnSyncReturns<string>
}

function makeServed(t: Cleaner): Served {
  const root = makeRepo(t, { skeinYml: null })
  // It has every object of the other, also of later, and only its own refs.
  const bare = path.join(makeFolder(t), 'shop.git')
  git(root, 'clone', '--quiet', '--bare', '--shared', root, bare)
  return {
    commit(files) {
      git(root, 'checkout', '--quiet', '--detach', 'main')
      for (const [file, text] of Object.entries(files)) writeIn(root, file, text)
      git(root, 'add', '--all')
      git(root, 'commit', '--quiet', '--message', Object.keys(files).join(' '))
      return git(root, 'rev-parse', 'HEAD').trim()
    },
    setMain(commit) {
      git(bare, 'update-ref', 'refs/heads/main', commit)
    },
    runHook(commit) {
      const input = `${'0'.repeat(40)} ${commit} refs/heads/pushed\n`
      return spawnSync('sh', [HOOK], { cwd: bare, input, encoding: 'utf8' })
    },
  }
}
