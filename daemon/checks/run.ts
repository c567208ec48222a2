// One command of a repository, started as a person would type it: by the shell, in a process group of its own, without an input, for
// a limited time. Whatever it started ends with it.
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { signalGroup } from '../process-group.ts'

export interface CommandRun {
  readonly command: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly millisecondsMax: number
  readonly signal: AbortSignal
  readonly onOutput: (chunk: Buffer) => void
  /** The leader of its group, once it is there. */
  readonly onStart: (pid: number) => void
}

export interface CommandEnd {
  /** Null: it did not end by itself. */
  readonly code: number | null
  /** In words, unless it is 0. */
  readonly how: string
}

/** The same on every machine, whatever shell its user likes: a verdict must not depend on that. */
const SHELL = '/bin/sh'
/** Between the polite signal and the hard one. */
const GRACE_MS = 5_000
/** What its children still say after its end. */
const LAST_WORDS_MS = 500

export async function runCommand(run: CommandRun): Promise<CommandEnd> {
  const { command, cwd, env, signal, millisecondsMax, onOutput, onStart } = run
  if (signal.aborted) return { code: null, how: 'it was stopped' }
  const child = spawn(SHELL, ['-c', command], {
    ...{ cwd, env, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const ended = endOf(child)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', onOutput)
  const { pid } = child
  if (pid === undefined) return ended
  onStart(pid)
  const late = AbortSignal.timeout(millisecondsMax)
  const stop = AbortSignal.any([signal, late])
  const end = (): void => {
    void endGroup(pid, ended)
  }
  stop.addEventListener('abort', end, { once: true })
  const told = await ended
  stop.removeEventListener('abort', end)
  await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })])
  signalGroup(pid, 'SIGKILL')
  if (signal.aborted) return { code: null, how: 'it was stopped' }
  const seconds = String(Math.round(millisecondsMax / 1000))
  return late.aborted ? { code: null, how: `it took more than ${seconds} s` } : told
}

function endOf(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => {
      resolve({ code: null, how: message })
    })
    child.once('exit', (code, signal) => {
      resolve({ code, how: code === 0 ? '' : (signal ?? `exit ${String(code)}`) })
    })
  })
}

function once(child: ChildProcess, event: string): Promise<void> {
  return new Promise((resolve) => {
    child.once(event, () => {
      resolve()
    })
  })
}

async function endGroup(pid: number, ended: Promise<unknown>): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const isOver = await Promise.race([
    ended.then(() => true),
    delay(GRACE_MS, false, { ref: false }),
  ])
  if (!isOver) signalGroup(pid, 'SIGKILL')
}
