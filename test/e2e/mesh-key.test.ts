// The key that the members of a mesh share changes when one of them is removed, and nobody is lost over it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FILES, startMesh, untilOnline, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { makeFolder } from '../helpers/repo.ts'

const CLOCK_SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))
const DAY_MS = 24 * 3_600_000

describe('the network key', () => {
  it('is another one after a removal, which whoever was away for days gets too', async (t) => {
    const step = path.join(makeFolder(t), 'step')
    const { machines } = await startMesh(t, {
      names: ['ada', 'bob', 'cyd', 'dan'],
      preload: [CLOCK_SHIM],
      env: { SKEIN_TEST_CLOCK_STEP: step },
    })
    const [ada, bob, cyd, dan] = machines
    assert.ok(ada && bob && cyd && dan)
    const [old] = keysOf(ada)
    for (const one of machines) assert.deepEqual(keysOf(one), [old])
    await untilOnline(bob, 4)
    await cyd.stop()

    await ada.must('member/remove', { machine: 'dan', yes: true })
    const key = await until('ada and bob have one new key', () => {
      const [present, before] = keysOf(bob)
      return present !== old && keysOf(ada)[0] === present && before === old ? present : null
    })
    await until('dan is alone', async () => {
      const { result } = await dan.client.call('status', {}).catch(() => ({ result: null }))
      return result?.ready === true && result.mesh.members === 1
    })
    assert.ok(key !== undefined && !keysOf(dan).includes(key))

    // Nobody takes the old key any more, and cyd knows no other.
    writeFileSync(step, String(2 * DAY_MS))
    for (const one of [ada, bob])
      await until(`${one.name} has let go of the old key`, () => keysOf(one).length === 1)
    assert.deepEqual(keysOf(cyd), [old])
    await cyd.startAlone()
    await untilOnline(cyd, 3)
    await until('cyd has the new key', () => keysOf(cyd)[0] === key)
    const { result } = await cyd.claim('c', [FILES[0] ?? ''])
    assert.equal(result?.status, 'granted')

    // It is in no ledger, no audit log, no log and no listing.
    for (const one of [ada, bob, cyd])
      assert.deepEqual(
        filesWith(one.home, [key, Buffer.from(key, 'hex').toString('latin1')]),
        ['network.key'],
        one.name,
      )
  })
})

/** The present one, then those that are accepted beside it. */
function keysOf({ home }: Machine): string[] {
  const lines = readFileSync(path.join(home, 'network.key'), 'utf8').trim().split('\n')
  return lines.map((line) => line.slice(0, 64))
}

function filesWith(home: string, texts: readonly string[]): string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => texts.some((text) => readFileSync(file, 'latin1').includes(text)))
    .map((file) => path.relative(home, file))
}
