// The talk of git with the helper where it goes wrong, or otherwise than usual: a remote that is not there, refspecs of every
// shape, and options that a user's ordinary settings make git send.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { createUserGit } from '../../../daemon/git-user.ts'
import { changesOf, objectsOf, type ChangesLimits } from '../../../daemon/push/changes.ts'
import { LIMITS } from '../../../protocol/index.ts'
import { FencedWorld, must } from '../../helpers/fenced.ts'

describe('a fenced push whose remote is not there', () => {
  it("ends with git's own exit code", { timeout: 60_000 }, async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const nowhere = path.join(path.dirname(world.bare), 'nowhere.git')
    const ended = await alice.push(`skein::${nowhere}`, 'main')
    assert.equal(ended.code, 128, ended.stderr)
    assert.match(ended.stderr, /does not appear to be a git repository/)
  })
})

describe('what a fenced push brings', () => {
  it('is its own commits also where the remote has moved on, or is new', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'published')
    must(await alice.push('origin', 'main'))
    await bob.git('pull', '--quiet')
    await alice.commit('src/auth/login.ts', 'not fetched by bob')
    must(await alice.push('origin', 'main'))
    await bob.commit('src/new.ts', "bob's")
    must(await bob.push('origin', 'HEAD:topic'))
    const second = path.join(path.dirname(world.bare), 'second.git')
    await bob.git('init', '--quiet', '--bare', second)
    must(await bob.push(`skein::${second}`, 'HEAD:by-address'))
    await bob.git('-C', second, 'update-ref', '-d', 'refs/heads/by-address')
    await bob.git('remote', 'add', 'second', second)
    await bob.git('config', `url.skein::${second}.pushInsteadOf`, second)
    must(await bob.push('second', 'main'))
    await bob.commit('src/auth/token.ts', 'of alice')
    const refused = await bob.push('second', 'HEAD:late')
    assert.match(refused.stderr, /src\/auth\/token\.ts is held by/)
  })

  it('is all that comes onto the default branch, also from another branch of the remote', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await bob.commit('src/auth/login.ts', 'before anybody held it')
    must(await bob.push('origin', 'HEAD:topic'))
    await alice.claim('src/auth/**')
    const refused = await bob.push('origin', 'HEAD:main')
    assert.match(refused.stderr, /src\/auth\/login\.ts is held by/)
    must(await bob.push('origin', 'HEAD:another'))
  })

  it('is judged by every edit of a file, however many', async (t) => {
    const code = (first: number, second: number): string =>
      `export function first() {\n  return ${String(first)}\n}\n\nexport function second() {\n  return ${String(second)}\n}\n`
    const world = await FencedWorld.make(t, { files: { 'src/code.ts': code(0, 0) } })
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/code.ts', '--symbol', 'first')
    const edit = async (text: string): Promise<void> => {
      bob.write('src/code.ts', text)
      await bob.git('commit', '--quiet', '--all', '--message', 'edit')
    }
    await edit(code(0, 1))
    must(await bob.push('origin', 'HEAD:only-second'))
    // Neither the oldest nor the newest of them is left out.
    for (const at of [0, LIMITS.editsMax]) {
      await bob.git('reset', '--quiet', '--hard', 'origin/main')
      for (let made = 0; made <= LIMITS.editsMax; made++)
        await edit(code(made >= at ? 1 : 0, made + 2))
      const refused = await bob.push('origin', `HEAD:first-${String(at)}`)
      assert.match(refused.stderr, /src\/code\.ts first is held by/, String(at))
    }
  })

  it('is judged whatever the refspec looks like, and is what lands', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/auth/**')
    await bob.commit('src/auth/login.ts', 'login: quick fix')
    for (const source of [':/login', 'HEAD^{/login: quick}', 'HEAD']) {
      for (const sign of ['', '+']) {
        const refused = await bob.push('origin', `${sign}${source}:refs/heads/x`)
        assert.equal(refused.code, 1, `${sign}${source}: ${refused.stderr}`)
        assert.match(refused.stderr, /src\/auth\/login\.ts is held by/, sign + source)
      }
    }
    assert.equal(world.refs().has('refs/heads/x'), false)
    await bob.git('reset', '--quiet', '--hard', 'origin/main')
    const free = await bob.commit('src/app.ts', 'app: free')
    const passed = must(await bob.push('--porcelain', 'origin', ':/app:refs/heads/x'))
    assert.match(passed.stdout, /^\*\t:\/app:refs\/heads\/x\t\[new branch\]$/m)
    assert.equal(world.refs().get('refs/heads/x'), free)
    assert.equal((await bob.git('rev-parse', 'origin/x')).trim(), free)
  })

  it('is what was judged, where the branch moves meanwhile', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await bob.claim('src/app.ts')
    await alice.claim('src/auth/**')
    const judged = await bob.commit('src/app.ts', 'mine')
    await bob.git('branch', 'work')
    const tampered = await bob.commit('src/auth/login.ts', 'of alice')
    // The remote is told of the claim between the judgement and the push: that is when the branch moves.
    const said = world.inTheMiddle(
      `git -C '${bob.root}' update-ref refs/heads/work ${tampered}`,
      bob.env,
    )
    must(await bob.push('origin', 'work'))
    assert.equal(said(), '')
    assert.equal((await bob.git('rev-parse', 'work')).trim(), tampered, 'it has moved')
    assert.equal(world.refs().get('refs/heads/work'), judged)
  })
})

describe('the options that settings make git send', () => {
  it('do not stop a fenced push', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/auth/**')
    await alice.git('config', 'push.useForceIfIncludes', 'true')
    await alice.git('config', 'push.gpgSign', 'if-asked')
    await alice.commit('src/auth/login.ts', 'two')
    must(await alice.push('origin', 'main'))
    await bob.git('pull', '--quiet')
    await bob.commit('src/app.ts', "bob's")
    must(await bob.push('origin', 'main'))
    await alice.git('fetch', '--quiet')
    await alice.git('commit', '--quiet', '--amend', '--message', 'mended')
    const lost = await alice.push('--force-with-lease', 'origin', 'main')
    assert.match(lost.stderr, /remote ref updated since checkout/)
    await alice.git('rebase', '--quiet', 'origin/main')
    must(await alice.push('--force-with-lease', 'origin', 'main'))
    await alice.commit('src/auth/login.ts', 'three')
    const signed = await alice.push('--signed', 'origin', 'main')
    assert.match(signed.stderr, /does not support --signed push/, "the remote's own answer")
  })
})

describe('the files of a push', () => {
  it('are read by name however many they are, and beyond a bound the push is refused', async (t) => {
    const world = await FencedWorld.make(t)
    const bob = await world.clone('bob')
    for (const name of ['a', 'b', 'c']) await bob.commit(`src/${name}.ts`, name)
    const git = createUserGit(bob.root, bob.env)
    const objects = await objectsOf(git, ['HEAD', 'HEAD~9', ':/nothing'])
    assert.deepEqual([...objects.values()].slice(1), [null, null])
    const source = objects.get('HEAD') ?? ''
    const updates = [{ ref: 'refs/heads/x', source, old: null, isForced: false }]
    const tips = new Map([['refs/heads/main', (await bob.git('rev-parse', 'origin/main')).trim()]])
    const changes = (limits: ChangesLimits): ReturnType<typeof changesOf> =>
      changesOf(git, updates, tips, [], limits)
    const within = await changes({ commitsMax: 3, pathsBytesMax: 24 })
    assert.equal(within.kind, 'found')
    assert.deepEqual([...within.changes.paths].sort(), ['src/a.ts', 'src/b.ts', 'src/c.ts'])
    const edits = await within.changes.editsOf(['src/b.ts'])
    const after = (await bob.git('rev-parse', 'HEAD:src/b.ts')).trim()
    assert.deepEqual([...edits], [['src/b.ts', [{ before: null, after }]]])
    assert.equal((await changes({ commitsMax: 2, pathsBytesMax: 24 })).kind, 'too-large')
    assert.equal((await changes({ commitsMax: 3, pathsBytesMax: 23 })).kind, 'too-large')
  })
})
