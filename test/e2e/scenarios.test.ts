// What agents must be able to rely on first of all, at the doors that they use: a conflict that takes nothing, overlap as
// files have it, and silence that ends a claim. Waiting, requests, symbols and tasks have tests of their own.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DOORS, type Agent, type Told } from '../helpers/agents.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { makeRepo } from '../helpers/repo.ts'

const REPO = 'test/scenarios'
/** The daemon's clocks run so much faster than the test's. */
const RATE = 15
const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))

const suite = createCleaner()
let cwd: string
let daemon: Daemon
let quick: Daemon

before(async () => {
  const skeinYml = `repo: ${REPO}\nidle_release: 90s\n`
  cwd = makeRepo(suite, { files: ['src/auth/login.ts', 'README.md'], skeinYml })
  daemon = await startDaemon(suite)
  const env = { SKEIN_TEST_CLOCK_RATE: String(RATE) }
  quick = await startDaemon(suite, { preload: [SHIM], env })
  const scopes = [{ kind: 'file', pattern: 'README.md' }]
  for (const { client } of [daemon, quick]) await client.must('check', { cwd, scopes })
})

after(() => suite.run())

async function held({ client }: Daemon, session: string): Promise<readonly string[]> {
  const { claims } = await client.must('claims', { repo: REPO })
  return claims.filter((claim) => claim.session === session).map(({ pattern }) => pattern)
}

/** Pairs of patterns, and whether a path exists that both mean. */
const PAIRS: readonly (readonly [string, string, boolean])[] = [
  ['src/**', 'src/auth/login.ts', true],
  ['src/auth/**', 'src/auth_v2/**', false],
  ['src/auth/*', 'src/auth/deep/f.ts', false],
  ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/c/z/deep.ts', true],
  ['a/**/b/**/c/**/deep.ts', 'a/x/b/y/deep.ts', false],
  ['src/*_test.py', 'src/test_*.py', true],
  ['lib/', 'lib/a/b.ts', true],
  ['file[0-4].ts', 'file[3-9].ts', true],
  ['file[0-4].ts', 'file[5-9].ts', false],
]

for (const door of DOORS) {
  describe(`at ${door.name}`, () => {
    const enter = (name: string, where = daemon): Promise<Agent> =>
      door.enter(suite, { home: where.home, cwd }, name)

    it('a conflict names the holder and takes nothing', async () => {
      const [alice, bob] = [await enter('alice'), await enter('bob')]
      const mine = await alice.claim(['src/auth/**']).told
      const [claim] = mine.result?.claims ?? []
      assert.ok(claim !== undefined)
      const refused = await bob.claim(['src/auth/login.ts', 'README.md']).told
      assert.deepEqual([refused.exit, refused.result?.status], [1, 'refused'])
      const { id, pattern, agent, expires_at: end } = refused.result?.conflicts[0]?.claim ?? {}
      assert.deepEqual(
        [id, pattern, agent, end],
        [claim.id, 'src/auth/**', 'alice', claim.expires_at],
      )
      assert.deepEqual(refused.result?.claims, [])
      assert.deepEqual(await held(daemon, bob.session), [])
      assert.equal((await bob.claim(['README.md']).told).exit, 0)
      assert.equal(
        (await alice.claim(['src/auth/login.ts']).told).exit,
        0,
        'its own is no conflict',
      )
      await Promise.all([alice.releaseAll(), bob.releaseAll()])
    })

    it('two patterns overlap where a file could be that both mean', async () => {
      const [alice, bob] = [await enter('alice'), await enter('bob')]
      for (const [mine, theirs, isOverlap] of PAIRS) {
        for (const [first, second] of [
          [mine, theirs],
          [theirs, mine],
        ] as const) {
          assert.equal((await alice.claim([first]).told).exit, 0, first)
          const { exit } = await bob.claim([second]).told
          assert.equal(exit, isOverlap ? 1 : 0, `${first} and ${second}`)
          await Promise.all([alice.releaseAll(), bob.releaseAll()])
        }
      }
      const { code }: Told<'claim'> = await alice.claim(['!src/**']).told
      assert.equal(code, 'INPUT_PATTERN')
    })

    it('silence ends a claim and lets the next one in, a call of the session keeps it', async () => {
      const [alice, bob, carol] = [
        await enter('alice', quick),
        await enter('bob', quick),
        await enter('carol', quick),
      ]
      assert.equal((await alice.claim(['idle/a.ts']).told).exit, 0)
      assert.equal((await carol.claim(['kept/c.ts']).told).exit, 0)
      const wait = bob.claim(['idle/a.ts'], { wait: 600 })
      await until('alice is idle', async () => {
        await carol.places()
        return (await held(quick, alice.session)).length === 0 ? true : null
      })
      assert.equal((await wait.told).result?.status, 'granted')
      assert.deepEqual(await held(quick, carol.session), ['kept/c.ts'])
      await Promise.all([bob.releaseAll(), carol.releaseAll()])
    })
  })
}
