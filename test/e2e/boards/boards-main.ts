// `npm run soak:boards [-- --operations 1000] [--splits 3] [--seed 1] [--no-browser]`: random operations on three machines, and the
// boards of each beside `skein claims --json`. Exits 1 where they differ; the last line says what was done.
import { parseArgs } from 'node:util'
import { noBrowser } from '../../helpers/browser.ts'
import { runBoards, type BoardsReport } from './boards-run.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000' },
    splits: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    'no-browser': { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const browser = noBrowser === false && !values['no-browser']
const startedAt = performance.now()
let last = 'nothing was compared'
try {
  const { counts } = await runBoards({
    ...{ seed, browser, operations: Number(values.operations), splits: Number(values.splits) },
    onStretch(report) {
      last = figures(report)
      say(last)
    },
  })
  say(JSON.stringify(counts))
} catch (error) {
  process.exitCode = 1
  say(`VIOLATION ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
say(`seed ${values.seed}: ${last}, ${seconds} s`)

function figures({ operations, splits, agreed, provisional }: BoardsReport): string {
  return [
    `${String(operations)} operations`,
    `${String(splits)} splits`,
    `${String(provisional)} claims without a majority`,
    `all agreed ${String(agreed.length)} times, on ${agreed.join(', ')} claims`,
    browser ? 'with a browser' : 'without a browser',
  ].join(', ')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
