// What remains of much work: memory of the daemon before and after, files, and a restart over all of it.
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Bench } from '../bench.ts'
import { Driver } from '../load/driver.ts'
import { judge, makeRow, milliseconds, perSecond, type Row } from '../row.ts'
import { median } from '../stats.ts'

const CALLERS = 32

export async function historyRows(bench: Bench): Promise<Row[]> {
  const restMs = bench.count(10_000, 2_000)
  const daemon = bench.newDaemon()
  await daemon.start()
  await daemon.enrol()
  await bench.ground.sleep(restMs)
  const idle = daemon.memory()

  const driver = new Driver(bench.ground)
  const wanted = bench.count(100_000, 3_200)
  const lived = await driver.run({
    ...{ target: daemon.target, act: 'lifecycle', callers: CALLERS },
    ...{ rounds: 1, turns: wanted / CALLERS, keys: bench.checkout().files },
  })
  await driver.stop()
  await bench.ground.sleep(restMs)
  const after = daemon.memory()

  const restarts: number[] = []
  for (let i = 0; i < bench.runs; i++) {
    await daemon.stop()
    restarts.push(await daemon.start())
  }
  const again = daemon.memory()
  await daemon.stop()
  const restart = median(restarts)
  const counted = lived.count.toLocaleString('en-US')
  const [ledgerBytes, auditBytes] = ['ledger', 'audit'].map((folder) =>
    bytesIn(path.join(daemon.home, folder)),
  )
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
      `${mebibytes(ledgerBytes)} / ${mebibytes(auditBytes)} MiB`,
      { figures: { ledgerBytes: ledgerBytes ?? 0, auditBytes: auditBytes ?? 0 } },
    ),
  ]
}

function mebibytes(bytes: number | undefined): string {
  return ((bytes ?? 0) / 1_048_576).toFixed(1)
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}
