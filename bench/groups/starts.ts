// How long processes take: the daemon until it is ready, the bridge until its first answer, `skein check` as a whole.
import type { Bench } from '../bench.ts'
import { exitOf } from '../ground.ts'
import { judge, makeRow, milliseconds, times, type Row } from '../row.ts'
import type { Daemon } from '../skein.ts'
import { median } from '../stats.ts'

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'bench', version: '0' },
  },
})
const ANSWER_MS_MAX = 10_000

export async function startRows(bench: Bench): Promise<Row[]> {
  const daemon = bench.newDaemon()
  const first = await daemon.start()
  await daemon.enrol()
  const starts: number[] = []
  for (let i = 0; i < processRuns(bench); i++) {
    await daemon.stop()
    starts.push(await daemon.start())
  }
  const bridges: number[] = []
  for (let i = 0; i < processRuns(bench); i++) {
    const answered = await bridgeOnce(bench, daemon)
    if (answered === null) break
    bridges.push(answered)
  }
  await daemon.stop()
  const start = median(starts)
  return [
    timeRow('daemon start to ready', start, 300, 200, { 'first start': first }),
    timeRow('bridge start to first MCP answer', median(bridges), 100, 60, {}),
  ]
}

export async function commandRows(bench: Bench): Promise<Row[]> {
  const daemon = bench.newDaemon()
  await daemon.start()
  await daemon.enrol()
  const file = bench.checkout().files[0] ?? ''
  const checks: number[] = []
  const empties: number[] = []
  const ratios: number[] = []
  for (let i = 0; i < processRuns(bench); i++) {
    const check = await processOnce(bench, daemon, [bench.program, 'check', file])
    const empty = await processOnce(bench, daemon, ['-e', '0'])
    if (check === null || empty === null) break
    checks.push(check)
    empties.push(empty)
    ratios.push(check / empty)
  }
  await daemon.stop()
  const ratio = median(ratios)
  const [own, empty] = [median(checks), median(empties)]
  return [
    makeRow('`skein check` as a process', told(own), {
      ratio: `${times(ratio)} of \`node -e 0\` (${told(empty)})`,
      atLeast: '2.5x',
      aim: '1.8x',
      verdict: judge([{ value: ratio, atLeast: 2.5, aim: 1.8, better: 'less' }]),
      figures: { check: own, empty, ratio },
    }),
  ]
}

/** Processes vary more than answers. */
function processRuns(bench: Bench): number {
  return bench.count(Math.max(11, bench.runs), 3)
}

function timeRow(
  what: string,
  value: number,
  atLeast: number,
  aim: number,
  more: Readonly<Record<string, number>>,
): Row {
  return makeRow(what, told(value), {
    atLeast: `${String(atLeast)} ms`,
    aim: `${String(aim)} ms`,
    verdict: judge([{ value, atLeast, aim, better: 'less' }]),
    figures: { median: value, ...more },
  })
}

function told(value: number): string {
  return Number.isFinite(value) ? `${milliseconds(value)} ms` : '–'
}

/** From spawn to the first line on stdout; null when the program has no bridge. */
async function bridgeOnce(bench: Bench, daemon: Daemon): Promise<number | null> {
  const startedAt = performance.now()
  const spawned = bench.ground.spawn(
    process.execPath,
    [bench.program, 'mcp'],
    daemon.environment,
    daemon.checkout.root,
  )
  const { child } = spawned
  child.stdin?.on('error', () => undefined)
  child.stdin?.write(`${INITIALIZE}\n`)
  const answered = await new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => {
      resolve(null)
    }, ANSWER_MS_MAX)
    child.stdout?.once('data', (chunk: Buffer) => {
      const took = performance.now() - startedAt
      resolve(chunk.toString().includes('"result"') ? took : null)
    })
    child.once('close', () => {
      resolve(null)
    })
    child.once('close', () => {
      clearTimeout(timer)
    })
  })
  if (answered === null) bench.say(`no answer of the bridge: ${spawned.said()}`)
  child.stdin?.end()
  await bench.ground.stop(spawned)
  return answered
}

/** Milliseconds from spawn to exit; null when it failed. */
async function processOnce(
  bench: Bench,
  daemon: Daemon,
  args: readonly string[],
): Promise<number | null> {
  const startedAt = performance.now()
  const { environment, checkout } = daemon
  const spawned = bench.ground.spawn(process.execPath, args, environment, checkout.root)
  spawned.child.stdout?.resume()
  spawned.child.stdin?.end()
  const exit = new Promise<number>((resolve) => {
    spawned.child.once('exit', () => {
      resolve(performance.now() - startedAt)
    })
  })
  const took = await exit
  if ((await exitOf(spawned.child)) === 0) return took
  bench.say(`node ${args.slice(0, 2).join(' ')} failed: ${spawned.said()}`)
  return null
}
