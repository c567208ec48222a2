// A harness's own program, run once without a person: in a home of its own, in the checkout's folder, within bounds.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { withoutIdentity } from '../client/caller.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface ClientRun {
  readonly exit: number | null
  readonly isLate: boolean
  /** The end of what it printed. */
  readonly said: string
}

export interface ClientOptions {
  readonly cwd: string
  readonly env: Environment
  readonly millisecondsMax: number
  readonly signal: AbortSignal
  readonly stdin?: string
}

/** A talk of four turns takes a second; a cold disk has to read 400 MB first. */
export const CLIENT_MS_MAX = 90_000
const SAID_MAX = 8_192

/** Never throws: a program that cannot be started has said why. */
export function runClient(
  command: string,
  words: readonly string[],
  { cwd, env, millisecondsMax, signal, stdin }: ClientOptions,
): Promise<ClientRun> {
  return new Promise((resolve) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(command, words, { cwd, env: { ...env }, detached: true })
    let said = ''
    let isLate = false
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString('utf8')).slice(-SAID_MAX)
    }
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    const timer = setTimeout(() => {
      isLate = true
      end()
    }, millisecondsMax)
    signal.addEventListener('abort', end, { once: true })
    const settle = (exit: number | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      end()
      resolve({ exit, isLate, said })
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? '')
    child.once('error', (error) => {
      said = error.message
      settle(null)
    })
    child.once('close', settle)
  })
}

/** A temporary home for the time of an act. */
export async function inFolder<Result>(act: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-canary-'))
  try {
    return await act(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** The caller's own, without who it is, and without what a harness around us says to its children. */
export function clientEnvironment(env: Environment, more: Environment): Environment {
  const kept = Object.entries(withoutIdentity(env)).filter(
    ([name]) => !/^(?:CLAUDE|CODEX|ANTHROPIC_|OPENAI_|CURSOR_)/.test(name),
  )
  // A trial asks for the verdict; nobody will come and give way.
  return { ...Object.fromEntries(kept), SKEIN_WAIT: 'refuse', ...more }
}
