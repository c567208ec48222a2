// The shipped program as people start it: processes on a temporary home, around a temporary repository.
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Ran } from './cli-io.ts'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
/** Another build of it for work on the tests themselves. */
export const PROGRAM = process.env['SKEIN_TEST_PROGRAM'] ?? path.join(ROOT, 'dist', 'skein.js')

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

export interface Machine {
  readonly home: string
  readonly folder: string
  /** Starts a command and waits for its end. */
  run(words: string | readonly string[], options?: RunOptions): Promise<Ran>
  start(words: readonly string[], options?: RunOptions): ChildProcessWithoutNullStreams
  /** A repository with one commit; with an id it is enrolled on first use. */
  makeRepo(name: string, files: Readonly<Record<string, string>>): string
}

/** A machine of its own; its daemon is ended with the test, whoever started it. */
export function makeMachine(t: TestContext): Machine {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'skein-e2e-')))
  const home = path.join(folder, 'home')
  t.after(() => {
    endDaemon(home)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    SKEIN_HOME: home,
    SKEIN_HTTP_PORT: '0',
    SKEIN_SESSION: 'test-session',
    GIT_CONFIG_GLOBAL: os.devNull,
  }
  const start: Machine['start'] = (words, { cwd = folder, env = {} } = {}) =>
    spawn(process.execPath, [PROGRAM, ...words], { cwd, env: { ...base, ...env } })
  return {
    home,
    folder,
    start,
    async run(words, options = {}) {
      const child = start(typeof words === 'string' ? words.split(' ') : words, options)
      child.stdin.end(options.stdin ?? '')
      return collect(child)
    },
    makeRepo(name, files) {
      const root = path.join(folder, name)
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
        writeFileSync(path.join(root, file), content)
      }
      const git = (...words: string[]): void => {
        execFileSync('git', words, { cwd: root, env: base, stdio: 'ignore' })
      }
      git('init', '--initial-branch=main')
      git('add', '--all')
      git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--message', 'start')
      return root
    },
  }
}

/** The program once, on a home that is there. */
export function runProgram(
  words: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
  })
  child.stdin.end()
  return collect(child)
}

/** Its output, once it has ended. */
export function collect(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  return new Promise((resolve) => {
    child.once('close', (exit) => {
      resolve({ exit: exit ?? -1, stdout, stderr })
    })
  })
}

/** Resolves with what was printed once it holds a text; rejects when the process ends before. */
export function waitFor(
  child: ChildProcessWithoutNullStreams,
  stream: 'stdout' | 'stderr',
  text: string,
): Promise<string> {
  let seen = ''
  return new Promise((resolve, reject) => {
    child[stream].on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8')
      if (seen.includes(text)) resolve(seen)
    })
    child.once('close', (exit) => {
      reject(new Error(`it ended with ${String(exit)} before it printed "${text}": ${seen}`))
    })
  })
}

/** The one that holds the home, and one that is only starting: it would make the removed home anew. */
function endDaemon(home: string): void {
  for (const pid of new Set([...holderOf(home), ...startedFor(home)])) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

function holderOf(home: string): number[] {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(home, 'daemon.pid'), 'utf8')) as {
      pid: number
    }
    return [pid]
  } catch {
    return []
  }
}

/** By their environment, where the system shows it. */
function startedFor(home: string): number[] {
  if (!existsSync('/proc/self/environ')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        return environment.includes(`SKEIN_HOME=${home}`)
      } catch {
        return false
      }
    })
    .map(Number)
}
