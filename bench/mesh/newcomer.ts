// A machine that has nothing yet: from its first word in a clone until its copy of the ledger says what the others say.
import type { Bench } from '../bench.ts'
import { Driver } from '../load/driver.ts'
import { judge, makeRow, milliseconds, type Row } from '../row.ts'
import { median } from '../stats.ts'
import { REPO, type Cluster, type Machine } from './cluster.ts'

const CALLERS = 32

export async function newcomerRow(bench: Bench, cluster: Cluster): Promise<Row> {
  const driver = new Driver(bench.ground)
  const lived = await driver.run({
    target: cluster.target(await cluster.leader()),
    ...{ act: 'lifecycle', callers: CALLERS, rounds: 1 },
    turns: bench.count(100_000, 3_200) / CALLERS,
    keys: bench.checkout().files,
  })
  await driver.stop()
  const syncs: number[] = []
  const wholes: number[] = []
  for (let run = 0; run < bench.count(3, 1); run++) {
    const machine = await cluster.join(`newcomer-${String(run)}`)
    const { whole, sync } = await attachOne(cluster, machine)
    syncs.push(sync)
    wholes.push(whole)
    await machine.daemon.stop()
  }
  const [sync, whole] = [median(syncs), median(wholes)]
  return makeRow(
    `a new peer in sync with ${lived.count.toLocaleString('en-US')} lifecycles; with the proof that it has the repository`,
    `${milliseconds(sync)}; ${milliseconds(whole)} ms`,
    {
      atLeast: '300 ms',
      aim: '100 ms',
      verdict: judge([{ value: sync, atLeast: 300, aim: 100, better: 'less' }]),
      figures: { sync, whole, perSecond: lived.perSecond },
    },
  )
}

/** `sync` is counted from when the ledger was last seen not to be there. */
async function attachOne(
  cluster: Cluster,
  machine: Machine,
): Promise<{ readonly whole: number; readonly sync: number }> {
  const leader = await cluster.leader()
  const wanted = (await cluster.seenBy(leader.daemon, REPO))?.commit_index ?? 0
  const startedAt = performance.now()
  const attached = cluster.attach(machine)
  for (let absentAt = startedAt; ;) {
    const askedAt = performance.now()
    const seen = await cluster.seenBy(machine.daemon, REPO)
    if (seen === null) absentAt = askedAt
    else if (seen.commit_index >= wanted) {
      const now = performance.now()
      await attached
      return { whole: now - startedAt, sync: now - absentAt }
    }
  }
}
