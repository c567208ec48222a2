// The fenced push, over each transport: real daemons, real servers, plain `git push`.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FencedWorld, must, type FencedClone } from '../../helpers/fenced.ts'
import { cannotServe, type Transport } from '../../helpers/git-servers.ts'
import { until } from '../../helpers/poll.ts'

const TRANSPORTS: readonly Transport[] = ['local', 'ssh', 'http']

for (const transport of TRANSPORTS) {
  describe(`a fenced push over ${transport}`, { skip: cannotServe(transport) }, () => {
    it('goes under a token that each push moves, and that no fetch takes', async (t) => {
      const world = await FencedWorld.make(t, { transport })
      const alice = await world.clone('alice')
      const { fence, id } = await alice.claim('src/auth/**')
      const one = await alice.commit('src/auth/login.ts', 'two')
      must(await alice.push('origin', 'main'))
      const first = world.refs()
      assert.equal(first.get('refs/heads/main'), one)
      assert.deepEqual(world.fences(), [fence])
      await alice.commit('src/auth/login.ts', 'three')
      must(await alice.push('origin', 'main'))
      const token = `refs/skein/fence/t/${String(fence)}`
      assert.notEqual(world.refs().get(token), first.get(token))
      const bob = await world.clone('bob')
      assert.equal(await bob.git('for-each-ref', 'refs/skein'), '')
      const shown = await alice.git('cat-file', '-p', world.refs().get(token) ?? '')
      assert.match(shown, new RegExp(`^claim: ${id}$`, 'm'))
      assert.match(shown, /^pushes: 2$/m)
    })

    it('is refused once another holds its files: with the daemon, without it, and with --no-verify', async (t) => {
      const world = await FencedWorld.make(t, { transport })
      const { alice, bob, forget } = await handedOver(world)
      const refused = await alice.push('origin', 'HEAD:late')
      assert.equal(refused.code, 1, refused.stderr)
      assert.match(refused.stderr, /src\/auth\/login\.ts is held by .*fence \d+\) until/)
      assert.match(refused.stderr, /next: skein request clm_/)
      await bob.commit('src/auth/login.ts', "bob's")
      must(await bob.push('origin', 'HEAD:bobs'))
      const told = await alice.alone().push('origin', 'HEAD:late')
      assert.equal(told.code, 1, told.stderr)
      assert.match(told.stderr, /No daemon answers.*\n.*\n.*is held by .*bob/)
      // A daemon that stopped before it heard of Bob.
      forget()
      for (const word of ['--no-verify', '--force']) {
        const late = await alice.alone().push(word, 'origin', 'HEAD:late')
        assert.equal(late.code, 1, late.stderr)
        assert.match(late.stderr, /was under your claim .* the remote does not know as live/)
      }
      assert.equal(world.refs().has('refs/heads/late'), false)
      assert.equal(world.refs().has('refs/heads/bobs'), true)
    })

    it('is refused when it is taken over in its middle', async (t) => {
      const world = await FencedWorld.make(t, { transport })
      const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
      const { fence } = await alice.claim('src/auth/**')
      await alice.commit('src/auth/login.ts', "alice's")
      must(await alice.push('origin', 'HEAD:first'))
      await alice.commit('src/auth/login.ts', 'late')
      await bob.commit('src/auth/login.ts', "bob's")
      const said = world.inTheMiddle(takeOver(bob), bob.env)
      const late = await alice.push('origin', 'HEAD:late')
      assert.doesNotMatch(said() ?? 'it did not run', /FAILED|did not run/)
      assert.equal(late.code, 1, late.stderr)
      assert.match(
        late.stderr,
        new RegExp(`fence ${String(fence)}\\) ended on this remote while pushing`),
      )
      const refs = world.refs()
      assert.equal(refs.has('refs/heads/late'), false)
      assert.equal(refs.has('refs/heads/bobs'), true)
    })
  })
}

describe('a fenced push', () => {
  it('is refused in its middle also where no daemon answers', async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', "alice's")
    must(await alice.push('origin', 'HEAD:first'))
    await alice.commit('src/auth/login.ts', 'late')
    await bob.commit('src/auth/login.ts', "bob's")
    const said = world.inTheMiddle(takeOver(bob), bob.env)
    const late = await alice.alone().push('--no-verify', 'origin', 'HEAD:late')
    assert.doesNotMatch(said() ?? 'it did not run', /FAILED|did not run/)
    assert.match(late.stderr, /ended on this remote while pushing/)
    assert.equal(world.refs().has('refs/heads/late'), false)
    assert.equal(world.refs().has('refs/heads/bobs'), true)
  })

  it('is told to the remote when a claim is granted over what an older token stands for', async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const { fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', "alice's")
    must(await alice.push('origin', 'HEAD:first'))
    must(await alice.skein('release', '--mine'))
    await until("the remote has lost the old claim's token", () => !world.fences().includes(fence))
    const bob = await world.clone('bob')
    // Spelt otherwise, and only a part of it.
    const taken = await bob.claim('src/auth/login.ts')
    await until('the remote has the new one', () => world.fences().includes(taken.fence))
    await alice.commit('src/auth/login.ts', 'late')
    const late = await alice.alone().push('--no-verify', 'origin', 'HEAD:late')
    assert.equal(late.code, 1, late.stderr)
    assert.equal(world.refs().has('refs/heads/late'), false)
  })

  it('lets pushers of disjoint files pass at once', async (t) => {
    const world = await FencedWorld.make(t)
    const names = ['ann', 'ben', 'cem', 'dan', 'eve', 'fay']
    const clones = await Promise.all(names.map((name) => world.clone(name)))
    const commits = await Promise.all(
      clones.map(async (clone, at) => {
        const file = `src/own-${names[at] ?? ''}.ts`
        await clone.claim(file)
        return clone.commit(file, 'mine')
      }),
    )
    const pushed = await Promise.all(
      clones.map((clone, at) => clone.push('origin', `HEAD:${names[at] ?? ''}`)),
    )
    for (const ran of pushed) assert.equal(ran.code, 0, ran.stderr)
    const refs = world.refs()
    assert.deepEqual(
      names.map((name) => refs.get(`refs/heads/${name}`)),
      commits,
    )
    assert.equal(world.fences().length, names.length)
  })

  it('passes through where nobody has enrolled the repository, and where no daemon ever ran', async (t) => {
    const world = await FencedWorld.make(t, { skeinYml: '# none\n' })
    const alice = await world.clone('alice')
    await alice.commit('src/app.ts', 'two')
    must(await alice.push('origin', 'HEAD:one'))
    must(await alice.alone().push('origin', 'HEAD:two'))
    assert.deepEqual(world.fences(), [])
  })

  it("gives git's own answers for refs that the remote refuses, and takes git's options", async (t) => {
    const world = await FencedWorld.make(t)
    const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
    await alice.claim('src/auth/**')
    await bob.commit('README.md', "bob's")
    must(await bob.push('--atomic', 'origin', 'main'))
    await alice.commit('src/auth/login.ts', "alice's")
    const behind = await alice.push('origin', 'main')
    assert.equal(behind.code, 1)
    assert.match(behind.stderr, /rejected.*\(fetch first\)/)
    must(await alice.push('--dry-run', 'origin', 'HEAD:topic'))
    assert.equal(world.refs().has('refs/heads/topic'), false)
    const forced = await alice.push('--force', 'origin', 'main')
    assert.match(forced.stderr, /fetch first/, 'what is thrown away is not known here')
    await alice.git('pull', '--quiet', '--rebase')
    must(await alice.push('--follow-tags', '--force-with-lease', 'origin', 'main'))
    must(await alice.push('origin', 'HEAD:topic'))
    must(await alice.push('--delete', 'origin', 'topic'))
    assert.equal(world.refs().has('refs/heads/topic'), false)
    assert.match((await alice.push('origin', 'main')).stderr, /Everything up-to-date/)
  })

  it('does not let a mirror delete the tokens', async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const { fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'two')
    must(await alice.push('origin', 'main'))
    must(await alice.push('--prune', 'origin', 'refs/*:refs/*'))
    assert.deepEqual(world.fences(), [fence])
  })

  it('stands aside, and says so, where the remote hides such refs or has no atomic push', async (t) => {
    for (const [key, value] of [
      ['receive.hideRefs', 'refs/skein'],
      ['receive.advertiseAtomic', 'false'],
    ] as const) {
      const world = await FencedWorld.make(t)
      const alice = await world.clone('alice')
      await alice.run('git', ['-C', world.bare, 'config', key, value])
      await alice.claim('src/auth/**')
      await alice.commit('src/auth/login.ts', 'two')
      const pushed = must(await alice.push('origin', 'main'))
      assert.match(pushed.stderr, /this remote cannot fence \(/, key)
      assert.deepEqual(world.fences(), [])
    }
  })

  it('releases what has landed, unless its files are still being changed', async (t) => {
    const world = await FencedWorld.make(t, { skeinYml: 'repo: test/shop\n' })
    const alice = await world.clone('alice')
    const { fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'two')
    alice.write('src/auth/token.ts', 'not yet committed\n')
    must(await alice.push('origin', 'main'))
    assert.match((await alice.skein('claims', '--mine')).stdout, /src\/auth/)
    await alice.commit('src/auth/token.ts', 'now it is')
    const landed = must(await alice.push('origin', 'main'))
    assert.match(landed.stderr, /src\/auth\/\*\* has landed: claim clm_\w+ is released/)
    assert.match((await alice.skein('claims', '--recent')).stdout, /landed/)
    await until('the remote has forgotten the token', () => !world.fences().includes(fence))
  })
})

/** Alice's claim has been on the remote; she has given it up and goes on, and Bob has a part of it, spelt otherwise. */
async function handedOver(world: FencedWorld): Promise<{
  readonly alice: FencedClone
  readonly bob: FencedClone
  /** Makes Alice's clone remember what it did before. */
  readonly forget: () => void
}> {
  const [alice, bob] = [await world.clone('alice'), await world.clone('bob')]
  await alice.claim('src/auth/**')
  await alice.commit('src/auth/login.ts', "alice's")
  must(await alice.push('origin', 'HEAD:first'))
  const memory = path.join(alice.root, '.git', 'skein', 'fence-claims.json')
  const before = readFileSync(memory)
  must(await alice.skein('release', '--mine'))
  await bob.claim('src/auth/login.ts')
  await alice.commit('src/auth/login.ts', 'late')
  const forget = (): void => {
    writeFileSync(memory, before)
  }
  return { alice, bob, forget }
}

/** Ends Alice's claim, takes a part of it for Bob, and pushes his work. */
function takeOver(bob: FencedClone): string {
  return [
    `cd '${bob.root}'`,
    'SKEIN_SESSION=alice skein release --mine',
    'skein claim src/auth/login.ts',
    'git push origin HEAD:bobs',
  ].join('\n')
}
