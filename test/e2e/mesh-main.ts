// `tsx test/e2e/mesh-main.ts [--kills 100] [--partitions 20] [--seed 1] [--proxies]`: a mesh of three voters under load, its
// leader killed again and again, or its machines parted. Exits 1 on a violation; the last line of each says what was done.
import { parseArgs } from 'node:util'
import { distribution } from './crash-run.ts'
import { runMesh, type MeshReport } from './mesh-run.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '0' },
    partitions: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    proxies: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

for (const what of ['kills', 'partitions'] as const) {
  const cycles = Number(values[what])
  if (cycles === 0) continue
  const startedAt = performance.now()
  const report = await runMesh({
    ...{ what, cycles, seed: Number(values.seed), proxies: values.proxies },
    onCycle(cycle, present) {
      if (cycle % 10 === 0)
        say(`${what}: ${String(cycle)} of ${String(cycles)}, ${figures(present)}`)
    },
  })
  for (const violation of report.violations) say(`VIOLATION ${violation}`)
  if (report.violations.length > 0) process.exitCode = 1
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  say(`${what}: seed ${values.seed}, ${figures(report)}, ${report.way}, ${seconds} s`)
}

function figures(report: MeshReport): string {
  const { kills, partitions, shapes, operations, acknowledged, lost, doubleGrants } = report
  const { refused, provisional, untold, minority, minorityMsMax, failoverMs, violations } = report
  return [
    `${String(kills)} kills`,
    `${String(partitions)} partitions ${JSON.stringify(shapes)}`,
    `${String(operations)} operations`,
    `${String(acknowledged)} acknowledged`,
    `${String(refused)} refused`,
    `${String(provisional)} provisional`,
    `${String(minority)} exit 2 (longest after ${minorityMsMax.toFixed(0)} ms)`,
    `${String(lost)} lost`,
    `${String(doubleGrants)} double grants`,
    `${String(untold)} facts compacted while a machine was away`,
    `next decision ms ${distribution(failoverMs)}`,
    `${String(violations.length)} violations`,
  ].join(', ')
}
