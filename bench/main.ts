// `npm run bench`: what skein costs on this machine, beside etcd and Redis where they are installed. Prints the table of
// goals; a slow figure is told, never an exit code.
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { format } from 'prettier'
import { Bench } from './bench.ts'
import { Ground, ROOT } from './ground.ts'
import { callersRows, checkRows, claimRows } from './groups/claims.ts'
import { doorRows } from './groups/doors.ts'
import { guardRows } from './groups/guard.ts'
import { historyRows } from './groups/history.ts'
import { growthRows, judgeRows, queueRows, symbolRows } from './groups/in-process.ts'
import { meshRows } from './groups/mesh.ts'
import { fleetRows } from './groups/fleet.ts'
import { GROUPS, type GroupName } from './groups/names.ts'
import { commandRows, startRows } from './groups/starts.ts'
import { describeMachine } from './machine.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { renderMarkdown, renderText, type Report } from './report.ts'
import type { Row } from './row.ts'

const MEASURES: Readonly<Record<GroupName, (bench: Bench) => Promise<Row[]>>> = {
  judge: judgeRows,
  growth: growthRows,
  queue: queueRows,
  symbols: symbolRows,
  claim: claimRows,
  callers: callersRows,
  check: checkRows,
  doors: doorRows,
  mesh: meshRows,
  fleet: fleetRows,
  start: startRows,
  command: commandRows,
  guard: guardRows,
  history: historyRows,
}
/** These stand alone: other servers would take from their time. */
const ALONE: readonly GroupName[] = ['mesh', 'start', 'command', 'guard', 'history']

try {
  const options = readOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(USAGE)
  else await run(options)
} catch (error) {
  // Ctrl-C has set the exit code; what failed then failed because of it.
  const words = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    process.exitCode === undefined ? `${words}\n` : 'interrupted; all is removed\n',
  )
  process.exitCode ??= 1
}

async function run(options: Options): Promise<void> {
  const ground = new Ground()
  try {
    const bench = new Bench(ground, options)
    if (!existsSync(bench.program)) {
      throw new Error(`${options.program} is not there: npm run build`)
    }
    await show(options, await measure(bench))
  } finally {
    await ground.clear()
  }
}

async function measure(bench: Bench): Promise<Report> {
  const { options } = bench
  const machine = describeMachine(bench.ground)
  bench.say(`etcd: ${machine.etcd}; redis: ${machine.redis}`)
  const rows: Row[] = []
  for (const group of options.groups) {
    if (ALONE.includes(group)) await bench.dismiss()
    bench.say(`${group}: ${GROUPS[group]} …`)
    rows.push(...(await MEASURES[group](bench)))
  }
  return { machine, runs: options.runs, isQuick: options.isQuick, rows }
}

async function show(options: Options, report: Report): Promise<void> {
  if (options.asJson) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else process.stdout.write(`\n${renderText(report)}`)
  if (!options.write) return
  const file = path.join('docs', 'PERFORMANCE.md')
  writeFileSync(path.join(ROOT, file), await format(renderMarkdown(report), { parser: 'markdown' }))
  process.stderr.write(`wrote ${file}\n`)
}
