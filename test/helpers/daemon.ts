// A real daemon process on a home of its own: started, awaited, stopped, killed.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, isReady, type ApiClient } from './api.ts'
import { onCleanup, type Cleaner } from './cleanup.ts'
import { until } from './poll.ts'
import { makeFolder } from './repo.ts'

export interface DaemonOptions {
  /** A fresh temporary folder when left out. */
  readonly home?: string
  readonly env?: Readonly<Record<string, string>>
  /** Modules loaded before the program: clocks and file systems that lie. */
  readonly preload?: readonly string[]
  readonly nodeFlags?: readonly string[]
  /** Words before node: `prlimit`, `setpriv`. */
  readonly wrapper?: readonly string[]
  readonly cwd?: string
  /** A daemon that cannot serve every ledger never calls itself ready: `/healthz` says that it answers. */
  readonly awaited?: '/readyz' | '/healthz'
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Daemon {
  readonly home: string
  readonly pid: number
  /** Of the unix socket. */
  readonly client: ApiClient
  readonly socket: string
  /** From the spawn to the first answer of readiness, in milliseconds. */
  readonly readyMs: number
  readonly exit: Promise<Exit>
  readonly stderr: () => string
  /** The loopback port and the token. */
  tcp(): Promise<{ port: number; token: string }>
  /** As `skein down` and a service manager do. */
  stop(): Promise<Exit>
  /** As a power cut does, but for the page cache. */
  kill(): Promise<Exit>
}

/** A started process that may never become ready. */
export interface Started {
  readonly home: string
  readonly child: ChildProcess
  readonly exit: Promise<Exit>
  readonly startedAt: number
  readonly stderr: () => string
  readonly stdout: () => string
}

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
/** The shipped program; another build of it for work on the tests themselves. */
export const PROGRAM = process.env['SKEIN_TEST_PROGRAM'] ?? path.join(ROOT, 'dist', 'skein.js')
const READY_MS_MAX = 20_000

/** Starts a daemon and waits until it is ready. @throws Error with what it said when it ends before. */
export async function startDaemon(cleaner: Cleaner, options: DaemonOptions = {}): Promise<Daemon> {
  const started = spawnDaemon(cleaner, options)
  return becomeReady(started, options.awaited)
}

export function spawnDaemon(cleaner: Cleaner, options: DaemonOptions = {}): Started {
  const home = options.home ?? path.join(makeFolder(cleaner, 'skein-home-'), 'h')
  const preload = (options.preload ?? []).flatMap((module) => ['--import', module])
  const node = [...(options.nodeFlags ?? []), ...preload, PROGRAM, 'up']
  const [command = process.execPath, ...args] = [
    ...(options.wrapper ?? []),
    process.execPath,
    ...node,
  ]
  const startedAt = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd ?? '/',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: path.dirname(home),
      SKEIN_HOME: home,
      SKEIN_HTTP_PORT: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  let stdout = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  const exit = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal })
    })
  })
  onCleanup(cleaner, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exit
  })
  return { home, child, exit, startedAt, stderr: () => stderr, stdout: () => stdout }
}

/** How a process ended that has to end of itself, and what it said. */
export async function endOf(started: Started): Promise<Exit & { readonly said: string }> {
  const { child, exit, stderr, stdout } = started
  await until('the process has ended', () => child.exitCode !== null || child.signalCode !== null)
  return { ...(await exit), said: stderr() + stdout() }
}

export async function becomeReady(
  started: Started,
  awaited: DaemonOptions['awaited'] = '/readyz',
): Promise<Daemon> {
  const { child, exit, home, startedAt, stderr } = started
  const socket = path.join(home, 'api.sock')
  let ended: Exit | null = null
  void exit.then((how) => (ended = how))
  await until(
    `the daemon is ready (pid ${String(child.pid)}, load ${loadavg().map(String).join(' ')})`,
    async () => {
      if (ended !== null) throw new Error(`the daemon ended: ${JSON.stringify(ended)} ${stderr()}`)
      return existsSync(socket) && (await isReady(socket, awaited))
    },
    { withinMs: READY_MS_MAX, everyMs: 2 },
  )
  const readyMs = performance.now() - startedAt
  const client = createClient({ socket })
  const end = async (signal: NodeJS.Signals): Promise<Exit> => {
    client.close()
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return exit
  }
  return {
    home,
    pid: child.pid ?? 0,
    client,
    socket,
    readyMs,
    exit,
    stderr,
    async tcp() {
      const { http } = await client.must('status', {})
      const token = readFileSync(path.join(home, 'token'), 'utf8').trim()
      return { port: Number(new URL(http ?? '').port), token }
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** What the daemon wrote to its own log file. */
export function readDaemonLog(home: string): string {
  const file = path.join(home, 'logs', 'daemon.ndjson')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
