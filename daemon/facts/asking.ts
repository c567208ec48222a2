// A question to a launcher of this machine: text in, text out, within bounds. It gets no tools, no worktree, and nothing of the question
// as an argument.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { SkeinError } from '../../protocol/index.ts'
import { withoutIdentity } from '../client/caller.ts'
import type { Config } from '../config.ts'

export interface AskingOptions {
  readonly config: Pick<Config, 'fleet'>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Whoever plans waits for it. */
const ANSWER_MS_MAX = 100_000
const ANSWER_BYTES_MAX = 1_048_576

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** @throws SkeinError ASSIGNMENT_REFUSED: no such launcher, or no answer */
export async function askLauncher(
  { config, env }: AskingOptions,
  name: string,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const program = programOf(config, name)
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)])
  const child = spawn(program.command, program.args, {
    ...{ cwd: tmpdir(), env: { ...withoutIdentity(env), ...program.env }, signal: bound },
    ...{ stdio: ['pipe', 'pipe', 'ignore'], killSignal: 'SIGKILL' },
  })
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > ANSWER_BYTES_MAX) child.kill('SIGKILL')
      else pieces.push(piece)
    })
    child.on('error', (cause) => {
      reject(noAnswer(name, bound.aborted ? 'not in time' : cause.message))
    })
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(pieces).toString('utf8'))
      else reject(noAnswer(name, `it ended with ${String(code ?? 'a signal')}`))
    })
    // One that does not read is told by its end.
    child.stdin.on('error', () => undefined)
    child.stdin.end(question)
  })
}

function programOf({ fleet }: AskingOptions['config'], name: string): Program {
  const own = fleet.launchers ?? {}
  const settings = Object.hasOwn(own, name) ? own[name] : name === 'claude' ? CLAUDE : undefined
  if (settings === undefined) throw noAnswer(name, 'this machine has no launcher of that name')
  const { kind = 'command', command, args = [], env = {}, model } = settings
  if (kind === 'command') return { command: command ?? '', args, env }
  const words = ['-p', '--output-format', 'text', '--tools', '']
  return {
    ...{ command: command ?? 'claude', env },
    args: [...words, ...(model === undefined ? [] : ['--model', model]), ...args],
  }
}

const CLAUDE: NonNullable<Config['fleet']['launchers']>[string] = { kind: 'claude' }

function noAnswer(name: string, why: string): SkeinError {
  return new SkeinError('ASSIGNMENT_REFUSED', `no answer of the launcher '${name}': ${why}`)
}
