// What a mesh costs in which nothing happens: processor time of each daemon, and bytes on each link as the kernel counts
// them, both ways, encryption and framing included.
import { execFileSync } from 'node:child_process'
import { processorMicroseconds, type Bench } from '../bench.ts'
import { judge, makeRow, type Row } from '../row.ts'
import { cloneCheckout, makeCheckout } from '../skein.ts'
import type { Cluster } from './cluster.ts'

const REPOS = 20
/** Ledgers fall quiet after a minute without work. */
const QUIET_MS_MAX = 120_000
const LOOK_MS = 1_000

export async function idleRow(bench: Bench, cluster: Cluster): Promise<Row> {
  for (let number = 1; number < bench.count(REPOS, 4); number++)
    await addRepo(bench, cluster, number)
  const isQuiet = await becomeQuiet(bench, cluster)
  const windowMs = bench.count(60_000, 5_000)
  const pids = cluster.machines.map(({ daemon }) => daemon.pid)
  const ports = await portsOf(cluster)
  const before = pids.map((pid) => processorMicroseconds([pid]))
  const bytesBefore = bytesOnLinks(ports)
  await bench.ground.sleep(windowMs)
  const bytes = bytesOnLinks(ports) - bytesBefore
  const shares = pids.map(
    (pid, at) => (processorMicroseconds([pid]) - (before[at] ?? 0)) / windowMs / 10,
  )
  const links = (pids.length * (pids.length - 1)) / 2
  const [share, traffic] = [Math.max(...shares), bytes / links / windowMs]
  const words = isQuiet ? 'idle mesh' : 'mesh without work, not quiet yet'
  return makeRow(
    `${words} of 3 machines, ${String(bench.count(REPOS, 4))} repositories: processor of a daemon · traffic of a link`,
    `${share.toFixed(2)} % · ${traffic.toFixed(2)} kB/s`,
    {
      atLeast: '1 % · 2 kB/s',
      aim: '0.3 % · 0.5 kB/s',
      verdict: judge([
        { value: share, atLeast: 1, aim: 0.3, better: 'less' },
        { value: traffic, atLeast: 2, aim: 0.5, better: 'less' },
      ]),
      figures: { share, traffic },
    },
  )
}

/** One more repository that all three have, with a little history. */
async function addRepo(bench: Bench, cluster: Cluster, number: number): Promise<void> {
  const checkout = makeCheckout(bench.ground, { repo: `bench/idle-${String(number)}`, folders: 1 })
  const { daemon } = cluster.first
  const self = { agent: 'idle', session: 'idle', cwd: checkout.root }
  const scopes = [{ kind: 'file', pattern: 'src/idle.ts' }]
  await daemon.call('claim', { ...self, scopes })
  await daemon.call('release', { ...self, mine: true })
  for (const machine of cluster.machines.slice(1))
    await cluster.attach(machine, cloneCheckout(bench.ground, checkout))
}

/** Waits until every ledger on every machine is quiet. */
async function becomeQuiet(bench: Bench, cluster: Cluster): Promise<boolean> {
  const deadline = performance.now() + bench.count(QUIET_MS_MAX, 0)
  for (;;) {
    const seen = await Promise.all(cluster.machines.map(({ daemon }) => cluster.ledgersOf(daemon)))
    if (seen.every((ledgers) => ledgers?.every(({ quiet }) => quiet) === true)) return true
    if (performance.now() > deadline) return false
    await bench.ground.sleep(LOOK_MS)
  }
}

/** At which the machines listen for each other. */
async function portsOf(cluster: Cluster): Promise<ReadonlySet<string>> {
  const members = JSON.stringify(await cluster.first.daemon.call('members', {}))
  return new Set([...members.matchAll(/\/tcp\/(\d+)/g)].map(([, port = '']) => port))
}

/** Sent so far by both ends of every connection to these ports; NaN where the system does not say. */
function bytesOnLinks(ports: ReadonlySet<string>): number {
  let table: string
  try {
    table = execFileSync('ss', ['-tinOH', 'state', 'established'], { encoding: 'utf8' })
  } catch {
    return NaN
  }
  const ends = table.split('\n').filter((line) => {
    const [, , local = '', peer = ''] = line.trim().split(/\s+/)
    return [local, peer].some((address) => ports.has(address.slice(address.lastIndexOf(':') + 1)))
  })
  return ends.reduce((sum, line) => sum + Number(/bytes_sent:(\d+)/.exec(line)?.[1] ?? 0), 0)
}
