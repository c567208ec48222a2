// What remains of much work: memory of the daemon before and after, files, and a restart over all of it.
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Bench } from '../bench.ts'
import { Driver } from '../load/driver.ts'
import type { Outcome } from '../load/order.ts'
import { judge, makeRow, milliseconds, perSecond, type Row } from '../row.ts'
import type { Daemon } from '../skein.ts'
import { median } from '../stats.ts'

const CALLERS = 32
const FULL_SHARE = 0.85
const FILL_STEP = 160
const FILL_STEPS_MAX = 60
const WATCH_MS = 20

export async function historyRows(bench: Bench): Promise<Row[]> {
  const restMs = bench.count(10_000, 2_000)
  const daemon = bench.newDaemon()
  await daemon.start()
  await daemon.enrol()
  await bench.ground.sleep(restMs)
  const idle = daemon.memory()

  const driver = new Driver(bench.ground)
  const live = (count: number): Promise<Outcome> =>
    driver.run({
      ...{ target: daemon.target, act: 'lifecycle', callers: CALLERS },
      ...{ rounds: 1, turns: count / CALLERS, keys: bench.checkout().files },
    })
  const watch = watchLargest(() => ledgerBytes(daemon))
  const lived = await live(bench.count(100_000, 3_200))
  const largest = watch.stop()
  await bench.ground.sleep(restMs)
  const after = daemon.memory()
  await fillLog(daemon, live, largest)
  await driver.stop()

  const full = ledgerBytes(daemon)
  const restarts: number[] = []
  for (let i = 0; i < bench.runs; i++) {
    await daemon.stop()
    restarts.push(await daemon.start())
  }
  const again = daemon.memory()
  await daemon.stop()
  const restart = median(restarts)
  const counted = lived.count.toLocaleString('en-US')
  const auditBytes = bytesIn(path.join(daemon.home, 'audit'))
  return [
    makeRow(
      `resident memory idle, and after ${counted} lifecycles`,
      `${idle.now.toFixed(0)} / ${after.now.toFixed(0)} MiB`,
      {
        atLeast: '110 / 150 MiB',
        aim: '80 / 110 MiB',
        verdict: judge([
          { value: idle.now, atLeast: 110, aim: 80, better: 'less' },
          { value: after.now, atLeast: 150, aim: 110, better: 'less' },
        ]),
        figures: { idle: idle.now, after: after.now, peak: after.peak, restarted: again.now },
      },
    ),
    makeRow(
      'its highest, and after the restart',
      `${after.peak.toFixed(0)} / ${again.now.toFixed(0)} MiB`,
      {},
    ),
    makeRow(`restart to ready with ${counted} lifecycles`, `${milliseconds(restart)} ms`, {
      atLeast: '500 ms',
      aim: '150 ms',
      verdict: judge([{ value: restart, atLeast: 500, aim: 150, better: 'less' }]),
      figures: { restart },
    }),
    makeRow('these lifecycles, 32 callers, claim and release', perSecond(lived.perSecond), {
      figures: { perSecond: lived.perSecond, p50: lived.p50, p99: lived.p99 },
    }),
    makeRow(
      'on disk then: ledger / audit log',
      `${mebibytes(full)} / ${mebibytes(auditBytes)} MiB`,
      { figures: { ledgerBytes: full, auditBytes } },
    ),
  ]
}

/** The ledger's log grows and is written anew: a restart is measured when it is nearly as large as it ever was. */
async function fillLog(
  daemon: Daemon,
  live: (count: number) => Promise<Outcome>,
  largest: number,
): Promise<void> {
  for (let step = 0; step < FILL_STEPS_MAX; step++) {
    if (ledgerBytes(daemon) >= FULL_SHARE * largest) return
    await live(FILL_STEP)
  }
}

/** The largest value that was seen until `stop`. */
function watchLargest(read: () => number): { stop: () => number } {
  let largest = 0
  const timer = setInterval(() => {
    largest = Math.max(largest, read())
  }, WATCH_MS)
  return {
    stop() {
      clearInterval(timer)
      return Math.max(largest, read())
    },
  }
}

function ledgerBytes(daemon: Daemon): number {
  return bytesIn(path.join(daemon.home, 'ledger'))
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + sizeOf(path.join(entry.parentPath, entry.name)), 0)
}

/** A file may be replaced while it is looked at. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
