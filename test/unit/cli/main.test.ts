import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { INPUTS, type OperationName } from '../../../protocol/index.ts'
import { NO_MACHINE, runCommand, type IoOptions, type Ran } from '../../helpers/cli-io.ts'
import { makeFolder, startTwin, type Call, type Twin } from '../../helpers/cli-server.ts'
import { CLAIM, CONFLICT, EMPTY_CLAIMS, PLACE, REQUEST } from './fixtures.ts'

interface Scene extends Twin {
  run(line: string | readonly string[], options?: IoOptions): Promise<Ran>
  /** What the last call sent, without the fields of every call. */
  sent(): Readonly<Record<string, unknown>>
}

async function setScene(t: TestContext, answer: (call: Call) => unknown): Promise<Scene> {
  const twin = await startTwin(t, answer)
  const root = path.join(makeFolder(t), 'repo')
  mkdirSync(path.join(root, '.git'), { recursive: true })
  mkdirSync(path.join(root, 'src'))
  const env = { SKEIN_HOME: twin.home, SKEIN_SESSION: 's-1' }
  return {
    ...twin,
    run: (line, options = {}) =>
      runCommand(typeof line === 'string' ? line.split(' ') : line, {
        cwd: path.join(root, 'src'),
        ...options,
        env: { ...env, ...options.env },
      }),
    sent() {
      const { operation, input } = twin.calls.at(-1) ?? { operation: '', input: {} }
      const problem = INPUTS[operation as OperationName].safeParse(input).error
      assert.equal(problem, undefined, `the schema of ${operation} takes it: ${String(problem)}`)
      const { cwd, session, caller, ...rest } = input
      assert.equal(cwd, path.join(root, 'src'))
      assert.equal(session, 's-1')
      assert.equal(typeof caller, 'object')
      return rest
    },
  }
}

const GRANTED = {
  status: 'granted',
  claims: [CLAIM],
  conflicts: [],
  more_conflicts: 0,
  waiters: [],
  beside: [],
  queue: null,
  warnings: [],
  options: [],
}
const REFUSED = { ...GRANTED, status: 'refused', claims: [], conflicts: [CONFLICT] }
const UNSAFE = {
  safe: false,
  conflicts: [CONFLICT],
  more_conflicts: 0,
  waiters: [],
  beside: [],
  warnings: [],
  would: 'wait',
}

const GONE = { id: CLAIM.id, fence: 1, live: false, except: [] }

describe('an operation on the command line', () => {
  const SENT: readonly (readonly [string, object])[] = [
    ['check a ../lib', { scopes: [file('src/a'), file('lib')] }],
    ['check a --shared --module', { scopes: [{ ...file('src/a', 'shared'), kind: 'module' }] }],
    ['check --resource p', { scopes: [{ kind: 'resource', pattern: 'p', mode: 'exclusive' }] }],
    ['check x --repo a/b --agent eva', { repo: 'a/b', agent: 'eva', scopes: [file('x')] }],
    [
      'claim a --no-narrow --ttl 1h --branch b --description d --key k',
      {
        scopes: [file('src/a')],
        narrowable: false,
        ttl_s: 3600,
        branch: 'b',
        description: 'd',
        idempotency_key: 'k',
      },
    ],
    ['claim a.ts --symbol A::b --symbol C', { scopes: [symbols('src/a.ts', 'A::b', 'C')] }],
    [
      'check c --symbol a.ts:A --symbol ../b.ts:m(x:) --symbol ./a.ts:B --shared --module',
      {
        scopes: [
          { ...file('src/c', 'shared'), kind: 'module' },
          { ...symbols('src/a.ts', 'A', 'B'), mode: 'shared' },
          { ...symbols('b.ts', 'm(x:)'), mode: 'shared' },
        ],
      },
    ],
    ['claim a.ts --symbol A::init(a:b:)', { scopes: [symbols('src/a.ts', 'A::init(a:b:)')] }],
    ['claim a.ts --symbol Router:handle', { scopes: [symbols('src/a.ts', 'Router:handle')] }],
    ['claim a --wait 90s --urgency high', { scopes: [file('src/a')], wait_s: 90, urgency: 'high' }],
    ['queue --mine', { mine: true }],
    [`cancel ${PLACE.id}`, { ids: [PLACE.id] }],
    [
      `request ${CLAIM.id} --reason r --scope a --urgency low --wait 5s`,
      { claim: CLAIM.id, reason: 'r', scope: 'src/a', urgency: 'low', wait_s: 5 },
    ],
    [`respond ${REQUEST.id} approve`, { request: REQUEST.id, decision: 'approve' }],
    [
      `respond ${REQUEST.id} narrow a ../b --note n`,
      { request: REQUEST.id, decision: 'narrow', patterns: ['src/a', 'b'], note: 'n' },
    ],
    [
      `respond ${REQUEST.id} coexist a.ts:A::b c`,
      {
        request: REQUEST.id,
        decision: 'coexist',
        patterns: ['src/c'],
        symbols: { 'src/a.ts': ['A::b'] },
      },
    ],
    ['inbox', {}],
    [`requests ${REQUEST.id} --wait 60s`, { ids: [REQUEST.id], wait_s: 60 }],
    ['claims --mine --limit 3', { mine: true, limit: 3 }],
    ['renew', {}],
    [`narrow ${CLAIM.id} a b`, { id: CLAIM.id, patterns: ['src/a', 'src/b'] }],
    [`narrow ${CLAIM.id} a.ts --symbol A`, { id: CLAIM.id, symbols: { 'src/a.ts': ['A'] } }],
    [`narrow ${CLAIM.id} --symbol a.ts:A`, { id: CLAIM.id, symbols: { 'src/a.ts': ['A'] } }],
    [`release ${CLAIM.id}`, { ids: [CLAIM.id] }],
    ['release --of-agent eva', { of_agent: 'eva' }],
    [`why ${CLAIM.id}`, { pattern: CLAIM.id }],
    ['why a', { pattern: 'src/a' }],
    ['why a.ts:A::b', { pattern: 'src/a.ts:A::b' }],
    ['enrol --as a/b', { as: 'a/b' }],
    ['audit verify', {}],
  ]
  for (const [line, input] of SENT) {
    it(`sends \`skein ${line}\` as its input`, async (t) => {
      const scene = await setScene(t, () => ({ error: { code: 'BUSY', message: 'later' } }))
      assert.equal((await scene.run(line)).exit, 9)
      assert.deepEqual(scene.sent(), input)
    })
  }

  function file(pattern: string, mode = 'exclusive'): object {
    return { kind: 'file', pattern, mode }
  }

  function symbols(pattern: string, ...names: string[]): object {
    return { kind: 'symbol', pattern, symbols: names, mode: 'exclusive' }
  }

  for (const [line, says] of [
    ['claim --symbol A::b', /does not say of which file: --symbol FILE:NAME/],
    ['claim a.ts --module --symbol A', /A module is never split/],
    [`narrow ${CLAIM.id}`, /Say what stays/],
  ] as const) {
    it(`refuses \`skein ${line}\``, async (t) => {
      const scene = await setScene(t, () => GRANTED)
      const ran = await scene.run(line)
      assert.equal(ran.exit, 64)
      assert.match(ran.stderr, says)
    })
  }

  const EXITS: readonly (readonly [string, object, number])[] = [
    ['claim a', GRANTED, 0],
    ['claim a', REFUSED, 1],
    ['claim a --wait 1s', { ...REFUSED, queue: { ...PLACE, ended: 'expired' } }, 8],
    ['claim a --wait 1s', { ...REFUSED, status: 'queued', queue: PLACE }, 8],
    ['check a', { safe: true, conflicts: [], beside: [], warnings: [], would: 'grant' }, 0],
    ['check a', UNSAFE, 1],
    ['verify', { ok: false, claims: [GONE], leader: 'm' }, 4],
    ['claims', EMPTY_CLAIMS, 0],
    ['audit verify', { ok: false, events: 1, last: null, problem: 'hash' }, 4],
  ]
  for (const [line, answer, exit] of EXITS) {
    it(`ends \`skein ${line}\` with ${String(exit)}, with --json too, whose document is the answer`, async (t) => {
      const scene = await setScene(t, () => answer)
      const ran = await scene.run(line)
      assert.equal(ran.exit, exit)
      assert.equal(ran.stderr, '')
      const json = await scene.run(`${line} --json`)
      assert.equal(json.exit, exit)
      assert.equal(json.stderr, '')
      assert.deepEqual(JSON.parse(json.stdout), answer)
    })
  }

  it('says what an interrupted wait leaves behind', async (t) => {
    const rows: readonly (readonly [string, RegExp])[] = [
      ['claim a --wait 60s', /the place in the queue is given up/],
      [`request ${CLAIM.id} --reason r --wait 60s`, /the request stands[^]*skein requests --mine/],
    ]
    for (const [line, says] of rows) {
      const interrupt = new AbortController()
      const scene = await setScene(t, () => {
        interrupt.abort()
        return undefined
      })
      const ran = await scene.run(line, { interrupted: interrupt.signal })
      assert.equal(ran.exit, 130)
      assert.match(ran.stderr, says)
    }
  })

  it('prints ids only with --quiet', async (t) => {
    const scene = await setScene(t, (call) => (call.operation === 'claim' ? GRANTED : REFUSED))
    assert.equal((await scene.run('claim a --quiet')).stdout, `${CLAIM.id}\n`)
    assert.equal((await scene.run('check a --quiet')).stdout, '')
  })

  it('says that no daemon answers, in three parts or as JSON', async (t) => {
    const env = { SKEIN_HOME: makeFolder(t), SKEIN_SESSION: 's' }
    const ran = await runCommand(['status'], { env })
    assert.equal(ran.exit, 2)
    assert.equal(ran.stdout, '')
    const [what, facts, next] = ran.stderr.split('\n')
    assert.equal(what, 'skein: No daemon answers on this machine. (DAEMON_DOWN)')
    assert.match(facts ?? '', /^ {2}socket {2}\/.*api\.sock$/)
    assert.equal(next, 'ACTION REQUIRED: skein up')
    const json = await runCommand(['status', '--json'], { env })
    assert.equal(json.stderr, '')
    const { error } = JSON.parse(json.stdout) as { error: Readonly<Record<string, unknown>> }
    assert.deepEqual([error['code'], error['exit'], error['hint']], ['DAEMON_DOWN', 2, 'skein up'])
  })

  const WRONG: readonly (readonly [string, RegExp])[] = [
    ['claim', /Say what to claim: a PATTERN, --resource NAME or --task ID/],
    ['check ../../x', /leaves the checkout/],
    ['release', /Say what to release/],
    ['cancel src/auth', /`src\/auth` is not the id of a place in the queue/],
    [`request ${CLAIM.id}`, /Say why, with --reason/],
    [`respond ${CLAIM.id} approve`, /is not the id of a request \(req_…\)/],
    ['release src/auth', /`src\/auth` is not the id of a claim/],
    ['release clm_1 --force', /--force needs --reason/],
    ['clam x', /nearest is `claim`/],
  ]
  for (const [line, message] of WRONG) {
    it(`asks nobody about \`skein ${line}\`, which is bad usage`, async (t) => {
      const scene = await setScene(t, () => ({}))
      const ran = await scene.run(line)
      assert.equal(ran.exit, 64)
      assert.match(ran.stderr, message)
      assert.match(ran.stderr, /^ACTION REQUIRED: /m)
      assert.equal(ran.stdout, '')
      assert.equal(scene.calls.length, 0)
    })
  }

  it('works from a working directory that is gone, where that does not matter', async (t) => {
    const scene = await setScene(t, () => EMPTY_CLAIMS)
    assert.equal((await scene.run('claims --all-repos', { cwd: null })).exit, 0)
    assert.equal(scene.calls[0]?.input['cwd'], undefined)
    const ran = await scene.run('check a', { cwd: null })
    assert.match(ran.stderr, /The working directory is gone/)
  })

  it('calls what is no failure of the world a bug, with the log and exit 70', async (t) => {
    const scene = await setScene(t, () => ({ status: 'granted' }))
    const ran = await scene.run('claim a')
    assert.equal(ran.exit, 70)
    assert.match(ran.stderr, /this is a bug in skein: TypeError/)
    assert.match(ran.stderr, /logs\/daemon\.ndjson/)
  })
})

describe('an act of a person', () => {
  const FORCE = ['release', CLAIM.id, '--force', '--reason', 'agent crashed']
  const answer = ({ operation }: Call): object =>
    operation === 'claims'
      ? { ...EMPTY_CLAIMS, claims: [CLAIM] }
      : { state: 'released', released: [CLAIM], already: [] }

  it('is shown and asked on a terminal, and sent as confirmed there', async (t) => {
    const scene = await setScene(t, answer)
    const ran = await scene.run(FORCE, { typed: 'y\n' })
    assert.equal(ran.exit, 0)
    assert.match(ran.stderr, /against the will[^]*src\/auth\/\*\*[^]*alice[^]*Go on\? \[y\/N\]/)
    assert.match(ran.stdout, /^released src\/auth/)
    const { caller } = scene.calls.at(-1)?.input as { caller: { terminal: boolean } }
    assert.equal(caller.terminal, true)
  })

  for (const typed of ['n\n', '\n', '', 'yolo\n']) {
    it(`changes nothing when the answer is ${JSON.stringify(typed)}`, async (t) => {
      const scene = await setScene(t, answer)
      const ran = await scene.run(FORCE, { typed })
      assert.equal(ran.exit, 130)
      assert.match(ran.stderr, /Not confirmed; nothing was changed/)
      assert.deepEqual(
        scene.calls.map(({ operation }) => operation),
        ['claims'],
      )
    })
  }

  it('needs a terminal, or --yes, which leaves the decision to the daemon', async (t) => {
    const scene = await setScene(t, answer)
    const ran = await scene.run(FORCE)
    assert.equal(ran.exit, 7)
    assert.match(ran.stderr, /FORBIDDEN_PERSON/)
    assert.equal(scene.calls.length, 0)
    assert.equal((await scene.run([...FORCE, '--yes'], { typed: '' })).exit, 0)
    const input = scene.calls.at(-1)?.input ?? {}
    const { terminal } = input['caller'] as { terminal: boolean }
    assert.deepEqual([input['yes'], terminal], [true, false])
  })
})

describe('freeing a task', () => {
  const task = { ...CLAIM, kind: 'task', pattern: 'fix-login', agent: 'bob' } as const
  const other = { ...task, pattern: 'add-tests', agent: 'carol' }
  const over = {
    ...{ task: 'fix-login', plan: null, agent: 'bob', session: 's', machine: 'm', branch: null },
    ...{ reason: 'timed_out', by: 'ann', note: '', at: CLAIM.granted_at },
  }
  const answer = ({ operation }: Call): object =>
    operation === 'claims' ? { ...EMPTY_CLAIMS, claims: [CLAIM, task, other] } : { expired: [over] }

  it('shows whose it is, and asks', async (t) => {
    const scene = await setScene(t, answer)
    const ran = await scene.run('task expire fix-login', { typed: 'y\n' })
    assert.equal(ran.exit, 0)
    assert.match(ran.stderr, /against the will[^]*task fix-login[^]*bob[^]*Go on\? \[y\/N\]/)
    assert.doesNotMatch(ran.stderr, /add-tests|src\/auth/)
    assert.equal(ran.stdout, 'freed task fix-login, which bob worked on\n')
  })

  it('asks nobody before it knows whose task is meant', async (t) => {
    const scene = await setScene(t, answer)
    const ran = await scene.run('task expire', { typed: 'y\n' })
    assert.equal(ran.exit, 64)
    assert.match(ran.stderr, /Say whose task/)
    assert.equal(scene.calls.length, 0)
  })
})

describe('verbs of this machine', () => {
  it('print the version', async () => {
    assert.match((await runCommand(['version'])).stdout, /^skein 1\.2\.3 \(Node /)
    const json = await runCommand(['version', '--json'])
    assert.equal((JSON.parse(json.stdout) as { version: string }).version, '1.2.3')
  })

  it('explain every verb, each in its own words', async () => {
    const overview = await runCommand([])
    assert.equal(overview.exit, 0)
    const { commands } = JSON.parse((await runCommand(['help', '--json'])).stdout) as {
      commands: readonly { name: string; summary: string; examples: readonly string[] }[]
    }
    for (const { name, summary, examples } of commands) {
      assert.ok(overview.stdout.includes(`  ${name} `), name)
      const { exit, stdout } = await runCommand(['help', ...name.split(' ')])
      assert.equal(exit, 0)
      assert.ok(stdout.startsWith(`${summary}.\n`), name)
      for (const example of examples) assert.ok(stdout.includes(example), example)
      if (name === 'help') continue
      assert.equal((await runCommand([...name.split(' '), '--help'])).stdout, stdout)
    }
  })

  it('name the nearest verb to one that has no help', async () => {
    const ran = await runCommand(['help', 'clami'])
    assert.equal(ran.exit, 64)
    assert.match(ran.stderr, /ACTION REQUIRED: skein help claim$/m)
  })

  it('stop no daemon where none runs', async () => {
    const ran = await runCommand(['down'], { env: { SKEIN_HOME: '/nowhere' } }, NO_MACHINE)
    assert.deepEqual([ran.exit, ran.stdout], [0, 'No daemon runs on /nowhere.\n'])
  })

  it('know of no log before there was a daemon', async (t) => {
    const ran = await runCommand(['logs'], { env: { SKEIN_HOME: makeFolder(t) } })
    assert.equal(ran.exit, 6)
    assert.match(ran.stderr, /no daemon has run on this home/)
  })
})
