// The order of the merge queue, and what it leaves alone.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { planQueue, type Candidate } from '../../../daemon/core/merge/order.ts'
import { asAssignmentId, type Landing, type Verdict } from '../../../protocol/index.ts'

const HEAD = 'a'.repeat(40)
const BASE = 'b'.repeat(40)

function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  return {
    ...{ id: asAssignmentId(name), task: name, branch: `task-${name}`, head: HEAD, fence: 1 },
    ...{ size: 1, after: [], landing: null, verdicts: {} },
    ...more,
  }
}

function plan(candidates: readonly Candidate[], more: object = {}) {
  const unlanded = new Set(candidates.map(({ task }) => task))
  const rest = { base: BASE, named: new Set<never>(), unlanded, requireApproval: false }
  const { order, left } = planQueue({ candidates, ...rest, ...more })
  return {
    order: order.map(({ task }) => task),
    left: left.map(({ candidate: { task }, state, reason }) => `${task} ${state} ${reason}`),
  }
}

function blocked(reason: Landing['reason'], more: Partial<Landing> = {}): Landing {
  return {
    ...{ state: 'blocked', target: 'main', head: HEAD, base: BASE, commit: null, reason },
    ...{ note: '', pull: null, by: 'm', atMs: 10 },
    ...more,
  }
}

function verdict(kind: Verdict['kind'], outcome: Verdict['outcome'], more: Partial<Verdict> = {}) {
  const said = {
    kind,
    outcome,
    commit: HEAD,
    by: 'ann',
    machine: 'm',
    from: null,
    note: '',
    atMs: 5,
  }
  return { [kind]: { ...said, ...more } }
}

describe('the order of the merge queue', () => {
  it('is by dependencies, then by grant, then by size', () => {
    const all = [
      candidate('late', { fence: 9 }),
      candidate('needs', { fence: 1, after: ['late'] }),
      candidate('large', { fence: 5, size: 90 }),
      candidate('unknown', { fence: 5, size: null }),
      candidate('small', { fence: 5, size: 2 }),
    ]
    assert.deepEqual(plan(all).order, ['small', 'large', 'unknown', 'late', 'needs'])
  })

  it('lets wait what builds on work that has not landed, and circles', () => {
    const all = [
      candidate('a', { after: ['b'] }),
      candidate('b', { after: ['a'] }),
      candidate('c', { after: ['elsewhere'] }),
      candidate('d', { after: ['long-done'] }),
    ]
    const unlanded = new Set(['a', 'b', 'c', 'd', 'elsewhere'])
    assert.deepEqual(plan(all, { unlanded }), {
      order: ['d'],
      left: ['a waiting order', 'b waiting order', 'c waiting order'],
    })
  })

  it('keeps dependencies, whatever they are, and says the same each time', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f']
    const graph = fc.array(
      fc.record({
        task: fc.constantFrom(...tasks),
        fence: fc.nat(3),
        size: fc.option(fc.nat(9)),
        after: fc.subarray(tasks),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(graph, (nodes) => {
        const unique = [...new Map(nodes.map((node) => [node.task, node])).values()]
        const all = unique.map(({ task, ...rest }) => candidate(task, rest))
        const { order, left } = plan(all)
        assert.equal(order.length + left.length, all.length)
        assert.deepEqual(plan(all.toReversed()).order, order)
        const open = new Set(all.map(({ task }) => task))
        for (const [at, task] of order.entries()) {
          const { after = [] } = all.find((one) => one.task === task) ?? {}
          for (const need of after.filter((one) => open.has(one)))
            assert.ok(order.indexOf(need) < at && order.includes(need), `${need} before ${task}`)
        }
      }),
    )
  })

  it('takes the last assignment of a branch for all of them', () => {
    const all = [
      candidate('first', { branch: 'task-x', fence: 1 }),
      candidate('fix', { branch: 'task-x', fence: 2 }),
    ]
    assert.deepEqual(plan(all), { order: ['fix'], left: ['first waiting order'] })
  })

  it('leaves alone what was blocked, until something has changed', () => {
    const cases: readonly (readonly [Partial<Candidate>, boolean])[] = [
      [{ landing: blocked('test') }, false],
      [{ landing: blocked('test', { head: BASE }) }, true],
      [{ landing: blocked('test', { base: HEAD }) }, true],
      [{ landing: blocked('conflict') }, false],
      [{ landing: blocked('claim') }, true],
      [{ landing: blocked('checks') }, true],
      [{ landing: blocked('review') }, true],
      [{ landing: blocked('test'), verdicts: verdict('test', 'pass', { atMs: 20 }) }, true],
      [{ landing: blocked('test'), verdicts: verdict('test', 'pass', { atMs: 5 }) }, false],
    ]
    for (const [more, isTried] of cases)
      assert.equal(plan([candidate('x', more)]).order.length === 1, isTried, JSON.stringify(more))
    const named = new Set([asAssignmentId('x')])
    assert.deepEqual(plan([candidate('x', { landing: blocked('test') })], { named }).order, ['x'])
  })

  it('lets pass what was approved, where that is wanted, and of the same commit only', () => {
    const requireApproval = true
    const cases: readonly (readonly [Candidate['verdicts'], string])[] = [
      [{}, 'x blocked review'],
      [verdict('review', 'pass', { commit: BASE }), 'x blocked review'],
      [verdict('review', 'fail'), 'x blocked review'],
      [verdict('review', 'pass'), ''],
      [{ ...verdict('review', 'pass'), ...verdict('test', 'fail') }, 'x blocked test'],
      [{ ...verdict('review', 'pass'), ...verdict('test', 'fail', { commit: BASE }) }, ''],
    ]
    for (const [verdicts, left] of cases)
      assert.equal(plan([candidate('x', { verdicts })], { requireApproval }).left.join(), left)
    assert.deepEqual(plan([candidate('x')]).order, ['x'])
  })
})
