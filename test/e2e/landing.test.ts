// The merge queue over two machines: real daemons, a real remote, workers that are shell scripts, and a test command that fails on sight.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync, chmodSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { OperationResult } from '../../protocol/index.ts'
import { createCleaner } from '../helpers/cleanup.ts'
import { runProgram } from '../helpers/cli-daemon.ts'
import { REPO, startMesh, type Machine } from '../helpers/mesh.ts'
import { until } from '../helpers/poll.ts'
import { git, makeFolder, writeIn } from '../helpers/repo.ts'

type Worker = OperationResult<'stop'>['worker']
type Merged = OperationResult<'merge'>
type Entry = Merged['entries'][number]

const IDENTITY = {
  GIT_AUTHOR_NAME: 'worker',
  GIT_AUTHOR_EMAIL: 'worker@example.org',
  GIT_COMMITTER_NAME: 'worker',
  GIT_COMMITTER_EMAIL: 'worker@example.org',
}
const FLEET = 'fleet:\n  max_workers: 20\n  launchers:\n    script: { command: sh, args: [-s] }\n'

describe('landing', { timeout: 120_000 }, () => {
  const cleaner = createCleaner()
  let ada: Machine
  let bob: Machine
  let origin = ''
  let folder = ''

  const at = (name: string): string => path.join(folder, name)
  /** Fails where bad.txt is; once it moves the target while it runs, where move.txt is. */
  const checkScript = (): string => `echo run >> '${at('runs')}'
if [ -e move.txt ] && [ ! -e '${at('moved')}' ]; then
  touch '${at('moved')}'
  commit=$(git -C '${origin}' -c user.name=m -c user.email=m@example.org commit-tree 'main^{tree}' -p main -m moved)
  git -C '${origin}' update-ref refs/heads/main "$commit"
fi
if [ -e bad.txt ]; then echo 'bad.txt is here'; exit 3; fi
`
  const settings = (more = ''): string => `repo: ${REPO}\ncommands: { test: sh check.sh }\n${more}`

  before(async () => {
    folder = makeFolder(cleaner)
    const options = { names: ['ada', 'bob'], env: IDENTITY, configOf: () => FLEET }
    const mesh = await startMesh(cleaner, options)
    ada = mesh.machine('ada')
    bob = mesh.machine('bob')
    origin = git(ada.cwd, 'remote', 'get-url', 'origin').trim()
    git(origin, 'config', 'receive.denyCurrentBranch', 'ignore')
    commitToMain({ '.skein.yml': settings(), 'check.sh': checkScript() })
  })
  after(() => cleaner.run())

  const who = (machine: Machine) => ({ cwd: machine.cwd, session: 's', agent: 'operator' })
  const tip = (branch = 'main'): string => git(origin, 'rev-parse', branch).trim()
  const subjects = (): string[] => git(origin, 'log', '--format=%s', 'main').trim().split('\n')
  const runs = (): number =>
    existsSync(at('runs')) ? readFileSync(at('runs'), 'utf8').trim().split('\n').length : 0

  /** As somebody does who works without skein. */
  function commitToMain(files: Readonly<Record<string, string>>): void {
    const clone = makeFolder(cleaner, 'skein-other-')
    git(clone, 'clone', '--quiet', origin, 'c')
    const root = path.join(clone, 'c')
    for (const [file, text] of Object.entries(files)) writeIn(root, file, text)
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message', 'by hand')
    git(root, 'push', '--quiet', 'origin', 'main')
    for (const machine of [ada, bob]) git(machine.cwd, 'pull', '--quiet', '--rebase')
  }

  /** A worker that writes this file and has pushed it. */
  async function work(name: string, script: string, machine = ada): Promise<Worker> {
    const text = `${script}\ngit add --all; git commit -q -m '${name}' # ${name} x`
    const input = { ...who(machine), work: text, launcher: 'script' }
    const { worker } = await machine.must('assign', input)
    const told = await machine.must('wait', { ...who(machine), id: worker.id, wait_s: 30 })
    assert.equal(told.worker?.state, 'succeeded', told.worker?.note ?? '')
    return told.worker
  }

  async function merge(input: object = {}, machine = ada): Promise<Merged> {
    let told = await machine.must('merge', { ...who(machine), ...input, wait_s: 20 })
    while (!told.ended) {
      const { run, next } = told
      told = await machine.must('merge', {
        ...who(machine),
        ...input,
        run,
        since: next,
        wait_s: 20,
      })
    }
    return told
  }
  const entry = ({ entries }: Merged, { id }: Worker): Entry => {
    const found = entries.find((one) => one.id === id)
    assert.ok(found, `${id} is told of`)
    return found
  }
  const told = (merged: Merged, worker: Worker) => {
    const { state, reason } = entry(merged, worker)
    return [state, reason]
  }
  const landings = async (machine = ada) =>
    (await machine.events()).filter(({ kind }) => kind === 'merge.landed')

  it('waits until a person has approved what would run, and lands what fits in one go then', async () => {
    const three = await Promise.all(
      ['one', 'two', 'three'].map((name) => work(name, `echo ${name} > ${name}.txt`)),
    )
    const unapproved = await merge()
    for (const worker of three) assert.deepEqual(told(unapproved, worker), ['blocked', 'commands'])
    assert.match(unapproved.entries[0]?.note ?? '', /\+ test: sh check\.sh/)
    assert.equal(runs(), 0)
    const [shown] = (await ada.must('workers', { ...who(ada), id: three[0]?.id })).workers
    assert.deepEqual([shown?.blocker?.kind, shown?.blocker?.next], ['commands', 'skein trust'])
    const refused = await ada.client.call('trust', who(ada))
    assert.equal(refused.error?.code, 'FORBIDDEN_PERSON')
    const approved = await ada.must('trust', { ...who(ada), yes: true })
    assert.equal(approved.state, 'approved')
    await bob.must('trust', { ...who(bob), yes: true })
    const dry = await merge({ dry_run: true })
    for (const worker of three) assert.equal(entry(dry, worker).state, 'ready')
    const before = tip()
    const merged = await merge()
    for (const worker of three) assert.equal(entry(merged, worker).state, 'landed')
    assert.equal(runs(), 1)
    assert.notEqual(tip(), before)
    assert.deepEqual(subjects().slice(0, 3).sort(), ['one', 'three', 'two'])
    assert.ok(merged.entries.some(({ commit }) => commit === tip()))
    assert.equal((await merge()).entries.length, 0)
  })

  it('finds out who is at fault when a batch fails, and lands the rest', async () => {
    const good = await work('good', 'echo g > good.txt')
    const bad = await work('bad', 'echo b > bad.txt')
    const last = await work('last', 'echo l > last.txt')
    const merged = await merge()
    assert.deepEqual(told(merged, bad), ['blocked', 'test'])
    assert.match(entry(merged, bad).note, /exit 3 \| bad\.txt is here/)
    assert.deepEqual(
      [good, last].map((one) => entry(merged, one).state),
      ['landed', 'landed'],
    )
    assert.deepEqual(subjects().slice(0, 2), ['last', 'good'])
    // The target has moved by what landed: it is tried once more, and then left alone.
    await merge()
    const before = runs()
    assert.deepEqual(told(await merge(), bad), ['blocked', 'test'])
    assert.equal(runs(), before)
    await ada.must('merge', { ...who(ada), ids: [bad.id], drop: true, yes: true })
    assert.equal((await merge()).entries.length, 0)
    assert.notEqual(tip(bad.branch), '')
  })

  it('keeps back what does not fit on the target until its branch has moved', async () => {
    const [first, second] = [
      await work('first', 'echo first > src/file-1.ts'),
      await work('second', 'echo second > src/file-1.ts'),
    ]
    const merged = await merge()
    assert.equal(entry(merged, first).state, 'landed')
    assert.deepEqual(told(merged, second), ['blocked', 'conflict'])
    assert.match(entry(merged, second).note, /src\/file-1\.ts/)
    const clone = makeFolder(cleaner, 'skein-mend-')
    git(clone, 'clone', '--quiet', origin, 'c')
    const root = path.join(clone, 'c')
    git(root, 'checkout', '--quiet', '-B', second.branch, 'origin/main')
    writeIn(root, 'src/file-1.ts', 'first and second\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'second, mended')
    git(root, 'push', '--quiet', '--force', 'origin', second.branch)
    assert.equal(entry(await merge(), second).state, 'landed')
    assert.equal(subjects()[0], 'second, mended')
  })

  it('keeps back what another holds, and says who', async () => {
    const worker = await work('held', 'echo x > src/file-5.ts')
    const { result } = await ada.claim('somebody', ['src/file-5.ts'])
    const merged = await merge()
    assert.deepEqual(told(merged, worker), ['blocked', 'claim'])
    assert.match(entry(merged, worker).note, /src\/file-5\.ts is held by somebody/)
    await ada.release(
      'somebody',
      (result?.claims ?? []).map(({ id }: { id: string }) => id),
    )
    assert.equal(entry(await merge(), worker).state, 'landed')
  })

  it('tests again when the target moves between the test and the push', async () => {
    const worker = await work('mover', 'echo m > move.txt')
    const before = runs()
    assert.equal(entry(await merge(), worker).state, 'landed')
    assert.equal(runs() - before, 2)
    assert.deepEqual(subjects().slice(0, 2), ['mover', 'moved'])
  })

  it('knows what it has pushed when it died before it could say so', async () => {
    const worker = await work('dying', 'echo d > dying.txt')
    const hook = path.join(origin, '.git', 'hooks', 'post-receive')
    writeFileSync(hook, `#!/bin/sh\nrm '${hook}'\nkill -9 ${String(ada.daemon.pid)}\n`)
    chmodSync(hook, 0o755)
    await assert.rejects(merge())
    await until('the push has arrived', () => subjects()[0] === 'dying')
    const [there] = (await bob.must('workers', { ...who(bob), id: worker.id })).workers
    assert.equal(there?.landing, null)
    await ada.start()
    const merged = await merge()
    assert.equal(entry(merged, worker).state, 'landed')
    const all = (await landings()).filter(({ data }) => data['assignment'] === worker.id)
    assert.equal(all.length, 1)
    assert.equal(subjects().filter((subject) => subject === 'dying').length, 1)
  })

  it('lands each once when two machines do it at the same time', async () => {
    const two = await Promise.all(
      ['left', 'right'].map((name) => work(name, `echo ${name} > ${name}.txt`)),
    )
    await until('both know of both', async () => {
      const { workers } = await bob.must('workers', { ...who(bob), all: true })
      return two.every(({ id }) => workers.some((one) => one.id === id && one.commit !== null))
    })
    await Promise.all([merge({}, ada), merge({}, bob)])
    for (const { id } of two) {
      const all = (await landings()).filter(({ data }) => data['assignment'] === id)
      assert.equal(all.length, 1)
    }
    for (const name of ['left', 'right'])
      assert.equal(subjects().filter((subject) => subject === name).length, 1)
  })

  it('lands only what was approved where the target wants that, and records verdicts with their commit', async () => {
    commitToMain({ '.skein.yml': settings('fleet: { reviews: { require_approval: true } }\n') })
    const worker = await work('reviewed', 'echo r > reviewed.txt')
    const merged = await merge()
    assert.deepEqual(told(merged, worker), ['blocked', 'review'])
    assert.equal(entry(merged, worker).next, `skein review ${worker.id}`)
    const cli = (...words: string[]) =>
      runProgram(words, { cwd: ada.cwd, env: { SKEIN_HOME: ada.home, SKEIN_SESSION: 's' } })
    const tested = await cli('test', worker.id)
    assert.equal(tested.exit, 0, tested.stdout + tested.stderr)
    assert.match(tested.stdout, /PASSED/)
    const failed = await cli('test', worker.id, '--fail', '--reason', 'the page stays empty')
    assert.equal(failed.exit, 0, failed.stderr)
    const [shown] = (await ada.must('workers', { ...who(ada), id: worker.id })).workers
    assert.deepEqual(
      shown?.verdicts.map(({ kind, outcome, commit, stale }) => [kind, outcome, commit, stale]),
      [['test', 'fail', worker.commit, false]],
    )
    commitToMain({ '.skein.yml': settings() })
    assert.deepEqual(told(await merge(), worker), ['blocked', 'test'])
    assert.equal((await cli('test', worker.id, '--passed')).exit, 0)
    const landed = await cli('merge')
    assert.equal(landed.exit, 0, landed.stdout + landed.stderr)
    assert.match(landed.stdout, new RegExp(`landed .*${worker.branch} -> main`))
  })
})
