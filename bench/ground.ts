// Where a bench runs: its temporary folders and the processes that it started. Everything is undone at the end, also
// after Ctrl-C: processes are ended by their pid, folders removed.
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TMPFS = 0x01021994
const KILL_AFTER_MS = 5_000
const TEXT_BYTES_MAX = 600

export interface Spawned {
  readonly child: ChildProcess
  readonly pid: number
  /** The last words on standard error, for when it fails. */
  readonly said: () => string
}

export class Ground {
  readonly #folders: string[] = []
  readonly #running = new Set<ChildProcess>()
  readonly #interrupted = new AbortController()
  readonly base = chooseBase()

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.exitCode = 130
        this.#interrupted.abort(new Error('interrupted'))
        for (const child of this.#running) child.kill('SIGTERM')
      })
    }
  }

  folder(name: string): string {
    this.signal.throwIfAborted()
    const folder = mkdtempSync(path.join(this.base, `skein-bench-${name}-`))
    this.#folders.push(folder)
    return folder
  }

  get signal(): AbortSignal {
    return this.#interrupted.signal
  }

  sleep(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.signal })
  }

  spawn(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = plainEnvironment(),
    cwd: string = this.base,
  ): Spawned {
    this.signal.throwIfAborted()
    const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    return this.#watch(child)
  }

  /** A script of the bench, with a channel for messages. */
  fork(script: URL, args: readonly string[] = []): Spawned {
    this.signal.throwIfAborted()
    const child = fork(script, args, {
      cwd: ROOT,
      execArgv: ['--import', 'tsx'],
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    return this.#watch(child)
  }

  /** Runs a script of the bench to its end and returns the JSON that it prints. */
  async run(script: URL, args: readonly string[]): Promise<unknown> {
    const { child, said } = this.fork(script, args)
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const code = await exitOf(child)
    if (code !== 0) throw new Error(`${script.pathname} failed: ${said()}`)
    return JSON.parse(text) as unknown
  }

  async stop({ child }: Spawned, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = exitOf(child)
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await gone
    clearTimeout(timer)
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop({ child, pid: 0, said: String })))
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
  }

  #watch(child: ChildProcess): Spawned {
    this.#running.add(child)
    let said = ''
    child.stderr?.on(
      'data',
      (chunk: Buffer) => (said = (said + chunk.toString()).slice(-TEXT_BYTES_MAX)),
    )
    child.once('error', (error) => (said += error.message))
    child.once('exit', () => this.#running.delete(child))
    return { child, pid: child.pid ?? 0, said: () => said.trim() }
  }
}

export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => {
    child.once('close', resolve)
    child.once('error', () => {
      resolve(null)
    })
  })
}

/** The caller's environment without what would name another home, session or harness. */
export function plainEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:SKEIN|CLAUDE|CODEX|GIT|NODE|npm)_/.test(name),
  )
  return { ...Object.fromEntries(kept), ...more }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  })
}

/** The first line that a program prints about its version; null when it is not installed. */
export function versionOf(program: string): string | null {
  try {
    const text = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? null
  } catch {
    return null
  }
}

/** A folder on a disk: what is durable in memory says nothing. */
function chooseBase(): string {
  const bases = [os.tmpdir(), '/var/tmp', ROOT]
  return bases.find((base) => statfsSync(base).type !== TMPFS) ?? os.tmpdir()
}

export function isOnDisk(folder: string): boolean {
  return statfsSync(folder).type !== TMPFS
}
