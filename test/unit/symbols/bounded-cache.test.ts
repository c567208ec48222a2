import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BoundedCache } from '../../../daemon/symbols/bounded-cache.ts'

describe('BoundedCache', () => {
  it('forgets what was used longest ago when there are too many entries', () => {
    const cache = new BoundedCache<number>({ entriesMax: 2, bytesMax: 100 })
    cache.set('a', 1, 1)
    cache.set('b', 2, 1)
    cache.get('a')
    cache.set('c', 3, 1)
    assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [1, undefined, 3])
  })

  it('stays under its bytes, and counts a replaced entry once', () => {
    const cache = new BoundedCache<number>({ entriesMax: 10, bytesMax: 100 })
    cache.set('a', 1, 60)
    cache.set('a', 2, 30)
    assert.equal(cache.bytes, 30)
    cache.set('b', 3, 80)
    assert.deepEqual([cache.get('a'), cache.bytes], [undefined, 80])
    cache.set('c', 4, 101)
    assert.deepEqual([cache.get('c'), cache.get('b')], [undefined, 3])
    cache.clear()
    assert.deepEqual([cache.size, cache.bytes], [0, 0])
  })
})
