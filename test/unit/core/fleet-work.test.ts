// What is said of assignments beside their own moves: proposals, answers, verdicts, landings.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Outcome } from '../../../daemon/core/claims/command.ts'
import type {
  AssignCommand,
  LandCommand,
  VerdictCommand,
} from '../../../daemon/core/fleet/command.ts'
import {
  asAssignmentId,
  asPeerId,
  decodeState,
  encodeState,
  FLEET_LIMITS,
  landingResource,
  type Assignment,
  type AssignmentId,
  type AssignmentOrder,
} from '../../../protocol/index.ts'
import { workOrder } from '../../helpers/work-order.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

const HEAD = 'a'.repeat(40)
const BASE = 'b'.repeat(40)
const PEER = asPeerId('peer-1')
const EXIT = { code: 0, signal: null }

function assign(order: AssignmentOrder, proposal: AssignmentId | null = null): AssignCommand {
  return {
    ...{ kind: 'assign', party: party('ann'), worker: { peer: PEER, machine: 'm' }, order },
    terms: {
      ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
      ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200 },
    },
    ...{ stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 }, key: null, again: false, proposal },
  }
}

function assignmentOf(outcome: Outcome | undefined): Assignment {
  if (outcome?.kind !== 'assigned') throw new Error(`not assigned but ${JSON.stringify(outcome)}`)
  return outcome.assignment
}

function codeOf(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.failure.code : outcome.kind
}

function run(ledger: QueueLedger, id: AssignmentId, to: 'running' | 'succeeded' | 'waiting') {
  const before = ledger.engine.committed.state.assignments.get(id)?.state
  const way = { running: [], waiting: ['running'], succeeded: ['running'] } as const
  if (before === 'assigned') ledger.run({ kind: 'move-assignment', id, to: 'starting', facts: {} })
  for (const step of way[to]) ledger.run({ kind: 'move-assignment', id, to: step, facts: {} })
  return ledger.run({ kind: 'move-assignment', id, to, facts: { exit: EXIT, commit: HEAD } })
}

function done(ledger: QueueLedger, task: string): AssignmentId {
  const { id } = assignmentOf(ledger.run(assign(workOrder(task))))
  assert.equal(assignmentOf(run(ledger, id, 'succeeded')).state, 'succeeded')
  return id
}

const one = ({ engine }: QueueLedger, id: AssignmentId) =>
  engine.committed.state.assignments.get(id)

describe('proposals', () => {
  const proposal = (id: string, task: string) => ({
    ...{ id: asAssignmentId(id), order: workOrder(task), peer: PEER, machine: 'm' },
    ...{ rationale: 'it is free', by: 'ann' },
  })
  const listed = ({ engine }: QueueLedger) =>
    engine.committed.state.proposals.map(({ order }) => order.task)

  it('become one assignment, however often they are approved', () => {
    const ledger = new QueueLedger()
    ledger.run({ kind: 'propose', proposals: [proposal('asg_1', 't1'), proposal('asg_2', 't2')] })
    const given = assignmentOf(ledger.run(assign(workOrder('t1'), asAssignmentId('asg_1'))))
    const again = ledger.run(assign(workOrder('t1'), asAssignmentId('asg_1')))
    assert.equal(given.id, 'asg_1')
    assert.equal(again.kind === 'assigned' && again.already, true)
    assert.deepEqual(listed(ledger), ['t2'])
  })

  it('are gone with the next plan, and with an assignment by hand', () => {
    const ledger = new QueueLedger()
    ledger.run({ kind: 'propose', proposals: [proposal('asg_1', 't1')] })
    ledger.run({ kind: 'propose', proposals: [proposal('asg_2', 't1')] })
    const late = ledger.run(assign(workOrder('t1'), asAssignmentId('asg_1')))
    assert.equal(codeOf(late), 'PROPOSAL_UNKNOWN')
    assignmentOf(ledger.run(assign(workOrder('t1'))))
    assert.deepEqual(listed(ledger), [])
  })

  it('outlive a checkpoint', () => {
    const ledger = new QueueLedger()
    ledger.run({ kind: 'propose', proposals: [proposal('asg_1', 't1')] })
    ledger.restartRewriting()
    assert.deepEqual(listed(ledger), ['t1'])
    const text = encodeState(ledger.engine.committed.state)
    assert.equal(encodeState(decodeState(text)), text)
  })
})

describe('an answer', () => {
  it('is for an assignment that waits for a person', () => {
    const ledger = new QueueLedger()
    const { id } = assignmentOf(ledger.run(assign(workOrder('t1'))))
    const answer = { kind: 'answer-assignment', party: party('bob'), id, note: 'yes' } as const
    assert.equal(codeOf(ledger.run(answer)), 'ASSIGNMENT_OVER')
    run(ledger, id, 'waiting')
    assert.equal(assignmentOf(ledger.run(answer)).answer?.note, 'yes')
    ledger.run({ kind: 'move-assignment', id, to: 'starting', facts: {} })
    assert.equal(one(ledger, id)?.answer?.by, 'bob')
  })
})

describe('a verdict', () => {
  const verdict: VerdictCommand['verdict'] = {
    ...{ kind: 'review', outcome: 'fail', commit: HEAD, by: 'bob', machine: 'm', from: null },
    note: 'no test',
  }

  it('stands with the work that it is about, the last of its kind', () => {
    const ledger = new QueueLedger()
    const id = done(ledger, 't1')
    ledger.run({ kind: 'judge-assignment', id, verdict })
    ledger.run({ kind: 'judge-assignment', id, verdict: { ...verdict, outcome: 'pass' } })
    ledger.restartRewriting()
    assert.equal(one(ledger, id)?.verdicts.review?.outcome, 'pass')
  })

  it('is what a review succeeds with, said by its own machine', () => {
    const ledger = new QueueLedger()
    const id = done(ledger, 't1')
    const order = workOrder('review-1', { type: 'review', of: id })
    const review = assignmentOf(ledger.run(assign(order)))
    assert.equal(codeOf(run(ledger, review.id, 'succeeded')), 'INPUT_SCHEMA')
    const stranger = { ...verdict, from: asAssignmentId('asg_x') }
    assert.equal(
      codeOf(ledger.run({ kind: 'judge-assignment', id, verdict: stranger })),
      'FORBIDDEN',
    )
  })
})

describe('a landing', () => {
  const landing = (state: 'landed' | 'blocked'): LandCommand['landing'] => ({
    ...{ state, target: 'main', head: HEAD, base: BASE, commit: state === 'landed' ? BASE : null },
    ...{ reason: state === 'blocked' ? 'conflict' : null, note: '', pull: null, by: 'm' },
  })
  const hold = (ledger: QueueLedger): number => {
    const pattern = landingResource('main')
    const scope = { kind: 'resource', pattern, symbols: [], mode: 'exclusive' } as const
    const told = ledger.claimScopes('lander', [scope])
    const [granted] = told.kind === 'granted' ? told.claims : []
    return granted?.live === true ? granted.claim.fence : 0
  }
  const land = (id: AssignmentId, state: 'landed' | 'blocked', fence: number) =>
    ({ kind: 'land-assignment', id, landing: landing(state), fence }) as const

  it('needs the claim on its target, and is said once', () => {
    const ledger = new QueueLedger()
    const id = done(ledger, 't1')
    assert.equal(codeOf(ledger.run(land(id, 'landed', 1))), 'CLAIM_STALE')
    const fence = hold(ledger)
    assert.equal(assignmentOf(ledger.run(land(id, 'blocked', fence))).landing?.reason, 'conflict')
    assert.equal(assignmentOf(ledger.run(land(id, 'landed', fence))).landing?.state, 'landed')
    assert.equal(codeOf(ledger.run(land(id, 'blocked', fence))), 'ASSIGNMENT_OVER')
  })

  it('is remembered as to come, longer than what is over', () => {
    const ledger = new QueueLedger()
    const id = done(ledger, 't1')
    for (let at = 0; at < FLEET_LIMITS.endedRemembered + 3; at++) {
      const failed = assignmentOf(ledger.run(assign(workOrder(`f${String(at)}`))))
      ledger.run({ kind: 'move-assignment', id: failed.id, to: 'failed', facts: {} })
    }
    assert.ok(one(ledger, id))
  })
})
