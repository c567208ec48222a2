// The program that a daemon starts for each worker: see supervise.ts. Its one word is the worker's folder.
import '../shims.ts'
import { supervise } from './supervise.ts'

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    stopping.abort()
  })
await supervise({ folder: process.argv[2] ?? '', env: process.env, stop: stopping.signal })
