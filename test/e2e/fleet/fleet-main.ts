// `npm run soak:fleet`: three real daemons and a plan of tasks that need each other, overlap, fail, hang and ask, until all of it stands on
// the remote's default branch; one daemon is killed and one is cut off on the way. Exits 1 with what is wrong.
import { parseArgs } from 'node:util'
import { createCleaner } from '../../helpers/cleanup.ts'
import { runFleet } from './fleet-run.ts'

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '10' },
    calm: { type: 'boolean', default: false },
  },
})

const cleaner = createCleaner()
try {
  const report = await runFleet(cleaner, {
    tasks: Number(values.tasks),
    withinMs: Number(values.minutes) * 60_000,
    isCalm: values.calm,
    say: (line) => process.stdout.write(`${line}\n`),
  })
  for (const line of report.lines) process.stdout.write(`${line}\n`)
  for (const problem of report.problems) process.stdout.write(`WRONG: ${problem}\n`)
  process.exitCode = report.problems.length === 0 ? 0 : 1
} finally {
  await cleaner.run()
}
