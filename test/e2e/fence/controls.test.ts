// Why a token moves in the same atomic push: the same takeover in the middle of a push, with git's own commands. Two of the three ways
// let the late branch land; if one of them ever refuses it, the fence is more than it has to be.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FencedWorld, must, type FencedClone } from '../../helpers/fenced.ts'

const TOKEN = 'refs/skein/fence/t/7'

/** Pushes `late` under a token that is deleted while the remote takes the push. @returns whether it landed. */
async function landsLate(
  world: FencedWorld,
  how: { readonly isAtomic: boolean; readonly isNewObject: boolean },
): Promise<boolean> {
  const alice = await world.clone('alice', { fenced: false })
  const [old, next] = [await makeToken(alice, 'one'), await makeToken(alice, 'two')]
  must(await alice.push('origin', `${old}:${TOKEN}`))
  await alice.commit('src/auth/login.ts', 'late')
  const said = world.inTheMiddle(`git -C '${world.bare}' update-ref -d ${TOKEN} ${old}`, alice.env)
  await alice.push(
    ...(how.isAtomic ? ['--atomic'] : []),
    `--force-with-lease=${TOKEN}:${old}`,
    'origin',
    `${how.isNewObject ? next : old}:${TOKEN}`,
    'HEAD:late',
  )
  assert.equal(said(), '', 'the takeover took place in the middle')
  return world.refs().has('refs/heads/late')
}

async function makeToken(clone: FencedClone, message: string): Promise<string> {
  const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
  return (await clone.git('commit-tree', '-m', message, tree)).trim()
}

describe('a late push under a token that is gone', () => {
  it('is refused when it is atomic and moves the token to a new object', async (t) => {
    const world = await FencedWorld.make(t)
    assert.equal(await landsLate(world, { isAtomic: true, isNewObject: true }), false)
  })

  it('lands without --atomic', async (t) => {
    const world = await FencedWorld.make(t)
    assert.equal(await landsLate(world, { isAtomic: false, isNewObject: true }), true)
  })

  it('lands when the token is sent again unchanged: git compares it on the client only', async (t) => {
    const world = await FencedWorld.make(t)
    assert.equal(await landsLate(world, { isAtomic: true, isNewObject: false }), true)
  })
})
