// Two meshes that know nothing of each other push to one remote: the later one is refused and told why, takes nothing away from
// the first, and goes on once a person says that the first is gone.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { startDaemon } from '../../helpers/daemon.ts'
import { FencedClone, FencedWorld, must } from '../../helpers/fenced.ts'
import { makeFolder } from '../../helpers/repo.ts'

describe('a mesh of its own at the remote of a team', () => {
  it('is refused and told how to go on; recovered, its ledger outranks the old one', async (t) => {
    const world = await FencedWorld.make(t)
    const alice = await world.clone('alice')
    const { fence } = await alice.claim('src/auth/**')
    await alice.commit('src/auth/login.ts', 'of the team')
    must(await alice.push('origin', 'main'))
    assert.deepEqual(world.fences(), [fence])

    const home = path.join(makeFolder(t, 'skein-home-'), 'h')
    mkdirSync(home)
    writeFileSync(path.join(home, 'config.yml'), 'trust_scripts: true\nhttp_port: 0\n')
    await startDaemon(t, { home })
    const { root } = await world.clone('late')
    const late = new FencedClone(world, root, {
      ...world.env,
      SKEIN_HOME: home,
      SKEIN_SESSION: 'late',
    })
    // More decisions than the team has made: of two ledgers of one generation neither is ahead of the other.
    for (let turn = 0; turn < 20; turn++) {
      await late.claim('src/app.ts')
      must(await late.skein('release', '--mine'))
    }
    await late.claim('src/app.ts')
    await late.commit('src/app.ts', 'of a newcomer')
    const refused = await late.push('origin', 'HEAD:late')
    assert.equal(refused.code, 1, refused.stdout)
    assert.match(refused.stderr, /another ledger of this repository: .*skein join TOKEN/)
    assert.match(refused.stderr, /skein recover --accept-loss/)
    assert.deepEqual(world.fences(), [fence], 'the token of the team stays')

    const shown = must(await late.skein('recover', '--dry-run', '--json'))
    assert.equal((JSON.parse(shown.stdout) as { generation: number }).generation, 2)
    must(await late.skein('recover', '--accept-loss', '--yes'))
    must(await late.push('origin', 'HEAD:late'))
    assert.ok(
      world.fences().every((one) => one > 2 * 2 ** 32),
      'now the team is the older one',
    )
    await alice.commit('src/auth/login.ts', 'of the team, late')
    const outranked = await alice.push('origin', 'HEAD:again')
    assert.equal(outranked.code, 1, outranked.stdout)
  })
})
