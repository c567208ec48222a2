// `npm run model [-- --quick] [-- --only WORD]`: runs the models and prints what each took. Exits 1 when rules that should
// hold were violated, when a naive variant of them was not caught, or when a search did not end; 2 without its tools.
import { parseArgs } from 'node:util'
import { RUNS, type ModelRun } from './runs.ts'
import { missingTools, runModel, type ModelResult } from './spin.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})

process.exitCode = main()

function main(): number {
  const missing = missingTools()
  if (missing.length > 0) {
    print(`Not found: ${missing.join(', ')}. Install them: apt install spin gcc`)
    return 2
  }
  const chosen = RUNS.filter(
    (run) => (run.quick || !values.quick) && run.name.includes(values.only),
  )
  print(row('model', 'defines', ['states', 'depth', 'MiB', 'seconds'], 'verdict'))
  const wrong = chosen.filter((run) => !runAndTell(run))
  print(`${String(chosen.length - wrong.length)} of ${String(chosen.length)} as expected`)
  return wrong.length > 0 || chosen.length === 0 ? 1 : 0
}

function runAndTell(run: ModelRun): boolean {
  const result = runModel(run)
  const { states, depth, memoryMib, seconds } = result
  const figures = [states.toLocaleString('en'), depth, memoryMib.toFixed(0), seconds.toFixed(1)]
  print(row(run.name, `${run.file} ${run.defines.join(' ')}`, figures, verdictOf(run, result)))
  if (result.detail !== '') print(result.detail)
  return result.verdict === run.expect
}

function verdictOf(run: ModelRun, { verdict }: ModelResult): string {
  if (verdict === 'unfinished') return 'NOT FINISHED'
  if (run.expect === 'violated') return verdict === 'violated' ? 'caught' : 'NOT CAUGHT'
  return verdict === 'holds' ? 'holds' : 'VIOLATED'
}

function row(
  name: string,
  defines: string,
  figures: readonly (string | number)[],
  verdict: string,
): string {
  const [states = '', depth = '', memory = '', seconds = ''] = figures.map(String)
  const numbers = `${states.padStart(12)}${depth.padStart(7)}${memory.padStart(7)}${seconds.padStart(9)}`
  return `${name.padEnd(38)}${defines.padEnd(42)}${numbers}  ${verdict}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
