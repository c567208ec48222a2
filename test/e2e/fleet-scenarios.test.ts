// What people know of a fleet from elsewhere, scenario by scenario, and what is added here: an agent that speaks as Claude Code does
// (helpers/scripted-agent.mjs), real daemons, real repositories. S4, S6 and S7 are in fleet-runs, fleet and landing.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OperationResult } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { REPO, startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder } from '../helpers/repo.ts'

type Worker = OperationResult<'stop'>['worker']

const AGENT = fileURLToPath(new URL('../helpers/scripted-agent.mjs', import.meta.url))
const IDENTITY = {
  ...{ GIT_AUTHOR_NAME: 'worker', GIT_AUTHOR_EMAIL: 'worker@example.org' },
  ...{ GIT_COMMITTER_NAME: 'worker', GIT_COMMITTER_EMAIL: 'worker@example.org' },
}

describe('a fleet', { timeout: 150_000 }, () => {
  const cleaner = createCleaner()
  let ada: Machine
  let bob: Machine
  let origin = ''

  before(async () => {
    const marks = makeFolder(cleaner)
    const configOf = (name: string): string => {
      const other = name === 'ada' ? 'bob' : 'ada'
      const launcher = `{ kind: claude, command: '${AGENT}' }`
      return `fleet:\n  accept: [${other}]\n  repos: [${REPO}]\n  max_workers: 9\n  stagger: 0s\n  launchers: { agent: ${launcher} }\n`
    }
    const env = { ...IDENTITY, AGENT_MARKS: marks }
    const mesh = await startMesh(cleaner, { names: ['ada', 'bob'], env, configOf })
    ada = mesh.machine('ada')
    bob = mesh.machine('bob')
    origin = git(bob.cwd, 'remote', 'get-url', 'origin').trim()
  })
  after(() => cleaner.run())

  const who = (machine: Machine) => ({ cwd: machine.cwd, session: 's', agent: 'operator' })
  const input = (steps: readonly string[], more: object = {}) => ({
    ...who(ada),
    ...{ machine: 'bob', launcher: 'agent', work: `work: ${String(steps[0])}` },
    ...{ prompt: steps.map((step) => `DO: ${step}`).join('\n'), ...more },
  })
  const assign = async (steps: readonly string[], more: object = {}): Promise<Worker> =>
    (await ada.must('assign', input(steps, more))).worker
  const ended = async (id: string, machine = ada): Promise<Worker> => {
    const { worker } = await machine.must('wait', { ...who(machine), id, wait_s: 60 })
    assert.ok(worker)
    return worker
  }
  const now = async (id: string): Promise<Worker> => {
    const [worker] = (await ada.must('workers', { ...who(ada), id })).workers
    assert.ok(worker)
    return worker
  }
  const tipOf = (branch: string): string =>
    git(origin, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`).trim()

  it('S1: works in a worktree of its own, which goes; what was not committed is kept', async () => {
    const [one, two] = await Promise.all([
      assign(['write s1-a.txt one', 'leave rest.txt']),
      assign(['write s1-b.txt two', 'leave rest.txt', 'exit 1']),
    ])
    const [good, bad] = await Promise.all([ended(one.id), ended(two.id)])
    assert.deepEqual([good.state, bad.state], ['succeeded', 'failed'], good.note ?? '')
    assert.notEqual(good.branch, bad.branch)
    for (const { id, wip } of [good, bad]) {
      assert.match(wip ?? '', /^wip_/)
      const folder = path.join(bob.home, 'worktrees', id)
      await until('the worktree is gone', () => !existsSync(folder))
    }
    assert.equal(git(bob.cwd, 'branch', '--show-current').trim(), 'main')
    assert.equal(git(bob.cwd, 'status', '--porcelain').trim(), '')
  })

  it('S2: pushes on success alone, and a further one goes on from the branch of the remote', async () => {
    const task = { work: 's2-task' }
    const failed = await ended((await assign(['write s2.txt one', 'exit 1'], task)).id)
    assert.equal(failed.state, 'failed')
    assert.equal(tipOf(failed.branch), '')
    const good = await ended((await ada.must('retry', { ...who(ada), id: failed.id })).worker.id)
    assert.equal(good.state, 'failed', 'the same words fail again')
    const other = await ended((await assign(['write s2.txt two'], { ...task, machine: 'ada' })).id)
    assert.equal(other.commit, tipOf(other.branch))
    const more = await ended((await assign(['write s2.txt three'], { ...task, again: true })).id)
    assert.equal(more.state, 'failed', 'bob has commits of its own on that branch')
    assert.equal(more.reason, 'diverged')
  })

  it('S3: gives a task once, whoever asks, and again when its worker has ended', async () => {
    const asked = [ada, bob].map((machine) => {
      const work = {
        ...input(['once fail', 'write s3.txt x'], { work: 's3-task' }),
        ...who(machine),
      }
      return machine.client.call('assign', work)
    })
    const told = await Promise.all(asked)
    const given = told.flatMap(({ result }) => result?.worker ?? [])
    const [refused] = told.flatMap(({ error }) => error ?? [])
    assert.equal(given.length, 1)
    assert.equal(refused?.code, 'TASK_TAKEN')
    assert.match(refused.message, /s3-task.*bob.*task-s3-task/)
    assert.equal((await ended(given[0]?.id ?? '')).state, 'failed')
    assert.equal(
      (await ended((await assign(['once fail', 'write s3.txt x'], { work: 's3-task' })).id)).state,
      'succeeded',
    )
  })

  it('S5: is unknown while its machine cannot be asked, and goes on when it can', async () => {
    const { id } = await assign(['once hang'])
    await until('it runs', async () => (await now(id)).state === 'running')
    await bob.kill()
    await until('it is unknown', async () => {
      const worker = await now(id)
      return worker.state === 'unknown' && worker.blocker?.kind === 'machine'
    })
    await bob.startAlone()
    await until('it runs again', async () => (await now(id)).state === 'running')
    await ada.must('stop', { ...who(ada), id })
    assert.equal((await ended(id)).state, 'stopped')
  })

  it('S8: is reviewed on another machine, and its verdict stands with the commit', async () => {
    const good = await ended((await assign(['write s8.txt fine'])).id)
    const bad = await ended((await assign(['write reject.txt bad'])).id)
    for (const [work, outcome] of [
      [good, 'pass'],
      [bad, 'fail'],
    ] as const) {
      const ask = { ...who(ada), id: work.id, launcher: 'agent' }
      const { worker, independent } = await ada.must('review', ask)
      assert.deepEqual([worker.machine, independent], ['ada', true])
      assert.equal((await ended(worker.id)).state, 'succeeded')
      const [verdict] = (await now(work.id)).verdicts
      assert.deepEqual([verdict?.outcome, verdict?.commit], [outcome, work.commit])
      assert.equal(verdict?.from, worker.id)
      assert.equal(tipOf(worker.branch), work.commit, 'a review pushes nothing')
    }
    // A repair is told what was found, and of a further try the next model would be taken.
    const repair = await ada.must('fix', { ...who(ada), id: bad.id })
    assert.deepEqual([repair.worker.of, repair.worker.attempt], [bad.id, 2])
    await ended(repair.worker.id)
  })

  it('S9: is told of once, and what it asked is told apart from its end', async () => {
    const task = { work: 's9-task' }
    const { id, task: name } = await assign(['ask which name', 'write s9.txt x'], task)
    await until('it asks', async () => (await now(id)).blocker?.kind === 'question')
    await ada.must('notify', who(ada))
    const own = await ada.client.call('resume-stuck', {
      ...{ cwd: ada.cwd, session: id, agent: 'worker', id, guidance: 'the first' },
    })
    assert.equal(own.error?.code, 'FORBIDDEN')
    await ada.must('resume-stuck', { ...who(ada), id, guidance: 'the first' })
    assert.equal((await ended(id)).state, 'succeeded')
    await ada.must('notify', who(ada))
    await ada.must('notify', who(ada))
    const notes = path.join(ada.cwd, '.skein', 'notes')
    const [file = ''] = readdirSync(notes).filter((each) => each.startsWith(name))
    const text = readFileSync(path.join(notes, file), 'utf8')
    for (const event of ['stuck', 'completion'])
      assert.equal(text.split(`event=${event} assignment=${id}`).length, 2, event)
    const log = (await ada.must('log', { ...who(ada), id })).text
    assert.match(log, /^# run 2: operator answered/m)
  })

  it('S10: is read whatever it prints, and followed from the byte that was read last', async () => {
    const steps = ['noise', 'same 3 npm test', 'turns 15', 'status parsing', 'once hang']
    const { id } = await assign(steps, { work: 's10 x' })
    const { progress } = await until('it has said all', async () => {
      const worker = await now(id)
      return (worker.progress?.updates.length ?? 0) > 0 ? worker : null
    })
    assert.equal(progress?.model, 'scripted')
    const warned = progress.warnings.join('; ')
    assert.match(warned, /3 times in a row/)
    assert.match(warned, /turns without a commit/)
    const first = await ada.must('log', { ...who(ada), id })
    await ada.must('stop', { ...who(ada), id })
    await ended(id)
    const rest = await ada.must('log', { ...who(ada), id, since: first.next - 3 })
    assert.equal(rest.text.slice(0, 3), first.text.slice(-3))
    assert.equal(rest.ended, true)
    const unknown = await ada.client.call('log', { ...who(ada), id: `asg_${'0'.repeat(26)}` })
    assert.equal(unknown.error?.code, 'ASSIGNMENT_UNKNOWN')
  })
})
