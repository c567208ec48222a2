// Workers that run more than once: answered, tried again, repaired, and kept to what they may cost. Two machines, real daemons.
import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { runProgram } from '../helpers/cli-daemon.ts'
import { REPO, startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder } from '../helpers/repo.ts'

type Worker = OperationResult<'stop'>['worker']

const IDENTITY = {
  GIT_AUTHOR_NAME: 'worker',
  GIT_AUTHOR_EMAIL: 'worker@example.org',
  GIT_COMMITTER_NAME: 'worker',
  GIT_COMMITTER_EMAIL: 'worker@example.org',
}
const COMMIT = 'git add --all && git commit -q -m work'
const SCRIPTS: Readonly<Record<string, string>> = {
  asks: `echo begun; case "$(cat)" in *'answer of'*) [ -e half ] && ${COMMIT};; *) echo half > half; echo 'STUCK: which?';; esac`,
  // Commits something, leaves something, and is not content before a person says so.
  tries: `told=$(cat); echo "$told"
    case "$told" in *'attempt 2'*) [ -e one ] && [ -e rest ] && ${COMMIT};;
    *) echo 1 > one && ${COMMIT}; echo rest > rest; exit 3;; esac`,
  adds: `echo "$(cat)" | tail -1 >> told && ${COMMIT}`,
}
const usage = (tokens: number): string =>
  JSON.stringify({
    type: 'assistant',
    message: { id: `m${String(tokens)}`, model: 'sonnet', usage: { output_tokens: tokens } },
  })
const RESULT = JSON.stringify({ type: 'result', subtype: 'success', total_cost_usd: 1.5 })
/** These speak as Claude Code does. */
const STREAMS: Readonly<Record<string, string>> = {
  spends: `echo '${usage(60_000)}'; echo '${RESULT}'`,
  'goes-on': `echo '${usage(50_000)}'; sleep 300`,
}

describe('workers that run again', { timeout: 120_000 }, () => {
  const cleaner = createCleaner()
  let ada: Machine
  let bob: Machine
  let origin = ''

  before(async () => {
    const folder = makeFolder(cleaner)
    const place = (name: string): string => path.join(folder, name)
    for (const [name, script] of Object.entries({ ...SCRIPTS, ...STREAMS }))
      writeFileSync(place(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const launchers = [
      ...Object.keys(SCRIPTS).map((name) => `    ${name}: { command: '${place(name)}' }\n`),
      ...Object.keys(STREAMS).map(
        (name) => `    ${name}: { kind: claude, command: '${place(name)}' }\n`,
      ),
    ]
    const own = '  spending: { per_run: 1.9, per_day: 2 }\n'
    const others = `  accept: [ada]\n  repos: [${REPO}]\n  max_workers: 1\n`
    const configOf = (name: string): string =>
      `fleet:\n  stagger: 0s\n${name === 'ada' ? own : others}  launchers:\n    absent: { command: ./no-such-program }\n${launchers.join('')}`
    const mesh = await startMesh(cleaner, { names: ['ada', 'bob'], env: IDENTITY, configOf })
    ada = mesh.machine('ada')
    bob = mesh.machine('bob')
    origin = git(bob.cwd, 'remote', 'get-url', 'origin').trim()
    appendFileSync(path.join(ada.cwd, '.skein.yml'), 'fleet: { models: [weak, strong] }\n')
  })
  after(() => cleaner.run())

  const who = { session: 's', agent: 'operator' }
  const assign = async (work: string, launcher: string, machine = 'bob'): Promise<Worker> =>
    (await ada.must('assign', { ...who, cwd: ada.cwd, work, machine, launcher })).worker
  const now = async (id: string): Promise<Worker> => {
    const [worker] = (await ada.must('workers', { ...who, cwd: ada.cwd, id })).workers
    assert.ok(worker)
    return worker
  }
  const ended = async (id: string): Promise<Worker> => {
    const { worker } = await ada.must('wait', { ...who, cwd: ada.cwd, id, wait_s: 30 })
    assert.ok(worker)
    return worker
  }
  const refusal = async (name: 'retry' | 'fix', id: string, more: object = {}) =>
    (await ada.client.call(name, { ...who, cwd: ada.cwd, id, ...more })).error?.code
  const logOf = async (id: string): Promise<string> =>
    (await ada.must('log', { ...who, cwd: ada.cwd, id })).text
  const commitsOn = (branch: string): string =>
    git(origin, 'rev-list', '--count', `main..${branch}`).trim()
  const cli = (...words: string[]) =>
    runProgram(words, {
      cwd: ada.cwd,
      env: { SKEIN_HOME: ada.home, SKEIN_SESSION: 's', SKEIN_AGENT: 'operator' },
    })

  it('are answered by a person, although their daemon is down meanwhile', async () => {
    const { id, branch } = await assign('ask-1', 'asks')
    const asking = await ended(id)
    assert.deepEqual([asking.state, asking.blocker?.kind], ['waiting', 'question'])
    await bob.kill()
    const told = await cli('resume-stuck', id, '--guidance', 'the second')
    assert.equal(told.exit, 0, told.stdout + told.stderr)
    await bob.start()
    const over = await ended(id)
    assert.equal(over.state, 'succeeded', over.note ?? '')
    assert.equal(commitsOn(branch), '1')
    const log = await logOf(id)
    assert.match(log, /^begun\nSTUCK: which\?\n# run 2: operator answered\nbegun\n/)
    assert.equal(over.answer?.note, 'the second')
    assert.equal((await cli('resume-stuck', id, '--guidance', 'x')).exit, 1)
  })

  it('continue what an attempt has left, committed and not, with the next model', async () => {
    const first = await assign('try to do it', 'tries')
    const failed = await ended(first.id)
    assert.deepEqual([failed.state, failed.reason], ['failed', 'exit'])
    assert.ok(failed.wip)
    assert.equal(await refusal('fix', first.id), 'ASSIGNMENT_NOT_AGAIN')
    const told = await cli('retry', first.id)
    assert.equal(told.exit, 0, told.stdout + told.stderr)
    assert.match(told.stdout, /attempt 2, model strong/)
    const second = /asg_\w{26}/.exec(told.stdout)?.[0] ?? ''
    const over = await ended(second)
    assert.equal(over.state, 'succeeded', `${over.note ?? ''}\n${await logOf(second)}`)
    assert.deepEqual([over.of, over.attempt, over.model], [first.id, 2, 'strong'])
    assert.equal(over.branch, first.branch)
    assert.equal(commitsOn(over.branch), '2')
    const log = await logOf(second)
    assert.match(log, /^try to do it\n\n--- attempt 2 ---\n/)
    assert.match(log, /failed \(exit\)\.\n> it exited with 3/)
    assert.equal(await refusal('retry', first.id), 'ASSIGNMENT_NOT_AGAIN')
    assert.equal(await refusal('retry', second), 'ASSIGNMENT_NOT_AGAIN')
  })

  it('repair what was pushed, by the word of a person', async () => {
    const first = await assign('add it', 'adds')
    assert.equal((await ended(first.id)).state, 'succeeded')
    assert.equal(await refusal('fix', first.id), 'ASSIGNMENT_NOT_AGAIN')
    const fixed = await ada.must('fix', {
      ...{ ...who, cwd: ada.cwd, id: first.id, guidance: 'rename it', machine: 'ada' },
    })
    assert.match(fixed.warnings.join(), /only what was pushed is continued/)
    const over = await ended(fixed.worker.id)
    assert.equal(over.state, 'succeeded', over.note ?? '')
    assert.equal(git(origin, 'show', `${over.branch}:told`), 'add it\nrename it\n')
  })

  it('are tried five times, and once more only by a word of its own', async () => {
    let { id } = await assign('never works', 'absent')
    for (let attempt = 2; attempt <= 5; attempt++) {
      assert.equal((await ended(id)).reason, 'launch')
      id = (await ada.must('retry', { ...who, cwd: ada.cwd, id })).worker.id
    }
    assert.equal((await ended(id)).attempt, 5)
    assert.equal(await refusal('retry', id), 'ASSIGNMENT_TRIED')
    assert.equal(await refusal('retry', id, { again: true }), undefined)
  })

  it('wait for a slot, say so, and start by themselves', async () => {
    const holder = await assign('hold the slot', 'goes-on')
    await until('it runs', async () => (await now(holder.id)).state === 'running')
    const next = await assign('add more', 'adds')
    // Its machine has to have heard of it.
    const { state, blocker } = await until('it is held', async () => {
      const worker = await now(next.id)
      return worker.blocker === null ? null : worker
    })
    assert.deepEqual([state, blocker?.kind, blocker?.who], ['assigned', 'slots', 'bob'])
    await ada.must('stop', { ...who, cwd: ada.cwd, id: holder.id })
    assert.equal((await ended(next.id)).state, 'succeeded')
    assert.equal((await ended(holder.id)).state, 'stopped')
  })

  it('are ended before they cost more than they may, and none starts on a day that is spent', async () => {
    const first = await ended((await assign('spend some', 'spends', 'ada')).id)
    assert.deepEqual([first.state, first.cost_usd], ['empty', 1.5])
    const second = await ended((await assign('spend more', 'goes-on', 'ada')).id)
    assert.deepEqual([second.state, second.reason], ['failed', 'spending'])
    assert.match(second.note ?? '', /\$2\.25 today, of \$2\.00/)
    assert.ok((second.cost_usd ?? 0) >= 0.75)
    const third = await assign('spend again', 'spends', 'ada')
    const held = await until('it is held', async () => {
      const worker = await now(third.id)
      return worker.blocker === null ? null : worker
    })
    assert.deepEqual([held.state, held.blocker?.kind], ['assigned', 'spending'])
    await ada.must('stop', { ...who, cwd: ada.cwd, id: third.id })
    assert.equal((await ended(third.id)).state, 'stopped')
  })
})
