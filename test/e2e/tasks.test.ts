// Tasks of plan files, as agents and people work with them at every door: one session a task, one task a session, what is
// done is told, what is stale is refused, and nothing of it is lost.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ERROR_CATALOGUE, type OperationResult } from '../../protocol/index.ts'
import { DOORS, type Agent, type Door } from '../helpers/agents.ts'
import { createClient } from '../helpers/api.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, startDaemon, type Daemon } from '../helpers/daemon.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder, makeRepo, writeIn } from '../helpers/repo.ts'

const PLAN = 'context/plan.json'

interface Entry {
  readonly id: string
  readonly name?: string
  readonly status?: string
  readonly blocked_by?: string | readonly string[] | null
}

function writePlan(root: string, tasks: readonly Entry[], file = PLAN): void {
  writeIn(root, file, JSON.stringify({ plan_name: 'P', last_updated: '2026-11-21', tasks }))
}

function commitAll(root: string, message: string): void {
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--allow-empty', '--message', message)
}

/** A checkout whose plan has these tasks, on branch main. */
function planRepo(cleaner: Parameters<typeof makeRepo>[0], tasks: readonly Entry[]): string {
  const root = makeRepo(cleaner)
  writePlan(root, tasks)
  commitAll(root, 'plan')
  return root
}

let scenes = 0

for (const door of DOORS) {
  describe(`tasks at ${door.name}`, () => {
    const suite = createCleaner()
    let daemon: Daemon
    let root: string
    let alice: Agent
    let bob: Agent
    /** Tasks of this scene: the second waits for the first. */
    let first: string
    let second: string

    before(async () => {
      root = planRepo(suite, [])
      daemon = await startDaemon(suite)
      const enter = (name: string): Promise<Agent> => enterAs(door, name)
      ;[alice, bob] = await Promise.all([enter('alice'), enter('bob')])
    })

    after(() => suite.run())

    function enterAs(at: Door, name: string): Promise<Agent> {
      return at.enter(suite, { home: daemon.home, cwd: root }, name)
    }

    beforeEach(async () => {
      const scene = String(scenes++)
      first = `first-${scene}`
      second = `second-${scene}`
      const tasks = [
        { id: first, name: 'The first' },
        { id: second, blocked_by: first },
        { id: 'old', status: 'complete' },
      ]
      writePlan(root, tasks)
      commitAll(root, 'plan')
      for (const { session } of [alice, bob])
        await daemon.client.must('release', { cwd: root, session, this_session: true })
    })

    it('are listed with their state, their token, and what is wrong with their plan', async () => {
      writeIn(root, 'context/broken.json', '{')
      const { exit, result } = await alice.tasks()
      assert.equal(exit, 0)
      assert.deepEqual(
        result?.tasks.map(({ id, state, waits_for }) => [id, state, waits_for]),
        [
          [first, 'free', []],
          [second, 'blocked', [first]],
          ['old', 'completed', []],
        ],
      )
      assert.match(result.token ?? '', /^[0-9a-f]{64}$/)
      assert.equal(result.problems[0]?.file, 'context/broken.json')
      git(root, 'clean', '--quiet', '--force')
      await alice.claimTask(first)
      const held = (await bob.tasks()).result
      assert.deepEqual(
        held?.active.map(({ pattern, branch, session }) => [pattern, branch, session]),
        [[first, 'main', alice.session]],
      )
      assert.equal(held.tasks[0]?.state, 'claimed')
    })

    it('are one session\u2019s each, however many ask at once', async () => {
      const others = await Promise.all(['c', 'd', 'e'].map((name) => enterAs(door, name)))
      const answers = await Promise.all(
        [alice, bob, ...others].map((agent) => agent.claimTask(first)),
      )
      const granted = answers.filter(({ exit }) => exit === 0)
      assert.equal(granted.length, 1)
      const [claim] = granted[0]?.result?.claims ?? []
      assert.deepEqual([claim?.kind, claim?.pattern, claim?.branch], ['task', first, 'main'])
      assert.equal(granted[0]?.result?.task?.name, 'The first')
      for (const { exit, result } of answers.filter((answer) => answer !== granted[0])) {
        assert.equal(exit, 1)
        assert.equal(result?.status, 'refused')
        assert.equal(result.conflicts[0]?.claim.session, claim?.session)
      }
      await daemon.client.must('release', {
        cwd: root,
        session: claim?.session,
        this_session: true,
      })
    })

    it('are one a session: exit 3; the same again is the same claim', async () => {
      const held = await alice.claimTask(first)
      const again = await alice.claimTask(first, { branch: 'topic' })
      assert.deepEqual([again.exit, again.result?.status], [0, 'granted'])
      assert.equal(again.result?.claims[0]?.id, held.result?.claims[0]?.id)
      assert.equal(again.result?.claims[0]?.branch, 'topic')
      const more = await alice.claimTask(second)
      assert.deepEqual([more.exit, more.code], [3, 'TASK_HELD'])
      assert.equal((more.data as { task: string }).task, first)
    })

    it('are completed by their holder only, told for a day, and not claimed again unawares', async () => {
      const nobody = await alice.completeTask(first)
      assert.deepEqual([nobody.exit, nobody.code], [6, 'TASK_NOT_CLAIMED'])
      await alice.claimTask(first)
      const other = await bob.completeTask(first)
      assert.deepEqual([other.exit, other.code], [7, 'TASK_NOT_YOURS'])
      const done = await alice.completeTask(first)
      assert.equal(done.exit, 0)
      assert.deepEqual(
        [done.result?.completed.reason, done.result?.already],
        ['client_completed', false],
      )
      assert.match(done.result?.warnings[0] ?? '', /still says 'pending'/)
      assert.equal((await alice.completeTask(first)).result?.already, true)
      const recent = (await bob.tasks()).result?.recent[0]
      assert.deepEqual(
        [recent?.task, recent?.session, recent?.branch],
        [first, alice.session, 'main'],
      )
      const late = await bob.claimTask(first)
      assert.deepEqual([late.exit, late.code], [1, 'TASK_COMPLETED'])
      assert.equal((await bob.claimTask(first, { again: true })).exit, 0)
    })

    it('wait for those before them', async () => {
      const early = await bob.claimTask(second)
      assert.deepEqual([early.exit, early.code], [1, 'TASK_BLOCKED'])
      await alice.claimTask(first)
      const vain = await bob.claimTask(second, { wait: 1 })
      assert.deepEqual([vain.exit, vain.result?.queue?.ended], [8, 'expired'])
      assert.match(
        vain.result?.warnings[0] ?? '',
        /it waits for task first-.*, on which alice works/,
      )
      const waiting = bob.claimTask(second, { wait: 20 })
      await until('bob waits', async () => {
        const { entries } = await daemon.client.must('queue', { cwd: root })
        return entries.length === 1
      })
      await alice.completeTask(first)
      const got = await waiting
      assert.deepEqual([got.exit, got.result?.claims[0]?.pattern], [0, second])
      assert.deepEqual(got.result?.warnings, [])
    })

    it('are waited for: a wait ends with the task, or with its completion', async () => {
      await alice.claimTask(first)
      const waiting = bob.claimTask(first, { wait: 20 })
      await until('bob waits', async () => {
        const { entries } = await daemon.client.must('queue', { cwd: root })
        return entries.length === 1
      })
      await alice.releaseAll()
      assert.equal((await waiting).exit, 0)
      const vain = alice.claimTask(first, { wait: 20 })
      await until('alice waits', async () => {
        const { entries } = await daemon.client.must('queue', { cwd: root })
        return entries.length === 1
      })
      await bob.completeTask(first)
      const { exit, code } = await vain
      assert.deepEqual([exit, code], [1, 'TASK_COMPLETED'])
    })

    it('take part in circles of waits, which are named and refused', async () => {
      await alice.claimTask(first)
      await bob.claim([`${first}.ts`]).told
      const waiting = alice.claim([`${first}.ts`], { wait: 20 })
      await until('alice waits', async () => {
        const { entries } = await daemon.client.must('queue', { cwd: root })
        return entries.length === 1
      })
      const circle = await bob.claimTask(first, { wait: 20 })
      assert.deepEqual([circle.exit, circle.code], [1, 'CLAIM_DEADLOCK'])
      assert.deepEqual(circle.data, { cycle: ['bob', 'alice'] })
      await bob.releaseAll()
      assert.equal((await waiting.told).exit, 0)
    })

    it('are claimed with the token of the list, which only a change of their plan makes stale', async () => {
      const token = (await alice.tasks()).result?.token ?? ''
      commitAll(root, 'nothing about plans')
      const fresh = await alice.claimTask(first, { token })
      assert.equal(fresh.exit, 0)
      await alice.releaseAll()
      writePlan(root, [{ id: first, name: 'Changed' }])
      commitAll(root, 'plan')
      const stale = await alice.claimTask(first, { token })
      assert.deepEqual([stale.exit, stale.code], [4, 'TASK_STALE'])
      const unknown = await alice.claimTask(first, { token: 'f'.repeat(64) })
      assert.deepEqual([unknown.exit, unknown.code], [4, 'TASK_STALE'])
      const listed = (await alice.tasks()).result?.token ?? ''
      assert.equal((await alice.claimTask(first, { token: listed })).exit, 0)
    })

    it('are completed on their branch or on the trunk, not on another one', async () => {
      await alice.claimTask(first, { branch: 'topic' })
      const wrong = await alice.completeTask(first, 'elsewhere')
      assert.deepEqual([wrong.exit, wrong.code], [7, 'TASK_BRANCH'])
      assert.deepEqual(
        [(wrong.data as { branch: string }).branch, (wrong.data as { here: string }).here],
        ['topic', 'elsewhere'],
      )
      assert.equal((await alice.completeTask(first, 'topic')).exit, 0)
    })

    it('are named as their plan has them, or the nearest is told', async () => {
      const unknown = await alice.claimTask(`${first}x`)
      assert.deepEqual([unknown.exit, unknown.code], [6, 'TASK_UNKNOWN'])
      assert.equal((unknown.data as { nearest: string }).nearest, first)
      const done = await alice.claimTask('old')
      assert.deepEqual([done.exit, done.code], [1, 'TASK_COMPLETED'])
      const odd = await alice.claimTask('no such')
      assert.deepEqual([odd.exit, odd.code], [64, 'INPUT_SCHEMA'])
    })
  })
}

/** What a caller over HTTP is told. */
async function status(
  daemon: Daemon,
  name: 'task/list' | 'task/claim' | 'task/complete' | 'task/expire',
  input: unknown,
): Promise<readonly [number, string | null]> {
  const { status: code, error } = await daemon.client.call(name, input)
  return [code, error?.code ?? null]
}

async function claimOf(
  daemon: Daemon,
  cwd: string,
  session: string,
  task: string,
  more: object = {},
): Promise<OperationResult<'task/claim'>> {
  return daemon.client.must('task/claim', { cwd, session, task, ...more })
}

function run(daemon: Daemon, cwd: string, words: readonly string[], env: object = {}) {
  const {
    status: exit,
    stdout,
    stderr,
  } = spawnSync(process.execPath, [PROGRAM, ...words], {
    cwd,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: daemon.home,
      SKEIN_HOME: daemon.home,
      SKEIN_SESSION: 'cli',
      ...env,
    },
  })
  return { exit, stdout, stderr }
}

describe('tasks over HTTP', () => {
  it('answer with the status of their exit', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }, { id: 'b', blocked_by: 'a' }, { id: 'c' }])
    const as = (session: string, task: string) => ({ cwd, session, task })
    assert.deepEqual(await status(daemon, 'task/list', { cwd }), [200, null])
    assert.deepEqual(await status(daemon, 'task/claim', as('s', 'a')), [200, null])
    assert.deepEqual(await status(daemon, 'task/claim', as('r', 'a')), [409, null])
    assert.deepEqual(await status(daemon, 'task/claim', as('s', 'c')), [409, 'TASK_HELD'])
    assert.deepEqual(await status(daemon, 'task/claim', as('r', 'b')), [409, 'TASK_BLOCKED'])
    assert.deepEqual(await status(daemon, 'task/claim', as('r', 'x')), [404, 'TASK_UNKNOWN'])
    assert.deepEqual(await status(daemon, 'task/claim', { cwd, session: 'r' }), [
      422,
      'INPUT_SCHEMA',
    ])
    const stale = { ...as('r', 'c'), token: 'old' }
    assert.deepEqual(await status(daemon, 'task/claim', stale), [412, 'TASK_STALE'])
    assert.deepEqual(await status(daemon, 'task/complete', as('r', 'a')), [403, 'TASK_NOT_YOURS'])
    assert.deepEqual(await status(daemon, 'task/complete', as('r', 'b')), [404, 'TASK_NOT_CLAIMED'])
    assert.deepEqual(await status(daemon, 'task/complete', as('s', 'a')), [200, null])
    assert.deepEqual(await status(daemon, 'task/claim', as('r', 'a')), [409, 'TASK_COMPLETED'])
    const expire = { ...as('r', 'c'), yes: true }
    assert.deepEqual(await status(daemon, 'task/expire', expire), [403, 'FORBIDDEN_PERSON'])
    const elsewhere = { cwd: makeRepo(t, { skeinYml: null }), session: 's', task: 'a' }
    assert.deepEqual(await status(daemon, 'task/claim', elsewhere), [404, 'REPO_NOT_ENROLLED'])
  })

  it('are worked on over TCP too, by whoever names the repository', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }])
    await daemon.client.must('task/list', { cwd })
    const client = createClient(await daemon.tcp())
    t.after(() => {
      client.close()
    })
    const who = { repo: 'test/shop', session: 'far' }
    const listed = await client.must('task/list', who)
    const { token } = listed
    await client.must('task/claim', { ...who, task: 'a', token, branch: 'topic' })
    // What is checked out here is no branch of whoever calls from elsewhere.
    git(cwd, 'switch', '--quiet', '--create', 'other')
    const { completed } = await client.must('task/complete', { ...who, task: 'a' })
    assert.equal(completed.branch, 'topic')
  })

  it('give the same answer again for the same idempotency key', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }])
    const key = { idempotency_key: 'k' }
    const one = await claimOf(daemon, cwd, 's', 'a', key)
    await daemon.client.must('task/complete', { cwd, session: 's', task: 'a' })
    writePlan(cwd, [{ id: 'a', status: 'complete' }])
    const error = await daemon.client.fails('task/claim', { cwd, session: 's', task: 'a', ...key })
    assert.equal(error.code, 'CLAIM_ENDED')
    assert.deepEqual((error.data as { ids: string[] }).ids, [one.claims[0]?.id])
  })
})

describe('a task', () => {
  it('is claimed with its files, all or none, at the doors for claims', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }, { id: 'b' }])
    const scopes = (task: string, file: string) => [
      { kind: 'file', pattern: file },
      { kind: 'task', pattern: task },
    ]
    const got = await daemon.client.must('claim', {
      cwd,
      session: 's',
      scopes: scopes('a', 'src/a.ts'),
    })
    assert.deepEqual(
      got.claims.map(({ kind, pattern, fence }) => [kind, pattern, fence]),
      [
        ['file', 'src/a.ts', got.claims[0]?.fence],
        ['task', 'a', got.claims[0]?.fence],
      ],
    )
    const none = await daemon.client.call('claim', {
      cwd,
      session: 'r',
      scopes: scopes('b', 'src/a.ts'),
    })
    assert.equal(none.status, 409)
    assert.deepEqual((await daemon.client.must('claims', { cwd, of_session: 'r' })).claims, [])
    const cli = run(daemon, cwd, ['claim', 'src/b.ts', '--task', 'b', '--json'])
    assert.equal(cli.exit, 0, cli.stderr)
    const two = [...scopes('a', 'x'), { kind: 'task', pattern: 'b' }]
    const both = await daemon.client.fails('claim', { cwd, session: 'q', scopes: two })
    assert.equal(both.code, 'TASK_HELD')
    const shared = [{ kind: 'task', pattern: 'a', mode: 'shared' }]
    const wrong = await daemon.client.fails('claim', { cwd, session: 'q', scopes: shared })
    assert.equal(wrong.code, 'INPUT_SCHEMA')
    const held = await daemon.client.fails('check', { cwd, session: 's', scopes: scopes('b', 'x') })
    assert.equal(held.code, 'TASK_HELD')
    const check = await daemon.client.must('check', { cwd, session: 'q', scopes: scopes('a', 'x') })
    assert.deepEqual([check.safe, check.conflicts[0]?.claim.pattern], [false, 'a'])
  })

  it('is free again when its time is over, and is not told among the completed', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }])
    const { claims } = await claimOf(daemon, cwd, 's', 'a')
    const days = Date.parse(claims[0]?.expires_at ?? '') - Date.parse(claims[0]?.granted_at ?? '')
    assert.ok(Math.abs(days - 10 * 86_400_000) < 5_000, 'ten days')
    await daemon.client.must('release', { cwd, session: 's', this_session: true })
    await claimOf(daemon, cwd, 's', 'a', { ttl_s: 1 })
    const got = await claimOf(daemon, cwd, 'r', 'a', { wait_s: 20 })
    assert.equal(got.status, 'granted')
    assert.deepEqual((await daemon.client.must('task/list', { cwd })).recent, [])
  })

  it('is freed by a person only, by id, session or agent, and claimed at once', async (t) => {
    const home = path.join(makeFolder(t, 'skein-home-'), 'h')
    mkdirSync(home, { mode: 0o700 })
    appendFileSync(path.join(home, 'config.yml'), 'trust_scripts: true\n')
    const daemon = await startDaemon(t, { home })
    const cwd = planRepo(t, [{ id: 'a' }, { id: 'b' }])
    await claimOf(daemon, cwd, 's', 'a')
    const unasked = run(daemon, cwd, ['task', 'expire', 'a', '--json'])
    assert.equal(unasked.exit, 7)
    const freed = run(daemon, cwd, [
      'task',
      'expire',
      'a',
      '--reason',
      'crashed',
      '--yes',
      '--json',
    ])
    assert.equal(freed.exit, 0, freed.stdout)
    const { expired } = JSON.parse(freed.stdout) as OperationResult<'task/expire'>
    assert.deepEqual(
      expired.map(({ task, session, reason, note }) => [task, session, reason, note]),
      [['a', 's', 'timed_out', 'crashed']],
    )
    const { recent } = await daemon.client.must('task/list', { cwd })
    assert.deepEqual(
      recent.map(({ task, reason }) => [task, reason]),
      [['a', 'timed_out']],
    )
    assert.equal((await claimOf(daemon, cwd, 'r', 'a')).status, 'granted')
    assert.equal(run(daemon, cwd, ['task', 'expire', '--of-session', 'r', '--yes']).exit, 0)
    assert.equal(run(daemon, cwd, ['task', 'expire', '--of-agent', 'none', '--yes']).exit, 6)
    const neither = run(daemon, cwd, ['task', 'expire', '--yes'])
    assert.equal(neither.exit, 64)
    assert.match(neither.stderr, /ACTION REQUIRED: skein help task expire/)
    assert.equal((await claimOf(daemon, cwd, 's', 'b')).status, 'granted')
  })

  it('is refused while the remote has a newer plan, and only then', async (t) => {
    const daemon = await startDaemon(t)
    const seed = planRepo(t, [{ id: 'a' }])
    const folder = makeFolder(t)
    const [bare, mine, other] = ['bare.git', 'mine', 'other'].map((name) => path.join(folder, name))
    assert.ok(bare !== undefined && mine !== undefined && other !== undefined)
    git(folder, 'clone', '--quiet', '--bare', seed, bare)
    for (const clone of [mine, other]) git(folder, 'clone', '--quiet', bare, clone)
    const push = (): void => {
      git(other, 'push', '--quiet')
      git(mine, 'fetch', '--quiet')
    }
    writeIn(other, 'src/new.ts', 'x')
    commitAll(other, 'no plan')
    push()
    assert.equal((await claimOf(daemon, mine, 's', 'a')).status, 'granted')
    await daemon.client.must('release', { cwd: mine, session: 's', this_session: true })
    writePlan(other, [{ id: 'a', status: 'complete' }, { id: 'new' }])
    commitAll(other, 'plan')
    push()
    for (const task of ['a', 'new']) {
      const error = await daemon.client.fails('task/claim', { cwd: mine, session: 's', task })
      assert.equal(error.code, 'TASK_STALE', task)
      assert.equal(error.exit, 4)
      assert.match(error.hint, /^git pull --rebase/)
      const newest = git(other, 'rev-parse', 'HEAD').trim()
      assert.equal((error.data as { current: string }).current, newest)
    }
    git(mine, 'pull', '--quiet', '--rebase')
    assert.equal((await claimOf(daemon, mine, 's', 'new')).status, 'granted')
  })

  it('is taken by its name where there is no plan, and refused where its plan says what cannot be', async (t) => {
    const daemon = await startDaemon(t)
    const bare = makeRepo(t)
    const named = await claimOf(daemon, bare, 's', 'T-1')
    assert.equal(named.status, 'granted')
    assert.equal(named.task, null)
    assert.match(named.warnings[0] ?? '', /no plan is in context/)
    await daemon.client.must('release', { cwd: bare, session: 's', this_session: true })

    writePlan(bare, [
      { id: 'a', blocked_by: 'b' },
      { id: 'b', blocked_by: 'a' },
      { id: 'twice' },
      { id: 'twice' },
      { id: 'lost', blocked_by: 'nowhere' },
    ])
    for (const [task, says] of [
      ['a', /a -> b -> a/],
      ['twice', /more than once/],
    ] as const) {
      const error = await daemon.client.fails('task/claim', { cwd: bare, session: 's', task })
      assert.deepEqual([error.code, error.exit], ['PLAN_INVALID', 64])
      assert.match(error.message, says)
    }
    const lost = await daemon.client.fails('task/claim', { cwd: bare, session: 's', task: 'lost' })
    assert.equal(lost.code, 'TASK_BLOCKED')
    const { problems } = await daemon.client.must('task/list', { cwd: bare })
    assert.equal(problems.length, 2)
  })

  it('reads `plan_path` of .skein.yml, and the plan of the checkout that asks', async (t) => {
    const daemon = await startDaemon(t)
    const root = makeRepo(t, { skeinYml: 'repo: test/shop\nplan_path: docs/plans\n' })
    writePlan(root, [{ id: 'a' }], 'docs/plans/one.json')
    commitAll(root, 'plan')
    const tree = path.join(makeFolder(t), 'tree')
    git(root, 'worktree', 'add', '--quiet', '-b', 'topic', tree)
    writePlan(tree, [{ id: 'b' }], 'docs/plans/one.json')
    const at = async (cwd: string) =>
      (await daemon.client.must('task/list', { cwd })).tasks.map(({ id }) => id)
    assert.deepEqual([await at(root), await at(tree)], [['a'], ['b']])
    assert.equal((await claimOf(daemon, tree, 's', 'b')).claims[0]?.branch, 'topic')
  })

  it('leaves a trail: granted, and completed by whom on which branch', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [{ id: 'a' }])
    const { claims } = await claimOf(daemon, cwd, 's', 'a', { agent: 'alice' })
    const done = { cwd, session: 's', agent: 'alice', task: 'a', note: 'merged' }
    await daemon.client.must('task/complete', done)
    const { events, summary } = await daemon.client.must('why', {
      cwd,
      pattern: claims[0]?.id ?? '',
    })
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['task.completed', 'claim.released', 'claim.granted'],
    )
    assert.deepEqual(
      [
        events[0]?.actor,
        events[0]?.data['task'],
        events[0]?.data['branch'],
        events[0]?.data['note'],
      ],
      ['alice', 'a', 'main', 'merged'],
    )
    assert.match(summary[0] ?? '', /alice completed task a/)
    const byName = await daemon.client.must('why', { cwd, pattern: 'a' })
    assert.deepEqual(byName.events, events)
    assert.equal((await daemon.client.must('audit/verify', { cwd })).ok, true)
  })

  it('and all that is known of it survives restarts and kill -9', async (t) => {
    const first = await startDaemon(t)
    const { home } = first
    const cwd = planRepo(t, [{ id: 'a' }, { id: 'b' }, { id: 'c', blocked_by: 'b' }])
    const held = await claimOf(first, cwd, 's', 'a')
    await claimOf(first, cwd, 'r', 'b')
    await first.client.must('task/complete', { cwd, session: 'r', task: 'b' })
    await first.kill()
    const second = await startDaemon(t, { home })
    assert.deepEqual(await status(second, 'task/claim', { cwd, session: 's', task: 'c' }), [
      409,
      'TASK_HELD',
    ])
    const refused = await second.client.call('task/claim', { cwd, session: 'q', task: 'a' })
    assert.equal(refused.result?.conflicts[0]?.claim.id, held.claims[0]?.id)
    assert.deepEqual(await status(second, 'task/claim', { cwd, session: 'q', task: 'b' }), [
      409,
      'TASK_COMPLETED',
    ])
    assert.equal((await claimOf(second, cwd, 'q', 'c')).status, 'granted')
    await second.stop()
    const third = await startDaemon(t, { home })
    const { active, recent } = await third.client.must('task/list', { cwd })
    assert.deepEqual(active.map(({ pattern }) => pattern).sort(), ['a', 'c'])
    assert.deepEqual(
      recent.map(({ task }) => task),
      ['b'],
    )
    await third.client.must('task/complete', { cwd, session: 's', task: 'a' })
  })
})

const SHIM = fileURLToPath(new URL('../helpers/clock-shim.mjs', import.meta.url))

describe('a completed task', () => {
  it('is told for a day; then its plan has the word, and those behind it stay free', async (t) => {
    const step = path.join(makeFolder(t), 'step')
    const daemon = await startDaemon(t, { preload: [SHIM], env: { SKEIN_TEST_CLOCK_STEP: step } })
    const cwd = planRepo(t, [{ id: 'a' }, { id: 'b', blocked_by: 'a' }])
    await claimOf(daemon, cwd, 's', 'a')
    await daemon.client.must('task/complete', { cwd, session: 's', task: 'a' })
    writeFileSync(step, String(23 * 3_600_000))
    assert.equal((await daemon.client.must('task/list', { cwd })).recent.length, 1)
    assert.deepEqual(await status(daemon, 'task/claim', { cwd, session: 'r', task: 'a' }), [
      409,
      'TASK_COMPLETED',
    ])
    writeFileSync(step, String(24 * 3_600_000 + 60_000))
    // The leader's wall clock moves with its next tick.
    const listed = await daemon.client.must('task/list', { cwd })
    assert.deepEqual(listed.recent, [])
    assert.deepEqual(
      listed.tasks.map(({ state }) => state),
      ['free', 'free'],
    )
    assert.equal((await claimOf(daemon, cwd, 'q', 'b')).status, 'granted')
    const again = await until('the leader has seen the new day', async () => {
      const { result } = await daemon.client.call('task/claim', { cwd, session: 'r', task: 'a' })
      return result
    })
    assert.equal(again.status, 'granted')
  })

  it('is one whose branch is gone from the remote', async (t) => {
    await withRemote(t, async ({ daemon, cwd, remote }) => {
      git(cwd, 'switch', '--quiet', '--create', 'topic')
      git(cwd, 'push', '--quiet', '--set-upstream', 'origin', 'topic')
      await claimOf(daemon, cwd, 's', 'a')
      git(remote, 'branch', '--delete', '--force', 'topic')
      const over = await until(
        'the branch is missed twice',
        async () => (await daemon.client.must('task/list', { cwd })).recent[0] ?? null,
        { withinMs: 40_000, everyMs: 500 },
      )
      assert.deepEqual([over.task, over.reason, over.branch], ['a', 'branch_removed', 'topic'])
      assert.deepEqual(await status(daemon, 'task/claim', { cwd, session: 'r', task: 'a' }), [
        409,
        'TASK_COMPLETED',
      ])
    })
  })
})

/** A daemon on a clock that runs 60 times as fast, and a clone of a remote beside it. */
async function withRemote(
  t: TestContext,
  scene: (where: { daemon: Daemon; cwd: string; remote: string }) => Promise<void>,
): Promise<void> {
  const daemon = await startDaemon(t, { preload: [SHIM], env: { SKEIN_TEST_CLOCK_RATE: '60' } })
  const seed = planRepo(t, [{ id: 'a' }])
  const folder = makeFolder(t)
  const remote = path.join(folder, 'remote.git')
  const cwd = path.join(folder, 'clone')
  git(folder, 'clone', '--quiet', '--bare', seed, remote)
  git(folder, 'clone', '--quiet', remote, cwd)
  await scene({ daemon, cwd, remote })
}

describe('the command line', () => {
  it('tells a model what it needs: a heading, the facts, and the next command', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = planRepo(t, [
      { id: 'a', name: 'Do it' },
      { id: 'b', blocked_by: 'a' },
    ])
    const as = (session: string) => ({ SKEIN_SESSION: session })
    const list = run(daemon, cwd, ['task', 'list'], as('s'))
    assert.match(list.stdout, /Nobody works on a task/)
    assert.match(list.stdout, /a +free +Do it\nb +waits for a/)
    assert.match(list.stdout, /ACTION REQUIRED:\n {2}skein task claim a /)
    const got = run(daemon, cwd, ['task', 'claim', 'a'], as('s'))
    assert.match(got.stdout, /granted task a until .*branch main/)
    assert.match(got.stdout, /skein task complete a /)
    const refused = run(daemon, cwd, ['task', 'claim', 'a'], as('r'))
    assert.equal(refused.exit, 1)
    assert.match(refused.stdout, /REFUSED: a is held by/)
    assert.match(refused.stdout, /skein claim --task a --wait 10m/)
    const more = run(daemon, cwd, ['task', 'claim', 'b'], as('s'))
    assert.equal(more.exit, 3)
    assert.match(more.stderr, /ACTION REQUIRED: skein task complete a/)
    const ids = run(daemon, cwd, ['task', 'list', '--quiet', '--free'], as('s'))
    assert.equal(ids.stdout, '')
    assert.equal(run(daemon, cwd, ['task', 'complete', 'a', '--quiet'], as('s')).stdout, 'a\n')
    assert.equal(run(daemon, cwd, ['task', 'list', '--quiet', '--free'], as('s')).stdout, 'b\n')
    assert.equal(run(daemon, cwd, ['task', 'list', '--plan', 'none'], as('s')).exit, 6)
    assert.match(run(daemon, cwd, ['task'], as('s')).stdout, /^b +free/m)
  })
})

describe('the how-to of plan files', () => {
  const page = readFileSync(new URL('../../docs/how-to/plan-files.md', import.meta.url), 'utf8')
  const block = (language: string, holds: string): string => {
    const found = [
      ...page.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm')),
    ]
    const text = found.map(([, inner = '']) => inner).find((inner) => inner.includes(holds))
    assert.ok(text !== undefined, `a ${language} block with ${holds}`)
    return text
  }

  it('works when somebody follows it alone', async (t) => {
    const daemon = await startDaemon(t)
    const cwd = makeRepo(t)
    writeIn(cwd, 'context/login.json', block('json', '"plan_name"'))
    commitAll(cwd, 'plan')
    const bin = makeFolder(t)
    writeFileSync(
      path.join(bin, 'skein'),
      `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`,
      {
        mode: 0o755,
      },
    )
    const shell = (script: string) =>
      spawnSync('sh', ['-e', '-c', script], {
        cwd,
        encoding: 'utf8',
        env: {
          PATH: `${bin}:${process.env['PATH'] ?? ''}`,
          HOME: daemon.home,
          SKEIN_HOME: daemon.home,
          SKEIN_SESSION: 'reader',
        },
      })
    const round = shell(block('sh', 'skein task complete'))
    assert.equal(round.status, 0, round.stderr)
    assert.match(round.stdout, /granted task fix-login[\s\S]*completed task fix-login/)
    const settings = JSON.parse(block('json', 'SessionStart')) as {
      hooks: { SessionStart: { hooks: { command: string }[] }[] }
    }
    const command = settings.hooks.SessionStart[0]?.hooks[0]?.command ?? ''
    const hook = shell(command)
    assert.equal(hook.status, 0)
    assert.match(hook.stdout, /fix-login on branch main, you, client_completed/)
    await daemon.stop()
    assert.equal(shell(command).status, 0, 'no daemon keeps no session from starting')
    const down = run(daemon, cwd, ['task', 'claim', 'add-tests', '--json'])
    assert.equal(down.exit, 2)
    assert.match(down.stdout, /"DAEMON_DOWN"/)
  })

  it('names every code that a task can fail with', () => {
    const codes = Object.keys(ERROR_CATALOGUE).filter((code) => /^(?:TASK|PLAN)_/.test(code))
    assert.deepEqual(
      codes.filter((code) => !page.includes(`\`${code}\``)),
      [],
    )
  })
})
