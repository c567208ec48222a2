// A majority that is lost for good: what is left goes on, with every claim that it knows and with greater fences.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import {
  enter,
  FILES,
  join,
  promote,
  REPO,
  startMachines,
  startMesh,
  untilOnline,
  untilVoters,
  type Machine,
} from '../helpers/mesh.ts'
import { until as untilSoon } from '../helpers/poll.ts'

const MEANT = { accept_loss: true, yes: true }

describe('recover, where the mesh has lost its majority', () => {
  it('goes on alone with all claims, takes the other survivor in, and a successor', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob', 'cyd', 'dan', 'eve'] })
    const [ada, bob, cyd, dan, eve] = machines
    assert.ok(ada && bob && cyd && dan && eve)
    await enter(ada)
    for (const other of [bob, cyd, dan]) {
      const { token } = await ada.must('invite', { yes: true })
      await join(other, token)
      await enter(other)
    }
    for (const { name } of [bob, cyd])
      await ada.must('member/promote', { machine: name, yes: true })
    for (const ledger of ['mesh', REPO]) await untilVoters(dan, ledger, 3)
    const before = new Map<string, number>()
    for (const [at, machine] of [ada, bob, cyd, dan].entries()) {
      const { result } = await machine.claim(machine.name, [FILES[at] ?? ''])
      const [claim] = result?.claims ?? []
      assert.ok(claim?.fence != null, JSON.stringify(result))
      before.set(claim.id, claim.fence)
    }
    for (const machine of [ada, dan])
      await until(`${machine.name} knows all`, async () => (await heldAt(machine)).size === 4)

    const early = await ada.client.fails('recover', { cwd: ada.cwd, ...MEANT })
    assert.deepEqual([early.code, early.exit], ['FORBIDDEN', 7])
    for (const lost of [bob, cyd]) {
      await lost.kill()
      rmSync(lost.home, { recursive: true, force: true })
    }
    const shown = await until('ada knows that they are gone', async () => {
      const { result } = await ada.client.call('recover', { dry_run: true })
      return result
    })
    assert.deepEqual([shown.what, shown.done], ['mesh', false])
    assert.deepEqual(shown.missing.map(({ machine }) => machine).sort(), ['bob', 'cyd'])
    assert.deepEqual(shown.carried, [{ repo: REPO, claims: 4 }])
    assert.equal((await ada.claim('late', [FILES[9] ?? ''])).error?.exit, 2)

    await recovered(ada)
    const alone = await heldAt(ada)
    assert.deepEqual([...alone.keys()].sort(), [...before.keys()].sort())
    for (const [id, fence] of alone) assert.ok(fence > (before.get(id) ?? Infinity), id)
    const { result: refused } = await ada.claim('other', [FILES[1] ?? ''])
    assert.equal(refused?.status, 'refused')
    assert.ok(existsKept(ada))

    // The other survivor does the same, and comes with claims that are there already.
    await recovered(dan)
    for (const machine of [dan, eve]) {
      const { token } = await ada.must('invite', { yes: true })
      await join(machine, token)
      await enter(machine)
    }
    await until('dan has the ledger', async () => (await heldAt(dan)).size === 4)
    assert.deepEqual(await heldAt(dan), alone)
    assert.deepEqual(await heldAt(eve), alone)
    const { released } = await dan.must('release', {
      cwd: dan.cwd,
      session: 'dan',
      agent: 'dan',
      mine: true,
    })
    assert.equal(released.length, 1)
    const { result: granted } = await eve.claim('eve', [FILES[3] ?? ''])
    assert.equal(granted?.status, 'granted')
    for (const { kind, data } of await dan.events())
      assert.notEqual(kind, 'claim.superseded', JSON.stringify(data))
    assert.ok((await ada.events()).some(({ kind }) => kind === 'ledger.recovered'))
    assert.equal((await ada.must('audit/verify', { repo: REPO })).ok, true)
  })
})

describe('recover, where only the voters of a repository are lost', () => {
  it('begins its ledger anew in the same mesh, and the others follow', async (t) => {
    const { machines } = await startMachines(t, { names: ['ada', 'bob', 'cyd', 'dan', 'eve'] })
    const [ada, bob, cyd, dan, eve] = machines
    assert.ok(ada && bob && cyd && dan && eve)
    // ada decides in the mesh and has no copy; bob, who enrols the repository, decides in it.
    for (const other of [bob, cyd, dan, eve]) {
      const { token } = await ada.must('invite', { yes: true })
      await join(other, token)
      await enter(other)
    }
    for (const machine of machines) await untilOnline(machine, 5)
    const before = new Map<string, number>()
    for (const [at, machine] of [bob, cyd, dan, eve].entries()) {
      const { result } = await machine.claim(machine.name, [FILES[at] ?? ''])
      const [claim] = result?.claims ?? []
      assert.ok(claim?.fence != null, JSON.stringify(result))
      before.set(claim.id, claim.fence)
    }
    for (const machine of [cyd, dan, eve])
      await until(`${machine.name} knows all`, async () => (await heldAt(machine)).size === 4)
    const early = await cyd.client.fails('recover', { cwd: cyd.cwd, ...MEANT })
    assert.equal(early.code, 'FORBIDDEN')
    await eve.stop()
    await bob.kill()
    rmSync(bob.home, { recursive: true, force: true })
    await until('cyd knows that bob is gone', async () => {
      const { result } = await cyd.client.call('recover', { cwd: cyd.cwd, dry_run: true })
      return result?.what === 'repo' && result.missing[0]?.machine === 'bob'
    })

    // Two at once: one ledger.
    const both = await Promise.all(
      [cyd, dan].map((machine) => machine.client.call('recover', { cwd: machine.cwd, ...MEANT })),
    )
    assert.ok(
      both.some(({ result }) => result?.done === true && result.generation === 2),
      JSON.stringify(both),
    )
    for (const machine of [cyd, dan]) {
      await until(`${machine.name} has the new ledger`, async () => {
        const held = await heldAt(machine).catch(() => new Map<string, number>())
        return held.size === 4 && [...held].every(([id, fence]) => fence > (before.get(id) ?? 0))
      })
    }
    assert.deepEqual(await heldAt(cyd), await heldAt(dan))
    const { result } = await dan.claim('other', [FILES[0] ?? ''])
    assert.equal(result?.status, 'refused')

    // Whoever was away finds the new one, with what it held in the old.
    await eve.startAlone()
    await until('eve has the new ledger', async () => {
      const held = await heldAt(eve).catch(() => new Map<string, number>())
      return held.size === 4 && [...held].every(([id, fence]) => fence > (before.get(id) ?? 0))
    })
    assert.deepEqual(await heldAt(eve), await heldAt(cyd))
    assert.equal((await eve.claim('eve', [FILES[9] ?? ''])).result?.status, 'granted')
    for (const machine of [cyd, dan, eve]) {
      assert.ok(existsKept(machine), machine.name)
      const superseded = (await machine.events()).filter(({ kind }) => kind === 'claim.superseded')
      assert.deepEqual(superseded, [])
    }
  })
})

describe('recover, where three voters decide', () => {
  it('is refused while two of them are there', async (t) => {
    const mesh = await startMesh(t)
    await promote(mesh)
    const [ada, , cyd] = mesh.machines
    assert.ok(ada && cyd)
    await cyd.kill()
    const { code } = await ada.client.fails('recover', { cwd: ada.cwd, ...MEANT })
    assert.equal(code, 'FORBIDDEN')
  })
})

/** A loss is believed after ten seconds. */
function until<Value>(
  what: string,
  look: () => Value | null | false | Promise<Value | null | false>,
): Promise<Value> {
  return untilSoon(what, look, { withinMs: 30_000, everyMs: 50 })
}

/** Live claims as this machine knows them, with their fences. */
async function heldAt(machine: Machine): Promise<Map<string, number>> {
  const { claims } = await machine.must('claims', { repo: REPO })
  return new Map(claims.map(({ id, fence }) => [id, fence ?? 0]))
}

async function recovered(machine: Machine): Promise<void> {
  const { mesh } = await until(`${machine.name} may recover`, async () => {
    const { result } = await machine.client.call('recover', MEANT)
    return result
  })
  await until(`${machine.name} is alone`, async () => {
    const { result } = await machine.client.call('status', {}).catch(() => ({ result: null }))
    return result?.ready === true && result.mesh.id !== mesh && result.mesh.members === 1
  })
}

/** Is an old ledger of the repository kept? */
function existsKept({ home }: Machine): boolean {
  const folder = path.join(home, 'ledger')
  const name = `${encodeURIComponent(REPO)}.of-`
  return existsSync(folder) && readdirSync(folder).some((found) => found.startsWith(name))
}
