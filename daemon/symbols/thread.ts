// Starts the parser thread: the bundle's file beside this one, or in a checkout the source, through tsx.
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The heap of the thread's JavaScript; the parser's own memory lies outside of it. */
const LIMITS: WorkerOptions = { resourceLimits: { maxOldGenerationSizeMb: 256 } }

export function startThread(): Worker {
  const here = import.meta.url
  if (here.endsWith('.ts')) return startFromSource(new URL('./worker/worker.ts', here))
  const isChunk = new URL('.', here).pathname.endsWith('/chunks/')
  return new Worker(new URL(isChunk ? '../symbols-worker.js' : './symbols-worker.js', here), LIMITS)
}

/** Node 20 does not hand the loader of `--import tsx` on to threads. */
function startFromSource(source: URL): Worker {
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const entry = JSON.stringify(source.href)
  const code = `import(${tsx}).then(({ register }) => { register(); return import(${entry}) })`
  return new Worker(code, { ...LIMITS, eval: true, execArgv: [] })
}
