// The leader gone: killed, so that its connections are reset, or frozen, so that nothing is heard of it and nothing closes.
// From there to the next grant on a machine that is left.
import type { Bench } from '../bench.ts'
import { judge, makeRow, type Row } from '../row.ts'
import { quantile, sortNumbers } from '../stats.ts'
import type { Cluster, Machine } from './cluster.ts'

/** So that links count as steady, and nothing is left of the time before. */
const REST_MS = 6_000
const GRANT_MS_MAX = 60_000

export async function killedRow(bench: Bench, cluster: Cluster): Promise<Row> {
  const times: number[] = []
  for (let turn = 0; turn < bench.count(12, 2); turn++) {
    await bench.ground.sleep(REST_MS)
    const leader = await cluster.leader()
    const [asking] = await cluster.followers()
    const startedAt = performance.now()
    const dead = leader.daemon.stop('SIGKILL')
    times.push(await nextGrant(bench, cluster, asking, `killed-${String(turn)}`, startedAt))
    await dead
    await leader.daemon.start()
    await cluster.becomeWhole()
    bench.say(`  killed ${leader.name}: ${((times.at(-1) ?? 0) / 1000).toFixed(2)} s`)
  }
  const [p50, p99] = [quantile(sortNumbers(times), 0.5), quantile(sortNumbers(times), 0.99)]
  return makeRow(
    `leader killed: the next grant, p50 / the longest of ${String(times.length)}`,
    `${seconds(p50)} / ${seconds(p99)} s`,
    {
      atLeast: '1 / 3 s',
      aim: '0.3 / 1 s',
      verdict: judge([
        { value: p50, atLeast: 1_000, aim: 300, better: 'less' },
        { value: p99, atLeast: 3_000, aim: 1_000, better: 'less' },
      ]),
      figures: { p50, p99 },
    },
  )
}

export async function frozenRow(bench: Bench, cluster: Cluster): Promise<Row> {
  const times: number[] = []
  for (let turn = 0; turn < bench.count(5, 1); turn++) {
    await bench.ground.sleep(REST_MS)
    const leader = await cluster.leader()
    const [asking] = await cluster.followers()
    const startedAt = performance.now()
    leader.daemon.freeze(true)
    try {
      times.push(await nextGrant(bench, cluster, asking, `frozen-${String(turn)}`, startedAt))
    } finally {
      leader.daemon.freeze(false)
    }
    await cluster.becomeWhole()
    bench.say(`  froze ${leader.name}: ${((times.at(-1) ?? 0) / 1000).toFixed(2)} s`)
  }
  const longest = Math.max(...times)
  return makeRow(
    `leader silent, nothing closed: the next grant, the longest of ${String(times.length)}`,
    `${seconds(longest)} s`,
    {
      atLeast: '8 s',
      aim: '5 s',
      verdict: judge([{ value: longest, atLeast: 8_000, aim: 5_000, better: 'less' }]),
      figures: { longest, p50: quantile(sortNumbers(times), 0.5) },
    },
  )
}

/** Asks again and again, as an agent would. */
async function nextGrant(
  bench: Bench,
  cluster: Cluster,
  asking: Machine | undefined,
  name: string,
  startedAt: number,
): Promise<number> {
  if (asking === undefined) throw new Error('there are no followers')
  const party = await cluster.party(asking, name)
  const scopes = [{ kind: 'file', pattern: `failures/${name}.ts` }]
  try {
    for (;;) {
      const answer = await party.call('claim', { scopes }).catch(() => null)
      const tookMs = performance.now() - startedAt
      if (answer?.['status'] === 'granted') return tookMs
      if (tookMs > GRANT_MS_MAX) throw new Error('nothing was granted any more')
      await bench.ground.sleep(10)
    }
  } finally {
    await party.call('release', { mine: true }).catch(() => null)
    party.close()
  }
}

function seconds(value: number): string {
  return (value / 1000).toFixed(2)
}
