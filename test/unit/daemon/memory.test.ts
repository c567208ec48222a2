import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLook } from '../../../daemon/memory.ts'

function makeHeap(): {
  look: () => void
  work: (ms: number) => void
  collections: () => number
} {
  let usedMs = 500
  let collections = 0
  const collect = (): void => {
    collections++
    usedMs += 200
  }
  return {
    look: createLook({ usedMs: () => usedMs, collect }),
    work: (ms) => {
      usedMs += ms
    },
    collections: () => collections,
  }
}

describe('memory', () => {
  it('is given back after work, in quiet, and then no more', () => {
    const { look, work, collections } = makeHeap()
    work(3_000)
    look()
    assert.equal(collections(), 0, 'it was at work')
    for (let i = 0; i < 20; i++) look()
    assert.equal(collections(), 4)
    work(3_000)
    look()
    look()
    assert.equal(collections(), 5)
  })

  it('is left alone where little was done', () => {
    const { look, work, collections } = makeHeap()
    for (let i = 0; i < 19; i++) {
      work(45)
      look()
    }
    assert.equal(collections(), 0)
  })
})
