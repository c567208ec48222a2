// Claims through machines that do not lead, beside three etcd: the same work, the same number of disks.
import { middle, ratio, type Bench, type Contender, type Runs } from '../bench.ts'
import { startEtcd, etcd, type Server } from '../anchors/servers.ts'
import { Driver } from '../load/driver.ts'
import { judge, makeRow, pair, perSecond, times, type Row } from '../row.ts'
import type { Cluster } from './cluster.ts'

const MANY = 32
const HELD = 50

export async function meshClaimRows(bench: Bench, cluster: Cluster): Promise<Row[]> {
  const servers = etcd.version === null ? [] : await startEtcd(bench.ground, 3)
  const driver = new Driver(bench.ground)
  try {
    return [
      ...(await oneCaller(bench, cluster, servers, driver)),
      ...(await manyCallers(bench, cluster, servers, driver)),
    ]
  } finally {
    await driver.stop()
    for (const { process } of servers) await bench.ground.stop(process)
  }
}

async function oneCaller(
  bench: Bench,
  cluster: Cluster,
  servers: readonly Server[],
  driver: Driver,
): Promise<Row[]> {
  const [follower] = await cluster.followers()
  if (follower === undefined) return []
  const contenders: Contender[] = [
    { target: cluster.socketTarget(follower), pids: pidsOf(cluster) },
  ]
  const other = await followerAmong(servers)
  if (other !== null)
    contenders.push({ target: other.target, pids: servers.map(({ process }) => process.pid) })
  const runs = await bench.alternateAmong(driver, contenders, {
    ...{ act: 'claim', callers: 1, rounds: bench.count(10, 2), turns: HELD },
    keys: bench.checkout().files,
  })
  const share = ratio(runs, 'p50')
  return [
    makeRow(
      "claim through a follower's MCP socket, durable on two of three, p50 / p99",
      both(runs, 'skein'),
      {
        etcd: both(runs, 'etcd'),
        ratio: times(share),
        atLeast: '1.0x',
        aim: '0.5x',
        verdict: judge([{ value: share, atLeast: 1, aim: 0.5, better: 'less' }]),
        figures: figuresOf(runs, share),
      },
    ),
    processorRow('processor time of all three for each of these', runs),
  ]
}

async function manyCallers(
  bench: Bench,
  cluster: Cluster,
  servers: readonly Server[],
  driver: Driver,
): Promise<Row[]> {
  const [target, ...also] = cluster.machines.map((machine) => cluster.target(machine))
  if (target === undefined) return []
  const contenders: Contender[] = [{ target, also, pids: pidsOf(cluster) }]
  const [first, ...rest] = servers
  if (first !== undefined) {
    const pids = servers.map(({ process }) => process.pid)
    contenders.push({ target: first.target, also: rest.map((one) => one.target), pids })
  }
  const runs = await bench.alternateAmong(driver, contenders, {
    ...{ act: 'claim', callers: MANY, rounds: bench.count(2, 1), turns: HELD },
    keys: bench.checkout().files,
  })
  const share = ratio(runs, 'perSecond')
  const rate = (system: 'skein' | 'etcd'): string =>
    runs[system] === undefined ? 'skipped' : perSecond(middle(runs[system], 'perSecond'))
  return [
    makeRow(`the same, ${String(MANY)} callers spread over the three`, rate('skein'), {
      etcd: rate('etcd'),
      ratio: times(share),
      atLeast: '1x',
      aim: '4x',
      verdict: judge([{ value: share, atLeast: 1, aim: 4, better: 'more' }]),
      figures: { perSecond: middle(runs.skein, 'perSecond'), ratio: share },
    }),
    makeRow('the latency of these, p50 / p99', both(runs, 'skein'), {
      etcd: both(runs, 'etcd'),
      figures: figuresOf(runs, share),
    }),
    processorRow('processor time of all three for each of these', runs),
  ]
}

/** A node of etcd that does not lead, asked over its gateway. */
async function followerAmong(servers: readonly Server[]): Promise<Server | null> {
  for (const server of servers) {
    if (server.target.system !== 'etcd') continue
    const url = `http://127.0.0.1:${String(server.target.port)}/v3/maintenance/status`
    const answer = await fetch(url, { method: 'POST', body: '{}' })
    const status = (await answer.json()) as {
      readonly leader?: string
      readonly header?: { readonly member_id?: string }
    }
    if (status.leader !== status.header?.member_id) return server
  }
  return null
}

function pidsOf(cluster: Cluster): readonly number[] {
  return cluster.machines.map(({ daemon }) => daemon.pid)
}

function both(runs: Runs, system: 'skein' | 'etcd'): string {
  if (runs[system] === undefined) return 'skipped'
  return pair(middle(runs[system], 'p50'), middle(runs[system], 'p99'))
}

function processorRow(what: string, runs: Runs): Row {
  const text = (system: 'skein' | 'etcd'): string =>
    runs[system] === undefined
      ? '–'
      : `${middle(runs[system], 'processorMicroseconds').toFixed(0)} µs`
  const share = ratio(runs, 'processorMicroseconds')
  return makeRow(what, text('skein'), {
    etcd: text('etcd'),
    ratio: times(share),
    figures: { microseconds: middle(runs.skein, 'processorMicroseconds'), ratio: share },
  })
}

function figuresOf(runs: Runs, share: number): Record<string, number> {
  return {
    p50: middle(runs.skein, 'p50'),
    p99: middle(runs.skein, 'p99'),
    'etcd p50': middle(runs.etcd, 'p50'),
    'etcd p99': middle(runs.etcd, 'p99'),
    ratio: share,
  }
}
