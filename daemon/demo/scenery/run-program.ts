// A program run to its end, and what it said.
import { spawn } from 'node:child_process'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Ran {
  readonly exit: number | null
  /** Of both streams, as they came. */
  readonly output: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env: Environment
  readonly signal: AbortSignal
}

export function runProgram(
  program: string,
  words: readonly string[],
  { cwd, env, signal }: RunOptions,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', (error) => {
      resolve({ exit: null, output: error.message })
    })
    child.once('close', (exit) => {
      resolve({ exit, output: Buffer.concat(chunks).toString('utf8') })
    })
  })
}
