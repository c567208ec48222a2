// A process around a command, in memory: what it prints, what it is told, when it is interrupted.
import { PassThrough, Readable } from 'node:stream'
import { main } from '../../daemon/cli/main.ts'
import type { Io, Output } from '../../daemon/cli/io.ts'
import type { Machine } from '../../daemon/cli/machine.ts'

export interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface IoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string | null
  /** What a person types; with it a terminal is there. */
  readonly typed?: string
  readonly interrupted?: AbortSignal
  readonly nowMs?: number
}

/** Runs a command line in this process. */
export async function runCommand(
  words: readonly string[],
  options: IoOptions = {},
  machine: Machine = NO_MACHINE,
): Promise<Ran> {
  const [stdout, stderr] = [recorder(), recorder()]
  const io: Io = {
    stdin: Readable.from(options.typed === undefined ? [] : [options.typed]),
    stdout,
    stderr,
    canAsk: options.typed !== undefined,
    env: options.env ?? {},
    cwd: options.cwd ?? null,
    now: () => options.nowMs ?? Date.now(),
    interrupted: options.interrupted ?? new AbortController().signal,
    self: [],
  }
  const exit = await main(words, io, machine)
  return { exit, stdout: stdout.text(), stderr: stderr.text() }
}

/** For commands that ask nothing of the machine. */
export const NO_MACHINE: Machine = {
  version: '1.2.3',
  runDaemon: refuse,
  daemonOf: () => Promise.resolve(null),
  checkoutAt: refuse,
  validateConfig: refuse,
  verifyAudit: refuse,
  runBridge: refuse,
  runBoard: refuse,
  loadWiring: refuse,
  loadDoctor: refuse,
  loadService: refuse,
  guardOffline: refuse,
  runGitHook: refuse,
  pushByHand: refuse,
  verifyPush: refuse,
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('this machine has no such part'))
}

function recorder(): Output & { text(): string } {
  const parts: string[] = []
  return {
    write: (text) => {
      parts.push(text)
    },
    stream: new PassThrough(),
    closed: new AbortController().signal,
    isTerminal: false,
    columns: Infinity,
    text: () => parts.join(''),
  }
}
