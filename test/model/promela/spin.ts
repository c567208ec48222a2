// Runs one model: Spin writes a verifier in C, gcc compiles it, and it visits every state, each stored whole. A search
// that did not come to its end (depth, memory, time) is neither "holds" nor "violated".
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelRun } from './runs.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
/** Above what the largest run takes; a run that needs more says so and is not finished. */
const MEMORY_MIB_MAX = 8_000
const RUN_MS_MAX = 60 * 60_000
const DEPTH_MAX = 100_000
/** Compiling well takes longer than a short search. Slots of the hash table are a power of two; few only cost time. */
const QUICK = { optimize: '-O0', slots: 21 }
const LONG = { optimize: '-O2', slots: 26 }

export interface ModelResult {
  readonly verdict: 'holds' | 'violated' | 'unfinished'
  readonly states: number
  readonly depth: number
  readonly memoryMib: number
  readonly seconds: number
  /** What the verifier said where the verdict is not the expected one, and where its files are. */
  readonly detail: string
}

/** What is missing to run models here; empty when nothing is. */
export function missingTools(): string[] {
  const asks: readonly (readonly [string, string])[] = [
    ['spin', '-V'],
    ['gcc', '--version'],
  ]
  return asks.flatMap(([tool, flag]) => (spawnSync(tool, [flag]).status === 0 ? [] : [tool]))
}

export function runModel(run: ModelRun): ModelResult {
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-model-'))
  const defines = run.defines.map((define) => `-D${define}`)
  const compiler = ['-DSAFETY', '-DNOREDUCE', '-DNOFAIR', `-DMEMLIM=${String(MEMORY_MIB_MAX)}`]
  order(folder, 'spin', ['-a', ...defines, path.join(FOLDER, `${run.file}.pml`)])
  const { optimize, slots } = run.quick ? QUICK : LONG
  order(folder, 'gcc', [optimize, ...compiler, '-w', '-o', 'pan', 'pan.c'])
  const startedAt = performance.now()
  const { stdout } = spawnSync('./pan', ['-E', `-m${String(DEPTH_MAX)}`, `-w${String(slots)}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
  })
  const seconds = (performance.now() - startedAt) / 1_000
  const result = { ...readOutput(stdout), seconds }
  if (result.verdict !== run.expect) {
    const trail = `cd ${folder} && spin -t -p -g -k ${run.file}.pml.trail ${defines.join(' ')} ${path.join(FOLDER, run.file)}.pml`
    return { ...result, detail: `${stdout.slice(0, 600)}\nThe path: ${trail}` }
  }
  rmSync(folder, { recursive: true, force: true })
  return { ...result, detail: '' }
}

/** What the verifier prints at its end. */
export function readOutput(output: string): Omit<ModelResult, 'seconds' | 'detail'> {
  const errors = numberIn(output, /errors: (\d+)/)
  const isCut = /max search depth too small|out of memory|interrupted|aborted/i.test(output)
  const isWhole = errors === 0 && !isCut && !output.includes('Search not completed')
  const isViolated = /^pan:\d+: assertion violated /m.test(output)
  return {
    verdict: isViolated ? 'violated' : isWhole ? 'holds' : 'unfinished',
    states: numberIn(output, /(\d+) states, stored/),
    depth: numberIn(output, /depth reached (\d+)/),
    memoryMib: numberIn(output, /([\d.]+)\s+total actual memory usage/),
  }
}

function numberIn(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1] ?? Number.NaN)
}

function order(folder: string, tool: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${tool} failed in ${folder}:\n${stdout}${stderr}`)
}
