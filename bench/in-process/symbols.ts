// Symbols of a large file: parsed for the first time in the shipped thread, then asked for again; and how long the event loop
// of this process was held meanwhile. Prints JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { createSymbols } from '../../daemon/symbols/symbols.ts'
import { quantile, sortNumbers } from '../stats.ts'
import type { SymbolFigures } from './figures.ts'

const LINES = 5_000
const FILES = Number(process.argv[2] ?? 20)
const REPEATS = 200
/** What a timer is late by itself. */
const RESOLUTION_MS = 1

function sourceOf(file: number): string {
  const methods = (at: number): string[] => [
    `export class Part${String(file)}x${String(at)} {`,
    '  readonly #items = new Map<string, number>()',
    '',
    '  add(name: string, count: number): void {',
    '    const before = this.#items.get(name) ?? 0',
    '    this.#items.set(name, before + count)',
    '  }',
    '',
    `  total(): number { return [...this.#items.values()].reduce((a, b) => a + b, ${String(at)}) }`,
    '}',
  ]
  return Array.from({ length: LINES / 10 }, (_, at) => methods(at).join('\n')).join('\n')
}

const worker = new URL('../../dist/symbols-worker.js', import.meta.url)
const symbols = createSymbols({ startThread: () => new Worker(worker) })
const folder = mkdtempSync(path.join(tmpdir(), 'skein-bench-'))
try {
  const fileAt = (at: number): string => path.join(folder, `f${String(at)}.ts`)
  for (let at = 0; at <= FILES; at++) writeFileSync(fileAt(at), sourceOf(at))
  await symbols.symbolsOf(fileAt(0))
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  const first: number[] = []
  const again: number[] = []
  for (let at = 1; at <= FILES; at++) {
    const startedAt = performance.now()
    const found = await symbols.symbolsOf(fileAt(at))
    first.push(performance.now() - startedAt)
    if (!('symbols' in found) || found.symbols.length < LINES / 10) throw new Error('not parsed')
  }
  for (let i = 0; i < REPEATS; i++) {
    const startedAt = performance.now()
    await symbols.symbolsOf(fileAt(1 + (i % FILES)))
    again.push(performance.now() - startedAt)
  }
  delays.disable()
  const figures: SymbolFigures = {
    lines: LINES,
    first: quantile(sortNumbers(first), 0.5),
    again: quantile(sortNumbers(again), 0.5),
    heldMs: delays.max / 1e6 - RESOLUTION_MS,
  }
  process.stdout.write(JSON.stringify(figures))
} finally {
  await symbols.stop()
  rmSync(folder, { recursive: true, force: true })
}
