// Programs that are started as children: run to their end, or ended.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Ran {
  /** Null: a signal ended it, or it did not start. */
  readonly exit: number | null
  /** Of both streams, as they came. */
  readonly output: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env: Environment
  readonly signal?: AbortSignal
}

/** A program run to its end, and what it said. Does not reject. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: RunOptions,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
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

/** Politely, then hard. Resolves when it has ended. */
export async function endChild(child: ChildProcess, politeMsMax: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), politeMsMax)
  await ended
  clearTimeout(late)
}
