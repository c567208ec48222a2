// `tsx test/e2e/crash-main.ts [--cycles 300] [--seed 1] [--plain | --shim]`: the crash test at length, both variants
// unless one is named. Exits 1 on a violation; the last line of each variant says what was done.
import { parseArgs } from 'node:util'
import { createCleaner } from '../helpers/cleanup.ts'
import { distribution, runCrashes } from './crash-run.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    plain: { type: 'boolean', default: false },
    shim: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const isBoth = values.plain === values.shim
for (const shim of [false, true]) {
  if (!isBoth && shim !== values.shim) continue
  const cleaner = createCleaner()
  const name = shim ? 'unsynced bytes lost' : 'kill -9'
  const startedAt = performance.now()
  try {
    const report = await runCrashes(cleaner, {
      cycles: Number(values.cycles),
      seed: Number(values.seed),
      shim,
      onCycle(cycle, { answers, violations }) {
        if (cycle % 25 === 0)
          say(
            `${name}: cycle ${String(cycle)} ${JSON.stringify(answers)} ${String(violations.length)} violations`,
          )
      },
    })
    for (const violation of report.violations) say(`VIOLATION ${violation}`)
    if (report.violations.length > 0) process.exitCode = 1
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
    say(`${name}: restart to ready, ms: ${distribution(report.restartsMs)}`)
    if (shim)
      say(
        `${name}: unsynced bytes cut: ${String(report.cuts.length)} files, ${distribution(report.cuts)}`,
      )
    say(
      `${name}: seed ${values.seed}, ${values.cycles} cycles, ${String(report.kills)} kills, ${JSON.stringify(report.answers)}, ` +
        `${String(report.audited)} audit events, ${String(report.violations.length)} violations, ${seconds} s`,
    )
  } finally {
    await cleaner.run()
  }
}
