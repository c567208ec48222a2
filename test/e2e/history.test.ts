// A daemon under several callers, killed in the middle and started again, judged by what they saw and by its audit log.
import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { createClient } from '../helpers/api.ts'
import { startDaemon } from '../helpers/daemon.ts'
import { mergeLogs } from '../helpers/history-facts.ts'
import { checkHistory } from '../helpers/history.ts'
import { Recorder, type Caller } from '../helpers/recorder.ts'
import { makeFolder, makeRepo } from '../helpers/repo.ts'

const REPO = 'test/shop'
const PATTERNS = ['src/**', 'src/a.ts', 'src/b.ts', 'README.md', 'docs/**', 'src/a.ts']
const CALLERS = 4
const ROUNDS = 60

it('a run over a kill has a sound history', async (t) => {
  const root = makeRepo(t)
  const home = path.join(makeFolder(t, 'skein-home-'), 'h')
  const first = await startDaemon(t, { home })
  await first.client.must('check', { cwd: root, scopes: [{ kind: 'file', pattern: 'README.md' }] })
  const recorder = new Recorder()
  const callers = Array.from({ length: CALLERS }, (_, at): Caller => {
    const client = createClient({ socket: first.socket })
    return { process: 'one', client, repo: REPO, session: `s-${String(at)}` }
  })
  let runs: readonly Promise<void>[] = []
  await new Promise<void>((halfway) => {
    runs = callers.map((caller, at) => work(recorder, caller, at, halfway))
  })
  await first.kill()
  const second = await startDaemon(t, { home })
  await Promise.all(runs)
  // Whatever became of the calls that the kill cut off, everybody goes on.
  await Promise.all(callers.map((caller, at) => work(recorder, caller, at, () => undefined)))
  const { events, more } = await second.client.must('events', { repo: REPO, limit: 1_000 })
  for (const { client } of callers) client.close()

  const { operations } = recorder
  const ledger = mergeLogs({ one: events })
  const kinds = new Set(operations.map(({ outcome }) => outcome.kind))
  assert.deepEqual([...kinds].sort(), ['done', 'granted', 'refused', 'unknown'])
  assert.ok(!more && ledger.facts.length > ROUNDS)
  assert.deepEqual(checkHistory({ operations, ledger }), [])
})

/** Claims, confirms and gives back, in an order of its own, until the daemon is gone. */
async function work(
  recorder: Recorder,
  caller: Caller,
  at: number,
  halfway: () => void,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    if (round === ROUNDS / 2) halfway()
    const pattern = PATTERNS[(round * (at + 1) + at) % PATTERNS.length] ?? ''
    for (const claim of await recorder.claim(caller, [pattern])) {
      await recorder.verify(caller, claim)
      await recorder.release(caller, claim)
    }
    if (recorder.operations.at(-1)?.outcome.kind === 'unknown') return
  }
}
