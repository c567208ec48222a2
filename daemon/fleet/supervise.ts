// The supervisor of one worker: a small process of its own, so that a worker and the knowledge of how it ended outlive the daemon.
// It starts the worker as the leader of a process group, keeps its log, and writes down its exit. Asked to end (SIGTERM), it ends the
// whole group: first politely, then hard. What the worker leaves behind in its group ends with it.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { bootId } from '../client/proc.ts'
import { openBoundedLog, type BoundedLog } from '../bounded-log.ts'
import { identityOf, signalGroup } from '../process-group.ts'
import { openWorkerFiles, type WorkerEnd, type WorkerFiles, type WorkerOrder } from './files.ts'

export interface SuperviseOptions {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** Between the polite signal and the hard one. */
  readonly graceMs?: number
  readonly logBytesMax?: number
  /** Aborted: the worker is to end. */
  readonly stop: AbortSignal
}

const GRACE_MS = 10_000
const LOG_BYTES_MAX = 64 * 1_048_576
/** What a worker's children still say after its end. */
const LAST_WORDS_MS = 500
/** So much is read in so long a time: 20 MB a second. */
const FLOOD_BYTES = 2_000_000
const FLOOD_MS = 100
const END_TRIES = 60
const END_TRY_MS = 1_000

/** Resolves when the worker's end is on the disk; at once where another supervisor has the worker. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const files = openWorkerFiles(options.folder)
  const order = files.order()
  if (order === null || !files.take(identityOf(process.pid))) return
  const log = openBoundedLog(files.log, options.logBytesMax ?? LOG_BYTES_MAX)
  if (order.header !== undefined) log.write(Buffer.from(`${order.header}\n`))
  try {
    await writeEnd(files, await run(files, order, log, options))
  } finally {
    log.close()
  }
}

/** A full disk may get room again; a worker whose end is written nowhere is an unobserved one. */
async function writeEnd(files: WorkerFiles, end: WorkerEnd): Promise<void> {
  for (let left = END_TRIES; ; left--) {
    try {
      files.writeEnd(end)
      return
    } catch (error) {
      if (left === 0) throw error
      await delay(END_TRY_MS)
    }
  }
}

async function run(
  files: WorkerFiles,
  order: WorkerOrder,
  log: BoundedLog,
  { env, stop, graceMs = GRACE_MS }: SuperviseOptions,
): Promise<WorkerEnd> {
  if (stop.aborted) return { code: null, signal: 'SIGTERM', error: null }
  const input = openSync(files.prompt, 'r')
  const { command, args, cwd } = order
  const child = spawn(command, [...args], {
    ...{ cwd, env, detached: true },
    stdio: [input, 'pipe', 'pipe'],
  })
  closeSync(input)
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve()
    })
  })
  const ended = endOf(child)
  const release = takeDown([child.stdout, child.stderr], log)
  const { pid } = child
  if (pid !== undefined) {
    try {
      files.writeRunning({
        supervisor: identityOf(process.pid),
        worker: identityOf(pid),
        boot: bootId(),
      })
    } catch (error) {
      // Nobody could find it again.
      signalGroup(pid, 'SIGKILL')
      await ended
      return { code: null, signal: null, error: wordsOf(error) }
    }
    stop.addEventListener('abort', () => void endGroup(pid, ended, graceMs), { once: true })
  }
  const end = await ended
  release()
  await Promise.race([closed, delay(LAST_WORDS_MS)])
  if (pid !== undefined) signalGroup(pid, 'SIGKILL')
  return end
}

/** Whoever says more than can be of use is read slowly: it waits for its reader, and costs its machine little. @returns ends that */
function takeDown(streams: readonly (Readable | null)[], log: BoundedLog): () => void {
  let left = FLOOD_BYTES
  let isReleased = false
  const pace = setInterval(() => {
    left = FLOOD_BYTES
    for (const stream of streams) stream?.resume()
  }, FLOOD_MS).unref()
  for (const stream of streams)
    stream?.on('data', (chunk: Buffer) => {
      log.write(chunk)
      left -= chunk.length
      if (left < 0 && !isReleased) stream.pause()
    })
  return () => {
    isReleased = true
    clearInterval(pace)
    for (const stream of streams) stream?.resume()
  }
}

function endOf(child: ChildProcess): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ code: null, signal: null, error: error.message })
    })
    child.once('exit', (code, signal) => {
      resolve({ code, signal, error: null })
    })
  })
}

async function endGroup(pid: number, ended: Promise<unknown>, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const isOver = await Promise.race([ended.then(() => true), delay(graceMs, false, { ref: false })])
  if (!isOver) signalGroup(pid, 'SIGKILL')
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
