// Random lives of tasks, on the engine and on a few lines that say what it promises, with restarts in between.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { asQueueId, isDone } from '../../protocol/index.ts'
import { party, QueueLedger } from '../unit/queue/ledger.ts'
import { said } from './system.ts'

const RUNS = Number(process.env['SKEIN_MODEL_RUNS'] ?? 2_000)
/** Two windows of one agent among them: for a task they are two like any others. */
const SESSIONS = ['a', 'b', 'b2', 'c', 'd']
const AGENTS: Readonly<Record<string, string>> = { b: 'bob', b2: 'bob' }
/** What stands before each task. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  t1: [],
  t2: [],
  t3: ['t1'],
  t4: ['t3', 't2'],
}

type Step =
  | { kind: 'claim'; who: string; task: string; isWaiting: boolean; again: boolean }
  | { kind: 'complete' | 'expire'; who: string; task: string }
  | { kind: 'release' | 'cancel'; who: string }
  | { kind: 'restart'; isRewriting: boolean }

interface Wait {
  readonly who: string
  readonly task: string
}

class Model {
  readonly holders = new Map<string, string>()
  queue: Wait[] = []
  readonly done = new Set<string>()

  do(step: Step): string {
    switch (step.kind) {
      case 'claim':
        return this.#claim(step)
      case 'complete':
        return this.#complete(step.who, step.task)
      case 'expire':
        return this.#free(step.task) ? 'task-over' : 'TASK_NOT_CLAIMED'
      case 'release':
        for (const [task, who] of this.holders) if (who === step.who) this.#free(task)
        return 'ended'
      case 'cancel':
        this.queue = this.queue.filter(({ who }) => who !== step.who)
        this.#move()
        return 'cancelled'
      case 'restart':
        return ''
    }
  }

  #claim({ who, task, isWaiting, again }: Extract<Step, { kind: 'claim' }>): string {
    if (this.holders.get(task) === who) return 'renewed'
    const waits = this.queue.find((wait) => wait.who === who)
    if (isWaiting && waits?.task === task) return 'queued'
    if (waits !== undefined || [...this.holders.values()].includes(who)) return 'TASK_HELD'
    if (this.done.has(task) && !again) return 'TASK_COMPLETED'
    const isTaken = this.holders.has(task) || this.queue.some((wait) => wait.task === task)
    if (!isTaken && this.#isOpen(task)) {
      this.#grant(task, who)
      return 'granted'
    }
    if (!isWaiting) return isTaken ? 'refused' : 'TASK_BLOCKED'
    this.queue.push({ who, task })
    return 'queued'
  }

  #complete(who: string, task: string): string {
    const holder = this.holders.get(task)
    if (holder === undefined) return 'TASK_NOT_CLAIMED'
    if (holder !== who) return 'TASK_NOT_YOURS'
    this.holders.delete(task)
    this.done.add(task)
    this.queue = this.queue.filter((wait) => wait.task !== task)
    this.#move()
    return 'task-over'
  }

  #free(task: string): boolean {
    const wasHeld = this.holders.delete(task)
    this.#move()
    return wasHeld
  }

  #move(): void {
    for (const { task, who } of this.queue) {
      const first = this.queue.find((wait) => wait.task === task)
      if (first?.who !== who || this.holders.has(task) || !this.#isOpen(task)) continue
      this.queue = this.queue.filter((wait) => wait.who !== who)
      this.#grant(task, who)
    }
  }

  #grant(task: string, who: string): void {
    this.holders.set(task, who)
    this.done.delete(task)
  }

  #isOpen(task: string): boolean {
    return (NEEDS[task] ?? []).every((before) => this.done.has(before))
  }
}

class System {
  readonly ledger = new QueueLedger()

  do(step: Step, model: Model): string {
    const { ledger } = this
    if (step.kind === 'restart') {
      if (step.isRewriting) ledger.restartRewriting()
      else ledger.restart()
      ledger.pass(1)
      return ''
    }
    const asker = party(step.who, AGENTS[step.who])
    switch (step.kind) {
      case 'claim':
        return this.#claim(step)
      case 'complete': {
        const { task } = step
        const mine = { kind: 'complete', party: asker, task, trunk: null, note: '' } as const
        const outcome = ledger.run(mine)
        // Done before by the same session: that answer again. The model forgets who it was.
        const isAgain = outcome.kind === 'task-over' && outcome.already && model.done.has(task)
        return isAgain ? 'TASK_NOT_CLAIMED' : said(outcome)
      }
      case 'expire': {
        const target = { by: 'task', task: step.task } as const
        return said(ledger.run({ kind: 'expire-tasks', party: asker, target, note: '' }))
      }
      case 'release': {
        const target = { by: 'this-session' } as const
        return said(ledger.run({ kind: 'release', party: asker, target, force: null }))
      }
      case 'cancel': {
        const ids = [...ledger.engine.committed.state.queue.values()]
          .filter((entry) => entry.party.session === step.who)
          .map(({ id }) => asQueueId(id))
        return said(ledger.run({ kind: 'cancel', party: asker, ids }))
      }
    }
  }

  #claim({ who, task, isWaiting, again }: Extract<Step, { kind: 'claim' }>): string {
    const needs = NEEDS[task] ?? []
    const outcome = this.ledger.run({
      kind: 'claim',
      party: party(who, AGENTS[who]),
      scopes: [{ kind: 'task', pattern: task, symbols: [], mode: 'exclusive' }],
      terms: {
        description: '',
        narrowable: true,
        ttlSeconds: null,
        ttlDefaultSeconds: 14_400,
        ttlSharedSeconds: 7_200,
        claimsPerAgent: 0,
        task: { plan: null, token: null, ttlSeconds: 864_000, needs },
      },
      stamp: { wallMs: this.ledger.now, boot: 'b', uptimeMs: this.ledger.now },
      key: null,
      urgency: 'normal',
      waitSeconds: isWaiting ? 600 : 0,
      again,
    })
    return said(outcome)
  }

  state(): unknown {
    const { claims, queue, completed } = this.ledger.engine.committed.state
    return {
      holders: [...claims.values()].map(({ pattern, session }) => `${pattern} ${session}`).sort(),
      queue: [...queue.values()].map(
        (entry) => `${entry.scopes[0]?.pattern ?? ''} ${entry.party.session}`,
      ),
      done: [...completed.values()]
        .filter(isDone)
        .map(({ task }) => task)
        .sort(),
    }
  }
}

function stateOf({ holders, queue, done }: Model): unknown {
  return {
    holders: [...holders].map(([task, who]) => `${task} ${who}`).sort(),
    queue: queue.map(({ task, who }) => `${task} ${who}`),
    done: [...done].sort(),
  }
}

const who = fc.constantFrom(...SESSIONS)
const task = fc.constantFrom(...Object.keys(NEEDS))
const rarely = fc.nat({ max: 5 }).map((drawn) => drawn === 0)
const claim = fc.record({
  kind: fc.constant('claim' as const),
  who,
  task,
  isWaiting: fc.boolean(),
  again: rarely,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: claim },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('complete' as const), who, task }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), who, task }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('release', 'cancel'), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), isRewriting: fc.boolean() }),
  },
)

describe('tasks', () => {
  it(`live as the model says in ${String(RUNS)} lives`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 50, size: 'max' }), (steps) => {
        const [model, system] = [new Model(), new System()]
        for (const next of steps) {
          const told = system.do(next, model)
          assert.equal(told, model.do(next), JSON.stringify(next))
          assert.deepEqual(system.state(), stateOf(model), JSON.stringify(next))
        }
      }),
      { numRuns: RUNS },
    )
  })
})
