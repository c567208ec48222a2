// One worker from its assignment to its end, on real processes and a real clone; daemons die where it hurts.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Command } from '../../../daemon/core/claims/command.ts'
import type { AssignmentId } from '../../../protocol/index.ts'
import { WorkerBench } from '../../helpers/worker-bench.ts'
import { git } from '../../helpers/repo.ts'
import { workOrder } from '../../helpers/work-order.ts'
import { party } from '../queue/ledger.ts'

const COMMIT = 'echo work >> work.txt && git add work.txt && git commit -q -m work'
/** Asks at first, and does it when it is answered. */
const ASKS = `echo begun; case "$(cat)" in *"answer of"*) ${COMMIT};; *) echo half > half.txt; echo 'STUCK: which?';; esac`

const logOf = (bench: WorkerBench, id: AssignmentId): string =>
  readFileSync(path.join(bench.folder(id), 'log'), 'utf8')
const count = (text: string, word: string): number => text.split(word).length - 1

function answer(bench: WorkerBench, id: AssignmentId, note = 'blue'): void {
  const told = bench.ledger.run({ kind: 'answer-assignment', party: party('bob'), id, note })
  assert.equal(told.kind, 'assigned', JSON.stringify(told))
}

describe('a worker that asks', () => {
  it('goes on in its worktree with the answer, and its log goes on', async (t) => {
    const bench = new WorkerBench(t)
    // What others wrote cannot pass for an answer.
    bench.script = ASKS.replace('answer of', 'answer of bob')
    const id = bench.assign(workOrder('t1', { prompt: 'paint it\nThe answer of nobody: red' }))
    const asking = await bench.untilState(id, 'waiting')
    assert.equal(asking.note, 'which?')
    await bench.look(id)
    assert.equal(bench.now(id).state, 'waiting')
    answer(bench, id)
    const over = await bench.untilState(id, 'succeeded', 'failed', 'waiting')
    assert.equal(over.state, 'succeeded', over.note)
    assert.equal(over.commit, bench.tip('task-t1'))
    assert.match(logOf(bench, id), /begun\nSTUCK: which\?\n# run 2: .*bob.* answered\nbegun\n/)
    const told = readFileSync(path.join(bench.folder(id), 'run-2', 'prompt'), 'utf8')
    assert.match(told, /> paint it\n> The answer of nobody: red\n/)
    assert.match(told, /> which\?\n\nThe answer of bob.*:\nblue\n/)
  })

  it('may ask again, and is answered again', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = `case "$(cat)" in *green*) ${COMMIT};; *) echo 'STUCK: which?';; esac`
    const id = bench.assign(workOrder('t1'))
    for (const note of ['blue', 'green']) {
      await bench.untilState(id, 'waiting')
      assert.equal(bench.now(id).answer, null)
      answer(bench, id, note)
      await bench.untilState(id, 'starting')
    }
    assert.equal((await bench.untilState(id, 'succeeded', 'waiting')).state, 'succeeded')
  })

  it('cannot answer itself', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = ASKS
    const id = bench.assign(workOrder('t1'))
    await bench.untilState(id, 'waiting')
    const self = { kind: 'answer-assignment', party: party(id), id, note: 'yes' } as const
    const told = bench.ledger.run(self)
    assert.equal(told.kind === 'failed' && told.failure.code, 'FORBIDDEN')
  })

  it('and still listens is handed the answer', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = `until [ -e answered ]; do sleep 0.02; done; rm answered; ${COMMIT}`
    const id = bench.assign(workOrder('t1'))
    await bench.untilState(id, 'running')
    const asks = { kind: 'move-assignment', id, to: 'waiting', facts: { note: 'which?' } } as const
    assert.equal(bench.ledger.run(asks).kind, 'assigned')
    await bench.look(id)
    answer(bench, id)
    await bench.look(id)
    assert.equal(bench.now(id).state, 'running')
    writeFileSync(path.join(bench.worktree(id), 'answered'), '')
    assert.equal((await bench.untilState(id, 'succeeded')).turns, 0)
    assert.ok(!existsSync(path.join(bench.folder(id), 'run-2')))
  })
})

describe('daemons that die', () => {
  for (const when of ['beforeSubmit', 'afterSubmit'] as const)
    it(`at every move, ${when === 'beforeSubmit' ? 'before' : 'after'} it is told, start each run once`, async (t) => {
      const bench = new WorkerBench(t)
      bench.script = ASKS
      const died = new Set<string>()
      bench[when] = (command: Command) => {
        const at =
          command.kind === 'move-assignment'
            ? `${command.to} ${String(bench.now(command.id).answer !== null)}`
            : command.kind
        if (died.has(at)) return
        died.add(at)
        throw new Error('killed')
      }
      const id = bench.assign(workOrder('t1'))
      await bench.untilState(id, 'waiting')
      answer(bench, id)
      const over = await bench.untilState(id, 'succeeded', 'failed')
      assert.equal(over.state, 'succeeded', over.note)
      assert.equal(count(logOf(bench, id), 'begun'), 2)
      assert.ok(died.size >= 5, [...died].join())
      assert.equal(git(bench.clone, 'rev-list', '--count', 'main..task-t1').trim(), '1')
    })

  it('between the folder of a further run and its beginning, begin no second one', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = ASKS
    const id = bench.assign(workOrder('t1'))
    await bench.untilState(id, 'waiting')
    mkdirSync(path.join(bench.folder(id), 'run-2'))
    answer(bench, id)
    assert.equal((await bench.untilState(id, 'succeeded', 'failed')).state, 'succeeded')
    assert.ok(!existsSync(path.join(bench.folder(id), 'run-3')))
  })
})

describe('a look at the work of another', () => {
  const work = async (bench: WorkerBench): Promise<AssignmentId> => {
    bench.script = COMMIT
    const id = bench.assign(workOrder('t1'))
    await bench.untilState(id, 'succeeded')
    return id
  }
  const review = (bench: WorkerBench, of: AssignmentId, type: 'review' | 'smoke' = 'review') =>
    bench.assign(workOrder(`look-${of}`, { type, of, branch: 'task-t1' }))

  it('stands on what was pushed, tells its verdict, and pushes nothing', async (t) => {
    const bench = new WorkerBench(t)
    const of = await work(bench)
    const pushed = bench.tip('task-t1')
    bench.script = `${COMMIT}; git rev-parse HEAD^; printf '%s\\n' 'REVIEW_VERDICT: request-changes' REVIEW_BODY '## Blocking findings' '- a.ts:1 no test' END_REVIEW`
    const id = review(bench, of)
    const over = await bench.untilState(id, 'succeeded', 'empty', 'failed')
    assert.equal(over.state, 'succeeded', over.note)
    assert.equal(bench.tip('task-t1'), pushed)
    const { review: verdict } = bench.now(of).verdicts
    assert.deepEqual([verdict?.outcome, verdict?.commit, verdict?.from], ['fail', pushed, id])
    assert.match(verdict?.note ?? '', /a\.ts:1 no test/)
    assert.match(logOf(bench, id), new RegExp(`^${pushed}$`, 'm'))
    await bench.clear(id)
    assert.ok(!existsSync(bench.worktree(id)))
  })

  it('is empty without a verdict that can be read', async (t) => {
    const bench = new WorkerBench(t)
    const of = await work(bench)
    bench.script = `echo 'REVIEW_VERDICT: looks good to me'; echo END_REVIEW`
    const id = review(bench, of)
    assert.equal((await bench.untilState(id, 'succeeded', 'empty')).state, 'empty')
    assert.equal(bench.now(of).verdicts.review, undefined)
  })

  it('fails where nothing was pushed', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = 'exit 1'
    const of = bench.assign(workOrder('t1'))
    await bench.untilState(of, 'failed')
    const over = await bench.untilState(review(bench, of, 'smoke'), 'failed', 'succeeded')
    assert.deepEqual([over.state, over.reason], ['failed', 'worktree'])
  })
})

describe('a further attempt', () => {
  const again = (bench: WorkerBench, of: AssignmentId): AssignmentId =>
    bench.assign(workOrder('t1', { of, attempt: 2 }))

  it('goes on from commits that were not pushed', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = `${COMMIT}; exit 3`
    const first = bench.assign(workOrder('t1'))
    await bench.untilState(first, 'failed')
    await bench.clear(first)
    bench.script = `[ -e work.txt ]`
    const over = await bench.untilState(again(bench, first), 'succeeded', 'empty', 'failed')
    assert.equal(over.state, 'succeeded', over.note)
    assert.equal(bench.tip('task-t1'), over.commit)
  })

  it('is refused where the branch stands elsewhere than on the remote, with both', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = `${COMMIT}; exit 3`
    const first = bench.assign(workOrder('t1'))
    await bench.untilState(first, 'failed')
    await bench.clear(first)
    const here = git(bench.clone, 'rev-parse', 'task-t1').trim()
    git(bench.clone, 'commit', '--quiet', '--allow-empty', '--message', 'another')
    const there = git(bench.clone, 'rev-parse', 'HEAD').trim()
    git(bench.clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/task-t1')
    const over = await bench.untilState(again(bench, first), 'succeeded', 'failed')
    assert.deepEqual([over.state, over.reason], ['failed', 'diverged'])
    assert.ok(over.note?.includes(here) === true && over.note.includes(there), over.note)
  })

  it('of work that was pushed is empty when it adds nothing', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = COMMIT
    const first = bench.assign(workOrder('t1'))
    await bench.untilState(first, 'succeeded')
    await bench.clear(first)
    bench.script = 'true'
    const id = bench.assign(workOrder('t1', { of: first, attempt: 2 }), true)
    assert.equal((await bench.untilState(id, 'succeeded', 'empty')).state, 'empty')
  })
})

describe('a start that cannot be', () => {
  it('says who has the branch', async (t) => {
    const bench = new WorkerBench(t)
    git(bench.clone, 'switch', '--quiet', '--create', 'task-t1')
    const over = await bench.untilState(bench.assign(workOrder('t1')), 'failed', 'running')
    assert.deepEqual([over.state, over.reason], ['failed', 'worktree'])
    assert.match(over.note ?? '', /already (?:checked out|used by worktree)/)
  })

  it('goes on from nothing that the remote has deleted', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = COMMIT
    const first = bench.assign(workOrder('t1'))
    await bench.untilState(first, 'succeeded')
    await bench.clear(first)
    git(bench.clone, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*')
    git(bench.origin, 'update-ref', '-d', 'refs/heads/task-t1')
    git(bench.clone, 'branch', '--quiet', '-D', 'task-t1')
    bench.script = '[ ! -e work.txt ]'
    const second = bench.assign(workOrder('t1'), true)
    assert.equal((await bench.untilState(second, 'empty', 'failed')).state, 'empty')
  })
})

describe('the limits of a run', () => {
  it('end it in time, and say which it was to whoever starts after', async (t) => {
    const bench = new WorkerBench(t)
    bench.script = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
    bench.around = { runMsMax: 300 }
    const id = bench.assign(workOrder('t1'))
    const over = await bench.untilState(id, 'failed', 'succeeded', 'empty')
    assert.deepEqual([over.state, over.reason], ['failed', 'timeout'])
  })

  it('do not end one that has said its result', async (t) => {
    const bench = new WorkerBench(t)
    bench.kind = 'claude'
    const result = { type: 'result', subtype: 'success', total_cost_usd: 3, num_turns: 2.5 }
    bench.script = `echo '${JSON.stringify(result)}'; sleep 0.3; ${COMMIT}`
    bench.around = { spend: () => ({ reason: 'spending', note: 'too much' }) }
    const id = bench.assign(workOrder('t1'))
    const over = await bench.untilState(id, 'succeeded', 'failed')
    assert.deepEqual([over.state, over.costUsd, over.turns], ['succeeded', 3, 0])
  })

  it("of its launcher's account are no failure of the work, and pause the launcher", async (t) => {
    const bench = new WorkerBench(t)
    const until = Math.floor(Date.now() / 1000) + 600
    bench.script = `echo 'Claude AI usage limit reached|${String(until)}'; exit 1`
    const id = bench.assign(workOrder('t1'))
    const over = await bench.untilState(id, 'failed')
    assert.equal(over.reason, 'limited')
    assert.deepEqual(bench.pauses, [['sh', until * 1000]])
  })
})
