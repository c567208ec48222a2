// A worker's way back against a real ledger core: only as itself, and what a person answers reaches it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Command, Outcome } from '../../../daemon/core/claims/command.ts'
import type { Handler, Parts } from '../../../daemon/operations/context.ts'
import { ask, reportStatus, submitVerdict } from '../../../daemon/operations/worker.ts'
import {
  asAssignmentId,
  asPeerId,
  asSessionId,
  SkeinError,
  type Assignment,
  type AssignmentId,
  type AssignmentState,
  type OperationResult,
  type Party,
} from '../../../protocol/index.ts'
import { until } from '../../helpers/poll.ts'
import { workOrder } from '../../helpers/work-order.ts'
import { partyOf } from '../../sim/engine-script.ts'
import { QueueLedger } from '../queue/ledger.ts'

const SELF = asPeerId('peer-1')
const COMMIT = 'c'.repeat(40)
const STAMP = { wallMs: 0, boot: 'b', uptimeMs: 0 }
const TERMS = {
  ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
  ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200 },
}

/** A machine with one ledger, as far as these operations see it. */
class Desk {
  readonly ledger = new QueueLedger()
  readonly reports: (readonly [string, string, string | null])[] = []

  assign(task: string, more: object = {}, peer = SELF): AssignmentId {
    const outcome = this.must({
      ...{ kind: 'assign', party: partyOf('o', 'peer-1'), worker: { peer, machine: 'm' } },
      ...{ order: workOrder(task, more), terms: TERMS, stamp: STAMP, key: null, again: false },
      proposal: null,
    })
    if (outcome.kind !== 'assigned') throw new Error(outcome.kind)
    return outcome.assignment.id
  }

  begin(id: AssignmentId): void {
    for (const to of ['starting', 'running'] as const) this.move(id, to, { base: COMMIT })
  }

  move(id: AssignmentId, to: AssignmentState, facts: object = {}): void {
    this.must({ kind: 'move-assignment', id, to, facts })
  }

  answer(id: AssignmentId, note: string): void {
    this.must({ kind: 'answer-assignment', party: partyOf('ann', 'peer-1'), id, note })
  }

  stateOf(id: AssignmentId): Assignment {
    const found = this.ledger.engine.committed.state.assignments.get(id)
    if (found === undefined) throw new Error(id)
    return found
  }

  must(command: Command): Outcome {
    this.ledger.now += 5
    const outcome = this.ledger.run(command)
    if (outcome.kind === 'failed') throw new Error(JSON.stringify(outcome))
    return outcome
  }

  async call<Result>(
    handler: Handler<never>,
    session: string,
    input: object,
    signal = new AbortController().signal,
  ): Promise<Result> {
    const party: Party = { ...partyOf('w', 'peer-1'), session: asSessionId(session) }
    const loop = {
      view: () => ({ state: this.ledger.engine.committed.state }),
      submit: (command: Command) => {
        this.ledger.now += 5
        return Promise.resolve(this.ledger.run(command))
      },
    }
    const place = { repo: { host: { loop } } }
    const parts = {
      callers: { place: () => Promise.resolve(place), party: () => Promise.resolve(party) },
      sessions: { noteActivity: () => undefined },
      mesh: { self: SELF },
      clock: { monotonic: () => performance.now() },
      fleet: {
        report: (...words: readonly [string, string, string | null]) => {
          this.reports.push(words)
          return Promise.resolve()
        },
      },
    } as unknown as Parts
    const context = { door: 'mcp', signal, caller: {} } as const
    return (await handler(parts, input as never, context)) as Result
  }
}

const codeOf = (code: string) => (error: unknown) =>
  error instanceof SkeinError && error.code === code

describe('a worker', () => {
  it('is the session of an assignment of this machine that is not over', async () => {
    const desk = new Desk()
    const [own, others, over] = [
      desk.assign('a'),
      desk.assign('b', {}, asPeerId('peer-2')),
      desk.assign('c'),
    ]
    desk.move(over, 'failed')
    await desk.call(reportStatus, own, { text: 'x' })
    for (const session of ['s', others])
      await assert.rejects(desk.call(reportStatus, session, { text: 'x' }), codeOf('FORBIDDEN'))
    await assert.rejects(desk.call(reportStatus, over, { text: 'x' }), codeOf('ASSIGNMENT_OVER'))
  })

  it('says how far it is in one line, and hears that it is to end', async () => {
    const desk = new Desk()
    const id = desk.assign('a')
    const text = 'STATUS: one\ntwo\u001b[2J'
    await desk.call(reportStatus, id, { text, confidence: 'low' })
    assert.deepEqual(desk.reports, [[id, 'one two [2J', 'low']])
    desk.must({
      ...{ kind: 'stop-assignment', party: partyOf('o', 'peer-1'), id, note: '', lost: false },
    })
    const told = await desk.call<OperationResult<'report-status'>>(reportStatus, id, { text: 'x' })
    assert.ok(told.stopping)
  })
})

describe('a question of a worker', () => {
  it('waits for a person, and goes on with the answer', async () => {
    const desk = new Desk()
    const id = desk.assign('a')
    const asked = desk.call<OperationResult<'ask'>>(ask, id, { question: 'which?', wait_s: 30 })
    // It asks before its machine has seen that it runs.
    desk.begin(id)
    await until('it waits', () => desk.stateOf(id).state === 'waiting')
    assert.equal(desk.stateOf(id).note, 'which?')
    desk.answer(id, 'the first')
    const told = await asked
    assert.deepEqual(told, {
      ...{ id, answered: true, answer: 'the first', by: 'ann', stopping: false },
    })
    assert.equal(desk.stateOf(id).state, 'running')
    const again = await desk.call<OperationResult<'ask'>>(ask, id, { question: 'and?', wait_s: 0 })
    assert.equal(again.answered, false, 'an answer of before is none to this')
  })

  it('is put once: after its time the same call waits on, or finds its answer', async () => {
    const desk = new Desk()
    const id = desk.assign('a')
    desk.begin(id)
    const first = await desk.call<OperationResult<'ask'>>(ask, id, { question: 'q', wait_s: 0 })
    assert.equal(first.answered, false)
    assert.equal(desk.stateOf(id).state, 'waiting')
    await assert.rejects(
      desk.call(ask, id, { question: 'other', wait_s: 0 }),
      codeOf('ASSIGNMENT_OVER'),
    )
    desk.answer(id, 'yes')
    const second = await desk.call<OperationResult<'ask'>>(ask, id, { question: 'q', wait_s: 0 })
    assert.equal(second.answer, 'yes')
  })

  it('ends when somebody wants the worker to end, or the call is cancelled', async () => {
    const desk = new Desk()
    const [id, other] = [desk.assign('a'), desk.assign('b')]
    for (const each of [id, other]) desk.begin(each)
    const asked = desk.call<OperationResult<'ask'>>(ask, id, { question: 'q', wait_s: 30 })
    const cancel = new AbortController()
    const cancelled = desk.call(ask, other, { question: 'q', wait_s: 30 }, cancel.signal)
    await until('both wait', () =>
      [id, other].every((each) => desk.stateOf(each).state === 'waiting'),
    )
    desk.must({
      ...{ kind: 'stop-assignment', party: partyOf('o', 'peer-1'), id, note: '', lost: false },
    })
    assert.equal((await asked).stopping, true)
    cancel.abort()
    await assert.rejects(cancelled)
    assert.equal(desk.stateOf(other).state, 'waiting')
  })
})

describe('a verdict of a worker', () => {
  function lookAt(desk: Desk, type: 'review' | 'test' = 'review') {
    const work = desk.assign('a')
    desk.begin(work)
    desk.move(work, 'succeeded', { exit: { code: 0, signal: null }, commit: COMMIT })
    const look = desk.assign(`look-${type}`, { type, of: work })
    desk.begin(look)
    return { work, look }
  }
  const say = (desk: Desk, session: string, input: object) =>
    desk.call<OperationResult<'submit-verdict'>>(submitVerdict, session, input)

  it('is about the commit that it looked at, and says what must change', async () => {
    const desk = new Desk()
    const { work, look } = lookAt(desk)
    const said = {
      ...{ outcome: 'fail', blocking: ['a.ts:1: leaks', 'b.ts:2:\nraces'] },
      ...{ nits: ['a name'], note: 'good else' },
    }
    const { id, verdict, already } = await say(desk, look, said)
    assert.deepEqual([id, already, verdict.stale], [work, false, false])
    const { review } = desk.stateOf(work).verdicts
    assert.deepEqual(
      [review?.kind, review?.outcome, review?.commit, review?.from],
      ['review', 'fail', COMMIT, look],
    )
    assert.equal(
      review?.note,
      'blocking:\n- a.ts:1: leaks\n- b.ts:2: races\nnits:\n- a name\ngood else',
    )
  })

  it('is recorded once, and replaced by another word', async () => {
    const desk = new Desk()
    const { work, look } = lookAt(desk, 'test')
    assert.equal((await say(desk, look, { outcome: 'pass' })).already, false)
    const { atMs } = desk.stateOf(work).verdicts.test ?? {}
    assert.equal((await say(desk, look, { outcome: 'pass' })).already, true)
    assert.equal(desk.stateOf(work).verdicts.test?.atMs, atMs)
    assert.equal((await say(desk, look, { outcome: 'fail', blocking: ['x'] })).already, false)
    assert.equal(desk.stateOf(work).verdicts.test?.outcome, 'fail')
  })

  it('fails with something that must change, passes without, and is bounded', async () => {
    const desk = new Desk()
    const { work, look } = lookAt(desk)
    for (const wrong of [{ outcome: 'fail' }, { outcome: 'pass', blocking: ['x'] }])
      await assert.rejects(say(desk, look, wrong), codeOf('INPUT_SCHEMA'))
    const long = Array.from({ length: 20 }, () => 'x'.repeat(500))
    await say(desk, look, { outcome: 'fail', blocking: long })
    assert.equal(desk.stateOf(work).verdicts.review?.note.length, 2_000)
  })

  it('is for those that look at the work of another', async () => {
    const desk = new Desk()
    const work = desk.assign('a')
    desk.begin(work)
    await assert.rejects(say(desk, work, { outcome: 'pass' }), codeOf('FORBIDDEN'))
    assert.deepEqual(desk.stateOf(asAssignmentId(work)).verdicts, {})
  })
})
