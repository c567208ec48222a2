// Figures of the core alone, without a daemon: the judge, and the growth of the ledger's document.
import type { Bench } from '../bench.ts'
import type {
  GrowthFigures,
  JudgeFigures,
  QueueFigures,
  SymbolFigures,
} from '../in-process/figures.ts'
import { judge, makeRow, milliseconds, pair, type Row } from '../row.ts'
import { median } from '../stats.ts'

const JUDGE = new URL('../in-process/judge.ts', import.meta.url)
const GROWTH = new URL('../in-process/growth.ts', import.meta.url)
const QUEUE = new URL('../in-process/queue.ts', import.meta.url)
const SYMBOLS = new URL('../in-process/symbols.ts', import.meta.url)

const ASKED = {
  file: 'a file',
  folder: 'a folder',
  wide: 'a glob that meets a fifth of them',
} as const

export async function judgeRows(bench: Bench): Promise<Row[]> {
  const few = await judgeRuns(bench, 100)
  const many = await judgeRuns(bench, 10_000)
  return (['file', 'folder', 'wide'] as const).map((what): Row => {
    const middle = (runs: readonly JudgeFigures[], share: 'p50' | 'p99'): number =>
      median(runs.map((run) => run.asks[what][share]))
    const [a, b] = [middle(few, 'p50'), middle(many, 'p50')]
    return makeRow(`judging ${ASKED[what]} against 100 / 10,000 claims, p50`, pair(a, b), {
      atLeast: '1 / 10 ms',
      aim: '0.2 / 1 ms',
      verdict: judge([
        { value: a, atLeast: 1, aim: 0.2, better: 'less' },
        { value: b, atLeast: 10, aim: 1, better: 'less' },
      ]),
      figures: {
        'p50 of 100': a,
        'p50 of 10,000': b,
        'p99 of 100': middle(few, 'p99'),
        'p99 of 10,000': middle(many, 'p99'),
      },
    })
  })
}

async function judgeRuns(bench: Bench, claims: number): Promise<JudgeFigures[]> {
  const runs: JudgeFigures[] = []
  const asked = String(bench.count(400, 50))
  for (let run = 0; run < bench.runs; run++) {
    const figures = await bench.ground.run(JUDGE, [String(claims), asked])
    runs.push(figures as JudgeFigures)
  }
  return runs
}

export async function queueRows(bench: Bench): Promise<Row[]> {
  const runs: QueueFigures[] = []
  const waiters = String(bench.count(1_000, 200))
  for (let run = 0; run < bench.runs; run++) {
    runs.push((await bench.ground.run(QUEUE, [waiters])) as QueueFigures)
  }
  const p50 = median(runs.map((run) => run.p50))
  const p99 = median(runs.map((run) => run.p99))
  const heapMiB = median(runs.map((run) => run.heapGrowthBytes)) / 1_048_576
  return [
    makeRow(`hand-over among ${waiters} waiters on one path, p50 / p99`, pair(p50, p99), {
      atLeast: '1 / 5 ms',
      aim: '0.5 / 2 ms',
      verdict: judge([
        { value: p50, atLeast: 1, aim: 0.5, better: 'less' },
        { value: p99, atLeast: 5, aim: 2, better: 'less' },
      ]),
      figures: { p50, p99, heapMiB },
    }),
    makeRow('growth of the heap over all of these', `${heapMiB.toFixed(1)} MiB`, {}),
  ]
}

export async function symbolRows(bench: Bench): Promise<Row[]> {
  const runs: SymbolFigures[] = []
  for (let run = 0; run < bench.runs; run++) {
    runs.push((await bench.ground.run(SYMBOLS, [String(bench.count(20, 3))])) as SymbolFigures)
  }
  const first = median(runs.map((run) => run.first))
  const again = median(runs.map((run) => run.again))
  const held = median(runs.map((run) => run.heldMs))
  return [
    makeRow('symbols of 5,000 lines, the first time / again, p50', pair(first, again), {
      atLeast: '100 / 1 ms',
      aim: '50 / 0.2 ms',
      verdict: judge([
        { value: first, atLeast: 100, aim: 50, better: 'less' },
        { value: again, atLeast: 1, aim: 0.2, better: 'less' },
      ]),
      figures: { first, again },
    }),
    makeRow('the longest that the event loop was held by it', `${milliseconds(held)} ms`, {
      atLeast: '20 ms',
      aim: '10 ms',
      verdict: judge([{ value: held, atLeast: 20, aim: 10, better: 'less' }]),
      figures: { held },
    }),
  ]
}

/** Counting bytes, so one run says it all. */
export async function growthRows(bench: Bench): Promise<Row[]> {
  const lifecycles = bench.count(100_000, 5_000)
  const run = bench.ground.run(GROWTH, [String(lifecycles)])
  const grown = (await run) as GrowthFigures
  const share = (grown.checkpointBytes / grown.bytesAfter) * 100
  const written = grown.logBytes / lifecycles
  return [
    makeRow(
      `growth of the document for each lifecycle, over ${lifecycles.toLocaleString('en-US')}`,
      `${grown.perLifecycle.toFixed(4)} B`,
      {
        atLeast: '1 B',
        aim: '0 B',
        // A tenth of a byte in a thousand lifecycles is lengths that take one more byte as counters rise.
        verdict: judge([{ value: grown.perLifecycle, atLeast: 1, aim: 0.0005, better: 'less' }]),
        figures: { ...grown },
      },
    ),
    makeRow(
      'the document then, no claim live; share of the checkpoint',
      `${milliseconds(grown.bytesAfter / 1024)} KiB; ${share.toFixed(1)} %`,
      {},
    ),
    makeRow('written to the log for each lifecycle', `${written.toFixed(0)} B`, {}),
  ]
}
