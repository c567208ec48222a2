// `npm run sim -- --seeds N --from SEED [--plain|--yjs] [--voters 1|3|5] [--workers N] [--trace]`: runs seeds, each from its
// number alone. Exits 1 on a violation, with the command that replays it. `--mutants all` (or IDs with commas) says instead
// how many seeds it takes to catch each mutant.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DEFAULT_OPTIONS, type SimOptions } from './plan.ts'
import { runSeed, type SeedResult } from './run.ts'

/** Each so many-th seed runs twice: the same trace, or something in it is not from the seed. */
const TWICE_EVERY = 50
const MUTANT_MS_MAX = 10 * 60_000
/** The workers fill the cores themselves: threads of the garbage collector would only take turns with them. */
const WORKER_FLAGS = ['--max-semi-space-size=64', '--single-threaded-gc']

interface Totals {
  seeds: number
  readonly commits: number[]
  elections: number
  crashes: number
  changes: number
  configs: number
  promoted: number
  rejected: number
  violations: number
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    plain: { type: 'boolean', default: false },
    yjs: { type: 'boolean', default: false },
    voters: { type: 'string' },
    workers: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    limit: { type: 'string', default: '10' },
    mutants: { type: 'string' },
  },
})

const seeds = count('seeds', values.seeds)
const from = count('from', values.from)
const workers = count('workers', values.workers)
const violationsMax = count('limit', values.limit)
const options: SimOptions = {
  yjsEvery: values.plain ? 0 : values.yjs ? 1 : DEFAULT_OPTIONS.yjsEvery,
  voters: votersOf(values.voters),
}

if (values.mutants !== undefined) await runMutants(values.mutants)
else if (workers > 1) await runWorkers()
else runHere()

function runHere(): void {
  const startedAt = performance.now()
  const totals: Totals = noTotals()
  const step = count('step', values.step)
  for (let i = 0; i < seeds && totals.violations < violationsMax; i++) {
    const result = runOnce(from + i * step)
    totals.seeds++
    totals.commits.push(result.commits)
    totals.elections += result.elections
    totals.crashes += result.crashes
    totals.changes += result.changes
    totals.configs += result.configs
    totals.promoted += result.promoted
    totals.rejected += result.rejected
    if (result.violation !== null) {
      totals.violations++
      say(report(result))
    }
  }
  if (process.send === undefined) finish(totals, startedAt)
  else process.send(totals)
}

function noTotals(): Totals {
  const counts = { seeds: 0, elections: 0, crashes: 0, changes: 0, configs: 0 }
  return { ...counts, promoted: 0, rejected: 0, violations: 0, commits: [] }
}

async function runWorkers(): Promise<void> {
  const startedAt = performance.now()
  const totals: Totals = noTotals()
  const own = process.argv.slice(2).filter((arg, i, all) => {
    const before = all[i - 1] ?? ''
    return !/^--(workers|seeds|from)/.test(arg) && !/^--(workers|seeds|from)$/.test(before)
  })
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-sim-'))
  const program = await bundle(folder)
  const parts = Array.from({ length: workers }, (_, worker) => {
    const share = Math.floor((seeds - worker + workers - 1) / workers)
    return new Promise<void>((resolve, reject) => {
      const flags = { seeds: share, from: from + worker, step: workers }
      const args = [...own, ...Object.entries(flags).map(([flag, n]) => `--${flag}=${String(n)}`)]
      const child = fork(program, args, { execArgv: WORKER_FLAGS })
      let hasTold = false
      child.on('message', (part: Totals) => {
        hasTold = true
        totals.seeds += part.seeds
        totals.commits.push(...part.commits)
        totals.elections += part.elections
        totals.crashes += part.crashes
        totals.changes += part.changes
        totals.configs += part.configs
        totals.promoted += part.promoted
        totals.rejected += part.rejected
        totals.violations += part.violations
      })
      child.on('error', reject)
      child.on('exit', (code) => {
        if (hasTold) resolve()
        else reject(new Error(`a worker ended with ${String(code)}`))
      })
    })
  })
  await Promise.all(parts).finally(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  finish(totals, startedAt)
}

/** The same program in one file: a loader that keeps the names of functions takes a fifth of the speed. */
async function bundle(folder: string): Promise<string> {
  const { build } = await import('esbuild')
  const outfile = path.join(folder, 'sim.mjs')
  await build({
    entryPoints: [fileURLToPath(import.meta.url)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['esbuild', './mutants.ts'],
    logLevel: 'warning',
  })
  return outfile
}

async function runMutants(ids: string): Promise<void> {
  const { detect, loadMutant, MUTANTS } = await import('./mutants.ts')
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-mutants-'))
  try {
    for (const mutant of MUTANTS) {
      if (ids !== 'all' && !ids.split(',').includes(mutant.id)) continue
      const loaded = await loadMutant(mutant.edits, folder, mutant.id)
      const found = detect(mutant, loaded, MUTANT_MS_MAX)
      const how = found.kind === 'caught' ? `${found.by}: ${found.message}` : found.kind
      say(`${mutant.id}  ${how.split('\n')[0] ?? ''}`)
      if (found.kind !== 'caught') process.exitCode = 1
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runOnce(seed: number): SeedResult {
  const result = runSeed(seed, options, values.trace ? say : null)
  if (seed % TWICE_EVERY !== 0 || result.violation !== null) return result
  const again = runSeed(seed, options)
  if (again.traceHash === result.traceHash) return result
  const message = `the trace ${result.traceHash} became ${again.traceHash} when run again`
  return { ...result, violation: { invariant: 'determinism', message } }
}

function report(result: SeedResult): string {
  const { seed, violation } = result
  const flags = [
    values.plain ? ' --plain' : values.yjs ? ' --yjs' : '',
    values.voters === undefined ? '' : ` --voters ${values.voters}`,
  ].join('')
  return [
    `seed ${String(seed)} (${String(result.voters)} voters) violates ${violation?.message ?? ''}`,
    `  replay: npm run sim -- --seeds 1 --from ${String(seed)}${flags} --trace`,
  ].join('\n')
}

function finish(totals: Totals, startedAt: number): void {
  const commits = totals.commits.sort((a, b) => a - b)
  const sum = commits.reduce((all, one) => all + one, 0)
  const median = commits[commits.length >> 1] ?? 0
  const seconds = (performance.now() - startedAt) / 1000
  say(
    `seeds ${String(totals.seeds)}, commits ${String(sum)}, median commits a seed ${String(median)}, elections ${String(totals.elections)}, crashes ${String(totals.crashes)}, changes of the mesh ${String(totals.changes)} and of voters ${String(totals.configs)}, provisional claims promoted ${String(totals.promoted)} and rejected ${String(totals.rejected)}, violations ${String(totals.violations)}, seconds ${seconds.toFixed(1)}`,
  )
  if (totals.violations > 0) process.exitCode = 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a number`)
  return value
}

function votersOf(text: string | undefined): SimOptions['voters'] {
  if (text === undefined) return null
  const value = Number(text)
  if (value !== 1 && value !== 3 && value !== 5) throw new Error('--voters takes 1, 3 or 5')
  return value
}
