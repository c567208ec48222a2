// What every ledger document promises, whichever library is behind it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  asPeerId,
  encodeRecord,
  positionOfBytes,
  SkeinError,
  type LedgerDocument,
} from '../../protocol/index.ts'

/** A replica; each with another number. */
export type MakeDocument = (replica: number) => LedgerDocument

function record(term: number, index: number, by = ''): Uint8Array {
  const hash = '0'.repeat(32)
  return encodeRecord({
    generation: 1,
    term,
    index,
    parent: { term, index: index - 1, hash },
    atMs: 0,
    body: { kind: 'release', rid: null, ids: [], reason: 'released', by },
  }).bytes
}

function placesOf(records: readonly Uint8Array[]): string[] {
  return records.map((bytes) => {
    const { term, index } = positionOfBytes(bytes)
    return `${String(term)}.${String(index)}`
  })
}

function places(document: LedgerDocument): string[] {
  return placesOf(document.records()).sort()
}

export function describeLedgerDocument(name: string, make: MakeDocument): void {
  describe(`${name} keeps the contract of a ledger document`, () => {
    it('is empty at first', () => {
      assert.deepEqual(make(1).records(), [])
    })

    it('brings what was appended to whoever merges the update, in order', () => {
      const [a, b] = [make(1), make(2)]
      const merged = b.merge(a.append(1, [record(1, 1), record(1, 2)]))
      assert.deepEqual(placesOf(merged.records), ['1.1', '1.2'])
      assert.notEqual(merged.change, null)
      assert.deepEqual(places(b), places(a))
      assert.deepEqual(b.records()[0], record(1, 1))
    })

    it('gives everything for a state vector without bytes, and says what all of it costs', () => {
      const [a, b] = [make(1), make(2)]
      a.append(1, [record(1, 1)])
      a.append(2, [record(2, 2)])
      b.merge(a.diff(new Uint8Array()))
      assert.deepEqual(places(b), ['1.1', '2.2'])
      assert.deepEqual(b.extent(), { arrays: 2, bytes: b.diff().length })
    })

    it('knows an update that it has merged before', () => {
      const [a, b] = [make(1), make(2)]
      const update = a.append(1, [record(1, 1)])
      b.merge(update)
      assert.deepEqual(b.merge(update), { records: [], change: null })
      assert.deepEqual(places(b), ['1.1'])
    })

    it('gives a change that brings the next one to the same state', () => {
      const [a, b, c] = [make(1), make(2), make(3)]
      const first = b.merge(a.append(1, [record(1, 1)]))
      const second = b.merge(a.append(1, [record(1, 2)]))
      for (const { change } of [first, second]) if (change !== null) c.merge(change)
      assert.deepEqual(places(c), ['1.1', '1.2'])
    })

    it('shows of each term a prefix: what comes early waits', () => {
      const [a, b] = [make(1), make(2)]
      const first = a.append(1, [record(1, 1)])
      const second = a.append(1, [record(1, 2)])
      const third = a.append(2, [record(2, 3)])
      const ahead = b.merge(second)
      assert.deepEqual(ahead.records, [])
      assert.deepEqual(places(b), [])
      // Of another term's array nothing is missing but what was written before it by the same hand.
      const rest = [b.merge(first), b.merge(third)].flatMap((merged) => placesOf(merged.records))
      assert.deepEqual(rest.sort(), ['1.1', '1.2', '2.3'])
    })

    it('comes to the same records in whatever order and however often updates arrive', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(7), { minLength: 8, maxLength: 24 }), (order) => {
          const [a, b] = [make(1), make(2)]
          const updates = Array.from({ length: 8 }, (_, i) => {
            const writer = i % 2 === 0 ? a : b
            return writer.append(1 + (i % 2), [record(1 + (i % 2), i)])
          })
          const c = make(3)
          for (const at of order) c.merge(updates[at] ?? new Uint8Array())
          for (const update of updates) c.merge(update)
          a.merge(b.diff())
          assert.deepEqual(places(c), places(a))
        }),
        { numRuns: 40 },
      )
    })

    it('gives a replica with a state vector what it lacks', () => {
      const [a, b] = [make(1), make(2)]
      b.merge(a.append(1, [record(1, 1)]))
      a.append(1, [record(1, 2)])
      a.append(3, [record(3, 3)])
      const merged = b.merge(a.diff(b.stateVector()))
      assert.deepEqual(placesOf(merged.records).sort(), ['1.2', '3.3'])
      const again = b.merge(a.diff(b.stateVector()))
      assert.deepEqual(again.records, [])
    })

    it('gives a new replica everything', () => {
      const [a, b] = [make(1), make(2)]
      a.append(1, [record(1, 1), record(1, 2)])
      a.append(2, [record(2, 3)])
      b.merge(a.diff())
      assert.deepEqual(places(b), ['1.1', '1.2', '2.3'])
    })

    it('keeps in its whole diff what waits for something missing', () => {
      const [a, b, c] = [make(1), make(2), make(3)]
      const first = a.append(1, [record(1, 1)])
      b.merge(a.append(1, [record(1, 2)]))
      c.merge(b.diff())
      c.merge(first)
      assert.deepEqual(places(c), ['1.1', '1.2'])
    })

    it('prunes what is below a position, here and wherever that is merged', () => {
      const [a, b] = [make(1), make(2)]
      b.merge(a.append(1, [record(1, 1), record(1, 2)]))
      b.merge(a.append(3, [record(3, 3), record(3, 4)]))
      const update = a.prune({ term: 3, index: 4 })
      assert.ok(update !== null)
      assert.deepEqual(places(a), ['3.4'])
      const merged = b.merge(update)
      assert.deepEqual(merged.records, [])
      assert.notEqual(merged.change, null)
      assert.deepEqual(places(b), ['3.4'])
      assert.equal(a.prune({ term: 3, index: 4 }), null)
    })

    it('does not bring back what was pruned', () => {
      const [a, b] = [make(1), make(2)]
      const first = a.append(1, [record(1, 1)])
      b.merge(first)
      a.prune({ term: 2, index: 0 })
      b.merge(a.diff())
      b.merge(first)
      assert.deepEqual(places(b), [])
      const c = make(3)
      c.merge(a.diff())
      assert.deepEqual(c.merge(first).records, [])
    })

    it('goes on appending after a prune', () => {
      const [a, b] = [make(1), make(2)]
      a.append(1, [record(1, 1), record(1, 2)])
      a.prune({ term: 1, index: 2 })
      a.append(1, [record(1, 3)])
      b.merge(a.diff())
      assert.deepEqual(places(b), ['1.2', '1.3'])
    })

    it('publishes copies of lost records under the name of whoever has them', () => {
      const [a, b] = [make(1), make(2)]
      a.append(1, [record(1, 1)])
      a.prune({ term: 2, index: 0 })
      b.merge(a.diff())
      const merged = a.merge(b.republish(asPeerId('b'), [record(1, 1)]))
      assert.deepEqual(placesOf(merged.records), ['1.1'])
      assert.deepEqual(a.records()[0], record(1, 1))
    })

    it('refuses bytes that are no update', () => {
      const isDamage = (error: unknown): boolean =>
        error instanceof SkeinError && error.code === 'LEDGER_DAMAGED'
      const bytes = Uint8Array.from({ length: 40 }, (_, i) => 255 - i)
      assert.throws(() => make(1).merge(bytes), isDamage)
    })

    describe('reading a whole log at once', () => {
      function sortedAll(updates: readonly Uint8Array[]): string[] {
        const document = make(9)
        return [...new Set(placesOf(document.mergeAll(updates)))].sort()
      }

      it('shows what each update showed when it came alone', () => {
        const a = make(1)
        const updates = [
          a.append(1, [record(1, 1)]),
          a.append(1, [record(1, 2)]),
          a.append(2, [record(2, 3)]),
        ]
        assert.deepEqual(sortedAll(updates), ['1.1', '1.2', '2.3'])
      })

      it('shows what a later update only prunes', () => {
        const a = make(1)
        const updates = [
          a.append(1, [record(1, 1)]),
          a.append(2, [record(2, 2)]),
          a.prune({ term: 2, index: 2 }) ?? new Uint8Array(),
        ]
        assert.deepEqual(sortedAll(updates), ['1.1', '2.2'])
      })

      it('shows what a later update prunes while it brings something else', () => {
        const [a, b] = [make(1), make(2)]
        const log: Uint8Array[] = []
        const take = (update: Uint8Array): void => {
          const { change } = b.merge(update)
          if (change !== null) log.push(change)
        }
        take(a.append(1, [record(1, 1)]))
        a.append(2, [record(2, 2)])
        a.prune({ term: 2, index: 2 })
        take(a.diff(b.stateVector()))
        assert.deepEqual(sortedAll(log), ['1.1', '2.2'])
      })
    })
  })
}
