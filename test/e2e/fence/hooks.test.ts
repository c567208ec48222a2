// The git hooks, as git runs them: exact files of commits and pushes, declarations, trailers, and no daemon.
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { FencedClone, FencedWorld, must, type FencedOptions } from '../../helpers/fenced.ts'

const HOOKS = ['pre-commit', 'pre-push', 'prepare-commit-msg']
const CODE = [
  'export function first() {',
  '  return 1',
  '}',
  '',
  'export function second() {',
  '  return 2',
  '}',
  '',
  'export function third() {',
  '  return 3',
  '}',
  '',
].join('\n')

interface Asked {
  readonly error: { readonly data: { readonly approval: string } }
}

interface Two {
  readonly world: FencedWorld
  readonly alice: FencedClone
  readonly bob: FencedClone
}

/** Two clones with the hooks, whose pushes are not fenced. */
async function makeTwo(t: TestContext, options: FencedOptions = {}): Promise<Two> {
  const world = await FencedWorld.make(t, options)
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map(async (name) => {
      const clone = await world.clone(name, { fenced: false })
      for (const hook of HOOKS) {
        const file = path.join(clone.root, '.git', 'hooks', hook)
        writeFileSync(file, `#!/bin/sh\nexec skein hook ${hook} "$@"\n`)
        chmodSync(file, 0o755)
      }
      return clone
    }),
  )
  if (alice === undefined || bob === undefined) throw new Error('two were made')
  return { world, alice, bob }
}

async function commitAll(clone: FencedClone, message = 'change'): ReturnType<FencedClone['run']> {
  await clone.git('add', '--all')
  return clone.run('git', ['commit', '--quiet', '--message', message])
}

describe('the pre-commit hook', () => {
  it("refuses changes, renames and deletions of another's files, and names them", async (t) => {
    const { alice, bob } = await makeTwo(t)
    await alice.claim('src/auth/**')
    for (const change of [
      async () => {
        bob.write('src/auth/login.ts', 'changed\n')
        await bob.git('add', '--all')
      },
      () => bob.git('mv', 'src/auth/login.ts', 'src/moved.ts'),
      () => bob.git('rm', '--quiet', 'src/auth/login.ts'),
      async () => {
        bob.write('src/auth/new.ts', 'new\n')
        await bob.git('add', '--all')
      },
    ]) {
      await change()
      const refused = await commitAll(bob)
      assert.equal(refused.code, 1)
      assert.match(
        refused.stderr,
        /this commit is refused:\n {2}src\/auth\/(login|new)\.ts is held by/,
      )
      await bob.git('reset', '--quiet', '--hard')
    }
    bob.write('src/app.ts', 'free\n')
    must(await commitAll(bob))
  })

  it('tells declarations apart in a file of which others hold some', async (t) => {
    const { alice, bob } = await makeTwo(t, { files: { 'src/code.ts': CODE } })
    await alice.claim('src/code.ts', '--symbol', 'second')
    await bob.claim('src/code.ts', '--symbol', 'first')
    bob.write('src/code.ts', CODE.replace('return 1', 'return 10').replace('return 3', 'return 30'))
    must(await commitAll(bob))
    bob.write('src/code.ts', CODE.replace('return 2', 'return 20'))
    const refused = await commitAll(bob)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /src\/code\.ts second is held by/)
    // Gone is changed, too.
    await bob.git('rm', '--quiet', '--force', 'src/code.ts')
    assert.equal((await commitAll(bob)).code, 1)
  })

  it('lets a merge bring what others have changed', async (t) => {
    const { alice, bob } = await makeTwo(t)
    await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', "alice's")
    must(await alice.push('origin', 'main'))
    await bob.commit('src/app.ts', "bob's")
    await bob.git('fetch', '--quiet')
    must(await bob.run('git', ['merge', '--quiet', '--no-edit', '--no-ff', 'origin/main']))
    must(await bob.push('origin', 'HEAD:bobs'))
  })

  it('says that it cannot check without a daemon, and lets git go on but for protected files', async (t) => {
    const skeinYml = "repo: test/shop\nprotected: ['src/auth/**']\n"
    const { bob, world } = await makeTwo(t, { skeinYml })
    const alone = bob.alone()
    alone.write('src/app.ts', 'changed\n')
    const passed = must(await commitAll(alone))
    assert.match(passed.stderr, /No daemon answers.*The commit is not checked/)
    alone.write('src/auth/login.ts', 'changed\n')
    const refused = await commitAll(alone)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /src\/auth\/login\.ts is `protected` in \.skein\.yml/)
    const person = new FencedClone(world, alone.root, { ...alone.env, SKEIN_BYPASS: 'on fire' })
    const past = must(await commitAll(person))
    assert.match(past.stderr, /is `protected` in \.skein\.yml, and goes past it: on fire/)
    assert.match(await person.git('log', '-1', '--format=%B'), /^Skein-Bypass: on fire$/m)
  })

  it('wants a word of the owners for a hard area, as a claim does, also in a push', async (t) => {
    const skeinYml =
      "repo: test/shop\nowners: {areas: {auth: {paths: ['src/auth/**'], owners: [alice], severity: hard}}}\n"
    const two = await makeTwo(t, { skeinYml })
    const [alice, bob] = [two.alice.as('alice'), two.bob.as('bob')]
    bob.write('src/auth/login.ts', 'changed\n')
    const refused = await commitAll(bob)
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /src\/auth\/login\.ts is in 'auth', where changes need a word of alice\nnext: skein claim src\/auth\/login\.ts/,
    )
    must(await bob.run('git', ['commit', '--quiet', '--no-verify', '--message', 'past the hook']))
    const late = await bob.push('origin', 'HEAD:late')
    assert.equal(late.code, 1)
    assert.match(late.stderr, /this push is refused:\n {2}src\/auth\/login\.ts is in 'auth'/)
    alice.write('src/auth/login.ts', 'by its owner\n')
    must(await commitAll(alice))

    const asked = await bob.skein('claim', 'src/auth/login.ts', '--json')
    const { error } = JSON.parse(asked.stdout || asked.stderr) as Asked
    must(await alice.skein('owners', 'approve', error.data.approval, '--yes'))
    must(await bob.push('origin', 'HEAD:late'))
  })

  it('keeps hard areas shut without a daemon, as the default branch has them', async (t) => {
    const skeinYml = (paths: string): string =>
      `repo: test/shop\nowners: {areas: {auth: {paths: ['${paths}'], severity: hard}}}\n`
    const { bob } = await makeTwo(t, { skeinYml: skeinYml('src/auth/**') })
    const alone = bob.alone()
    alone.write('.skein.yml', skeinYml('docs/**'))
    alone.write('src/auth/login.ts', 'changed\n')
    const refused = await commitAll(alone)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /src\/auth\/login\.ts is in the hard area 'auth' in \.skein\.yml/)
  })

  it('stays out of repositories that are not enrolled, and makes first commits', async (t) => {
    const { bob } = await makeTwo(t, { skeinYml: '# none\n' })
    await bob.git('checkout', '--quiet', '--orphan', 'fresh')
    const made = must(await commitAll(bob))
    assert.equal(made.stderr, '')
  })
})

describe('the pre-push hook', () => {
  it('judges the exact files of each ref: new branches, several refs, deletions, forced updates', async (t) => {
    const { alice, bob, world } = await makeTwo(t)
    await bob.commit('src/auth/login.ts', 'before the claim')
    must(await bob.push('origin', 'HEAD:old', 'HEAD:other'))
    await bob.git('reset', '--quiet', '--hard', 'HEAD^')
    await alice.claim('src/auth/**')
    await bob.commit('src/app.ts', 'free')
    must(await bob.push('origin', 'HEAD:fresh'))
    bob.write('src/auth/login.ts', 'held\n')
    await bob.git('commit', '--quiet', '--all', '--no-verify', '--message', 'held')
    const several = await bob.push('origin', 'HEAD:fresh', 'HEAD:second')
    assert.equal(several.code, 1)
    assert.match(several.stderr, /this push is refused:\n {2}src\/auth\/login\.ts is held by/)
    await bob.git('reset', '--quiet', '--hard', 'HEAD^')
    // What only this branch has would be lost; another one keeps it.
    must(await bob.push('origin', '--delete', 'other'))
    assert.equal((await bob.push('origin', '--delete', 'old')).code, 1)
    assert.equal((await bob.push('--force', 'origin', 'HEAD:old')).code, 1)
    const names = [...world.refs().keys()].filter((ref) => ref.startsWith('refs/heads/'))
    assert.deepEqual(names, ['refs/heads/fresh', 'refs/heads/main', 'refs/heads/old'])
  })
})

describe('the prepare-commit-msg hook', () => {
  it('names the claims that cover the staged files, once, and why what is protected is changed', async (t) => {
    const skeinYml = 'repo: test/shop\nprotected: [gen/**]\n'
    const { alice, world } = await makeTwo(t, { skeinYml })
    const { id, fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'two')
    await alice.git('commit', '--quiet', '--amend', '--no-edit')
    const message = await alice.git('log', '-1', '--format=%B')
    assert.equal(message.trim(), `two\n\nSkein-Claim: ${id}\nSkein-Fence: ${String(fence)}`)
    await alice.commit('src/app.ts', 'free')
    assert.equal((await alice.git('log', '-1', '--format=%B')).trim(), 'free')
    const env = { ...alice.env, SKEIN_BYPASS: 'the generator\nis broken' }
    const person = new FencedClone(world, alice.root, env)
    person.write('gen/a.ts', 'by hand\n')
    await person.commit('gen/a.ts', 'by hand')
    const past = await person.git('log', '-1', '--format=%B')
    assert.equal(past.trim(), 'by hand\n\nSkein-Bypass: the generator is broken')
    await person.commit('src/app.ts', 'free')
    assert.equal((await person.git('log', '-1', '--format=%B')).trim(), 'free')
  })
})
