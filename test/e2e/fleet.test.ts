// Workers over two machines: real daemons, real repositories, and workers that are shell scripts, which come as the text of their task.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { PROGRAM, runProgram } from '../helpers/cli-daemon.ts'
import { REPO, startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { git } from '../helpers/repo.ts'
import { Boards } from './boards/picture.ts'

type Worker = OperationResult<'stop'>['worker']

const IDENTITY = {
  GIT_AUTHOR_NAME: 'worker',
  GIT_AUTHOR_EMAIL: 'worker@example.org',
  GIT_COMMITTER_NAME: 'worker',
  GIT_COMMITTER_EMAIL: 'worker@example.org',
}
const COMMIT = 'echo work > work.txt && git add work.txt && git commit -q -m work'
const LAUNCHERS = `  launchers:
    script: { command: sh, args: [-s] }
    good: { command: sh, args: [-c, '${COMMIT} && echo "STATUS: wrote it → done → confidence: high"'] }
    absent: { command: ./no-such-program }
    missing: { command: no-such-program-anywhere }
`
const CONFIGS: Readonly<Record<string, string>> = {
  ada: `fleet:\n${LAUNCHERS}`,
  bob: `fleet:\n  accept: [ada]\n  repos: [${REPO}]\n  max_workers: 20\n${LAUNCHERS}`,
}

describe('workers of two machines', { timeout: 120_000 }, () => {
  const cleaner = createCleaner()
  let ada: Machine
  let bob: Machine
  let origin = ''

  before(async () => {
    const configOf = (name: string): string => CONFIGS[name] ?? ''
    const mesh = await startMesh(cleaner, { names: ['ada', 'bob'], env: IDENTITY, configOf })
    ada = mesh.machine('ada')
    bob = mesh.machine('bob')
    origin = git(bob.cwd, 'remote', 'get-url', 'origin').trim()
  })
  after(() => cleaner.run())

  const who = (machine: Machine) => ({ cwd: machine.cwd, session: 's', agent: 'operator' })
  const assign = async (work: string, more: object = {}): Promise<Worker> => {
    const input = { ...who(ada), work, machine: 'bob', launcher: 'script', ...more }
    return (await ada.must('assign', input)).worker
  }
  const refusal = async (machine: Machine, input: object) => {
    const asked = { ...who(machine), work: 'exit 0', launcher: 'script', ...input }
    return (await machine.client.call('assign', asked)).error
  }
  const now = async (id: string): Promise<Worker> => {
    const [worker] = (await ada.must('workers', { ...who(ada), id })).workers
    assert.ok(worker)
    return worker
  }
  const ended = async (id: string): Promise<Worker> => {
    const { worker } = await ada.must('wait', { ...who(ada), id, wait_s: 30 })
    assert.ok(worker)
    return worker
  }
  const running = (id: string) =>
    until(`${id} runs`, async () => (await now(id)).state === 'running')
  const logged = (id: string, text: string) =>
    until(`${id} says ${text}`, async () =>
      (await ada.must('log', { ...who(ada), id })).text.includes(text),
    )
  const tipOf = (branch: string): string =>
    git(origin, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`).trim()
  const worktree = (id: string): string => path.join(bob.home, 'worktrees', id)
  const gone = (id: string) =>
    until(`the worktree of ${id} is gone`, () => !existsSync(worktree(id)))
  const pidOf = (id: string): number => {
    const file = path.join(bob.home, 'workers', id, 'running.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { worker: { pid: number } }).worker.pid
  }
  const isGroupGone = (pid: number): boolean => {
    try {
      return !process.kill(-pid, 0)
    } catch {
      return true
    }
  }
  const cli = (machine: Machine, ...words: string[]) =>
    runProgram(words, {
      cwd: machine.cwd,
      env: { SKEIN_HOME: machine.home, SKEIN_SESSION: 's', SKEIN_AGENT: 'operator' },
    })

  it('bring what they commit to the remote, and complete their task', async () => {
    const worker = await assign('good-1', { launcher: 'good' })
    assert.equal(worker.branch, 'task-good-1')
    const over = await ended(worker.id)
    assert.equal(over.state, 'succeeded', over.note ?? '')
    assert.equal(over.commit, tipOf('task-good-1'))
    assert.deepEqual(over.exit, { code: 0, signal: null })
    await gone(worker.id)
    assert.equal(git(bob.cwd, 'status', '--porcelain').trim(), '')
    assert.equal((await refusal(ada, { work: 'good-1' }))?.code, 'TASK_COMPLETED')
    const log = await ada.must('log', { ...who(ada), id: worker.id })
    assert.match(log.text, /STATUS: wrote it → done/)
    assert.ok(log.ended)
    const rest = await ada.must('log', { ...who(ada), id: worker.id, since: log.next - 5 })
    assert.equal(rest.text, 'high\n')
    const kinds = (await ada.events()).map(({ kind }) => kind)
    for (const state of ['assigned', 'starting', 'running', 'succeeded'])
      assert.ok(kinds.includes(`assignment.${state}`), state)
  })

  it('are empty without a commit, and failed with an exit of their own; work in progress is kept', async () => {
    const [empty, failed] = await Promise.all([
      assign('echo half > half.txt; true'),
      assign(`${COMMIT}; echo more > more.txt; exit 3`),
    ])
    const [nothing, wrong] = await Promise.all([ended(empty.id), ended(failed.id)])
    assert.equal(nothing.state, 'empty', nothing.note ?? '')
    assert.deepEqual([wrong.state, wrong.reason, wrong.exit?.code], ['failed', 'exit', 3])
    for (const { branch, wip } of [nothing, wrong]) {
      assert.equal(tipOf(branch), '')
      assert.ok(wip)
      assert.notEqual(git(bob.cwd, 'rev-parse', `refs/skein/wip/${wip}`).trim(), '')
    }
    // What it had committed stays on its branch in the clone.
    assert.equal(git(bob.cwd, 'log', '-1', '--format=%s', wrong.branch).trim(), 'work')
    await Promise.all([gone(empty.id), gone(failed.id)])
  })

  it('that say they are stuck wait for a person, with their worktree and their task', async () => {
    const { id, task } = await assign(`${COMMIT}; echo 'STUCK: which of the two names?'`)
    const { status, worker } = await ada.must('wait', { ...who(ada), id, wait_s: 30 })
    assert.deepEqual([status, worker?.state], ['asks', 'waiting'])
    assert.equal(worker?.note, 'which of the two names?')
    assert.ok(existsSync(worktree(id)))
    assert.equal((await refusal(ada, { work: task }))?.code, 'TASK_TAKEN')
    await ada.must('stop', { ...who(ada), id })
    assert.equal((await ended(id)).state, 'stopped')
    await gone(id)
  })

  it('cannot push what another holds, and leave no claim of their own behind', async () => {
    const held = await ada.claim('somebody', ['src/file-7.ts'])
    assert.equal(held.error, null)
    const skein = `'${process.execPath}' '${PROGRAM}'`
    const change = (file: string) => `echo x >> ${file} && git commit -q -a -m x`
    const [wrong, right] = await Promise.all([
      assign(change('src/file-7.ts')),
      assign(`${skein} claim src/file-8.ts && ${change('src/file-8.ts')}`),
    ])
    const [refused, landed] = await Promise.all([ended(wrong.id), ended(right.id)])
    assert.deepEqual([refused.state, refused.reason], ['failed', 'push'])
    assert.match(refused.note ?? '', /src\/file-7\.ts.*somebody/)
    assert.equal(tipOf(refused.branch), '')
    assert.equal(landed.state, 'succeeded', landed.note ?? '')
    const sessions = async () =>
      (await ada.must('claims', who(ada))).claims.map(({ session }) => session)
    await until('only the claim of the other is left', async () => {
      const left = await sessions()
      return left.length === 1 && left[0] === 'somebody'
    })
  })

  it('are ended with all that they have started', async () => {
    const { id } = await assign('sleep 300 & echo up; sleep 300')
    await logged(id, 'up')
    const pid = pidOf(id)
    const { worker } = await ada.must('stop', { ...who(ada), id, reason: 'enough' })
    assert.ok(worker.stopping)
    const over = await ended(id)
    assert.deepEqual([over.state, over.exit?.signal], ['stopped', 'SIGTERM'])
    await until('its group is gone', () => isGroupGone(pid))
    await gone(id)
  })

  it('get a task once, whoever assigns it at the same time', async () => {
    const input = { work: 'contested', machine: 'bob', launcher: 'good' }
    const asked = [ada, bob].map((machine) =>
      machine.client.call('assign', { ...who(machine), ...input }),
    )
    const told = await Promise.all(asked)
    assert.deepEqual(told.map(({ error }) => error?.code ?? 'assigned').sort(), [
      'TASK_TAKEN',
      'assigned',
    ])
    const won = told.flatMap(({ result }) => result ?? [])[0]?.worker
    assert.ok(won)
    const refused = told.flatMap(({ error }) => error ?? [])[0]
    assert.match(refused?.message ?? '', /assigned to bob already/)
    assert.equal((await ended(won.id)).state, 'succeeded')
    const all = (await ada.must('workers', { ...who(ada), all: true })).workers
    assert.equal(all.filter(({ task }) => task === 'contested').length, 1)
  })

  it('outlive their daemon, and are found again by it', async () => {
    const flag = path.join(bob.home, 'go-on')
    const { id } = await assign(
      `echo begun; until [ -e '${flag}' ]; do sleep 0.05; done; ${COMMIT}; echo over`,
    )
    await logged(id, 'begun')
    await running(id)
    const pid = pidOf(id)
    await bob.kill()
    await until('it is not known how it is', async () => (await now(id)).state === 'unknown')
    assert.equal((await now(id)).last_state, 'running')
    assert.ok(!isGroupGone(pid))
    await bob.start()
    await until('it runs as before', async () => (await now(id)).state === 'running')
    assert.equal(pidOf(id), pid)
    writeFileSync(flag, '')
    const over = await ended(id)
    assert.equal(over.state, 'succeeded', over.note ?? '')
    assert.equal(over.commit, tipOf(over.branch))
    const { text } = await ada.must('log', { ...who(ada), id })
    assert.equal(text.match(/begun/g)?.length, 1, 'it was started once')
  })

  it('are shown by the boards of both machines as skein workers --json tells them', async () => {
    const [slow, stuck] = await Promise.all([
      assign('echo "STATUS: half → the rest → confidence: high"; sleep 300'),
      assign("echo 'STUCK: which one?'"),
    ])
    await running(slow.id)
    await until('one asks', async () => (await now(stuck.id)).state === 'waiting')
    for (const machine of [ada, bob])
      await (await Boards.open(cleaner, machine)).untilAgreed('workers run, ask, and are over')
    for (const { id } of [slow, stuck]) await ada.must('stop', { ...who(ada), id })
  })

  it('start only where their machine lets them, and say why not', async () => {
    const others = await refusal(bob, { machine: 'ada' })
    assert.equal(others?.code, 'ASSIGNMENT_REFUSED')
    assert.match(others.message, /takes no workers from bob/)
    const unknown = await refusal(ada, { machine: 'bob', launcher: 'nix' })
    assert.match(unknown?.message ?? '', /no launcher 'nix'; it has .*script/)
    const missing = await refusal(ada, { machine: 'bob', launcher: 'missing' })
    assert.equal(missing?.code, 'ASSIGNMENT_REFUSED')
    assert.match(missing.message, /'missing' is not there: no-such-program-anywhere/)
    assert.equal((await refusal(ada, { machine: 'cyd' }))?.code, 'MEMBER_UNKNOWN')
    const { id } = await assign('echo never', { launcher: 'absent' })
    const over = await ended(id)
    assert.deepEqual([over.state, over.reason], ['failed', 'launch'])
    assert.match(over.note ?? '', /ENOENT/)
  })

  it('are followed, awaited and ended from a shell of another machine', async () => {
    const { id } = await assign(`echo one; echo two; ${COMMIT}`)
    const followed = await cli(ada, 'log', id, '--follow')
    assert.deepEqual([followed.exit, followed.stdout], [0, 'one\ntwo\n'])
    const waited = await cli(ada, 'wait', id, '--for', '30s')
    assert.equal(waited.exit, 0, waited.stdout + waited.stderr)
    assert.match(waited.stdout, /succeeded/)
    const bad = await assign('exit 1')
    assert.equal((await cli(ada, 'wait', bad.id, '--for', '30s')).exit, 1)
    const listed = await cli(ada, 'workers')
    assert.match(listed.stdout, new RegExp(`${id}.*succeeded`))
    const slow = await assign('sleep 300')
    await running(slow.id)
    assert.equal((await cli(ada, 'wait', slow.id, '--for', '0s')).exit, 8)
    assert.equal((await cli(ada, 'stop', slow.id)).exit, 0)
    assert.equal((await cli(ada, 'wait', slow.id, '--for', '30s')).exit, 1)
    assert.equal((await cli(ada, 'log', 'asg_01JBBBBBBBBBBBBBBBBBBBBBBB')).exit, 6)
  })
})
