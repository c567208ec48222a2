// Work that lands by another way than the holder's own push: a merge elsewhere, seen at the next fetch.
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { FencedWorld, must, type FencedClone } from '../../helpers/fenced.ts'
import { until } from '../../helpers/poll.ts'

interface Scene {
  readonly world: FencedWorld
  readonly alice: FencedClone
  readonly merger: FencedClone
  readonly id: string
}

/** Alice has pushed a branch, whose commit names her claim. */
async function setUp(t: TestContext): Promise<Scene> {
  const world = await FencedWorld.make(t, { skeinYml: 'repo: test/shop\n' })
  const alice = await world.clone('alice', { fenced: false })
  const merger = await world.clone('merger', { fenced: false })
  const hook = path.join(alice.root, '.git', 'hooks', 'prepare-commit-msg')
  writeFileSync(hook, '#!/bin/sh\nexec skein hook prepare-commit-msg "$@"\n')
  chmodSync(hook, 0o755)
  await alice.git('switch', '--quiet', '--create', 'topic')
  const { id } = await alice.claim('src/auth/**')
  await alice.commit('src/auth/login.ts', 'two')
  assert.match(await alice.git('log', '-1', '--format=%B'), new RegExp(`Skein-Claim: ${id}`))
  must(await alice.push('origin', 'topic'))
  return { world, alice, merger, id }
}

/** As a forge merges a pull request: one commit, with the messages of all in it. */
async function squash({ merger }: Scene): Promise<void> {
  await merger.git('fetch', '--quiet', 'origin')
  await merger.git('merge', '--quiet', '--squash', 'origin/topic')
  const message = readFileSync(path.join(merger.root, '.git', 'SQUASH_MSG'), 'utf8')
  const [, trailers = ''] = /((?: *Skein-[A-Za-z]+: .*\n)+)/.exec(message) ?? []
  await merger.git(
    'commit',
    '--quiet',
    '--message',
    `Rework login\n\n${trailers.replace(/^ +/gm, '')}`,
  )
  must(await merger.push('origin', 'HEAD:main'))
}

async function live({ world, alice }: Scene): Promise<readonly string[]> {
  const { claims } = await world.daemon.client.must('claims', { cwd: alice.root })
  return claims.map(({ id }) => id)
}

describe('work that others merge', () => {
  it('ends its claim once it was fetched', async (t) => {
    const scene = await setUp(t)
    await squash(scene)
    assert.deepEqual(await live(scene), [scene.id])
    await scene.alice.git('fetch', '--quiet', 'origin')
    await until('the claim is over', async () => (await live(scene)).length === 0)
    assert.match((await scene.alice.skein('claims', '--recent')).stdout, /landed/)
  })

  it('leaves a claim whose branch has more, until that has landed, too', async (t) => {
    const scene = await setUp(t)
    const { alice, world } = scene
    await squash(scene)
    await alice.commit('src/auth/token.ts', 'three')
    await alice.git('fetch', '--quiet', 'origin')
    // Another claim of hers, all of which has landed, is looked at in the same round.
    const other = await alice.claim('src/app.ts')
    await alice.git('switch', '--quiet', '--create', 'second', 'origin/main')
    await alice.commit('src/app.ts', 'two')
    must(await alice.push('origin', 'HEAD:main'))
    await alice.git('switch', '--quiet', 'topic')
    await alice.git('merge', '--quiet', '--no-edit', 'second')
    await until('the other is over', async () => !(await live(scene)).includes(other.id))
    assert.deepEqual(await live(scene), [scene.id])
    must(await alice.push('origin', 'HEAD:main'))
    await until('all is over', async () => (await live(scene)).length === 0)
    assert.ok(world.refs().has('refs/heads/main'))
  })
})
