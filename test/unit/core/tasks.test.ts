// Tasks as the leader decides them and every replica folds them: one session a task, one task a session, and what is done
// stays done.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClaimCommand, Outcome, TaskTarget } from '../../../daemon/core/claims/command.ts'
import {
  asClaimId,
  asPeerId,
  asSessionId,
  COMPLETED_LIFE_MS,
  COMPLETED_REMEMBERED,
  decodeState,
  emptyState,
  encodeRecord,
  encodeState,
  foldRecord,
  isDone,
  isTaskId,
  type Grant,
  type LedgerState,
  type RecordBody,
} from '../../../protocol/index.ts'
import { party, QueueLedger } from '../queue/ledger.ts'

interface Ask extends Partial<Pick<ClaimCommand, 'again' | 'key' | 'urgency'>> {
  readonly wait?: number
  readonly needs?: readonly string[]
  readonly branch?: string
  readonly agent?: string
  readonly files?: readonly string[]
}

function claim(ledger: QueueLedger, session: string, task: string, ask: Ask = {}): Outcome {
  const { wait = 0, needs = [], branch = null, agent, files = [], ...rest } = ask
  const names = [...files.map((pattern) => ['file', pattern] as const), ['task', task] as const]
  return ledger.run({
    kind: 'claim',
    party: { ...party(session, agent), branch },
    scopes: names.map(([kind, pattern]) => ({ kind, pattern, symbols: [], mode: 'exclusive' })),
    terms: {
      description: '',
      narrowable: true,
      ttlSeconds: null,
      ttlDefaultSeconds: 14_400,
      ttlSharedSeconds: 7_200,
      claimsPerAgent: 0,
      task: { plan: 'context/a.json', token: 'f00', ttlSeconds: 864_000, needs },
    },
    stamp: { wallMs: ledger.now, boot: 'b', uptimeMs: ledger.now },
    key: null,
    urgency: 'normal',
    waitSeconds: wait,
    ...rest,
  })
}

function complete(
  ledger: QueueLedger,
  session: string,
  task: string,
  {
    branch = null,
    trunk = 'main',
    agent,
  }: { branch?: string | null; trunk?: string; agent?: string } = {},
): Outcome {
  const who = { ...party(session, agent), branch }
  return ledger.run({ kind: 'complete', party: who, task, trunk, note: '' })
}

function expire(ledger: QueueLedger, target: TaskTarget): Outcome {
  return ledger.run({ kind: 'expire-tasks', party: party('operator'), target, note: 'gone' })
}

function codeOf(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.failure.code : outcome.kind
}

function holders(ledger: QueueLedger): string[] {
  return [...ledger.engine.committed.state.claims.values()]
    .filter(({ kind }) => kind === 'task')
    .map(({ session, pattern }) => `${session}:${pattern}`)
}

const DAY_MS = 86_400_000

describe('a task', () => {
  it('is the first session\u2019s, for ten days, with its plan and its token', () => {
    const ledger = new QueueLedger()
    const granted = claim(ledger, 'a', 't1')
    assert.equal(granted.kind, 'granted')
    assert.deepEqual(granted.claims[0]?.claim.task, { plan: 'context/a.json', token: 'f00' })
    assert.equal(granted.claims[0].claim.ttlSeconds, 864_000)
    const refused = claim(ledger, 'b', 't1')
    assert.equal(refused.kind, 'refused')
    assert.equal(refused.conflicts[0]?.claim.session, 'a')
    assert.deepEqual(holders(ledger), ['a:t1'])
  })

  it('is one session\u2019s even where two go by one given name', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1', { agent: 'alice' })
    assert.equal(claim(ledger, 'b', 't1', { agent: 'alice' }).kind, 'refused')
    assert.equal(codeOf(complete(ledger, 'b', 't1', { agent: 'alice' })), 'TASK_NOT_YOURS')
    assert.equal(claim(ledger, 'b', 't1', { agent: 'alice', wait: 60 }).kind, 'queued')
    assert.equal(claim(ledger, 'c', 't1', { agent: 'alice', wait: 60 }).kind, 'queued')
    complete(ledger, 'a', 't1', { agent: 'alice' })
    assert.deepEqual(holders(ledger), [])
  })

  it('is the same claim when its session asks again, on the branch where it is now', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1', { branch: 'main' })
    const again = claim(ledger, 'a', 't1', { branch: 'feature' })
    assert.equal(again.kind, 'renewed')
    const [held] = [...ledger.engine.committed.state.claims.values()]
    assert.equal(held?.branch, 'feature')
    assert.equal(ledger.engine.committed.state.claims.size, 1)
  })

  it('is the only one of its session, held or waited for', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    assert.equal(codeOf(claim(ledger, 'a', 't2')), 'TASK_HELD')
    assert.equal(codeOf(claim(ledger, 'a', 't2', { wait: 60 })), 'TASK_HELD')
    assert.equal(codeOf(claim(ledger, 'a', 't1', { files: ['x.ts'] })), 'TASK_HELD')
    assert.equal(claim(ledger, 'b', 't1', { wait: 60 }).kind, 'queued')
    assert.equal(codeOf(claim(ledger, 'b', 't2')), 'TASK_HELD')
    assert.deepEqual(holders(ledger), ['a:t1'])
    complete(ledger, 'a', 't1')
    assert.equal(claim(ledger, 'a', 't2').kind, 'granted')
  })

  it('comes together with its files, or not at all', () => {
    const ledger = new QueueLedger()
    ledger.hold('b', 'src/**')
    assert.equal(claim(ledger, 'a', 't1', { files: ['src/x.ts'] }).kind, 'refused')
    assert.deepEqual(holders(ledger), [])
    const granted = claim(ledger, 'a', 't1', { files: ['docs/**'] })
    assert.equal(granted.kind, 'granted')
    const ttls = granted.claims.map(({ claim: { kind, ttlSeconds } }) => [kind, ttlSeconds])
    assert.deepEqual(ttls, [
      ['file', 14_400],
      ['task', 864_000],
    ])
    assert.equal(granted.claims[0]?.claim.task, undefined)
  })

  it('is free again when it is given back, or its operator says so, without a delay', () => {
    const ledger = new QueueLedger()
    const granted = claim(ledger, 'a', 't1')
    assert.equal(granted.kind, 'granted')
    ledger.release('a', granted.claims[0]?.claim.id ?? '')
    assert.equal(claim(ledger, 'b', 't1').kind, 'granted')
    const freed = expire(ledger, { by: 'task', task: 't1' })
    assert.equal(freed.kind, 'task-over')
    assert.deepEqual(
      freed.tasks.map(({ task, session, reason, by, note }) => [task, session, reason, by, note]),
      [['t1', 'b', 'timed_out', 'operator', 'gone']],
    )
    assert.equal(claim(ledger, 'c', 't1').kind, 'granted')
    expire(ledger, { by: 'session', session: asSessionId('c') })
    assert.deepEqual(holders(ledger), [])
    assert.equal(codeOf(expire(ledger, { by: 'task', task: 't1' })), 'TASK_NOT_CLAIMED')
    assert.equal(codeOf(expire(ledger, { by: 'agent', agent: 'a' })), 'TASK_NOT_CLAIMED')
  })

  it('is completed by its session only, once, and that is answered alike again', () => {
    const ledger = new QueueLedger()
    assert.equal(codeOf(complete(ledger, 'a', 't1')), 'TASK_NOT_CLAIMED')
    claim(ledger, 'a', 't1', { branch: 'x' })
    assert.equal(codeOf(complete(ledger, 'b', 't1')), 'TASK_NOT_YOURS')
    const done = complete(ledger, 'a', 't1', { branch: 'x' })
    assert.equal(done.kind, 'task-over')
    assert.equal(done.already, false)
    const [over] = done.tasks
    assert.deepEqual([over?.task, over?.branch, over?.reason], ['t1', 'x', 'client_completed'])
    const twice = complete(ledger, 'a', 't1')
    assert.equal(twice.kind, 'task-over')
    assert.deepEqual([twice.already, twice.tasks], [true, done.tasks])
    assert.equal(codeOf(complete(ledger, 'b', 't1')), 'TASK_NOT_CLAIMED')
  })

  it('is not completed from another branch, unless one of the two is the trunk', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1', { branch: 'one' })
    assert.equal(codeOf(complete(ledger, 'a', 't1', { branch: 'two' })), 'TASK_BRANCH')
    assert.equal(complete(ledger, 'a', 't1', { branch: 'main' }).kind, 'task-over')
    claim(ledger, 'a', 't2', { branch: 'main' })
    assert.equal(complete(ledger, 'a', 't2', { branch: 'two' }).kind, 'task-over')
    claim(ledger, 'a', 't3', { branch: 'one' })
    assert.equal(complete(ledger, 'a', 't3').kind, 'task-over')
  })

  it('that is completed is refused for a day, unless it is asked for again', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    complete(ledger, 'a', 't1')
    const refused = claim(ledger, 'b', 't1')
    assert.equal(codeOf(refused), 'TASK_COMPLETED')
    assert.match(refused.kind === 'failed' ? refused.failure.message : '', /a completed it/)
    assert.equal(claim(ledger, 'b', 't1', { again: true }).kind, 'granted')
    const { completed } = ledger.engine.committed.state
    assert.match(completed.get('t1')?.reopened ?? '', /^clm_/)
    complete(ledger, 'b', 't1')
    ledger.pass(DAY_MS - 1_000)
    assert.equal(codeOf(claim(ledger, 'c', 't1')), 'TASK_COMPLETED')
    ledger.pass(2_000)
    assert.equal(claim(ledger, 'c', 't1').kind, 'granted')
  })

  it('whose branch is gone is completed; one that moved to another branch goes on', () => {
    const ledger = new QueueLedger()
    const granted = claim(ledger, 'a', 't1', { branch: 'x' })
    assert.equal(granted.kind, 'granted')
    const ids = granted.claims.map(({ claim: { id } }) => id)
    assert.deepEqual(ledger.run({ kind: 'branch-gone', ids, branch: 'y' }), {
      kind: 'task-over',
      tasks: [],
      already: true,
    })
    const gone = ledger.run({ kind: 'branch-gone', ids, branch: 'x' })
    assert.equal(gone.kind === 'task-over' && gone.tasks[0]?.reason, 'branch_removed')
    const refused = claim(ledger, 'b', 't1')
    assert.equal(codeOf(refused), 'TASK_COMPLETED')
    assert.match(refused.kind === 'failed' ? refused.failure.message : '', /is gone/)
  })

  it('survives a restart with everything that was said of it', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    claim(ledger, 'b', 't2')
    complete(ledger, 'b', 't2')
    ledger.restart()
    ledger.pass(1)
    assert.equal(codeOf(claim(ledger, 'a', 't3')), 'TASK_HELD')
    assert.equal(claim(ledger, 'c', 't1').kind, 'refused')
    assert.equal(codeOf(claim(ledger, 'c', 't2')), 'TASK_COMPLETED')
    ledger.rewriteLog()
    ledger.restart()
    ledger.pass(1)
    assert.equal(codeOf(claim(ledger, 'c', 't2')), 'TASK_COMPLETED')
    assert.equal(complete(ledger, 'a', 't1').kind, 'task-over')
  })
})

describe('a wait for a task', () => {
  it('ends with the task when it is given back, and without it when it is done', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    assert.equal(claim(ledger, 'b', 't1', { wait: 600 }).kind, 'queued')
    expire(ledger, { by: 'task', task: 't1' })
    assert.deepEqual(holders(ledger), ['b:t1'])
    assert.equal(claim(ledger, 'c', 't1', { wait: 600 }).kind, 'queued')
    complete(ledger, 'b', 't1')
    assert.deepEqual([holders(ledger), ledger.waiters()], [[], []])
  })

  it('closes no circle: a session that holds what another needs does not wait for that one\u2019s task', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    ledger.hold('b', 'src/x.ts')
    ledger.queue('a', 'src/x.ts')
    const refused = claim(ledger, 'b', 't1', { wait: 600 })
    assert.equal(refused.kind, 'refused')
    assert.deepEqual(refused.circle, ['b', 'a'])
  })

  it('goes through a task that must come first, when that is completed', () => {
    const ledger = new QueueLedger()
    const blocked = claim(ledger, 'b', 't2', { needs: ['t1'] })
    assert.equal(codeOf(blocked), 'TASK_BLOCKED')
    claim(ledger, 'a', 't1')
    assert.equal(claim(ledger, 'b', 't2', { needs: ['t1'], wait: 600 }).kind, 'queued')
    ledger.pass(100)
    assert.deepEqual(holders(ledger), ['a:t1'])
    complete(ledger, 'a', 't1')
    assert.deepEqual(holders(ledger), ['b:t2'])
  })

  it('is not over when the task before it is only given back', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    claim(ledger, 'b', 't2', { needs: ['t1'], wait: 600 })
    expire(ledger, { by: 'task', task: 't1' })
    assert.deepEqual([holders(ledger), ledger.waiters()], [[], ['b']])
    claim(ledger, 'c', 't1')
    complete(ledger, 'c', 't1')
    assert.deepEqual(holders(ledger), ['b:t2'])
  })

  it('sees a circle through tasks that must come first', () => {
    const ledger = new QueueLedger()
    claim(ledger, 'a', 't1')
    ledger.hold('b', 'src/x.ts')
    claim(ledger, 'b', 't2', { needs: ['t1'], wait: 600 })
    const refused = ledger.claim('a', 'src/x.ts', { wait: 600 })
    assert.equal(refused.kind, 'refused')
    assert.deepEqual(refused.circle, ['a', 'b'])
  })
})

describe('the memory of completed tasks', () => {
  it('is bounded by number and by age, the same wherever it is folded', () => {
    const state = emptyState()
    let index = 0
    const run = (task: string, atMs: number): void => {
      fold(state, ++index, atMs, grantOf(task))
      const ids = [asClaimId(`clm_${task}`)]
      const body = { kind: 'task', rid: null, ids, reason: 'client_completed', by: 'x', note: '' }
      fold(state, ++index, atMs, body as RecordBody)
    }
    for (let i = 0; i < COMPLETED_REMEMBERED + 5; i++) run(`t${String(i)}`, 1_000)
    assert.equal(state.completed.size, COMPLETED_REMEMBERED)
    assert.equal(state.completed.has('t4'), false)
    const text = encodeState(state)
    assert.equal(encodeState(decodeState(text)), text)
    run('later', 1_001 + COMPLETED_LIFE_MS)
    assert.deepEqual([...state.completed.keys()], ['later'])
  })

  it('is not taken back by a grant that nobody was told of, but by one that was given back', () => {
    for (const [reason, isKept] of [
      ['abandoned', true],
      ['released', false],
      ['idle', false],
    ] as const) {
      const state = emptyState()
      const ids = [asClaimId('clm_t')]
      fold(state, 1, 1, grantOf('t'))
      fold(state, 2, 2, {
        kind: 'task',
        rid: null,
        ids,
        reason: 'client_completed',
        by: 'x',
        note: '',
      })
      const over = state.completed.get('t')
      assert.ok(over !== undefined && isDone(over))
      fold(state, 3, 3, grantOf('t'))
      const anew = state.completed.get('t')
      assert.equal(anew !== undefined && isDone(anew), false)
      fold(state, 4, 4, { kind: 'release', rid: null, ids, reason, by: 'x' })
      assert.deepEqual(state.completed.get('t'), isKept ? over : undefined)
    }
  })

  it('reads a checkpoint of before there were tasks', () => {
    const before = JSON.parse(encodeState(emptyState())) as Record<string, unknown>
    assert.equal(delete before['completed'], true)
    assert.equal(decodeState(JSON.stringify(before)).completed.size, 0)
  })
})

describe('the id of a task', () => {
  it('is a word that names branches well', () => {
    for (const id of ['fix-login', 'T1', 'auth_2.1', 'a']) assert.equal(isTaskId(id), true, id)
    for (const id of ['', '-x', 'a b', 'a/b', '../x', 'x.', 'a\n', 'ä', 'a'.repeat(101)])
      assert.equal(isTaskId(id), false, id)
  })
})

function fold(state: LedgerState, index: number, atMs: number, body: RecordBody): void {
  const parent = { term: 1, index: index - 1, hash: '0'.repeat(32) }
  foldRecord(state, encodeRecord({ generation: 1, term: 1, index, parent, atMs, body }))
}

function grantOf(task: string): Grant {
  const claimed = {
    id: asClaimId(`clm_${task}`),
    kind: 'task',
    pattern: task,
    symbols: [],
    mode: 'exclusive',
    description: '',
    narrowable: false,
    ttlSeconds: 1,
    stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 },
    coexistsWith: [],
  } as const
  const holder = { ...party('a'), peer: asPeerId('p') }
  return {
    kind: 'grant',
    rid: null,
    party: holder,
    claims: [claimed],
    narrows: [],
    key: null,
    from: null,
  }
}
