// The supervisor of one worker: a small process of its own, so that a worker and the knowledge of how it ended outlive the daemon.
// It starts the worker as the leader of a process group, keeps its log, and writes down its exit. Asked to end (SIGTERM), it ends the
// whole group: first politely, then hard. What the worker leaves behind in its group ends with it.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
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

/** Resolves when the worker's end is on the disk; at once where another supervisor has the worker. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const files = openWorkerFiles(options.folder)
  const order = files.order()
  if (order === null || !files.take(identityOf(process.pid))) return
  const log = openBoundedLog(files.log, options.logBytesMax ?? LOG_BYTES_MAX)
  try {
    files.writeEnd(await run(files, order, log, options))
  } finally {
    log.close()
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
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      log.write(chunk)
    })
  const { pid } = child
  if (pid !== undefined) {
    files.writeRunning({
      supervisor: identityOf(process.pid),
      worker: identityOf(pid),
      boot: bootId(),
    })
    stop.addEventListener('abort', () => void endGroup(pid, ended, graceMs), { once: true })
  }
  const end = await ended
  await Promise.race([closed, delay(LAST_WORDS_MS)])
  if (pid !== undefined) signalGroup(pid, 'SIGKILL')
  return end
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
