// `skein up`: this process becomes the daemon, or starts one that goes on by itself.
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { assert, type OperationResult, shellQuote } from '../../../protocol/index.ts'
import { callOperation } from '../../client/call.ts'
import { findSockets, homePath } from '../../client/place.ts'
import type { Command } from '../arguments.ts'
import type { Io } from '../io.ts'
import type { LocalCommand, Machine, RunningDaemon } from '../machine.ts'
import { callerFields } from '../operation-input.ts'
import { pageOn, pairs, type Page } from '../output/page.ts'
import { startInBackground } from './background.ts'

type Status = OperationResult<'status'>

const STATUS_MS_MAX = 5_000

export const run: LocalCommand = (command, io, machine) =>
  command.fields['background'] === true
    ? runInBackground(command, io, machine)
    : runHere(command, io, machine)

async function runInBackground(command: Command, io: Io, machine: Machine): Promise<number> {
  const { http_port: port, json, quiet } = command.fields
  const flags = port === undefined ? [] : ['--http-port', String(port)]
  const { already } = await startInBackground(io, machine, flags)
  const status = await askStatus(command, io)
  if (json === true) {
    io.stdout.write(`${JSON.stringify({ already_running: already, ...status }, null, 2)}\n`)
  } else if (quiet !== true) {
    const page = pageOn(io.stdout, io)
    const word = already ? 'already running' : 'running'
    const lines = [...readyLines(status, word, page), '', ...nextSteps(status, io, page)]
    io.stdout.write(lines.map((line) => `${line}\n`).join(''))
  }
  return 0
}

/** The daemon itself: resolves when it has ended. */
async function runHere(command: Command, io: Io, machine: Machine): Promise<number> {
  const { http_port: port, json, quiet, detached } = command.fields
  const isWatched = io.stderr.isTerminal || detached === true
  const daemon = await machine.runDaemon({
    env: io.env,
    flags: typeof port === 'number' ? { http_port: port } : {},
    // A person has `skein logs`; a service manager collects what a service writes.
    toStderr: !isWatched,
  })
  const ended = stopWhenInterrupted(daemon, io)
  const status = await askStatus(command, io)
  if (json === true) io.stdout.write(`${JSON.stringify(status, null, 2)}\n`)
  else if (quiet !== true) {
    const page = pageOn(io.stderr, io)
    const end = [page.paint('quiet', 'Ctrl-C stops it. `skein logs --follow` shows what it does.')]
    const lines = [...readyLines(status, 'ready', page), '', ...nextSteps(status, io, page), ...end]
    io.stderr.write(lines.map((line) => `${line}\n`).join(''))
  }
  return ended
}

async function stopWhenInterrupted(daemon: RunningDaemon, io: Io): Promise<number> {
  const stop = (): void => {
    void daemon.stop()
  }
  io.interrupted.addEventListener('abort', stop, { once: true })
  if (io.interrupted.aborted) stop()
  return daemon.finished
}

/** A first use of the repository that the caller stands in, too. */
async function askStatus(command: Command, io: Io): Promise<Status> {
  const socket = findSockets(homePath(io.env)).api
  const input = callerFields(command, io)
  const status = await callOperation('status', input, { socket, timeoutMs: STATUS_MS_MAX })
  assert(typeof status === 'object' && status !== null, 'status is an object')
  return status as Status
}

function readyLines(status: Status, word: string, page: Page): readonly string[] {
  const repos = status.repos.map(({ id }) => id).join(', ')
  return [
    `skein ${status.version} is ${page.paint('good', word)} on ${page.paint('strong', status.machine)}`,
    ...pairs(
      [
        ['pid', String(status.pid)],
        ['http', status.http],
        ['home', status.home],
        ['repos', repos],
      ],
      page,
    ),
  ]
}

function nextSteps(status: Status, io: Io, page: Page): readonly string[] {
  const steps: (readonly [string, string])[] = []
  const install = installStep(io)
  if (install !== null) steps.push([install, 'put `skein` on your PATH'])
  if (status.repos.length === 0) steps.push(['cd REPO && skein init', 'let a repository take part'])
  steps.push(
    ["skein claim 'src/auth/**' --description '…'", 'claim before you write'],
    ['skein status', 'what runs, and who leads'],
    ['skein try', 'watch two agents meet, alone and in seconds'],
  )
  const width = Math.max(...steps.map(([command]) => command.length))
  return [
    page.paint('strong', 'Next:'),
    ...steps.map(([command, why]) => `  ${command.padEnd(width)}  ${page.paint('quiet', why)}`),
  ]
}

/** Null when the shell finds `skein` already. */
function installStep(io: Io): string | null {
  const folders = (io.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '')
  if (folders.some((folder) => existsSync(path.join(folder, 'skein')))) return null
  const script = io.self.at(-1) ?? 'dist/skein.js'
  const own = path.join(io.env['HOME'] ?? '', '.local', 'bin')
  const folder = [own, '/usr/local/bin'].find((each) => folders.includes(each) && isWritable(each))
  if (folder !== undefined) {
    return `ln -s ${shellQuote(script)} ${shellQuote(path.join(folder, 'skein'))}`
  }
  return `npm link --prefix ${shellQuote(path.dirname(path.dirname(script)))}`
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
