// One call of a service manager's program.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'

type Environment = Readonly<Record<string, string | undefined>>

export interface RunResult {
  readonly isDone: boolean
  readonly stdout: string
  /** Its own last word; empty where it said none. */
  readonly why: string
}

export type Run = (words: readonly string[]) => Promise<RunResult>

/** A restart waits until the daemon has ended: 30 s at most, as the unit says. */
const RUN_MS_MAX = 60_000

export function createRun(env: Environment): Run {
  const around = { ...env, ...runtimeFolder(env), LC_ALL: 'C' }
  return ([program = '', ...words]) =>
    new Promise((resolve) => {
      execFile(program, words, { env: around, timeout: RUN_MS_MAX }, (error, stdout, stderr) => {
        const last = stderr.trim().split('\n').at(-1) ?? ''
        const why = last !== '' || error === null ? last : error.message
        resolve({ isDone: error === null, stdout, why })
      }).stdin?.end()
    })
}

/** A shell that came without a login (su, cron, ssh with a command) does not name the folder of the manager's socket. */
function runtimeFolder(env: Environment): Environment {
  const folder = `/run/user/${String(process.getuid?.() ?? 0)}`
  const isNamed = (env['XDG_RUNTIME_DIR'] ?? '') !== ''
  return isNamed || !existsSync(folder) ? {} : { XDG_RUNTIME_DIR: folder }
}
