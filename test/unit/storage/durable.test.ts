import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Frame, LedgerStoreEvents } from '../../../daemon/ports.ts'
import { createDurableStore } from '../../../daemon/storage/durable.ts'
import { decodeLog } from '../../../daemon/storage/log-image.ts'
import type { SyncPolicy } from '../../../daemon/storage/sync-policy.ts'
import { SkeinError } from '../../../protocol/index.ts'
import type { DiskEvent } from './watched-ops.ts'
import { watchOps } from './watched-ops.ts'

const BLOCKING: SyncPolicy = { mayBlock: () => true, observe: () => undefined }
const POOLED: SyncPolicy = { mayBlock: () => false, observe: () => undefined }
const SECTOR_BYTES = 512

const update = (length: number, fill: number): Frame => ({
  kind: 'update',
  bytes: new Uint8Array(length).fill(fill),
})

function makeFile(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'skein-log-'))
  t.after(() => {
    rmSync(directory, { recursive: true })
  })
  return path.join(directory, 'repo.log')
}

/** An opened store, what it reported, and the disk below it. */
async function open(file: string, policy: SyncPolicy) {
  const disk = watchOps()
  const durable: { position: number; diskEvents: number }[] = []
  const failures: Error[] = []
  const events: LedgerStoreEvents = {
    onDurable: (position) => durable.push({ position, diskEvents: disk.history.length }),
    onFailure: (error) => failures.push(error),
  }
  const store = createDurableStore(file, events, { ops: disk.ops, policy })
  const loaded = await store.load()
  const settle = async () => {
    const wanted = store.append([])
    while (failures.length === 0 && (durable.at(-1)?.position ?? 0) < wanted) await setImmediate()
  }
  return { store, disk, durable, failures, loaded, settle }
}

describe('a durable store', () => {
  for (const [name, policy] of [
    ['blocking', BLOCKING],
    ['pooled', POOLED],
  ] as const) {
    it(`reports nothing durable before the sync of its bytes (${name})`, async (t) => {
      const { store, disk, durable, settle } = await open(makeFile(t), policy)
      const before = disk.history.length
      for (let i = 0; i < 12; i++) {
        store.append([update(50, i)])
        if (i % 3 === 0) await settle()
        if (i % 5 === 0) store.replace([update(50, i)])
      }
      await settle()
      assert.equal(durable.at(-1)?.position, 15)
      for (const { diskEvents } of durable) {
        assert.notEqual(disk.history[diskEvents - 1]?.kind, 'write', 'a write without its sync')
      }
      assert.ok(disk.history.slice(before).some((event) => event.kind === 'rename'))
      await store.close()
    })

    it(`survives a power loss at any moment, with its pages written in any order (${name})`, async (t) => {
      const file = makeFile(t)
      const { store, disk, durable, settle } = await open(file, policy)
      const appended: Frame[] = []
      for (let i = 0; i < 24; i++) {
        const frames = Array.from({ length: 1 + (i % 4) }, (_, k) => update(37 * ((i % 7) + k), i))
        appended.push(...frames)
        store.append(frames)
        if (i % 3 !== 0) await settle()
      }
      await settle()
      let images = 0
      for (const { image, syncedEvents } of powerLosses(disk.history, 60)) {
        const reported = durable.filter((entry) => entry.diskEvents <= syncedEvents).at(-1)
        const { frames } = decodeLog(image, file)
        assert.ok(frames.length >= (reported?.position ?? 0), 'lost what was reported')
        assert.deepEqual(frames, appended.slice(0, frames.length))
        images += 1
      }
      assert.ok(images > 500)
      await store.close()
    })

    it(`shares one write and one sync among the appends of a turn (${name})`, async (t) => {
      const { store, disk, durable, settle } = await open(makeFile(t), policy)
      const before = disk.history.length
      for (let i = 0; i < 100; i++) store.append([update(20, i)])
      await settle()
      assert.deepEqual(
        disk.history.slice(before).map((event) => event.kind),
        ['write', 'sync'],
      )
      assert.deepEqual(
        durable.map((entry) => entry.position),
        [100],
      )
      await store.close()
    })

    it(`goes on where a short write stopped (${name})`, async (t) => {
      const file = makeFile(t)
      const { store, disk, settle } = await open(file, policy)
      disk.shorten(7)
      store.append([update(100, 1), update(3, 2)])
      await settle()
      store.replace([update(40, 3)])
      store.append([update(5, 4)])
      await store.close()
      assert.deepEqual(decodeLog(readFileSync(file), file).frames, [update(40, 3), update(5, 4)])
    })

    for (const [what, errno, code] of [
      ['write', 'ENOSPC', 'DISK_FULL'],
      ['write', 'EDQUOT', 'DISK_FULL'],
      ['write', 'EROFS', 'HOME_UNUSABLE'],
      ['sync', 'EIO', 'HOME_UNUSABLE'],
      ['sync', 'ENOSPC', 'DISK_FULL'],
    ] as const) {
      it(`dies of ${errno} from a ${what}, once and for good (${name})`, async (t) => {
        const file = makeFile(t)
        const { store, disk, durable, failures, settle } = await open(file, policy)
        store.append([update(10, 1)])
        await settle()
        disk.fail(what, errno)
        store.append([update(10, 2)])
        await settle()
        disk.fail(what, null)
        const before = disk.history.length
        store.append([update(10, 3)])
        store.replace([])
        await setImmediate()
        await store.close()
        assert.equal(disk.history.length, before, 'tried again')
        assert.equal(failures.length, 1)
        assert.ok(failures[0] instanceof SkeinError)
        assert.equal(failures[0].code, code)
        assert.match(failures[0].message, new RegExp(`repo\\.log.*${errno}`))
        assert.deepEqual(
          durable.map((entry) => entry.position),
          [1],
        )
      })
    }
  }

  it('cuts a torn end off before anything else, and says how much', async (t) => {
    const file = makeFile(t)
    const first = await open(file, BLOCKING)
    first.store.append([update(9, 1)])
    await first.store.close()
    const whole = statSync(file).size
    writeFileSync(file, Buffer.alloc(5000), { flag: 'a' })
    const second = await open(file, BLOCKING)
    assert.deepEqual(second.loaded, { frames: [update(9, 1)], tornBytes: 5000 })
    assert.equal(statSync(file).size, whole)
    second.store.append([update(9, 2)])
    await second.store.close()
    assert.deepEqual(decodeLog(readFileSync(file), file).frames, [update(9, 1), update(9, 2)])
  })

  it('is sound again after a load and a further batch, wherever the batch before was torn', async (t) => {
    const file = makeFile(t)
    const first = await open(file, BLOCKING)
    first.store.append([update(9, 1)])
    await first.settle()
    const synced = statSync(file).size
    first.store.append([update(9, 2), update(9, 3)])
    await first.settle()
    first.disk.kill()
    const bytes = readFileSync(file)
    for (let cut = synced; cut <= bytes.length; cut++) {
      writeFileSync(file, bytes.subarray(0, cut))
      const { store, loaded } = await open(file, BLOCKING)
      store.append([update(9, 4)])
      await store.close()
      const frames = [...loaded.frames, update(9, 4)]
      assert.deepEqual(decodeLog(readFileSync(file), file).frames, frames)
    }
  })

  it('writes and syncs the last batch anew at load: it may never have been synced', async (t) => {
    const file = makeFile(t)
    const first = await open(file, BLOCKING)
    first.store.append([update(9, 1)])
    await first.settle()
    const before = statSync(file).size
    first.disk.fail('sync', 'EIO')
    first.store.append([update(9, 2)])
    await first.settle()
    const second = await open(file, BLOCKING)
    assert.equal(second.loaded.frames.length, 2)
    const [rewritten] = second.disk.history
    assert.equal(rewritten?.kind, 'write')
    assert.equal(rewritten.position, before)
    await second.store.close()
  })

  it('refuses a log that is damaged below a mark, and leaves it as it is', async (t) => {
    const file = makeFile(t)
    const first = await open(file, BLOCKING)
    first.store.append([update(90, 1)])
    await first.store.close()
    const bytes = readFileSync(file)
    bytes[bytes.length - 60] = 0
    writeFileSync(file, bytes)
    await assert.rejects(open(file, BLOCKING), { code: 'LEDGER_DAMAGED' })
    assert.deepEqual(readFileSync(file), bytes)
  })

  it('removes what an interrupted replacement left, and keeps modes narrow', async (t) => {
    const file = path.join(path.dirname(makeFile(t)), 'a', 'b', 'repo.log')
    const first = await open(file, BLOCKING)
    await first.store.close()
    writeFileSync(`${file}.tmp`, 'half a log')
    const second = await open(file, BLOCKING)
    second.store.replace([update(1, 1)])
    await second.store.close()
    assert.deepEqual(readdirSync(path.dirname(file)), ['repo.log'])
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700)
  })

  it('does not grow by being opened and closed', async (t) => {
    const file = makeFile(t)
    const first = await open(file, BLOCKING)
    first.store.append([update(9, 1)])
    await first.store.close()
    const { size } = statSync(file)
    for (let i = 0; i < 3; i++) await (await open(file, BLOCKING)).store.close()
    assert.equal(statSync(file).size, size)
  })

  it('fails to load with HOME_UNUSABLE where its directory cannot be', async (t) => {
    const file = makeFile(t)
    writeFileSync(file, '')
    await assert.rejects(open(path.join(file, 'repo.log'), BLOCKING), { code: 'HOME_UNUSABLE' })
  })

  it('keeps the old log when a replacement fails', async (t) => {
    const file = makeFile(t)
    const { store, disk, failures, settle } = await open(file, POOLED)
    store.append([update(9, 1)])
    await settle()
    disk.fail('write', 'ENOSPC')
    store.replace([update(9, 2)])
    await settle()
    await store.close()
    assert.equal(failures.length, 1)
    const again = await open(file, POOLED)
    assert.deepEqual(again.loaded.frames, [update(9, 1)])
    await again.store.close()
  })
})

/** After each write to the named file, `tries` ways in which the sectors written since the last sync may have arrived. */
function* powerLosses(
  history: readonly DiskEvent[],
  tries: number,
): Generator<{ image: Uint8Array; syncedEvents: number }> {
  const random = makeRandom(1)
  let synced: Uint8Array = new Uint8Array(0)
  let current: Uint8Array = synced
  const born = history.findIndex((event) => event.kind === 'rename')
  for (const [i, event] of history.entries()) {
    if (i < born) continue
    if (event.kind === 'write') current = overwritten(current, event.position, event.bytes)
    else current = event.kind === 'rename' ? event.content : current
    if (event.kind !== 'write') synced = current
    else
      for (let n = 0; n < tries; n++)
        yield { image: torn(synced, current, random), syncedEvents: i }
  }
}

/** Some sectors of the new content over the old; what a file was extended by and never written reads as zeros. */
function torn(before: Uint8Array, after: Uint8Array, random: () => number): Uint8Array {
  const length = before.length + Math.floor(random() * (after.length - before.length + 1))
  const image = new Uint8Array(length)
  image.set(before.subarray(0, length))
  const first = Math.floor(before.length / SECTOR_BYTES)
  for (let sector = first; sector * SECTOR_BYTES < length; sector++) {
    if (random() < 0.4) continue
    const at = sector * SECTOR_BYTES
    image.set(after.subarray(at, Math.min(at + SECTOR_BYTES, length)), at)
  }
  return image
}

function overwritten(content: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(content.length, position + bytes.length))
  result.set(content)
  result.set(bytes, position)
  return result
}

function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
