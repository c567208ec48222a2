// The runs of one worker: the first in its folder, each further one in `run-<n>/` there, with one log for all. A run begins with its
// folder, which is made whole in one step; so of a crash between two runs nothing is half.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isRunName, openWorkerFiles, type WorkerFiles } from './files.ts'

export interface WorkerRuns {
  readonly folder: string
  readonly log: string
  /** Of the run that is on, or was last; from 1 on. */
  number(): number
  /** Of the same run. */
  files(): WorkerFiles
  /** A further one, of which nothing is there yet. */
  begin(): void
  isDone(): boolean
  /** Nothing of it is left to do. */
  markDone(): void
}

export function openRuns(folder: string): WorkerRuns {
  let number = lastRun(folder)
  let files = openWorkerFiles(folderOf(folder, number))
  const done = path.join(folder, 'done')
  return {
    folder,
    log: path.join(folder, 'log'),
    number: () => number,
    files: () => files,
    begin() {
      mkdirSync(folderOf(folder, number + 1), { recursive: true, mode: 0o700 })
      number++
      files = openWorkerFiles(folderOf(folder, number))
    },
    isDone: () => existsSync(done),
    markDone: () => {
      if (existsSync(folder)) writeFileSync(done, '', { mode: 0o600 })
    },
  }
}

function folderOf(folder: string, number: number): string {
  return number === 1 ? folder : path.join(folder, `run-${String(number)}`)
}

function lastRun(folder: string): number {
  try {
    const further = readdirSync(folder).filter(isRunName)
    return Math.max(1, ...further.map((name) => Number(name.slice('run-'.length))))
  } catch {
    return 1
  }
}
