// Starts a daemon that outlives its starter, and waits until it is ready. What it has to say before it is ready stands in
// the home's logs/daemon.out, its failure as JSON, so that the starter can tell it as its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import { errorIn, probe } from '../../client/call.ts'
import { withoutIdentity } from '../../client/caller.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Io } from '../io.ts'
import type { Machine } from '../machine.ts'

/** A ledger of 100,000 claims is ready in half a second; a cold disk may take ten times that. */
const READY_MS_MAX = 15_000
const POLL_MS = 15
const PROBE_MS = 1_000

/** Daemons that are found ending, or that a faster starter beats; more in a row is something else. */
const TRIES_MAX = 3

export interface Started {
  /** A daemon was there before. */
  readonly already: boolean
}

/**
 * Makes sure that a daemon of this home is ready.
 * @throws SkeinError what the daemon failed with; DAEMON_FAILED when it fell silent; INTERRUPTED.
 */
export async function startInBackground(
  io: Io,
  machine: Machine,
  flags: readonly string[] = [],
): Promise<Started> {
  const home = homePath(io.env)
  for (let tries = 1; ; tries++) {
    const isThere = (await machine.daemonOf(home)) !== null
    const child = isThere ? null : spawnDaemon(io, home, flags)
    const end = await waitUntilReady(home, child, io, machine)
    if (end === null) return { already: isThere }
    if (tries >= TRIES_MAX || end.code !== 'DAEMON_RUNNING') throw end
  }
}

interface Spawned {
  readonly child: ChildProcess
  /** What it prints. */
  readonly file: string
}

function spawnDaemon(io: Io, home: string, flags: readonly string[]): Spawned {
  const file = path.join(home, 'logs', 'daemon.out')
  const [program = process.execPath, ...words] = io.self
  const descriptor = openOutput(home, file)
  try {
    const child = spawn(program, [...words, 'up', '--detached', '--json', ...flags], {
      detached: true,
      // No working directory is kept busy by a daemon.
      cwd: home,
      env: withoutIdentity(io.env),
      stdio: ['ignore', descriptor, descriptor],
    })
    child.unref()
    return { child, file }
  } finally {
    closeSync(descriptor)
  }
}

function openOutput(home: string, file: string): number {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    return openSync(file, 'w', 0o600)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new SkeinError('HOME_UNUSABLE', `${home} cannot be written to (${code}).`, {
      cause,
      data: { home },
    })
  }
}

/** Null once it is ready, else why it will not be; DAEMON_RUNNING when another one has come or gone in between. */
async function waitUntilReady(
  home: string,
  started: Spawned | null,
  io: Io,
  machine: Machine,
): Promise<SkeinError | null> {
  const deadline = performance.now() + READY_MS_MAX
  const ended: { why: SkeinError | null } = { why: null }
  started?.child.once('error', (cause) => {
    ended.why = new SkeinError('DAEMON_FAILED', `The daemon cannot be started: ${cause.message}.`)
  })
  started?.child.once('exit', (exit) => {
    ended.why = whyItEnded(started.file, exit)
  })
  while (performance.now() < deadline) {
    const socket = findSockets(home).api
    if ((await probe('/readyz', { socket, timeoutMs: PROBE_MS })) === 200) return null
    if (started === null && (await machine.daemonOf(home)) === null) {
      return new SkeinError('DAEMON_RUNNING', 'The daemon that ran on this home has just ended.')
    }
    if (ended.why !== null) return ended.why
    if (io.interrupted.aborted) {
      return new SkeinError('INTERRUPTED', 'Interrupted; the daemon may still become ready.', {
        hint: 'skein status',
      })
    }
    await delay(POLL_MS)
  }
  const message = `The daemon is not ready after ${String(READY_MS_MAX / 1000)} s; it may yet be.`
  return new SkeinError('DAEMON_FAILED', message, { hint: 'skein logs', data: { home } })
}

/** The last thing that a daemon said: its failure as JSON, or whatever it died with. */
function whyItEnded(file: string, exit: number | null): SkeinError {
  const said = readFileSync(file, 'utf8').trim()
  const start = said.startsWith('{') ? 0 : said.lastIndexOf('\n{') + 1
  try {
    const error = errorIn(JSON.parse(said.slice(start)))
    if (error !== null) return error
  } catch {
    // Not JSON: a crash before the command line could speak.
  }
  const last = said.split('\n').slice(-3)
  return new SkeinError('DAEMON_FAILED', 'The daemon ended before it was ready.', {
    data: { exit, said: last, file },
  })
}
