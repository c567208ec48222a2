import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Frame } from '../../../daemon/ports.ts'
import { MemoryDisk, createMemoryStore } from '../../../daemon/storage/memory.ts'

const update = (fill: number): Frame => ({ kind: 'update', bytes: Uint8Array.of(fill) })

async function open(disk: MemoryDisk) {
  const durable: number[] = []
  const failures: Error[] = []
  const store = createMemoryStore(disk, {
    onDurable: (position) => durable.push(position),
    onFailure: (error) => failures.push(error),
  })
  return { store, durable, failures, loaded: await store.load() }
}

describe('a memory disk', () => {
  it('makes durable what it is told to, and nothing by itself', async () => {
    const disk = new MemoryDisk()
    const { store, durable } = await open(disk)
    store.append([update(1), update(2), update(3)])
    assert.deepEqual([disk.unsynced(), durable], [3, []])
    disk.sync(1)
    disk.sync(0)
    disk.sync()
    assert.deepEqual([disk.unsynced(), durable], [0, [1, 3]])
  })

  it('keeps at a crash the prefix that it is told to, replacements whole or not at all', async () => {
    for (const [kept, frames] of [
      [0, [update(1)]],
      [1, [update(1), update(2)]],
      [2, [update(7), update(8)]],
      [3, [update(7), update(8), update(3)]],
    ] as const) {
      const disk = new MemoryDisk()
      const { store } = await open(disk)
      store.append([update(1)])
      disk.sync()
      store.append([update(2)])
      store.replace([update(7), update(8)])
      store.append([update(3)])
      disk.crash(kept, 12)
      assert.deepEqual((await open(disk)).loaded, { frames, tornBytes: 12 })
    }
  })

  it('takes nothing more from a store that crashed', async () => {
    const disk = new MemoryDisk()
    const { store, durable } = await open(disk)
    disk.crash()
    store.append([update(1)])
    disk.sync()
    await store.close()
    assert.deepEqual([disk.unsynced(), durable], [0, []])
  })

  it('leaves what a failed sync was about for a crash to keep or drop', async () => {
    const disk = new MemoryDisk()
    const { store, durable, failures } = await open(disk)
    store.append([update(1), update(2)])
    disk.failNextSync()
    disk.sync()
    disk.sync()
    assert.deepEqual([durable, failures.length, disk.unsynced()], [[], 1, 2])
    disk.crash(1)
    assert.deepEqual((await open(disk)).loaded.frames, [update(1)])
  })

  it('goes back to a snapshot, and to nothing', async () => {
    const disk = new MemoryDisk()
    const { store } = await open(disk)
    store.append([update(1)])
    disk.sync()
    const snapshot = disk.snapshot()
    store.append([update(2)])
    disk.sync()
    disk.restore(snapshot)
    const again = await open(disk)
    assert.deepEqual(again.loaded.frames, [update(1)])
    disk.restore()
    assert.deepEqual((await open(disk)).loaded.frames, [])
  })

  it('refuses to load once damaged', async () => {
    const disk = new MemoryDisk()
    disk.damage()
    await assert.rejects(open(disk), { code: 'LEDGER_DAMAGED' })
  })
})
