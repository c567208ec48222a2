// Workers on another machine: how long a task takes to get there, what their words cost its daemon, and how late they arrive.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { processorMicroseconds, type Bench } from '../bench.ts'
import { plainEnvironment } from '../ground.ts'
import { judge, makeRow, milliseconds, type Row } from '../row.ts'
import { cloneCheckout, makeCheckout, type Daemon } from '../skein.ts'
import { median } from '../stats.ts'

const REPO = 'bench/fleet'
const WHO = { agent: 'bench', session: 'bench' }
const WAIT_S = 60
const TALKERS = 20

/** Small programs, in words of the shell alone; what they do comes on their standard input. */
const LAUNCHERS = 'launchers: { script: { command: sh, args: [-s] } }'
/** 20 lines each 20 ms. */
const TALK =
  "const t=setInterval(()=>process.stdout.write('a line of a worker that has much to say\\n'.repeat(20)),20);setTimeout(()=>clearInterval(t),"

interface Two {
  /** Who dispatches, and where the workers are. */
  readonly here: Daemon
  readonly there: Daemon
}

export async function fleetRows(bench: Bench): Promise<Row[]> {
  const two = await startTwo(bench)
  try {
    const rows: Row[] = []
    for (const measure of [startRow, talkRow, followRow, idleRow]) {
      const row = await measure(bench, two)
      bench.say(`  ${row.what}: ${row.skein}`)
      rows.push(row)
    }
    return rows
  } finally {
    await two.here.stop()
    await two.there.stop()
  }
}

async function startTwo(bench: Bench): Promise<Two> {
  const origin = makeCheckout(bench.ground, { repo: REPO, folders: 4 })
  const fleet = `fleet: { accept: [one], repos: [${REPO}], max_workers: ${String(TALKERS)}, ${LAUNCHERS} }`
  const clone = () => cloneCheckout(bench.ground, origin)
  const here = bench.newDaemon(clone(), { machine: 'one', config: `fleet: { ${LAUNCHERS} }` })
  const there = bench.newDaemon(clone(), { machine: 'two', config: fleet })
  for (const daemon of [here, there]) await daemon.start()
  await here.enrol()
  const { token } = await here.call('invite', { yes: true })
  await there.call('join', { token, yes: true })
  const two = { here, there }
  // They find each other in their own time.
  await until(bench, async () => {
    await there.call('claims', { cwd: there.checkout.root })
    await ended(two, await assign(two, 'true #first'))
  })
  return two
}

/** From the call to the worker's first word, less what git takes for the worktree alone. */
async function startRow(bench: Bench, two: Two): Promise<Row> {
  const spent: number[] = []
  for (let run = 0; run < bench.count(20, 3); run++) {
    const askedAt = Date.now()
    const id = await assign(two, `date +%s%3N #${String(run)}`)
    await ended(two, id)
    spent.push(Number((await logOf(two, id)).trim()) - askedAt)
  }
  const git = median(worktreeTimes(two.there.checkout.root))
  const over = median(spent) - git
  return makeRow(
    'a task given to another machine, until its worker speaks, beyond `git worktree add`',
    `${milliseconds(over)} ms (git ${milliseconds(git)} ms)`,
    {
      atLeast: '500 ms',
      verdict: judge([{ value: over, atLeast: 500, aim: 500, better: 'less' }]),
      figures: { over, git },
    },
  )
}

function worktreeTimes(root: string): number[] {
  return Array.from({ length: 5 }, (_, run) => {
    const folder = path.join(root, '..', `tree-${String(run)}`)
    const startedAt = performance.now()
    gitIn(root, 'worktree', 'add', '--quiet', '--detach', folder)
    const spent = performance.now() - startedAt
    gitIn(root, 'worktree', 'remove', '--force', folder)
    return spent
  })
}

async function talkRow(bench: Bench, two: Two): Promise<Row> {
  // The last one starts well before the first one ends.
  const seconds = bench.count(40, 20)
  const words = `node -e "${TALK}${String(seconds * 1000)})" #`
  const ids = await Promise.all(
    Array.from({ length: TALKERS }, (_, at) => assign(two, `${words}${String(at)}`)),
  )
  await until(bench, async () => {
    const states = await Promise.all(ids.map((id) => stateOf(two, id)))
    if (!states.every((state) => state === 'running')) throw new Error('not all run')
  })
  const windowMs = bench.count(10_000, 2_000)
  const before = processorMicroseconds([two.there.pid])
  await bench.ground.sleep(windowMs)
  const share = (processorMicroseconds([two.there.pid]) - before) / windowMs / 10
  for (const id of ids) await ended(two, id)
  return makeRow(
    `processor of a daemon with ${String(TALKERS)} workers of 1,000 log lines a second each`,
    `${share.toFixed(1)} %`,
    {
      atLeast: '15 %',
      verdict: judge([{ value: share, atLeast: 15, aim: 15, better: 'less' }]),
      figures: { share },
    },
  )
}

async function followRow(bench: Bench, two: Two): Promise<Row> {
  const lines = bench.count(100, 20)
  const id = await assign(
    two,
    `i=0; while [ $i -lt ${String(lines)} ]; do date +%s%3N; sleep 0.1; i=$((i+1)); done`,
  )
  const late: number[] = []
  let since = 0
  for (let isOver = false; !isOver;) {
    const piece = await two.here.call('log', { ...asked(two), id, since, wait_s: 20 })
    const now = Date.now()
    const text = String(piece['text'])
    for (const line of text.split('\n').filter((one) => one !== '')) late.push(now - Number(line))
    since = Number(piece['next'])
    isOver = piece['ended'] === true
  }
  const [middle, most] = [median(late), Math.max(...late)]
  return makeRow(
    'a line of a worker on another machine: at the follower, median · most',
    `${milliseconds(middle)} · ${milliseconds(most)} ms`,
    {
      atLeast: '200 ms',
      verdict: judge([{ value: most, atLeast: 200, aim: 200, better: 'less' }]),
      figures: { median: middle, most },
    },
  )
}

/** With so many over, nothing costs more than with none. */
async function idleRow(bench: Bench, two: Two): Promise<Row> {
  const count = bench.count(200, 8)
  for (let done = 0; done < count; done += TALKERS) {
    const size = Math.min(TALKERS, count - done)
    const ids = await Promise.all(
      Array.from({ length: size }, (_, at) => assign(two, `true #${String(done + at)}`)),
    )
    for (const id of ids) await ended(two, id)
  }
  await bench.ground.sleep(bench.count(70_000, 1_000))
  const windowMs = bench.count(30_000, 2_000)
  const pids = [two.here.pid, two.there.pid]
  const before = pids.map((pid) => processorMicroseconds([pid]))
  await bench.ground.sleep(windowMs)
  const shares = pids.map(
    (pid, at) => (processorMicroseconds([pid]) - (before[at] ?? 0)) / windowMs / 10,
  )
  const share = Math.max(...shares)
  return makeRow(
    `processor of a daemon with ${String(count)} assignments that are over, and nothing to do`,
    `${share.toFixed(2)} %`,
    {
      atLeast: '1 %',
      verdict: judge([{ value: share, atLeast: 1, aim: 0.3, better: 'less' }]),
      figures: { share },
    },
  )
}

const asked = ({ here }: Two) => ({ ...WHO, cwd: here.checkout.root })

async function assign(two: Two, work: string): Promise<string> {
  const input = { ...asked(two), work, machine: 'two', launcher: 'script' }
  const { worker } = await two.here.call('assign', input)
  return (worker as { readonly id: string }).id
}

async function ended(two: Two, id: string): Promise<void> {
  try {
    await two.here.call('wait', { ...asked(two), id, wait_s: WAIT_S })
  } catch (error) {
    // Nothing is committed here: that is another status over HTTP.
    if (!String(error).includes('"state":"empty"')) throw error
  }
}

async function stateOf(two: Two, id: string): Promise<string> {
  const { workers } = await two.here.call('workers', { ...asked(two), id })
  return (workers as readonly { readonly state: string }[])[0]?.state ?? ''
}

async function logOf(two: Two, id: string): Promise<string> {
  return String((await two.here.call('log', { ...asked(two), id }))['text'])
}

function gitIn(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd, env: plainEnvironment(), stdio: 'ignore' })
}

async function until(bench: Bench, act: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + WAIT_S * 1000
  for (;;) {
    try {
      await act()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await bench.ground.sleep(50)
    }
  }
}
