// What every LedgerStore keeps, whatever it stands on: run for the durable one and for its twin in simulations.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, it } from 'node:test'
import { asPeerId, SkeinError } from '../../protocol/index.ts'
import type { Frame, LedgerStore, LedgerStoreEvents } from '../../daemon/ports.ts'

/** One place that logs live on, and the power over it. */
export interface StorePlace {
  /** A store on what the place holds; the one before must be closed or crashed. */
  open(events: LedgerStoreEvents): LedgerStore
  /** Everything appended so far is durable, or has failed, and was reported. */
  settle(): Promise<void>
  /** The store's process ends at once; nothing that is not durable need survive. */
  crash(): void
  /** The next sync fails. */
  failNextSync(): void
}

class Recorder implements LedgerStoreEvents {
  readonly durable: number[] = []
  readonly failures: Error[] = []
  onDurable(position: number): void {
    this.durable.push(position)
  }
  onFailure(error: Error): void {
    this.failures.push(error)
  }
}

const update = (...bytes: number[]): Frame => ({ kind: 'update', bytes: Uint8Array.from(bytes) })
const EVERY_KIND: readonly Frame[] = [
  update(1, 2, 3),
  update(),
  { kind: 'record', bytes: Uint8Array.from({ length: 700 }, (_, i) => i % 256) },
  { kind: 'promise', term: 7, votedFor: asPeerId('12D3KooWx') },
  { kind: 'promise', term: 8, votedFor: null },
  { kind: 'meta', value: { voter: 'ü', incarnation: 3, abandoned: ['r-1'] } },
]

export function ledgerStoreContract(name: string, makePlace: (t: TestContext) => StorePlace): void {
  const start = async (t: TestContext) => {
    const place = makePlace(t)
    const recorder = new Recorder()
    const store = place.open(recorder)
    const loaded = await store.load()
    return { place, recorder, store, loaded }
  }
  const framesOf = async (place: StorePlace) => {
    const store = place.open(new Recorder())
    const { frames } = await store.load()
    await store.close()
    return frames
  }

  describe(`${name} keeps the contract of a ledger store`, () => {
    it('is empty at first', async (t) => {
      const { store, loaded } = await start(t)
      assert.deepEqual(loaded, { frames: [], tornBytes: 0 })
      await store.close()
    })

    it('gives back frames of every kind, in order, after a clean close', async (t) => {
      const { place, store } = await start(t)
      store.append(EVERY_KIND)
      store.append(EVERY_KIND.slice(0, 2))
      await store.close()
      assert.deepEqual(await framesOf(place), [...EVERY_KIND, ...EVERY_KIND.slice(0, 2)])
    })

    it('counts positions from 1, one for each frame and each replacement', async (t) => {
      const { store } = await start(t)
      assert.equal(store.append([update(1), update(2)]), 2)
      assert.equal(store.append([]), 2)
      assert.equal(store.replace(EVERY_KIND), 3)
      assert.equal(store.append([update(3)]), 4)
      await store.close()
    })

    it('reports nothing from within append, then rising positions up to the last', async (t) => {
      const { place, store, recorder } = await start(t)
      for (let i = 0; i < 20; i++) {
        const before = recorder.durable.length
        store.append([update(i), update(i)])
        assert.equal(recorder.durable.length, before)
        if (i % 7 === 0) await place.settle()
      }
      await place.settle()
      assert.deepEqual(
        recorder.durable,
        [...recorder.durable].sort((a, b) => a - b),
      )
      assert.equal(new Set(recorder.durable).size, recorder.durable.length)
      assert.equal(recorder.durable.at(-1), 40)
      await store.close()
    })

    it('takes appends from within onDurable', async (t) => {
      const place = makePlace(t)
      const seen: number[] = []
      const store: LedgerStore = place.open({
        onDurable: (position) => {
          seen.push(position)
          if (position < 5) store.append([update(position)])
        },
        onFailure: assert.ifError,
      })
      await store.load()
      store.append([update(0)])
      while (seen.at(-1) !== 5) await place.settle()
      assert.deepEqual(seen, [1, 2, 3, 4, 5])
      await store.close()
    })

    it('keeps its own copy of what it was given', async (t) => {
      const { place, store } = await start(t)
      const bytes = Uint8Array.from([1, 2, 3])
      store.append([{ kind: 'update', bytes }])
      store.replace([{ kind: 'record', bytes }])
      store.append([{ kind: 'update', bytes }])
      bytes.fill(9)
      await store.close()
      const kept = Uint8Array.from([1, 2, 3])
      assert.deepEqual(await framesOf(place), [
        { kind: 'record', bytes: kept },
        { kind: 'update', bytes: kept },
      ])
    })

    it('loads after a crash at least what it had reported, and a prefix of what was appended', async (t) => {
      const { place, store, recorder } = await start(t)
      const all = Array.from({ length: 9 }, (_, i) => update(i))
      store.append(all.slice(0, 6))
      await place.settle()
      assert.equal(recorder.durable.at(-1), 6)
      store.append(all.slice(6))
      place.crash()
      const frames = await framesOf(place)
      assert.ok(frames.length >= 6)
      assert.deepEqual(frames, all.slice(0, frames.length))
      assert.equal(recorder.durable.at(-1), 6)
    })

    it('replaces the whole log in order with the appends around it', async (t) => {
      const { place, store, recorder } = await start(t)
      store.append([update(1), update(2)])
      store.replace([update(3)])
      store.append([update(4)])
      store.replace([update(5), update(6)])
      store.append([update(7)])
      await place.settle()
      assert.equal(recorder.durable.at(-1), 6)
      await store.close()
      assert.deepEqual(await framesOf(place), [update(5), update(6), update(7)])
    })

    it('has after a crash around a replacement the old log or the new one', async (t) => {
      const { place, store } = await start(t)
      store.append([update(1)])
      await place.settle()
      store.append([update(2)])
      store.replace([update(3)])
      place.crash()
      const frames = await framesOf(place)
      const allowed = [[update(1)], [update(1), update(2)], [update(3)]]
      assert.ok(allowed.some((log) => JSON.stringify(log) === JSON.stringify(frames)))
    })

    it('knows how large the log is, and that a replacement made it small', async (t) => {
      const { store } = await start(t)
      const empty = store.size()
      store.append([update(...new Array<number>(5000).fill(1))])
      assert.ok(store.size() >= empty + 5000)
      store.replace([update(1)])
      assert.ok(store.size() < empty + 100)
      await store.close()
    })

    it('starts positions anew after each opening and goes on with the frames', async (t) => {
      const { place, store } = await start(t)
      store.append([update(1)])
      await store.close()
      const again = place.open(new Recorder())
      await again.load()
      assert.equal(again.append([update(2)]), 1)
      await again.close()
      assert.deepEqual(await framesOf(place), [update(1), update(2)])
    })

    it('closes once everything appended is durable, and as often as one likes', async (t) => {
      const { store, recorder } = await start(t)
      store.append([update(1), update(2)])
      await Promise.all([store.close(), store.close()])
      await store.close()
      assert.equal(recorder.durable.at(-1), 2)
      assert.throws(() => store.append([update(3)]), /closed/)
    })

    it('closes without ever having been loaded', async (t) => {
      await makePlace(t).open(new Recorder()).close()
    })

    it('is dead after a failed sync: one failure, no further report, and nothing durable lost', async (t) => {
      const { place, store, recorder } = await start(t)
      store.append([update(1)])
      await place.settle()
      place.failNextSync()
      store.append([update(2)])
      await place.settle()
      assert.equal(store.append([update(3)]), 3)
      assert.equal(store.replace([update(4)]), 4)
      await place.settle()
      await store.close()
      assert.deepEqual(recorder.durable, [1])
      assert.equal(recorder.failures.length, 1)
      assert.ok(recorder.failures[0] instanceof SkeinError)
      place.crash()
      const frames = await framesOf(place)
      assert.deepEqual(frames, [update(1), update(2)].slice(0, frames.length))
      assert.ok(frames.length >= 1)
    })
  })
}
