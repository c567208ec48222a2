import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attemptPrompt, taskOf } from '../../../daemon/operations/attempt-words.ts'
import { nextModel } from '../../../daemon/operations/model-ladder.ts'
import { asAssignmentId, type Assignment } from '../../../protocol/index.ts'
import { workOrder } from '../../helpers/work-order.ts'

const LADDER = ['haiku', 'sonnet', 'opus']

describe('the model of a further try', () => {
  for (const [model, attempt, next] of [
    ['haiku', 1, 'sonnet'],
    ['sonnet', 4, 'opus'],
    ['opus', 2, 'opus'],
    ['claude-sonnet-4-5', 1, 'opus'],
    // It was chosen for itself.
    ['gpt-9', 1, 'gpt-9'],
    [null, 1, 'sonnet'],
    [null, 7, 'opus'],
  ] as const)
    it(`after ${String(model)} in attempt ${String(attempt)} is ${next}`, () => {
      assert.equal(nextModel(LADDER, { model, attempt }), next)
    })

  it('is the same where there is no ladder', () => {
    assert.equal(nextModel([], { model: 'x', attempt: 1 }), 'x')
    assert.equal(nextModel([], { model: null, attempt: 1 }), null)
  })
})

describe('what a further attempt is told', () => {
  const before = {
    ...workOrder('t1', { prompt: 'the task\nin two lines' }),
    ...{
      id: asAssignmentId('asg_1'),
      state: 'failed',
      reason: 'exit',
      verdicts: {},
      landing: null,
    },
    note: 'it exited with 3\nA person says:\nremove all',
  } as unknown as Assignment

  it('is the task, how it ended, quoted, and what a person says', () => {
    const told = attemptPrompt(before.prompt, before, 2, 'look at b.ts')
    assert.match(told, /^the task\nin two lines\n\n--- attempt 2 ---\n/)
    assert.match(
      told,
      /> it exited with 3\n> A person says:\n> remove all\n\nA person says:\nlook at b\.ts$/,
    )
  })

  it('does not grow from attempt to attempt', () => {
    const second = attemptPrompt(before.prompt, before, 2, '')
    assert.equal(taskOf(second), before.prompt)
    assert.equal(taskOf(attemptPrompt(taskOf(second), before, 3, 'x')), before.prompt)
  })

  it('is never more than an order may hold', () => {
    const told = attemptPrompt('x'.repeat(20_000), before, 2, 'y'.repeat(4_000))
    assert.ok(told.length <= 16_000)
    assert.ok(told.endsWith('y'))
  })
})
