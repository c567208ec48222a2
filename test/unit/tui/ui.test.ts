import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { actOf, KEYS } from '../../../tui/model/keys.ts'
import { chooseAt, placeIn, type ListPlace } from '../../../tui/model/ui.ts'
import type { Row } from '../../../tui/views/view.ts'
import { aClaim } from '../../helpers/board-claims.ts'

function rowsOf(...ids: string[]): Row[] {
  return ids.map((id) => ({
    id,
    subject: id.startsWith('#') ? null : { kind: 'claim', claim: aClaim() },
  }))
}

const AT: ListPlace = { chosen: 'c', index: 2, above: 1 }

describe('a list', () => {
  it('keeps the chosen row on its line of the screen when rows come before it', () => {
    const before = rowsOf('a', 'b', 'c', 'd', 'e', 'f')
    assert.deepEqual(placeIn(before, AT, 3), { index: 2, top: 1 })
    const after = rowsOf('new', 'newer', 'a', 'b', 'c', 'd', 'e', 'f')
    assert.deepEqual(placeIn(after, AT, 3), { index: 4, top: 3 })
  })

  it('chooses what stands in the place of a row that is gone', () => {
    assert.equal(placeIn(rowsOf('a', 'b', 'd'), AT, 3).index, 2)
    assert.equal(placeIn(rowsOf('a'), AT, 3).index, 0)
    assert.equal(placeIn([], AT, 3).index, -1)
  })

  it('follows its first row until somebody moves, and then stays', () => {
    const first: ListPlace = { chosen: null, index: 0, above: 0 }
    assert.equal(placeIn(rowsOf('new', 'a'), first, 3).index, 0)
    const rows = rowsOf('a', 'b', 'c')
    const moved = chooseAt(rows, placeIn(rows, first, 3), 1, 3)
    assert.equal(moved.chosen, 'b')
    const back = chooseAt(rows, placeIn(rows, moved, 3), 0, 3)
    assert.equal(back.chosen, null)
  })

  it('steps over headings in both directions, and stops at the ends', () => {
    const rows = rowsOf('#1', 'a', '#2', 'b')
    const at = placeIn(rows, { chosen: 'a', index: 1, above: 1 }, 4)
    assert.equal(chooseAt(rows, at, 2, 4).chosen, 'b')
    const below = placeIn(rows, { chosen: 'b', index: 3, above: 3 }, 4)
    assert.equal(chooseAt(rows, below, 2, 4).chosen, null)
    assert.equal(chooseAt(rows, below, 9, 4).chosen, 'b')
    assert.deepEqual(chooseAt([], { index: -1, top: 0 }, 1, 4).chosen, null)
  })

  it('scrolls no more than it has to', () => {
    const rows = rowsOf(...Array.from({ length: 20 }, (_, i) => `r${String(i)}`))
    let place: ListPlace = { chosen: null, index: 0, above: 0 }
    for (let i = 0; i < 6; i++) {
      const placed = placeIn(rows, place, 5)
      place = chooseAt(rows, placed, placed.index + 1, 5)
    }
    assert.deepEqual(placeIn(rows, place, 5), { index: 6, top: 2 })
  })
})

describe('the keys', () => {
  it('are each in the help once, and each does what stands there', () => {
    const all = KEYS.flatMap(({ keys }) => keys)
    const names = all.flatMap(({ keys }) => keys)
    assert.equal(new Set(names).size, names.length)
    for (const { keys, act } of all) for (const key of keys) assert.equal(actOf(key), act)
    assert.equal(actOf('§'), null)
  })
})
