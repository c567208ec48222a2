// Planning, by properties over many small worlds and by a table of the reasons that a person reads.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { planWork } from '../../../daemon/core/fleet/plan.ts'
import type { Candidate, PlanInput, PlanMachine } from '../../../daemon/core/fleet/plan-words.ts'
import {
  asAssignmentId,
  asClaimId,
  asPeerId,
  asSessionId,
  intersects,
  isAssignmentOver,
  isUnlanded,
  parsePattern,
  type Assignment,
  type AssignmentState,
  type CompletedTask,
  type LandingState,
  type LeftKind,
  type LedgerClaim,
} from '../../../protocol/index.ts'
import { workOrder } from '../../helpers/work-order.ts'

const TASKS = ['a', 'b', 'c', 'd', 'e', 'f']
const PATTERNS = ['src/**', 'src/a.ts', 'src/b/', 'docs', '**/*.md', 'README.md']
const CAPABILITIES = ['node', 'rust']

function candidate(task: string, more: Partial<Candidate> = {}): Candidate {
  return {
    ...{ task, title: task, labels: [], files: [], after: [], capabilities: [], model: null },
    ...more,
  }
}

function machine(name: string, more: Partial<PlanMachine> = {}): PlanMachine {
  return {
    ...{ peer: asPeerId(name), machine: name, free: 2, capabilities: CAPABILITIES },
    ...{ launchers: ['claude'], refusal: null, quiet: null, stale: [], ...more },
  }
}

function assignment(
  task: string,
  state: AssignmentState,
  landing: LandingState | null = null,
  files: readonly string[] = [],
  at = 1,
): Assignment {
  const id = asAssignmentId(`asg_${task}${String(at)}`)
  return {
    ...workOrder(task, { files }),
    ...{ id, peer: asPeerId('m'), machine: 'm', askedBy: null, claim: asClaimId('clm'), fence: 1 },
    operator: { agent: 'o', session: asSessionId('s'), peer: asPeerId('m'), machine: 'm' },
    ...{ state, assignedAtMs: at, stateAtMs: at, startedAtMs: null, stop: null, answer: null },
    verdicts: {},
    landing:
      landing === null
        ? null
        : {
            ...{ state: landing, target: 'main', head: 'h', base: 'b', commit: null },
            ...{ reason: null, note: '', pull: null, by: 'm', atMs: 2 },
          },
  }
}

function claim(pattern: string, kind: LedgerClaim['kind'] = 'file'): LedgerClaim {
  return {
    ...{ id: asClaimId(`clm_${pattern}`), kind, pattern, symbols: [], mode: 'exclusive' },
    ...{ agent: 'ann', agentGiven: true, session: asSessionId('s'), peer: asPeerId('m') },
    ...{ machine: 'm', branch: null, description: '', narrowable: false, fence: 1 },
    ...{ grantedAtMs: 1, ttlSeconds: 60, stamp: { wallMs: 0, boot: 'b', uptimeMs: 0 } },
    coexistsWith: [],
  } as unknown as LedgerClaim
}

function completed(task: string): [string, CompletedTask] {
  const over = {
    ...{ task, claim: asClaimId('clm'), agent: 'ann', session: asSessionId('s') },
    ...{ peer: asPeerId('m'), machine: 'm', branch: null, plan: null, token: null },
    ...{
      reason: 'client_completed' as const,
      by: 'ann',
      note: '',
      atMs: 1,
      index: 1,
      reopened: null,
    },
  } as const
  return [task, over]
}

type World = Omit<Partial<PlanInput>, 'ledger'> & { readonly ledger?: Partial<PlanInput['ledger']> }

function input(more: World) {
  const { ledger, ...rest } = more
  const whole: PlanInput = {
    ...{ candidates: [], machines: [machine('m')], silent: [], busy: [], caseExact: false },
    settings: { launcher: 'claude', model: null, labels: [], attemptsMax: 3, limit: 100 },
    ...rest,
    ledger: { assignments: [], claims: [], queue: [], completed: new Map(), ...ledger },
  }
  return whole
}

const some = (values: readonly string[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { maxLength })
const candidates = fc.array(
  fc
    .record({
      task: fc.constantFrom(...TASKS),
      files: some(PATTERNS),
      after: some(TASKS),
      capabilities: some(CAPABILITIES),
    })
    .map(({ task, ...more }) => candidate(task, more)),
  { maxLength: 12 },
)
const assignments = fc.array(
  fc
    .record({
      task: fc.constantFrom(...TASKS),
      state: fc.constantFrom<AssignmentState>('running', 'succeeded', 'failed', 'stopped'),
      landing: fc.constantFrom<(LandingState | null)[]>(null, 'blocked', 'landed', 'dropped'),
      files: some(PATTERNS),
    })
    .map(({ task, state, landing, files }) =>
      assignment(task, state, state === 'succeeded' ? landing : null, files),
    ),
  { maxLength: 4 },
)
const worlds = fc
  .record({
    candidates,
    assignments,
    machines: fc.array(
      fc.record({ free: fc.nat(3), capabilities: some(CAPABILITIES), refused: fc.boolean() }),
      { maxLength: 3 },
    ),
    claims: some(PATTERNS, 2),
    done: some(TASKS),
    limit: fc.nat(6),
  })
  .map(({ candidates: open, assignments: given, machines, claims, done, limit }) =>
    input({
      candidates: open,
      machines: machines.map(({ refused, ...more }, at) =>
        machine(`m${String(at)}`, { ...more, refusal: refused ? 'no' : null }),
      ),
      settings: { launcher: 'claude', model: null, labels: [], attemptsMax: 3, limit },
      ledger: {
        assignments: given,
        claims: claims.map((pattern) => claim(pattern)),
        // Work that succeeded has completed its task.
        completed: new Map(
          [
            ...done,
            ...given.filter(({ state }) => state === 'succeeded').map(({ task }) => task),
          ].map(completed),
        ),
      },
    }),
  )

function overlaps(one: readonly string[], other: readonly string[]): boolean {
  const read = (text: string) => parsePattern(text, { caseExact: false })
  return one.some((a) => other.some((b) => intersects(read(a), read(b))))
}

describe('a plan', () => {
  it('says of every task where it goes, or why it does not', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { choices, left } = planWork(world)
        const told = [...choices, ...left].map(({ candidate: { task } }) => task).sort()
        const asked = [...new Set(world.candidates.map(({ task }) => task))].sort()
        assert.deepEqual(told, asked)
        for (const { reason } of left) assert.notEqual(reason.note, '')
      }),
    )
  })

  it('never has two that change the same files, nor what others hold or have not landed', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { choices } = planWork(world)
        const others = [...world.ledger.assignments]
          .filter((one) => !isAssignmentOver(one.state) || isUnlanded(one))
          .map(({ files }) => files)
        const held = [...world.ledger.claims].map(({ pattern }) => [pattern])
        choices.forEach(({ candidate: { files } }, at) => {
          const before = choices.slice(0, at).map((choice) => choice.candidate.files)
          for (const theirs of [...before, ...others, ...held])
            assert.equal(overlaps(files, theirs), false)
        })
      }),
    )
  })

  it('never begins what is not ready: all that stands before it is complete, and has landed', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { candidate: chosen } of planWork(world).choices)
          for (const before of chosen.after) {
            assert.ok(world.ledger.completed.has(before))
            const last = [...world.ledger.assignments].findLast(({ task }) => task === before)
            if (last?.state === 'succeeded') assert.equal(last.landing?.state, 'landed')
          }
      }),
    )
  })

  it('gives no machine more than its free slots, nor what it cannot do', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { choices } = planWork(world)
        assert.ok(choices.length <= world.settings.limit)
        for (const { peer, free, capabilities, refusal } of world.machines) {
          const own = choices.filter((choice) => choice.peer === peer)
          assert.ok(own.length <= free)
          if (own.length > 0) assert.equal(refusal, null)
          for (const { candidate: chosen } of own)
            for (const needed of chosen.capabilities) assert.ok(capabilities.includes(needed))
        }
      }),
    )
  })

  it('is the same of the same, whatever the order in which the ledger and the machines are told', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const plan = planWork(world)
        assert.deepEqual(planWork(world), plan)
        const { ledger } = world
        const turned: PlanInput = {
          ...world,
          machines: world.machines.toReversed(),
          ledger: { ...ledger, claims: [...ledger.claims].toReversed() },
        }
        assert.deepEqual(planWork(turned).choices, plan.choices)
      }),
    )
  })

  it('spreads work over machines by their free slots', () => {
    const machines = [machine('one', { free: 3 }), machine('two', { free: 1 })]
    const { choices, left } = planWork(
      input({ candidates: TASKS.map((task) => candidate(task)), machines }),
    )
    assert.deepEqual(
      choices.map((choice) => choice.machine),
      ['one', 'one', 'one', 'two'],
    )
    assert.deepEqual(
      left.map(({ reason }) => reason.kind),
      ['slots', 'slots'],
    )
  })

  it('takes the model of a task, of its first label, or of the repository, and says whose', () => {
    const settings = {
      ...{ launcher: 'claude', model: 'sonnet', attemptsMax: 3, limit: 9 },
      labels: [
        ['hard', 'opus'],
        ['easy', 'haiku'],
      ] as const,
    }
    const { choices } = planWork(
      input({
        candidates: [
          candidate('a', { labels: ['easy', 'hard'] }),
          candidate('b', { labels: ['hard'], model: 'own' }),
          candidate('c'),
        ],
        machines: [machine('m', { free: 3 })],
        settings,
      }),
    )
    assert.deepEqual(
      choices.map(({ model }) => model),
      ['opus', 'own', 'sonnet'],
    )
    assert.match(choices[0]?.rationale ?? '', /opus by its label hard, before easy/)
  })
})

const REASONS: readonly {
  readonly of: LeftKind
  readonly world: World
  readonly note: RegExp
}[] = [
  {
    of: 'done',
    world: { ledger: { completed: new Map([completed('a')]) } },
    note: /ann completed/,
  },
  {
    of: 'unlanded',
    world: { ledger: { assignments: [assignment('a', 'succeeded')] } },
    note: /has not landed/,
  },
  {
    of: 'assigned',
    world: { ledger: { assignments: [assignment('a', 'running')] } },
    note: /m has it \(running\)/,
  },
  { of: 'claimed', world: { ledger: { claims: [claim('a', 'task')] } }, note: /ann works on it/ },
  {
    of: 'attempts',
    world: {
      ledger: { assignments: [1, 2, 3].map((at) => assignment('a', 'failed', null, [], at)) },
    },
    note: /tried 3 times, the last one ended failed/,
  },
  {
    of: 'stopped',
    world: { ledger: { assignments: [assignment('a', 'stopped')] } },
    note: /ended it/,
  },
  {
    of: 'cycle',
    world: { candidates: [candidate('a', { after: ['b'] }), candidate('b', { after: ['a'] })] },
    note: /a → b → a/,
  },
  {
    of: 'dependency',
    world: { candidates: [candidate('a', { after: ['b'] })] },
    note: /b is not complete, and nobody/,
  },
  {
    of: 'dependency-unlanded',
    world: {
      candidates: [candidate('a', { after: ['b'] })],
      ledger: {
        assignments: [assignment('b', 'succeeded', 'blocked')],
        completed: new Map([completed('b')]),
      },
    },
    note: /work on b is complete and has not landed/,
  },
  {
    of: 'repository',
    world: { busy: [{ repo: 'team/lib', note: 'x runs', sinceMs: 1, who: 'm' }] },
    note: /team\/lib.*x runs/,
  },
  {
    of: 'overlap',
    world: {
      candidates: [candidate('a', { files: ['src/a.ts'] })],
      ledger: { claims: [claim('src/**')] },
    },
    note: /src\/a\.ts overlaps src\/\*\*, which is claimed by ann/,
  },
  {
    of: 'files',
    world: { candidates: [candidate('a', { files: ['../x'] })] },
    note: /cannot be judged: \.\.\/x/,
  },
  { of: 'machine', world: { machines: [], silent: ['bob'] }, note: /not asked.*bob/ },
  {
    of: 'launcher',
    world: { machines: [machine('m', { launchers: [] })] },
    note: /no launcher 'claude' on m/,
  },
  {
    of: 'capability',
    world: {
      candidates: [candidate('a', { capabilities: ['rust'] })],
      machines: [machine('m', { capabilities: [] })],
    },
    note: /needs rust: m lacks rust/,
  },
  {
    of: 'repository',
    world: { machines: [machine('m', { stale: ['team/lib'] })] },
    note: /team\/lib on m/,
  },
  {
    of: 'quiet',
    world: { machines: [machine('m', { quiet: 'until 08:00' })] },
    note: /until 08:00/,
  },
  { of: 'slots', world: { machines: [machine('m', { free: 0 })] }, note: /no slot is free on m/ },
]

describe('why a task is not proposed', () => {
  for (const { of, world, note } of REASONS)
    it(`${of}: ${note.source}`, () => {
      const { left } = planWork(input({ candidates: [candidate('a')], ...world }))
      const found = left.find(({ candidate: { task } }) => task === 'a')
      assert.equal(found?.reason.kind, of)
      assert.match(found.reason.note, note)
    })
})
