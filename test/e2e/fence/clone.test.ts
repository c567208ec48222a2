// What a clone's config says of a fence, what a remote can do, and what looks at pushes from outside: the pre-receive hook and the
// check for continuous integration.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { probeRemote } from '../../../daemon/fence/probe.ts'
import {
  applyChanges,
  planFencing,
  planUnfencing,
  readFencing,
} from '../../../daemon/fence/wiring.ts'
import { createUserGit, type UserGit } from '../../../daemon/git-user.ts'
import { FencedWorld, must, type FencedClone } from '../../helpers/fenced.ts'

const TEMPLATES = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../templates')

function gitOf(clone: FencedClone): UserGit {
  return createUserGit(clone.root, clone.env)
}

describe('the fence of a clone', () => {
  it('is put into its config once, for each remote, and taken out whole', async (t) => {
    const world = await FencedWorld.make(t)
    const clone = await world.clone('alice', { fenced: false })
    await clone.git('remote', 'add', 'other', '/srv/other=x.git')
    await clone.git('remote', 'add', 'twin', '/srv/read.git')
    await clone.git('remote', 'set-url', '--push', 'twin', '/srv/write.git')
    const before = readFileSync(path.join(clone.root, '.git/config'), 'utf8')
    const git = gitOf(clone)
    await applyChanges(git, await planFencing(git))
    assert.deepEqual(await planFencing(git), [])
    for (const [remote, url] of [
      ['origin', world.bare],
      ['other', '/srv/other=x.git'],
      ['twin', '/srv/write.git'],
    ]) {
      const at = ['remote', 'get-url']
      assert.equal((await clone.git(...at, '--push', remote ?? '')).trim(), `skein::${url ?? ''}`)
      assert.doesNotMatch(await clone.git(...at, remote ?? ''), /skein::/)
    }
    assert.ok((await readFencing(git)).every(({ isFenced }) => isFenced))
    await applyChanges(git, await planUnfencing(git))
    assert.deepEqual(await planUnfencing(git), [])
    assert.equal(readFileSync(path.join(clone.root, '.git/config'), 'utf8'), before)
  })

  it("goes where the user's own rewrites lead", async (t) => {
    const world = await FencedWorld.make(t)
    const clone = await world.clone('alice', { fenced: false })
    await clone.git('remote', 'set-url', 'origin', 'short:shop.git')
    await clone.git('config', `url.${path.dirname(world.bare)}/.insteadOf`, 'short:')
    const git = gitOf(clone)
    await applyChanges(git, await planFencing(git))
    const { fence } = await clone.claim('src/auth/**')
    await clone.commit('src/auth/login.ts', 'two')
    must(await clone.push('origin', 'main'))
    assert.deepEqual(world.fences(), [fence])
    await clone.git('fetch', '--quiet', 'origin')
  })

  it('shows no password of an address', async (t) => {
    const world = await FencedWorld.make(t, { transport: 'http' })
    const clone = await world.clone('alice', { fenced: false })
    const url = world.served.url.replace('http://', 'http://ann:secret@')
    await clone.git('remote', 'set-url', 'origin', url)
    const git = gitOf(clone)
    await applyChanges(git, await planFencing(git))
    assert.deepEqual(await planFencing(git), [])
    const { fence } = await clone.claim('src/auth/**')
    await clone.commit('src/auth/login.ts', 'two')
    const pushed = must(await clone.push('--verbose', 'origin', 'main'))
    assert.doesNotMatch(pushed.stdout + pushed.stderr, /secret/)
    assert.deepEqual(world.fences(), [fence])
    await applyChanges(git, await planUnfencing(git))
    assert.doesNotMatch(await clone.git('config', '--list'), /skein::/)
  })

  it('holds for a push by hand in a clone without it', async (t) => {
    const world = await FencedWorld.make(t)
    const clone = await world.clone('alice', { fenced: false })
    const { fence } = await clone.claim('src/auth/**')
    await clone.commit('src/auth/login.ts', 'two')
    must(await clone.skein('push', '--quiet', 'origin', 'main'))
    assert.deepEqual(world.fences(), [fence])
    assert.equal((await clone.skein('push', 'origin', 'nothing')).code, 1)
    assert.doesNotMatch(await clone.git('config', '--list'), /skein::/)
  })

  it('can be cloned and fetched from by its own address', async (t) => {
    const world = await FencedWorld.make(t)
    const clone = await world.clone('alice')
    const at = path.join(clone.root, 'again')
    await clone.git('clone', '--quiet', `skein::${world.bare}`, at)
    await clone.commit('src/app.ts', 'two')
    must(await clone.push('origin', 'main'))
    must(await clone.run('git', ['pull', '--quiet'], at))
    assert.match(readFileSync(path.join(at, 'src/app.ts'), 'utf8'), /two/)
  })
})

describe('the probe of a remote', () => {
  it('says what it can do, in the words of the remote, and leaves nothing behind', async (t) => {
    const world = await FencedWorld.make(t)
    const clone = await world.clone('alice')
    const git = gitOf(clone)
    const probe = (): ReturnType<typeof probeRemote> =>
      probeRemote(git, 'origin', world.bare, path.join(clone.root, '.git'))
    const before = [...world.refs()]
    assert.deepEqual(await probe(), { kind: 'fences', tokens: 'commit' })
    assert.deepEqual([...world.refs()], before)
    // A host that knows its authors takes no commits by others.
    world.hook(
      'update',
      '#!/bin/sh\ncase $1 in refs/skein/*) [ "$(git cat-file -t "$3" 2>/dev/null)" != commit ] ;; esac\n',
    )
    assert.deepEqual(await probe(), { kind: 'fences', tokens: 'blob' })
    const { fence } = await clone.claim('src/auth/**')
    await clone.commit('src/auth/login.ts', 'two')
    must(await clone.push('origin', 'main'))
    assert.deepEqual(world.fences(), [fence])
    await clone.git('-C', world.bare, 'config', 'receive.hideRefs', 'refs/skein')
    const hidden = await probe()
    assert.match(hidden.kind === 'refuses' ? hidden.why : hidden.kind, /hidden ref/)
    await clone.git('-C', world.bare, 'config', '--unset', 'receive.hideRefs')
    await clone.git('-C', world.bare, 'config', 'receive.advertiseAtomic', 'false')
    const single = await probe()
    assert.match(single.kind === 'refuses' ? single.why : single.kind, /does not support --atomic/)
    assert.equal((await probeRemote(git, '/nowhere', '/nowhere', clone.root)).kind, 'unreachable')
  })
})

describe('a push around the fence', () => {
  it("is stopped by the pre-receive hook, and named by CI's check", async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    const { id, fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'two')
    must(await alice.push('origin', 'HEAD:alices'))
    const around = ['-c', `url.${world.bare}.pushInsteadOf=${world.bare}/`, 'push', '--no-verify']
    const bypass = (branch: string): ReturnType<FencedClone['run']> =>
      bob.run('git', [...around, `${world.bare}/`, `HEAD:${branch}`])
    const commit = await bob.commit('src/auth/login.ts', 'around')
    must(await bypass('around'))
    const found = await bob
      .alone()
      .skein('verify', '--push', '--range', 'origin/main..HEAD', '--json')
    assert.equal(found.code, 4, found.stderr)
    const report = JSON.parse(found.stdout) as { findings: object[]; synced: boolean | null }
    assert.equal(report.synced, null)
    const [finding] = report.findings
    const { holder, ...told } = finding as { readonly holder: string }
    assert.match(holder, /lice/)
    assert.deepEqual(told, {
      ...{ kind: 'bypass', commit, subject: 'around' },
      ...{ path: 'src/auth/login.ts', claim: id, fence },
    })
    world.hook('pre-receive', readFileSync(path.join(TEMPLATES, 'git/pre-receive'), 'utf8'))
    await bob.commit('src/auth/token.ts', 'again')
    const stopped = await bypass('around')
    assert.equal(stopped.code, 1)
    assert.match(stopped.stderr, /changes src\/auth\/token\.ts, which is held by .*\(clm_/)
    // Whoever names the claim passes, and so does whoever leaves its files alone.
    const named = `three\n\nSkein-Claim: ${id}\nSkein-Fence: ${String(fence)}`
    alice.write('src/auth/login.ts', 'three\n')
    await alice.git('commit', '--quiet', '--all', '--message', named)
    must(await alice.push('origin', 'HEAD:alices'))
    await bob.git('reset', '--quiet', '--hard', 'origin/main')
    await bob.commit('src/app.ts', 'free')
    must(await bypass('free'))
    // A claim that has ended is none to push under.
    must(await alice.skein('release', '--mine'))
    alice.write('src/auth/login.ts', 'four\n')
    await alice.git('commit', '--quiet', '--all', '--message', named.replace('three', 'four'))
    await alice.git('push', 'origin', `:refs/skein/fence/t/${String(fence)}`).catch(() => '')
    await alice.git('-C', world.bare, 'update-ref', '-d', `refs/skein/fence/t/${String(fence)}`)
    const late = await alice.run('git', [...around, `${world.bare}/`, 'HEAD:alices'])
    assert.match(late.stderr, /was made under a claim that has ended/)
  })

  it('names commits under a claim that is not the live one, and says what the remote has not heard of', async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const first = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'two')
    must(await alice.push('origin', 'HEAD:one'))
    const stale = `three\n\nSkein-Fence: ${String(first.fence + 1)}`
    alice.write('src/auth/login.ts', 'three\n')
    await alice.git('commit', '--quiet', '--all', '--message', stale)
    const second = await alice.claim('docs/**')
    const found = await alice.skein('verify', '--push', '--range', 'origin/one..HEAD')
    assert.equal(found.code, 4)
    assert.match(found.stdout, /^STALE .*src\/auth\/login\.ts is held by/m)
    assert.match(found.stdout, new RegExp(`has not heard of ${second.id}`))
    const clean = await alice.skein('verify', '--push', '--range', 'origin/main..origin/main')
    assert.equal(clean.code, 0, clean.stderr)
    const bad = await alice.skein('verify', '--push', '--range=--output=/tmp/x')
    assert.notEqual(bad.code, 0)
  })
})
