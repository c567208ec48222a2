// The other ways in: the loopback port with its token, MCP over HTTP, and what open event streams cost everybody else.
import type { Bench } from '../bench.ts'
import type { Speech, Target } from '../load/caller.ts'
import { Driver } from '../load/driver.ts'
import type { Order, Outcome } from '../load/order.ts'
import { judge, makeRow, milliseconds, pair, perSecond, type Row } from '../row.ts'
import type { Daemon } from '../skein.ts'
import { median } from '../stats.ts'

const MANY = 32
const STREAMS = 200

export async function doorRows(bench: Bench): Promise<Row[]> {
  const daemon = bench.newDaemon()
  await daemon.start()
  await daemon.enrol()
  const port = await daemon.port()
  const driver = new Driver(bench.ground)
  const over = (speaks: Speech): Target =>
    ({ ...daemon.target, port: { ...port, speaks } }) as Target
  const measure = async (order: Omit<Order, 'keys'>): Promise<Outcome> => {
    const keys = bench.checkout().files
    const runs: Outcome[] = []
    for (let run = -1; run < bench.runs; run++) {
      const outcome = await driver.run({ ...order, keys })
      if (run >= 0) runs.push(outcome)
    }
    const middle = (of: (run: Outcome) => number): number => median(runs.map(of))
    return {
      p50: middle(({ p50 }) => p50),
      p99: middle(({ p99 }) => p99),
      perSecond: middle((run) => run.perSecond),
      count: runs.length,
    }
  }
  try {
    return [
      ...(await httpRows(bench, measure, over('http'))),
      ...(await mcpRows(bench, measure, over)),
      await growthRow(bench, daemon, measure, over('http')),
      await streamRow(bench, daemon, measure),
    ]
  } finally {
    await driver.stop()
    await daemon.stop()
  }
}

type Measure = (order: Omit<Order, 'keys'>) => Promise<Outcome>

async function httpRows(bench: Bench, measure: Measure, target: Target): Promise<Row[]> {
  const rounds = 1
  const one = await measure({
    target,
    act: 'check',
    callers: 1,
    rounds,
    turns: bench.count(4_000, 300),
  })
  const many = await measure({
    target,
    act: 'check',
    callers: MANY,
    rounds,
    turns: bench.count(400, 40),
  })
  return [
    makeRow('/v1/check over the loopback port, one caller, p50 / p99', pair(one.p50, one.p99), {
      atLeast: '1 ms',
      verdict: judge([{ value: one.p50, atLeast: 1, aim: 0, better: 'less' }]),
      figures: { p50: one.p50, p99: one.p99 },
    }),
    makeRow(`the same, ${String(MANY)} callers`, perSecond(many.perSecond), {
      atLeast: '3,000/s',
      verdict: judge([{ value: many.perSecond, atLeast: 3_000, aim: Infinity, better: 'more' }]),
      figures: { perSecond: many.perSecond },
    }),
  ]
}

async function mcpRows(
  bench: Bench,
  measure: Measure,
  over: (speaks: Speech) => Target,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const speaks of ['mcp-2025', 'mcp-2026'] as const) {
    const turns = bench.count(1_500, 100)
    const { p50, p99 } = await measure({
      target: over(speaks),
      act: 'check',
      callers: 1,
      rounds: 1,
      turns,
    })
    const era = speaks === 'mcp-2025' ? '2025-11-25' : '2026-07-28'
    rows.push(
      makeRow(`check_conflicts over Streamable HTTP, era ${era}, p50 / p99`, pair(p50, p99), {
        atLeast: '3 ms',
        verdict: judge([{ value: p50, atLeast: 3, aim: 0, better: 'less' }]),
        figures: { p50, p99 },
      }),
    )
  }
  return rows
}

/** After a first 10,000, which fill caches. */
async function growthRow(
  bench: Bench,
  daemon: Daemon,
  measure: Measure,
  target: Target,
): Promise<Row> {
  const turns = bench.count(10_000, 500)
  const restMs = bench.count(5_000, 500)
  const order = { target, act: 'check', callers: 4, rounds: 1, turns: turns / 4 } as const
  await measure(order)
  await bench.ground.sleep(restMs)
  const before = daemon.memory().now
  await measure(order)
  await bench.ground.sleep(restMs)
  const after = daemon.memory().now
  const calls = (turns * (bench.runs + 1)).toLocaleString('en-US')
  return makeRow(
    `resident memory before and after ${calls} calls over the port`,
    `${before.toFixed(0)} / ${after.toFixed(0)} MiB`,
    {
      atLeast: '+10 MiB',
      verdict: judge([{ value: after - before, atLeast: 10, aim: -Infinity, better: 'less' }]),
      figures: { before, after },
    },
  )
}

async function streamRow(bench: Bench, daemon: Daemon, measure: Measure): Promise<Row> {
  const order = { target: daemon.target, act: 'claim', callers: 1 } as const
  const rounds = bench.count(20, 3)
  const alone = await measure({ ...order, rounds, turns: 50 })
  const streams = bench.ground.fork(new URL('../load/streams-process.ts', import.meta.url))
  await new Promise<void>((resolve, reject) => {
    streams.child.once('message', (message: { error?: string }) => {
      if (message.error === undefined) resolve()
      else reject(new Error(message.error))
    })
    streams.child.send({ socket: daemon.socket, count: STREAMS })
  })
  const watched = await measure({ ...order, rounds, turns: 50 })
  await bench.ground.stop(streams)
  const more = watched.p50 - alone.p50
  return makeRow(
    `a grant with no event stream and with ${String(STREAMS)}, p50`,
    `${milliseconds(alone.p50)} / ${milliseconds(watched.p50)} ms`,
    {
      atLeast: '+2 ms',
      verdict: judge([{ value: more, atLeast: 2, aim: -Infinity, better: 'less' }]),
      figures: { alone: alone.p50, watched: watched.p50, 'watched p99': watched.p99 },
    },
  )
}
