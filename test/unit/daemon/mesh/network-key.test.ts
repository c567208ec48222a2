import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import {
  compareKeys,
  made,
  openNetworkKeys,
  type NetworkKey,
} from '../../../../daemon/mesh/network-key.ts'
import { makeFolder } from '../../../helpers/repo.ts'

const DAY_MS = 24 * 3_600_000

describe('the keys of the network', () => {
  it('begin with one, which a restart finds again', (t) => {
    const home = makeFolder(t)
    const first = openNetworkKeys(home, () => 0)
    assert.equal(first.present().bytes.length, 32)
    assert.equal(first.present().index, 0)
    assert.deepEqual(openNetworkKeys(home, () => 0).all(), first.all())
    assert.equal(statSync(path.join(home, 'network.key')).mode & 0o077, 0)
  })

  it('keep the one before for a day, over restarts', (t) => {
    const home = makeFolder(t)
    let now = 0
    const keys = openNetworkKeys(home, () => now)
    const before = keys.present()
    const next = made(7)
    assert.equal(keys.take(next), true)
    now = DAY_MS - 1
    const again = openNetworkKeys(home, () => now)
    assert.deepEqual(again.present().bytes, next.bytes)
    assert.equal(again.forgetOld(), false)
    assert.deepEqual(
      again.all().map(({ bytes, index }) => ({ bytes, index })),
      [next, { bytes: before.bytes, index: 0 }].map(({ bytes, index }) => ({ bytes, index })),
    )
    now = DAY_MS
    assert.equal(again.forgetOld(), true)
    assert.equal(openNetworkKeys(home, () => now).all().length, 1)
  })

  it('end with the same one, whatever the order in which they are heard of', (t) => {
    const offered: readonly NetworkKey[] = [made(3), made(9), made(9), made(5), made(9)]
    const best = [...offered].sort(compareKeys).at(-1)
    for (const order of [offered, offered.toReversed(), [...offered].sort(compareKeys)]) {
      const keys = openNetworkKeys(makeFolder(t), () => 0)
      for (const key of order) keys.take(key)
      assert.deepEqual(keys.present().bytes, best?.bytes)
      for (const key of order) assert.equal(keys.take(key), false)
    }
  })

  it('accept a bounded number of older ones', (t) => {
    const keys = openNetworkKeys(makeFolder(t), () => 0)
    for (let index = 1; index <= 40; index++) keys.take(made(index))
    assert.equal(keys.all().length, 9)
    assert.deepEqual(
      keys.all().map(({ index }) => index),
      [40, 39, 38, 37, 36, 35, 34, 33, 32],
    )
  })

  it('are read from a file that holds the key alone, and from no other text', (t) => {
    const home = makeFolder(t)
    const file = path.join(home, 'network.key')
    writeFileSync(file, `${'ab'.repeat(32)}\n`)
    const keys = openNetworkKeys(home, () => 0)
    assert.deepEqual(keys.present(), { ...keys.present(), bytes: new Uint8Array(32).fill(0xab) })
    keys.take(made(1))
    assert.match(
      readFileSync(file, 'utf8'),
      /^[0-9a-f]{64} 1\n(ab){32} 0 1970-01-02T00:00:00.000Z\n$/,
    )
    for (const text of ['', 'ab', `${'ab'.repeat(32)} x`, `${'ab'.repeat(32)} 1 never`]) {
      writeFileSync(file, text)
      assert.throws(() => openNetworkKeys(home, () => 0), { code: 'HOME_UNUSABLE' })
    }
  })
})
