// Assignments as the leader decides them and every replica folds them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Outcome, ReleaseCommand } from '../../../daemon/core/claims/command.ts'
import type { AssignCommand } from '../../../daemon/core/fleet/command.ts'
import {
  asAssignmentId,
  asPeerId,
  asSessionId,
  branchOfTask,
  decodeState,
  encodeState,
  LEDGER_VERSION,
  FLEET_LIMITS,
  isAssignmentOver,
  type Assignment,
  type AssignmentFacts,
  type AssignmentState,
  type Party,
} from '../../../protocol/index.ts'
import { workOrder } from '../../helpers/work-order.ts'
import { EngineScript, partyOf } from '../../sim/engine-script.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

const COMMIT = 'c'.repeat(40)
const ALL = ['a', 'b', 'c']

function assign(by: Party, task: string, peer: string, more: Partial<AssignCommand> = {}) {
  const command: AssignCommand = {
    ...{ kind: 'assign', party: by, worker: { peer: asPeerId(peer), machine: peer } },
    order: workOrder(task),
    terms: {
      ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
      ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200 },
    },
    ...{ stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 }, key: null, again: false },
    ...{ proposal: null, ...more },
  }
  return command
}

function move(id: string, to: AssignmentState, facts: AssignmentFacts = {}) {
  return { kind: 'move-assignment', id: asAssignmentId(id), to, facts } as const
}

function assignmentOf(outcome: Outcome | undefined): Assignment {
  if (outcome?.kind !== 'assigned') throw new Error(`not assigned but ${JSON.stringify(outcome)}`)
  return outcome.assignment
}

function codeOf(outcome: Outcome | undefined): string | undefined {
  return outcome?.kind === 'failed' ? outcome.failure.code : outcome?.kind
}

/** From assigned to its end. */
function live(
  ledger: QueueLedger,
  id: string,
  end: AssignmentState,
  facts: AssignmentFacts,
): Outcome {
  for (const to of ['starting', 'running'] as const) assignmentOf(ledger.run(move(id, to)))
  return ledger.run(move(id, end, facts))
}

const claims = ({ engine }: QueueLedger) => [...engine.committed.state.claims.values()]

describe('an assignment', () => {
  it('holds its task for the worker, under the fence of its own record', () => {
    const ledger = new QueueLedger()
    const given = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    const [claim] = claims(ledger)
    assert.equal(claim?.session, given.id)
    assert.equal(claim.pattern, 't1')
    assert.equal(claim.fence, given.fence)
    assert.equal(claim.branch, 'task-t1')
    assert.equal(given.operator.agent, 'ann')
  })

  it('is refused, with who has the task, while anybody works on it', () => {
    const ledger = new QueueLedger()
    const first = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    const second = ledger.run(assign(party('bob'), 't1', 'peer-1'))
    assert.equal(codeOf(second), 'TASK_TAKEN')
    const failure = second.kind === 'failed' ? second.failure : null
    assert.match(failure?.message ?? '', /assigned to peer-1 .*by ann.*task-t1/)
    assert.equal((failure?.data as { assignment?: string }).assignment, first.id)
    const scope = { kind: 'task', pattern: 't2', symbols: [], mode: 'exclusive' } as const
    assert.equal(ledger.claimScopes('cat', [scope]).kind, 'granted')
    assert.equal(codeOf(ledger.run(assign(party('bob'), 't2', 'peer-1'))), 'TASK_TAKEN')
  })

  it('is the same one for the same key, and an error for the key of another body', () => {
    const ledger = new QueueLedger()
    const key = { key: 'k', digest: 'd' }
    const first = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1', { key })))
    const again = ledger.run(assign(party('ann'), 't1', 'peer-1', { key }))
    assert.equal(assignmentOf(again).id, first.id)
    const other = assign(party('ann'), 't2', 'peer-1', { key: { key: 'k', digest: 'e' } })
    assert.equal(codeOf(ledger.run(other)), 'INPUT_KEY_REUSED')
    assert.equal(claims(ledger).length, 1)
  })

  it('succeeds with an exit of 0 and a commit alone, and completes its task', () => {
    const ledger = new QueueLedger()
    const { id } = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    const exit = { code: 0, signal: null }
    assert.equal(codeOf(live(ledger, id, 'succeeded', { exit })), 'INPUT_SCHEMA')
    assert.equal(codeOf(ledger.run(move(id, 'succeeded', { commit: COMMIT }))), 'INPUT_SCHEMA')
    const over = assignmentOf(ledger.run(move(id, 'succeeded', { exit, commit: COMMIT })))
    assert.equal(over.state, 'succeeded')
    assert.deepEqual(claims(ledger), [])
    assert.equal(codeOf(ledger.run(assign(party('bob'), 't1', 'peer-1'))), 'TASK_COMPLETED')
    assert.equal(codeOf(ledger.run(move(id, 'failed'))), 'ASSIGNMENT_OVER')
  })

  it('cannot succeed once its claim was taken away', () => {
    const ledger = new QueueLedger()
    const { id } = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    const target = { by: 'task', task: 't1' } as const
    ledger.run({ kind: 'expire-tasks', party: party('bob'), target, note: '' })
    const shown = { exit: { code: 0, signal: null }, commit: COMMIT }
    assert.equal(codeOf(live(ledger, id, 'succeeded', shown)), 'CLAIM_STALE')
    assert.equal(assignmentOf(ledger.run(move(id, 'failed', { reason: 'claim' }))).state, 'failed')
  })

  for (const end of ['empty', 'failed', 'stopped'] as const)
    it(`gives its task back when it is ${end}`, () => {
      const ledger = new QueueLedger()
      const { id } = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
      assignmentOf(live(ledger, id, end, {}))
      assert.deepEqual(claims(ledger), [])
      assert.equal(assignmentOf(ledger.run(assign(party('bob'), 't1', 'peer-1'))).task, 't1')
    })

  it('is asked to stop once, and may be given up by a person with its machine', () => {
    const ledger = new QueueLedger()
    const { id } = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    const stop = { kind: 'stop-assignment', party: party('bob'), id, note: 'why' } as const
    const asked = assignmentOf(ledger.run({ ...stop, lost: false }))
    assert.equal(asked.stop?.by, 'bob')
    assert.equal(assignmentOf(ledger.run({ ...stop, note: '', lost: false })).stop?.note, 'why')
    assert.equal(assignmentOf(ledger.run({ ...stop, lost: true })).state, 'lost')
    assert.deepEqual(claims(ledger), [])
  })

  it('outlives a restart of the daemon and a checkpoint', () => {
    const ledger = new QueueLedger()
    const { id } = assignmentOf(ledger.run(assign(party('ann'), 't1', 'peer-1')))
    ledger.restartRewriting()
    const { state } = ledger.engine.committed
    assert.equal(state.assignments.get(id)?.prompt, 'do it')
    const text = encodeState(state)
    assert.equal(encodeState(decodeState(text)), text)
  })

  it('is forgotten, the one that ended first before the others, when many are over', () => {
    const ledger = new QueueLedger()
    const open = assignmentOf(ledger.run(assign(party('ann'), 'open', 'peer-1')))
    const ids: string[] = []
    for (let at = 0; at < FLEET_LIMITS.endedRemembered + 3; at++) {
      const { id } = assignmentOf(ledger.run(assign(party('ann'), `t${String(at)}`, 'peer-1')))
      ids.push(id)
      ledger.run(move(id, 'failed', { reason: 'refused' }))
    }
    const { assignments } = ledger.engine.committed.state
    const over = [...assignments.values()].filter(({ state }) => isAssignmentOver(state))
    assert.deepEqual(
      over.map(({ id }): string => id),
      ids.slice(3),
    )
    assert.ok(assignments.has(open.id))
  })
})

describe('the claim of an open assignment', () => {
  it('is not ended by what its worker does: its harness ends its session, and it may be polite', () => {
    const ledger = new QueueLedger()
    const { id, claim } = assignmentOf(ledger.run(assign(party('op'), 'a', 'peer-1')))
    const worker = { ...party('w'), session: asSessionId(id) }
    const release = (target: ReleaseCommand['target'], force: string | null = null) =>
      ledger.run({ kind: 'release', party: worker, target, force })
    const left = release({ by: 'this-session' })
    assert.ok(left.kind === 'ended' && left.claims.length === 0)
    assert.equal(codeOf(release({ by: 'ids', ids: [claim] })), 'FORBIDDEN')
    const done = { kind: 'complete', party: worker, task: 'a', trunk: 'main', note: '' } as const
    assert.equal(codeOf(ledger.run(done)), 'FORBIDDEN')
    const { state } = ledger.engine.committed
    assert.ok(state.claims.has(claim))
    assert.equal(codeOf(release({ by: 'ids', ids: [claim] }, 'a person knows better')), 'ended')
  })
})

describe('assignments of several machines', () => {
  it('are given once, whoever asks at the same time, and moved by their own machine alone', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const first = script.request('b', 9, assign(partyOf('ann', 'b'), 't1', 'c'))
    const second = script.request('c', 9, assign(partyOf('bob', 'c'), 't1', 'b'))
    script.pass(ALL, 2_000)
    const outcomes = [first, second].map((rid) => codeOf(script.outcomeOf(rid)))
    assert.deepEqual(outcomes.sort(), ['TASK_TAKEN', 'assigned'])
    const [one] = script.engine('b').committed.state.assignments.values()
    assert.ok(one)
    const own: string = one.peer
    const other = own === 'b' ? 'c' : 'b'
    const wrong = script.request(other, 10, move(one.id, 'starting'))
    const right = script.request(own, 11, move(one.id, 'starting'))
    script.pass(ALL, 2_000)
    assert.equal(codeOf(script.outcomeOf(wrong)), 'FORBIDDEN')
    assert.equal(assignmentOf(script.outcomeOf(right)).state, 'starting')
  })

  it('are stopped, and hold nothing, when whoever asked for them was told that there are none', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    const rid = script.request('b', 9, assign(partyOf('ann', 'b'), 't1', 'c'))
    // The request reaches the leader, and the answer does not come back in time.
    script.deliver(({ message }) => message.kind === 'request')
    script.give('b', { kind: 'abandon', rid })
    script.pass(ALL, 5_000)
    for (const name of ALL) {
      const { state } = script.engine(name).committed
      assert.equal(state.claims.size, 0)
      assert.deepEqual(
        [...state.assignments.values()].map(({ state: is }) => is),
        ['stopped'],
      )
    }
    assert.equal(script.engine('b').abandoned.size, 0)
  })

  it('are lost with a machine that has left the mesh, and their tasks given back', () => {
    const script = new EngineScript(ALL)
    script.elect('a', ['b', 'c'])
    script.request('b', 9, assign(partyOf('ann', 'b'), 't1', 'c'))
    script.request('b', 10, assign(partyOf('ann', 'b'), 't2', 'b'))
    script.pass(ALL, 1_000)
    for (const name of ALL) {
      const copies = ALL.filter((other) => other !== name && other !== 'c').map(asPeerId)
      const willing = ['a', 'b'].map(asPeerId)
      const more = { isCopy: name !== 'c', asOf: 1, version: LEDGER_VERSION }
      script.give(name, {
        ...{ kind: 'members', members: { willing, copies, gone: [asPeerId('c')], ...more } },
      })
    }
    script.pass(['a', 'b'], 3_000)
    const { state } = script.engine('b').committed
    const now = [...state.assignments.values()].map((one) => [one.task, one.state])
    assert.deepEqual(now.sort(), [
      ['t1', 'lost'],
      ['t2', 'assigned'],
    ])
    assert.deepEqual(
      [...state.claims.values()].map(({ pattern }) => pattern),
      ['t2'],
    )
  })

  it('wait until every machine can read them', () => {
    const script = new EngineScript(ALL)
    const tell = (version: number): void => {
      for (const name of ALL) {
        const copies = ALL.filter((other) => other !== name).map(asPeerId)
        const members = { willing: ALL.map(asPeerId), copies, isCopy: true, asOf: 1, version }
        script.give(name, { kind: 'members', members })
      }
    }
    tell(3)
    script.elect('a', ['b', 'c'])
    const early = script.request('b', 9, assign(partyOf('ann', 'b'), 't1', 'c'))
    script.pass(ALL, 2_000)
    assert.equal(codeOf(script.outcomeOf(early)), 'MEMBER_OUTDATED')
    tell(4)
    const late = script.request('b', 10, assign(partyOf('ann', 'b'), 't1', 'c'))
    script.pass(ALL, 2_000)
    assert.equal(codeOf(script.outcomeOf(late)), 'assigned')
  })
})

describe('the branch of a task', () => {
  for (const [task, title, branch] of [
    ['fix-login', 'Fix the login!', 'task-fix-login-fix-the-login'],
    ['a', '', 'task-a'],
    ['a', 'A', 'task-a'],
    ['v1..2', 'x', 'task-v1.2-x'],
    ['x.lock', '', 'task-x'],
    ['t', 'ü'.repeat(300), 'task-t'],
    ['t', 'word '.repeat(30), 'task-t-word-word-word-word-word-word-word-word'],
  ] as const)
    it(`is ${branch}`, () => {
      assert.equal(branchOfTask(task, title), branch)
    })
})
