// The stage of `skein try`: a temporary home, a temporary git repository, a daemon between them; all gone at the end.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkeinError } from '../../../protocol/index.ts'
import { errorIn, probe } from '../../client/call.ts'
import { endChild, runProgram, type Environment, type Ran } from '../../client/child.ts'
import { findSockets } from '../../client/place.ts'
import type { Io } from '../io.ts'

export const REPO = 'try/demo'

export interface Stage {
  readonly home: string
  /** Runs a command of this program as one of the two, and waits for it. */
  run(agent: string, words: readonly string[]): Promise<Ran>
  /** Stops the daemon and removes everything. Idempotent. */
  close(): Promise<void>
}

const READY_MS_MAX = 8_000
const STOP_MS_MAX = 3_000
const POLL_MS = 15

/** @throws SkeinError REPO_NOT_GIT without git, DAEMON_FAILED, INTERRUPTED; then nothing is left behind. */
export async function openStage(io: Io): Promise<Stage> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-try-')))
  const home = path.join(folder, 'home')
  const repo = path.join(folder, 'repo')
  const env = { ...withoutOurs(io.env), SKEIN_HOME: home, SKEIN_HTTP_PORT: '0' }
  const daemon: { child: ChildProcess | null } = { child: null }
  const close = async (): Promise<void> => {
    if (daemon.child !== null) await endChild(daemon.child, STOP_MS_MAX)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    await makeRepo(repo, env)
    daemon.child = await startDaemon(io, home, env)
    return {
      home,
      run: (agent, words) => {
        const [program = process.execPath, ...start] = io.self
        const own = { ...env, SKEIN_AGENT: agent, SKEIN_SESSION: `try-${agent}` }
        return runProgram(program, [...start, ...words], { cwd: repo, env: own })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whoever tries it has a name, a session and a repository of their own. */
function withoutOurs(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('SKEIN_') && !name.startsWith('GIT_')),
  )
}

async function makeRepo(repo: string, env: Environment): Promise<void> {
  mkdirSync(path.join(repo, 'src', 'auth'), { recursive: true })
  mkdirSync(path.join(repo, 'docs'))
  writeFileSync(path.join(repo, '.skein.yml'), `repo: ${REPO}\n`)
  writeFileSync(path.join(repo, 'src', 'auth', 'login.ts'), 'export const login = () => {}\n')
  writeFileSync(path.join(repo, 'docs', 'guide.md'), '# Guide\n')
  const as = [
    '-c',
    'user.name=skein',
    '-c',
    'user.email=skein@localhost',
    '-c',
    'commit.gpgsign=false',
  ]
  const quiet = { ...env, GIT_CONFIG_GLOBAL: os.devNull, GIT_CONFIG_NOSYSTEM: '1' }
  const commands = [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    [...as, 'commit', '--quiet', '--no-verify', '--message', 'start'],
  ]
  for (const words of commands) {
    const { exit, output } = await runProgram('git', words, { cwd: repo, env: quiet })
    if (exit === 0) continue
    throw new SkeinError('REPO_NOT_GIT', `\`git ${words.join(' ')}\` failed: ${output.trim()}`, {
      hint: 'Install git 2.28 or newer.',
    })
  }
}

async function startDaemon(io: Io, home: string, env: Environment): Promise<ChildProcess> {
  const [program = process.execPath, ...start] = io.self
  const child = spawn(program, [...start, 'up', '--detached', '--json'], {
    // Its own group: Ctrl-C comes to us, and we stop it in order.
    detached: true,
    env,
    cwd: path.dirname(home),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  const deadline = performance.now() + READY_MS_MAX
  while (performance.now() < deadline && child.exitCode === null && !io.interrupted.aborted) {
    const socket = findSockets(home).api
    if ((await probe('/readyz', { socket, timeoutMs: POLL_MS * 10 })) === 200) return child
    await delay(POLL_MS)
  }
  await endChild(child, STOP_MS_MAX)
  if (io.interrupted.aborted) throw new SkeinError('INTERRUPTED', 'Interrupted.')
  throw failureIn(Buffer.concat(said).toString('utf8'))
}

function failureIn(said: string): SkeinError {
  try {
    const error = errorIn(JSON.parse(said))
    if (error !== null) return error
  } catch {
    // It ended without a word that we can read.
  }
  return new SkeinError('DAEMON_FAILED', 'The daemon of the demonstration did not become ready.', {
    hint: 'skein up',
    data: { said: said.slice(-500) },
  })
}
