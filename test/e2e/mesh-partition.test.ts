// Machines that cannot reach each other: what the side without a majority may say and do, and what becomes of it when the
// network is whole again. In network namespaces where these can be made, through proxies elsewhere.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ClaimJson, Failure } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import {
  FILES,
  heal,
  isolate,
  mute,
  REPO,
  startMesh,
  type Machine,
  type TestMesh,
} from '../helpers/mesh.ts'
import { whyNoNamespaces } from '../helpers/namespaces.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder } from '../helpers/repo.ts'

const CLOCK_SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
/** The bound of a call is 5 s, and it is looked at four times a second. */
const ANSWER_MS_MAX = 5_600
const AT_ONCE_MS_MAX = 500
/** A lease, which is `idle_release` long, and a minute. */
const LEASE_MS = 31 * 60_000

const cleaner = createCleaner()
let mesh: TestMesh
let steps: string

before(async () => {
  const why = whyNoNamespaces()
  steps = makeFolder(cleaner)
  mesh = await startMesh(cleaner, {
    voters: 3,
    namespaces: why === null,
    lines: why !== null,
    preload: [CLOCK_SHIM],
    envOf: (name) => ({ SKEIN_TEST_CLOCK_STEP: path.join(steps, name) }),
  })
})
after(() => cleaner.run())

describe('a machine without a majority', () => {
  let cut: Machine
  let rest: readonly [Machine, Machine]
  let kept: ClaimJson
  let won: ClaimJson
  let free: ClaimJson
  let lost: ClaimJson

  it('says so within 5 s, with who is missing and since when, while the others go on', async (t) => {
    const leader = await mesh.leader()
    const [one, other] = others(leader)
    cut = one
    rest = [leader, other]
    kept = await grant(cut, 'holder', file(0))
    const since = Date.now()
    await isolate(mesh, cut)
    const { error, ms } = await timed(cut.claim('cut', [file(1)]))
    t.diagnostic(`${ms.toFixed(0)} ms, by ${mesh.namespaces === null ? 'proxies' : 'namespaces'}`)
    assert.ok(ms < ANSWER_MS_MAX, `${ms.toFixed(0)} ms`)
    requireMissing(error, rest, since)
    won = await grant(other, 'winner', file(2))
  })

  it('says so at once when it has heard of no leader for 10 s, whatever is asked', async () => {
    for (const ledger of [REPO, 'mesh'])
      await until(
        'it counts as cut off',
        async () => (await cut.ledger(ledger))?.attached === false,
        {
          withinMs: 12_000,
        },
      )
    const who = { cwd: cut.cwd, session: 'holder', agent: 'holder' }
    const answers = [
      await timed(cut.claim('cut', [file(1)])),
      await timed(cut.client.call('renew', { ...who, ids: [kept.id] })),
      await timed(cut.client.call('verify', { ...who, ids: [kept.id] })),
      await timed(cut.client.call('invite', { yes: true })),
    ]
    const age = await ageOfClaims(cut)
    assert.ok(age >= 10_000, `its claims are ${String(age)} ms old`)
    for (const { error, ms } of answers) {
      assert.deepEqual([error?.code, error?.exit], ['NO_QUORUM', 2])
      assert.ok(ms < AT_ONCE_MS_MAX, `${ms.toFixed(0)} ms`)
    }
    requireMissing(answers[0]?.error ?? null, rest, Date.now() - 30_000)
    // What it knew it still says.
    assert.deepEqual(await statesOf(cut), { [kept.id]: 'active' })
  })

  it('notes provisional claims where nothing that it knows of stands against them', async () => {
    free = await note(cut, 'prov', file(3))
    lost = await note(cut, 'prov', file(2))
    assert.deepEqual([free.fence, lost.fence], [null, null])
    const refused = await cut.claim('prov', [file(0)], { provisional: true })
    assert.equal(refused.result?.status, 'refused')
    assert.equal(refused.result.conflicts[0]?.claim.id, kept.id)
    const second = await cut.claim('other', [file(3)], { provisional: true })
    assert.equal(second.result?.status, 'refused')
    const { error } = await cut.client.call('verify', {
      ...{ cwd: cut.cwd, session: 'prov', agent: 'prov', ids: [free.id] },
    })
    assert.equal(error?.exit, 2)
  })

  it('believes in its claims no longer than their lease, by its own clock', async () => {
    writeFileSync(path.join(steps, cut.name), String(LEASE_MS))
    await until('it has lapsed', async () => (await statesOf(cut))[kept.id] === 'expired')
    assert.equal((await statesOf(rest[0]))[kept.id], 'active')
    writeFileSync(path.join(steps, cut.name), '0')
  })

  it('is settled by one record when the network is whole: promoted, or told to whom it lost', async () => {
    await heal(mesh)
    await until('what it knows is of now', async () => (await ageOfClaims(cut)) === 0)
    await untilFollows(cut)
    for (const machine of mesh.machines)
      await until(`${machine.name} knows what became of them`, async () => {
        const { claims } = await machine.must('claims', { repo: REPO })
        const promoted = claims.find(({ id }) => id === free.id)
        return promoted?.state === 'active' && (promoted.fence ?? 0) > (won.fence ?? Infinity)
      })
    for (const machine of mesh.machines) {
      const told = (await machine.events()).filter(({ kind }) => kind === 'claim.superseded')
      const data = told.map((event) => [event.data['claim'], event.data['conflicts']])
      assert.equal(told.length, 1, JSON.stringify(data))
    }
    // Whatever its session does next, it hears who won, and what to do.
    const who = { cwd: cut.cwd, session: 'prov', agent: 'prov' }
    for (const name of ['renew', 'release'] as const) {
      const error = await cut.client.fails(name, { ...who, ids: [lost.id] })
      assert.equal(error.code, 'CLAIM_ENDED')
      assert.ok(error.message.includes(`${won.agent} on ${won.machine}`), error.message)
      assert.deepEqual(error.data, { ids: [lost.id], superseded_by: [won.id] })
      assert.ok(error.hint.includes(`skein claim ${lost.pattern} --wait`), error.hint)
    }
    const verified = await cut.must('verify', who)
    assert.equal(verified.ok, false)
    assert.deepEqual(
      verified.claims.map(({ id, live }) => [id, live]),
      [
        [free.id, true],
        [lost.id, false],
      ],
    )
    const { recent } = await cut.must('claims', { repo: REPO, recent: true })
    const [ended] = recent.filter(({ claim }) => claim.id === lost.id)
    assert.deepEqual([ended?.claim.state, ended?.claim.fence], ['superseded', null])
    // What it held all the time it has again, for the leader never ended it.
    assert.equal((await statesOf(cut))[kept.id], 'active')
    assert.equal((await cut.release('holder', [kept.id])).result?.released.length, 1)
    await cut.release('prov', [free.id])
    await rest[1].release('winner', [won.id])
  })
})

describe('machines of which two cannot reach each other', () => {
  it('go on where the leader reaches both: a chain', async () => {
    const leader = await mesh.leader()
    const [one, other] = others(leader)
    const before = await termOf(leader)
    mute(mesh, one, other)
    mute(mesh, other, one)
    for (const machine of mesh.machines) await giveBack(machine, file(5))
    await heal(mesh)
    assert.equal(await termOf(leader), before)
  })

  it('grant nothing at the end that does not hear the leader, and depose nobody', async () => {
    const leader = await mesh.leader()
    const [one, other] = others(leader)
    const before = await termOf(leader)
    mute(mesh, leader, one)
    const { error, ms } = await timed(one.claim('deaf', [file(6)]))
    assert.equal(error?.code, 'NO_QUORUM')
    assert.ok(ms < ANSWER_MS_MAX, `${ms.toFixed(0)} ms`)
    for (const machine of [leader, other]) await giveBack(machine, file(7))
    // Longer than a voter's patience: it asks the other one, who hears the leader.
    await until('it looks for a leader', async () => (await one.ledger(REPO))?.leader === null)
    await heal(mesh)
    await untilFollows(one)
    assert.equal(await termOf(leader), before)
    // The leader may have heard the request, and nobody its answer: what it granted is given back.
    await until('nothing is left of it', async () => {
      const { claims } = await leader.must('claims', { repo: REPO })
      return claims.every(({ session }) => session !== 'deaf')
    })
    await giveBack(other, file(6))
  })
})

function file(at: number): string {
  return FILES[at] ?? ''
}

function others(leader: Machine): readonly [Machine, Machine] {
  const [one, other] = mesh.machines.filter((machine) => machine !== leader)
  assert.ok(one && other)
  return [one, other]
}

async function termOf(machine: Machine): Promise<number> {
  return (await machine.ledger(REPO))?.term ?? NaN
}

async function giveBack(machine: Machine, pattern: string): Promise<void> {
  const { id } = await grant(machine, 'passer', pattern)
  assert.equal((await machine.release('passer', [id])).error, null)
}

async function timed<Value>(call: Promise<Value>): Promise<Value & { readonly ms: number }> {
  const at = performance.now()
  const value = await call
  return { ...value, ms: performance.now() - at }
}

/** @param since milliseconds since 1970 after which they were all heard. */
function requireMissing(error: Failure | null, machines: readonly Machine[], since: number): void {
  assert.deepEqual([error?.code, error?.exit], ['NO_QUORUM', 2])
  const { missing } = error?.data as { missing: { machine: string; since: string }[] }
  assert.deepEqual(
    missing.map(({ machine }) => machine).sort(),
    machines.map(({ name }) => name).sort(),
  )
  for (const one of missing) {
    const at = Date.parse(one.since)
    assert.ok(at > since - 10_000 && at <= Date.now(), JSON.stringify([one, since]))
    assert.ok(error?.message.includes(`${one.machine} (since ${one.since})`))
  }
}

async function grant(machine: Machine, session: string, pattern: string): Promise<ClaimJson> {
  const { result, error } = await machine.claim(session, [pattern])
  const [claim] = result?.claims ?? []
  assert.ok(claim !== undefined && result?.status === 'granted', JSON.stringify(result ?? error))
  return claim
}

async function note(machine: Machine, session: string, pattern: string): Promise<ClaimJson> {
  const { result, error } = await machine.claim(session, [pattern], { provisional: true })
  const [claim] = result?.claims ?? []
  assert.ok(
    claim !== undefined && result?.status === 'provisional',
    JSON.stringify(result ?? error),
  )
  return claim
}

async function statesOf(machine: Machine): Promise<Record<string, string>> {
  const { claims } = await machine.must('claims', { repo: REPO })
  return Object.fromEntries(claims.map(({ id, state }) => [id, state]))
}

/** How old what a machine says of claims is, by its own word. */
async function ageOfClaims(machine: Machine): Promise<number> {
  const { as_of: asOf } = await machine.must('claims', { repo: REPO })
  return asOf.age_ms
}

async function untilFollows(machine: Machine): Promise<void> {
  await until(
    `${machine.name} follows`,
    async () => {
      const ledger = await machine.ledger(REPO)
      return ledger?.attached === true && ledger.leader !== null
    },
    { withinMs: 40_000 },
  )
}
