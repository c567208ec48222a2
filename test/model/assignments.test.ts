// Random lives of assignments, on the engine and on a few lines that say what it promises, with restarts in between: a task is
// at most one session's, what is over stays over, and no claim is left behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  asAssignmentId,
  asPeerId,
  ASSIGNMENT_STATES,
  type Assignment,
  type AssignmentState,
} from '../../protocol/index.ts'
import { workOrder } from '../helpers/work-order.ts'
import { party, QueueLedger } from '../unit/queue/ledger.ts'
import { said } from './system.ts'

const RUNS = Number(process.env['SKEIN_MODEL_RUNS'] ?? 200)
const OPERATORS = ['ann', 'bob']
const TASKS = ['t1', 't2', 't3']
const OVER: readonly string[] = ['succeeded', 'empty', 'failed', 'stopped', 'lost']
const COMMIT = 'c'.repeat(40)

type Step =
  | { kind: 'assign'; who: string; task: string; key: string | null }
  | { kind: 'move'; which: number; to: AssignmentState }
  | { kind: 'stop'; who: string; which: number; lost: boolean }
  | { kind: 'claim' | 'release' | 'expire'; who: string; task: string }
  | { kind: 'restart'; isRewriting: boolean }

interface Known {
  readonly task: string
  state: string
  isStopping: boolean
  hasClaim: boolean
}

/** Written down by hand, not taken from the program. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  assigned: ['starting', 'waiting', 'failed', 'stopped', 'lost'],
  starting: ['running', 'failed', 'stopped', 'lost'],
  running: ['waiting', 'succeeded', 'empty', 'failed', 'stopped', 'lost'],
  waiting: ['starting', 'running', 'failed', 'stopped', 'lost'],
}

class Model {
  readonly assignments: Known[] = []
  readonly done = new Set<string>()
  /** Of people who work by themselves. */
  readonly holders = new Map<string, string>()
  readonly keys = new Map<string, { readonly task: string; readonly at: number }>()

  do(step: Step): string {
    switch (step.kind) {
      case 'assign':
        return this.#assign(step)
      case 'move':
        return this.#move(this.assignments[step.which], step.to)
      case 'stop':
        return this.#stop(this.assignments[step.which], step.lost)
      case 'claim':
        return this.#claim(step.who, step.task)
      case 'release':
        for (const [task, who] of this.holders) if (who === step.who) this.holders.delete(task)
        return 'ended'
      case 'expire':
        return this.#expire(step.task)
      case 'restart':
        return ''
    }
  }

  #assign({ who, task, key }: Extract<Step, { kind: 'assign' }>): string {
    const known = key === null ? undefined : this.keys.get(`${who} ${key}`)
    if (known !== undefined) return known.task === task ? 'assigned' : 'INPUT_KEY_REUSED'
    if (this.done.has(task)) return 'TASK_COMPLETED'
    if (this.#isTaken(task)) return 'TASK_TAKEN'
    if (key !== null) this.keys.set(`${who} ${key}`, { task, at: this.assignments.length })
    this.assignments.push({ task, state: 'assigned', isStopping: false, hasClaim: true })
    return 'assigned'
  }

  #move(one: Known | undefined, to: string): string {
    if (one === undefined) return 'ASSIGNMENT_UNKNOWN'
    if (one.state === to) return 'assigned'
    if (NEXT[one.state]?.includes(to) !== true) return 'ASSIGNMENT_OVER'
    if (to === 'succeeded' && !one.hasClaim) return 'CLAIM_STALE'
    this.#end(one, to)
    if (to === 'succeeded') this.done.add(one.task)
    return 'assigned'
  }

  #end(one: Known, to: string): void {
    one.state = to
    if (OVER.includes(to)) one.hasClaim = false
  }

  #stop(one: Known | undefined, lost: boolean): string {
    if (one === undefined) return 'ASSIGNMENT_UNKNOWN'
    if (OVER.includes(one.state)) return 'assigned'
    if (lost) this.#end(one, 'lost')
    else one.isStopping = true
    return 'assigned'
  }

  #claim(who: string, task: string): string {
    if (this.holders.get(task) === who) return 'renewed'
    if ([...this.holders.values()].includes(who)) return 'TASK_HELD'
    if (this.done.has(task)) return 'TASK_COMPLETED'
    if (this.#isTaken(task)) return 'refused'
    this.holders.set(task, who)
    return 'granted'
  }

  #expire(task: string): string {
    if (!this.#isTaken(task)) return 'TASK_NOT_CLAIMED'
    this.holders.delete(task)
    for (const one of this.assignments) if (one.task === task) one.hasClaim = false
    return 'task-over'
  }

  #isTaken(task: string): boolean {
    return (
      this.holders.has(task) || this.assignments.some((one) => one.task === task && one.hasClaim)
    )
  }
}

class System {
  readonly ledger = new QueueLedger()
  readonly ids: string[] = []

  do(step: Step): string {
    const { ledger } = this
    switch (step.kind) {
      case 'assign':
        return this.#assign(step)
      case 'move': {
        const id = asAssignmentId(this.ids[step.which] ?? 'asg_none')
        const facts =
          step.to === 'succeeded' ? { exit: { code: 0, signal: null }, commit: COMMIT } : {}
        return said(ledger.run({ kind: 'move-assignment', id, to: step.to, facts }))
      }
      case 'stop': {
        const id = asAssignmentId(this.ids[step.which] ?? 'asg_none')
        const asker = party(step.who)
        const { lost } = step
        return said(ledger.run({ kind: 'stop-assignment', party: asker, id, note: '', lost }))
      }
      case 'claim':
        return said(ledger.claimScopes(step.who, [taskScope(step.task)]))
      case 'release': {
        const target = { by: 'this-session' } as const
        return said(ledger.run({ kind: 'release', party: party(step.who), target, force: null }))
      }
      case 'expire': {
        const target = { by: 'task', task: step.task } as const
        return said(ledger.run({ kind: 'expire-tasks', party: party(step.who), target, note: '' }))
      }
      case 'restart':
        if (step.isRewriting) ledger.restartRewriting()
        else ledger.restart()
        ledger.pass(1)
        return ''
    }
  }

  #assign({ who, task, key }: Extract<Step, { kind: 'assign' }>): string {
    const outcome = this.ledger.run({
      ...{ kind: 'assign', party: party(who), again: false },
      worker: { peer: asPeerId('peer-1'), machine: 'm' },
      order: workOrder(task),
      proposal: null,
      terms: {
        ...{ description: '', narrowable: false, ttlSeconds: null, claimsPerAgent: 0 },
        ...{ ttlDefaultSeconds: 14_400, ttlSharedSeconds: 7_200 },
      },
      stamp: { wallMs: this.ledger.now, boot: 'b', uptimeMs: this.ledger.now },
      key: key === null ? null : { key, digest: task },
    })
    if (outcome.kind === 'assigned' && !outcome.already) this.ids.push(outcome.assignment.id)
    return said(outcome)
  }

  state(): unknown {
    const { claims, assignments, completed } = this.ledger.engine.committed.state
    const known = this.ids.map((id) => assignments.get(asAssignmentId(id)))
    return {
      assignments: known.map((one) => one !== undefined && shown(one, claims.has(one.claim))),
      claims: claims.size,
      done: [...completed.keys()]
        .filter((task) => completed.get(task)?.reason !== 'timed_out')
        .sort(),
    }
  }
}

function shown({ task, state, stop }: Assignment, hasClaim: boolean): unknown {
  return { task, state, isStopping: stop !== null, hasClaim }
}

function stateOf({ assignments, done, holders }: Model): unknown {
  const claims = assignments.filter(({ hasClaim }) => hasClaim).length + holders.size
  return { assignments, claims, done: [...done].sort() }
}

function taskScope(task: string) {
  return { kind: 'task', pattern: task, symbols: [], mode: 'exclusive' } as const
}

const who = fc.constantFrom(...OPERATORS)
const task = fc.constantFrom(...TASKS)
const which = fc.nat({ max: 4 })
const key = fc.constantFrom(null, null, 'k1', 'k2')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('assign' as const), who, task, key }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      which,
      // `assigned` is where each begins: no machine says it.
      to: fc.constantFrom(...ASSIGNMENT_STATES.slice(1)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('stop' as const), who, which, lost: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('claim', 'release'), who, task }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), who, task }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), isRewriting: fc.boolean() }),
  },
)

describe('assignments', () => {
  it(`live as the model says in ${String(RUNS)} lives`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
        const [model, system] = [new Model(), new System()]
        for (const next of steps) {
          // A claim taken away by a person's force keeps its scope shut for a while: that is another test's.
          const told = system.do(next)
          if (told !== 'refused') system.ledger.pass(11_000)
          assert.equal(told, model.do(next), JSON.stringify(next))
          assert.deepEqual(system.state(), stateOf(model), JSON.stringify(next))
        }
      }),
      { numRuns: RUNS },
    )
  })
})
