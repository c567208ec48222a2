// Durable claims and checks over local sockets, beside etcd and Redis.
import { middle, ratio, type Bench, type Runs } from '../bench.ts'
import { judge, makeRow, pair, perSecond, times, type Row } from '../row.ts'

/** What a caller holds at most before it gives everything back. */
const HELD = 50
const MANY = 32

export async function claimRows(bench: Bench): Promise<Row[]> {
  const keys = bench.checkout().files
  const ping = await bench.alternate({
    ...{ act: 'ping', callers: 1, rounds: 1, turns: bench.count(2_000, 300) },
    keys,
  })
  const rounds = bench.count(40, 6)
  const runs = await bench.alternate({
    ...{ act: 'claim', callers: 1, rounds, turns: HELD },
    keys,
  })
  const share = ratio(runs, 'p50')
  return [
    makeRow('durable claim + answer, one caller, p50 / p99', both(runs, 'skein'), {
      etcd: both(runs, 'etcd'),
      redis: both(runs, 'redis'),
      ratio: times(share),
      atLeast: '1.0x',
      aim: '0.5x',
      verdict: judge([{ value: share, atLeast: 1, aim: 0.5, better: 'less' }]),
      figures: { ...figuresOf(runs, 'p50'), ...figuresOf(runs, 'p99'), ratio: share },
    }),
    processorRow('processor time of the server for each of these', runs),
    makeRow('the same caller, a question that costs nothing', both(ping, 'skein'), {
      etcd: both(ping, 'etcd'),
      redis: both(ping, 'redis'),
      figures: figuresOf(ping, 'p50'),
    }),
  ]
}

export async function callersRows(bench: Bench): Promise<Row[]> {
  const runs = await bench.alternate({
    ...{ act: 'claim', callers: MANY, rounds: bench.count(5, 1), turns: HELD },
    keys: bench.checkout().files,
  })
  const share = ratio(runs, 'perSecond')
  return [
    makeRow(`durable claims, ${String(MANY)} callers`, rate(runs, 'skein'), {
      etcd: rate(runs, 'etcd'),
      redis: rate(runs, 'redis'),
      ratio: times(share),
      atLeast: '2x',
      aim: '5x',
      verdict: judge([{ value: share, atLeast: 2, aim: 5, better: 'more' }]),
      figures: { ...figuresOf(runs, 'perSecond'), ratio: share },
    }),
    makeRow('the latency of these, p50 / p99', both(runs, 'skein'), {
      etcd: both(runs, 'etcd'),
      redis: both(runs, 'redis'),
      figures: { ...figuresOf(runs, 'p50'), ...figuresOf(runs, 'p99') },
    }),
    processorRow('processor time of the server for each of these', runs),
  ]
}

/** Among 100 active claims of others; one check in ten meets one of them. */
export async function checkRows(bench: Bench): Promise<Row[]> {
  const { files } = bench.checkout()
  const held = files.slice(0, 100)
  const { driver, servers } = await bench.lineUp()
  const holding = { callers: 2, rounds: 1, turns: 50, keys: held, keep: true } as const
  for (const { target } of servers) await driver.run({ ...holding, target, act: 'claim' })
  const keys = files
    .slice(100, 1_000)
    .flatMap((file, at) => (at % 9 === 0 ? [file, held[at / 9] ?? file] : [file]))
  const order = { callers: 1, rounds: 1, turns: bench.count(4_000, 300), keys } as const
  const runs = await bench.alternate({ ...order, act: 'check' })
  for (const { target } of servers)
    await driver.run({ ...holding, target, act: 'release', turns: 1 })
  const [p50, p99] = [middle(runs.skein, 'p50'), middle(runs.skein, 'p99')]
  return [
    makeRow('check (no write), p50 / p99', both(runs, 'skein'), {
      etcd: both(runs, 'etcd'),
      redis: both(runs, 'redis'),
      ratio: times(ratio(runs, 'p50')),
      atLeast: '0.5 / 5 ms',
      aim: '0.2 / 1 ms',
      verdict: judge([
        { value: p50, atLeast: 0.5, aim: 0.2, better: 'less' },
        { value: p99, atLeast: 5, aim: 1, better: 'less' },
      ]),
      figures: { ...figuresOf(runs, 'p50'), ...figuresOf(runs, 'p99') },
    }),
  ]
}

function processorRow(what: string, runs: Runs): Row {
  const text = (system: keyof Runs): string =>
    runs[system] === undefined
      ? '–'
      : `${middle(runs[system], 'processorMicroseconds').toFixed(0)} µs`
  return makeRow(what, text('skein'), {
    etcd: text('etcd'),
    redis: text('redis'),
    ratio: times(ratio(runs, 'processorMicroseconds')),
    figures: figuresOf(runs, 'processorMicroseconds'),
  })
}

function both(runs: Runs, system: keyof Runs): string {
  if (runs[system] === undefined) return 'skipped'
  return pair(middle(runs[system], 'p50'), middle(runs[system], 'p99'))
}

function rate(runs: Runs, system: keyof Runs): string {
  return runs[system] === undefined ? 'skipped' : perSecond(middle(runs[system], 'perSecond'))
}

function figuresOf(
  runs: Runs,
  figure: 'p50' | 'p99' | 'perSecond' | 'processorMicroseconds',
): Record<string, number> {
  const systems = Object.keys(runs) as (keyof Runs)[]
  return Object.fromEntries(
    systems.map((system) => [`${system} ${figure}`, middle(runs[system], figure)]),
  )
}
