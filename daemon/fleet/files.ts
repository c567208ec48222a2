// What is kept of one run of a worker on the disk of its machine: `$SKEIN_HOME/workers/<assignment>/`, of further runs `run-<n>/` in
// it (runs.ts). The supervisor and the daemon meet here alone, so that either may die without the other.
//
// 1. A file is whole or not there.
// 2. `taken` is made once, by whoever may start the worker: of two supervisors of one folder the second does nothing, and a daemon that
//    gives the start up takes it itself. So no worker starts twice, and none late.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { ProcessIdentity } from '../client/proc.ts'
import type { LauncherKind } from './launchers/launcher.ts'

/** What the supervisor is to start. The environment is not in it: secrets are handed from process to process. */
export interface WorkerOrder {
  readonly repo: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The commit that the branch began at. */
  readonly base: string
  readonly kind: LauncherKind
  /** Where the run's part of the log begins; missing: at its beginning. */
  readonly logFrom?: number
  /** Put before the run's part of the log. */
  readonly header?: string
  /** What the runs before it have cost, and their turns. */
  readonly before?: { readonly costUsd: number; readonly turns: number }
}

/** Why its machine ends it, of itself. */
export interface EndCause {
  readonly reason: 'spending' | 'timeout'
  readonly note: string
}

export interface WorkerRunning {
  readonly supervisor: ProcessIdentity
  readonly worker: ProcessIdentity
  readonly boot: string
}

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Why it did not start at all. */
  readonly error: string | null
}

export interface WorkerFiles {
  readonly folder: string
  readonly log: string
  readonly prompt: string
  order(): WorkerOrder | null
  running(): WorkerRunning | null
  end(): WorkerEnd | null
  /** Who took it; null: nobody has, or died while it did. */
  taker(): ProcessIdentity | null
  cause(): EndCause | null
  /** By the clock of this machine, since 1970; null: it has not begun. */
  beganAtMs(): number | null
  writeOrder(order: WorkerOrder, prompt: string): void
  writeRunning(running: WorkerRunning): void
  writeEnd(end: WorkerEnd): void
  writeCause(cause: EndCause): void
  /** The time before does not count: it waited for a person. */
  beginAnew(): void
  /** False when somebody else has. */
  take(by: ProcessIdentity): boolean
}

export function workersFolder(home: string): string {
  return path.join(home, 'workers')
}

export function openWorkerFiles(folder: string): WorkerFiles {
  const at = (name: string): string => path.join(folder, name)
  return {
    folder,
    log: path.join(isRunName(path.basename(folder)) ? path.dirname(folder) : folder, 'log'),
    prompt: at('prompt'),
    order: () => read<WorkerOrder>(at('order.json'), 'command'),
    running: () => read<WorkerRunning>(at('running.json'), 'worker'),
    end: () => read<WorkerEnd>(at('exit.json'), 'code'),
    taker: () => read<ProcessIdentity>(at('taken'), 'started'),
    cause: () => read<EndCause>(at('cause.json'), 'reason'),
    beganAtMs: () => statSync(at('running.json'), { throwIfNoEntry: false })?.mtimeMs ?? null,
    writeOrder(order, prompt) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      replace(at('prompt'), prompt)
      replace(at('order.json'), JSON.stringify(order))
    },
    writeRunning: (running) => {
      replace(at('running.json'), JSON.stringify(running))
    },
    writeEnd: (end) => {
      replace(at('exit.json'), JSON.stringify(end))
    },
    writeCause: (cause) => {
      replace(at('cause.json'), JSON.stringify(cause))
    },
    beginAnew: () => {
      const now = new Date()
      if (existsSync(at('running.json'))) utimesSync(at('running.json'), now, now)
    },
    take: (by) => create(at('taken'), JSON.stringify(by)),
  }
}

/** Ids of the workers that this machine has or had, the oldest first: ids rise with time. */
export function listWorkers(home: string): readonly string[] {
  try {
    return readdirSync(workersFolder(home)).filter(isWorkerName).sort()
  } catch {
    return []
  }
}

/** Names a folder: no other text ever becomes a path. */
export function isWorkerName(text: string): boolean {
  return /^asg_[0-9A-HJKMNP-TV-Z]{26}$/.test(text)
}

/** The folder of a run after the first. */
export function isRunName(name: string): boolean {
  return /^run-[1-9][0-9]{0,5}$/.test(name)
}

export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Our own files, in a folder that nobody else can write to: one that has this field is one. */
function read<Value>(file: string, field: keyof Value & string): Value | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const isOne = typeof value === 'object' && value !== null && field in value
    return isOne ? (value as Value) : null
  } catch {
    return null
  }
}

/** home.ts does this too, and more; a supervisor is to stay as small as a shell. */
function replace(file: string, text: string): void {
  const next = `${file}.next`
  const handle = openSync(next, 'w', 0o600)
  try {
    writeFileSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(next, file)
}

function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
