// One machine of the demonstration: a home, a clone, and the daemon that runs on them, which is asked as any program asks it.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError, type OperationName, type OperationResult } from '../../../protocol/index.ts'
import { callOperation, errorIn, probe } from '../../client/call.ts'
import { findSockets } from '../../client/place.ts'
import { endChild, type Environment } from '../../client/child.ts'
import type { Sweeper } from './sweeper.ts'

export interface DemoMachine {
  readonly name: string
  readonly home: string
  /** Its clone of the repository. */
  readonly clone: string
  readonly pid: number
  /** @throws SkeinError what the daemon answered */
  call<Name extends OperationName>(name: Name, input?: object): Promise<OperationResult<Name>>
  /** Idempotent. */
  stop(): Promise<void>
}

export interface MachineOptions {
  readonly name: string
  readonly home: string
  readonly clone: string
  /** Words that start this program. */
  readonly self: readonly string[]
  readonly env: Environment
  /** Ports on loopback where it dials the others, by their names. */
  readonly dial: Readonly<Record<string, number>>
  readonly sweeper: Sweeper
  readonly signal: AbortSignal
  /** Its daemon ended, and nobody asked it to. */
  readonly onLost: (error: SkeinError) => void
}

const READY_MS_MAX = 20_000
const STOP_MS_MAX = 3_000
const POLL_MS = 20
/** Longer than the five seconds after which a daemon without a majority says so. */
const CALL_MS_MAX = 60_000

/** @throws SkeinError DAEMON_FAILED, INTERRUPTED; then its process has ended. */
export async function startMachine(options: MachineOptions): Promise<DemoMachine> {
  const { name, home, clone, sweeper, signal } = options
  writeConfig(options)
  const child = spawnDaemon(options)
  const { pid } = child
  if (pid === undefined) throw failed(name, 'it could not be started', '')
  sweeper.started(pid)
  let isWanted = true
  const said: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
  child.once('exit', (code, killedBy) => {
    sweeper.ended(pid)
    const how = killedBy ?? `exit ${String(code)}`
    if (isWanted) options.onLost(failed(name, how, Buffer.concat(said).toString('utf8')))
  })
  const stop = async (): Promise<void> => {
    isWanted = false
    await endChild(child, STOP_MS_MAX)
  }
  try {
    await untilReady(options, child)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...{ name, home, clone, pid, stop },
    async call<Name extends OperationName>(operation: Name, input: object = {}) {
      const socket = findSockets(home).api
      const how = { socket, timeoutMs: CALL_MS_MAX, signal }
      return (await callOperation(operation, input, how)) as OperationResult<Name>
    },
  }
}

function writeConfig({ name, home, dial }: MachineOptions): void {
  mkdirSync(home, { recursive: true })
  const ways = Object.entries(dial).map(([to, port]) => `  ${to}: ['127.0.0.1:${String(port)}']`)
  const lines = [
    `machine: ${name}`,
    'http_port: 0',
    "listen: ['127.0.0.1:0']",
    // Who invites and promotes here is a script.
    'trust_scripts: true',
    'dial:',
    ...ways,
  ]
  writeFileSync(path.join(home, 'config.yml'), `${lines.join('\n')}\n`)
}

function spawnDaemon({ self, env, home }: MachineOptions): ChildProcess {
  const [program = process.execPath, ...start] = self
  return spawn(program, [...start, 'up', '--detached', '--json'], {
    // Its own group: Ctrl-C comes to us, and we stop it in order.
    detached: true,
    env: { ...env, SKEIN_HOME: home },
    cwd: path.dirname(home),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

async function untilReady({ home, signal }: MachineOptions, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (signal.aborted) throw new SkeinError('INTERRUPTED', 'Interrupted.')
    const socket = findSockets(home).api
    if ((await probe('/readyz', { socket, timeoutMs: POLL_MS * 10 })) === 200) return
    await delay(POLL_MS)
  }
  if (child.exitCode === null && child.signalCode === null)
    throw failed(path.basename(home), `not ready in ${String(READY_MS_MAX / 1000)} s`, '')
}

/** With the daemon's own words, where it left any. */
function failed(name: string, how: string, said: string): SkeinError {
  const told = toldIn(said)
  return new SkeinError(
    'DAEMON_FAILED',
    told === null ? `The daemon of ${name} ended: ${how}.` : `${name}: ${told.message}`,
    { hint: told?.hint ?? 'skein demo --keep, then look at logs/ in its homes' },
  )
}

function toldIn(said: string): SkeinError | null {
  try {
    return errorIn(JSON.parse(said))
  } catch {
    return null
  }
}
