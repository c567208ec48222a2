// Where agents work: a verdict inside the daemon's door and as the process that a harness starts, a push of many files through the
// hook, and the wiring of a repository.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Bench } from '../bench.ts'
import { exitOf, plainEnvironment } from '../ground.ts'
import { judge, makeRow, milliseconds, pair, times, type Row } from '../row.ts'
import { openParty, type Party } from '../load/skein-caller.ts'
import { makeCheckout, type Checkout, type Daemon } from '../skein.ts'
import { median, quantile, sortNumbers } from '../stats.ts'

/** One party holds what is edited, and pushes it. */
const AGENT = 'bench'
const SESSION = `session-of-${AGENT}`
const PUSHED_FILES = 2_000
/** As many as an agent edits in a task: the first edit of each claims, the others find it claimed. */
const FILES_EDITED = 20

export async function guardRows(bench: Bench): Promise<Row[]> {
  const daemon = bench.newDaemon()
  await daemon.start()
  await daemon.enrol()
  const party = await openParty({
    socket: daemon.socket,
    checkout: daemon.checkout.root,
    name: AGENT,
  })
  try {
    return [
      await verdictRow(bench, daemon, party),
      await processRow(bench, daemon),
      await pushRow(bench, daemon),
      await initRow(bench, daemon),
    ]
  } finally {
    party.close()
    await daemon.stop()
  }
}

/** What a harness says before an edit. */
function payloadOf({ root }: Checkout, file: string) {
  const place = path.join(root, file)
  return {
    session_id: SESSION,
    cwd: root,
    hook_event_name: 'PreToolUse',
    tool_name: 'Edit',
    tool_use_id: 'toolu_bench',
    tool_input: { file_path: place, old_string: 'export const name', new_string: 'export const x' },
  }
}

async function verdictRow(bench: Bench, { checkout }: Daemon, party: Party): Promise<Row> {
  const files = checkout.files.slice(0, FILES_EDITED)
  const runs: { readonly p50: number; readonly p99: number }[] = []
  const turns = bench.count(1_000, 60)
  for (let run = -1; run < bench.runs; run++) {
    const latencies: number[] = []
    for (let turn = 0; turn < turns; turn++) {
      const payload = payloadOf(checkout, files[turn % files.length] ?? '')
      const input = { harness: 'claude', event: 'pre-tool', payload }
      const startedAt = performance.now()
      const { decision } = await party.call('guard', input)
      latencies.push(performance.now() - startedAt)
      if (decision !== 'allow') throw new Error(`the guard said ${String(decision)}`)
    }
    const sorted = sortNumbers(latencies)
    if (run >= 0) runs.push({ p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) })
  }
  const [p50, p99] = [median(runs.map((run) => run.p50)), median(runs.map((run) => run.p99))]
  return makeRow('verdict of the guard on an edit, p50 / p99', pair(p50, p99), {
    atLeast: '10 / 40 ms',
    verdict: judge([
      { value: p50, atLeast: 10, aim: 0, better: 'less' },
      { value: p99, atLeast: 40, aim: 0, better: 'less' },
    ]),
    figures: { p50, p99 },
  })
}

async function processRow(bench: Bench, daemon: Daemon): Promise<Row> {
  const payload = JSON.stringify(payloadOf(daemon.checkout, daemon.checkout.files[0] ?? ''))
  const words = [bench.program, 'guard', '--harness', 'claude']
  const guards: number[] = []
  const empties: number[] = []
  const ratios: number[] = []
  for (let run = -1; run < processRuns(bench); run++) {
    const guard = await processOnce(bench, daemon, words, payload)
    const empty = await processOnce(bench, daemon, ['-e', '0'], '')
    if (run < 0) continue
    guards.push(guard)
    empties.push(empty)
    ratios.push(guard / empty)
  }
  const [guard, empty, ratio] = [median(guards), median(empties), median(ratios)]
  return makeRow('`skein guard` as a process', `${milliseconds(guard)} ms`, {
    ratio: `${times(ratio)} of \`node -e 0\` (${milliseconds(empty)} ms)`,
    atLeast: '2.5x',
    aim: '2x',
    verdict: judge([{ value: ratio, atLeast: 2.5, aim: 2, better: 'less' }]),
    figures: { guard, empty, ratio },
  })
}

/** The hook as git calls it, on a commit that nobody has published. */
async function pushRow(bench: Bench, daemon: Daemon): Promise<Row> {
  const { root, files } = daemon.checkout
  const count = Math.min(PUSHED_FILES, files.length)
  const base = git(root, 'rev-parse', 'HEAD')
  for (const file of files.slice(0, count))
    writeFileSync(path.join(root, file), `export const name = 'pushed ${file}'\n`)
  git(root, 'commit', '--quiet', '--all', '--no-verify', '--message', 'many')
  const head = git(root, 'rev-parse', 'HEAD')
  const refs = `refs/heads/main ${head} refs/heads/main ${base}\n`
  const words = [bench.program, 'hook', 'pre-push', 'origin', path.join(root, 'nowhere')]
  const took: number[] = []
  for (let run = -1; run < bench.runs; run++) {
    const once = await processOnce(bench, daemon, words, refs)
    if (run >= 0) took.push(once)
  }
  return goalRow(`\`pre-push\` of ${count.toLocaleString('en-US')} changed files`, took, 1_000)
}

/** Each time in a repository that was never wired. */
async function initRow(bench: Bench, daemon: Daemon): Promise<Row> {
  const took: number[] = []
  for (let run = -1; run < bench.runs; run++) {
    const repo = `bench/init-${String(run + 1)}`
    const { root } = makeCheckout(bench.ground, { repo, folders: 16 })
    const words = [bench.program, 'init', '--tool', 'all', '--yes']
    const once = await processOnce(bench, daemon, words, '', root)
    if (run >= 0) took.push(once)
  }
  return goalRow('`skein init --tool all` in 1,024 files', took, 2_000)
}

function goalRow(what: string, took: readonly number[], atLeast: number): Row {
  const value = median(took)
  return makeRow(what, `${milliseconds(value)} ms`, {
    atLeast: `${String(atLeast / 1000)} s`,
    verdict: judge([{ value, atLeast, aim: 0, better: 'less' }]),
    figures: { median: value },
  })
}

/** Processes vary more than answers. */
function processRuns(bench: Bench): number {
  return bench.count(Math.max(11, bench.runs), 3)
}

/** Milliseconds from spawn to exit. @throws Error with its last words when it fails */
async function processOnce(
  bench: Bench,
  daemon: Daemon,
  args: readonly string[],
  stdin: string,
  cwd = daemon.checkout.root,
): Promise<number> {
  const own = { SKEIN_AGENT: AGENT, SKEIN_SESSION: SESSION }
  const env = { ...daemon.environment, HOME: daemon.home, ...own }
  const startedAt = performance.now()
  const spawned = bench.ground.spawn(process.execPath, args, env, cwd)
  spawned.child.stdout?.resume()
  spawned.child.stdin?.on('error', () => undefined)
  spawned.child.stdin?.end(stdin)
  const took = await new Promise<number>((resolve) => {
    spawned.child.once('exit', () => {
      resolve(performance.now() - startedAt)
    })
  })
  if ((await exitOf(spawned.child)) === 0) return took
  throw new Error(`node ${args.slice(0, 3).join(' ')} failed: ${spawned.said()}`)
}

function git(root: string, ...args: readonly string[]): string {
  const person = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost']
  const env = plainEnvironment()
  return execFileSync('git', [...person, ...args], { cwd: root, env, encoding: 'utf8' }).trim()
}
