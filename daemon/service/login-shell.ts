// What a login shell of this user has as its PATH: the person's own start-up files may add to it, so the shell itself is asked.
import { spawn } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** Those that know `-l -c`, and print a PATH with colons. */
const SHELLS: ReadonlySet<string> = new Set(['bash', 'zsh', 'fish', 'sh', 'dash', 'ash', 'ksh'])
/** Start-up files of some load half a second of tools; a shell that waits for a person never answers. */
const ANSWER_MS_MAX = 5_000
const BYTES_MAX = 64 * 1024
/** Start-up files may print what they like before it. */
const ANSWER = /^skein-path=(.*)$/m

/** Null where the shell is unknown, fails, or takes too long. */
export async function readLoginPath(env: Environment): Promise<string | null> {
  const shell = shellOf(env)
  if (!path.isAbsolute(shell) || !SHELLS.has(path.basename(shell))) return null
  const child = spawn(shell, ['-l', '-c', 'printf "\\nskein-path=%s\\n" "$PATH"'], {
    cwd: '/',
    env: { ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      // What a start-up file left running may hold the other end for ever.
      child.stdout.destroy()
      resolve(ANSWER.exec(said)?.[1] ?? null)
    }
    const timer = setTimeout(finish, ANSWER_MS_MAX)
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
      if (ANSWER.test(said.slice(0, said.lastIndexOf('\n'))) || said.length > BYTES_MAX) finish()
    })
    child.once('error', finish)
    child.once('close', finish)
  })
}

function shellOf(env: Environment): string {
  const given = env['SHELL'] ?? ''
  if (given !== '') return given
  try {
    return os.userInfo().shell ?? ''
  } catch {
    // A user without an entry, as in some containers.
    return ''
  }
}
