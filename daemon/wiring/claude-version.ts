// Which Claude Code is on the PATH: from 2.1.295 on a hook can say that an edit is refused when the hook itself fails.
import { execFile } from 'node:child_process'
import { findProgram } from '../path-programs.ts'

const ON_FAILURE_SINCE = [2, 1, 295] as const
const VERSION_MS_MAX = 3_000

type Environment = Readonly<Record<string, string | undefined>>

/** False where no Claude Code is found, or it does not say. */
export async function takesOnFailure(env: Environment): Promise<boolean> {
  const version = await programVersion('claude', env)
  return version !== null && isAtLeast(version, ON_FAILURE_SINCE)
}

/** The first `1.2.3` that a program prints for `--version`; null where there is none. */
export function programVersion(name: string, env: Environment): Promise<string | null> {
  const file = findProgram(name, env)
  if (file === null) return Promise.resolve(null)
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: VERSION_MS_MAX, killSignal: 'SIGKILL' } as const
    execFile(file, ['--version'], options, (_error, stdout) => {
      resolve(/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? null)
    }).stdin?.end()
  })
}

export function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const i = least.findIndex((part, at) => (parts[at] ?? 0) !== part)
  return i < 0 || (parts[i] ?? 0) > (least[i] ?? 0)
}
