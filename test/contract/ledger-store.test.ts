import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { LedgerStoreEvents } from '../../daemon/ports.ts'
import { createDurableStore } from '../../daemon/storage/durable.ts'
import { MemoryDisk, createMemoryStore } from '../../daemon/storage/memory.ts'
import type { SyncPolicy } from '../../daemon/storage/sync-policy.ts'
import type { WatchedOps } from '../unit/storage/watched-ops.ts'
import { watchOps } from '../unit/storage/watched-ops.ts'
import type { StorePlace } from './ledger-store.ts'
import { ledgerStoreContract } from './ledger-store.ts'

ledgerStoreContract('createMemoryStore', () => {
  const disk = new MemoryDisk()
  return {
    open: (events) => createMemoryStore(disk, events),
    settle: () => {
      disk.sync()
      return Promise.resolve()
    },
    crash: () => {
      disk.crash()
    },
    failNextSync: () => {
      disk.failNextSync()
    },
  }
})

ledgerStoreContract('createDurableStore, syncing on the loop', (t) => durablePlace(t, true))
ledgerStoreContract('createDurableStore, syncing in the pool', (t) => durablePlace(t, false))

function durablePlace(t: TestContext, mayBlock: boolean): StorePlace {
  const directory = mkdtempSync(path.join(tmpdir(), 'skein-log-'))
  t.after(() => {
    rmSync(directory, { recursive: true })
  })
  const file = path.join(directory, 'deeper', 'repo.log')
  const policy: SyncPolicy = { mayBlock: () => mayBlock, observe: () => undefined }
  let watched: WatchedOps = watchOps()
  let reported = 0
  let wanted = () => 0
  let hasFailed = false
  return {
    open(events) {
      watched = watchOps()
      reported = 0
      hasFailed = false
      const heard: LedgerStoreEvents = {
        onDurable(position) {
          reported = position
          events.onDurable(position)
        },
        onFailure(error) {
          hasFailed = true
          events.onFailure(error)
        },
      }
      const store = createDurableStore(file, heard, { ops: watched.ops, policy })
      wanted = () => store.append([])
      return store
    },
    async settle() {
      while (!hasFailed && reported < wanted()) await setImmediate()
    },
    crash() {
      watched.kill()
    },
    failNextSync() {
      watched.fail('sync', 'EIO')
    },
  }
}
