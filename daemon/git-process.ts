// One run of git, for git.ts and the files beside it (git-*.ts) alone. Checkouts are data that others wrote, so git runs without their hooks and monitors,
// without our caller's GIT_* variables, without prompts, and within bounds of time and output.
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { SkeinError } from '../protocol/index.ts'
import { codeOf } from './home.ts'

export interface RunOptions {
  readonly signal: AbortSignal | undefined
  readonly millisecondsMax?: number
  /** Words of git that are an answer here, not a failure: the result is null. */
  readonly refusals?: RegExp
  /** This exit of git is an answer, too. */
  readonly answerExit?: number
  readonly stdin?: string | Buffer
  /** Variables of git's own, beside the cleaned environment. */
  readonly variables?: Readonly<Record<`GIT_${string}`, string>>
}

/** The answer of git, or null for one of the expected refusals. */
export type Run = (
  cwd: string,
  args: readonly string[],
  options: RunOptions,
) => Promise<string | null>

/** Runs git in an environment that is cleaned first. Failures are those that git.ts names. */
export function createRunner(env: Readonly<Record<string, string | undefined>>): Run {
  const clean = cleanEnvironment(env)
  return (cwd, args, options) => runGit(clean, cwd, args, options)
}

/**
 * Starts git for a talk over its stdin, which reaches no remote. Bounds of time and output are the caller's, who ends it.
 */
export type Start = (cwd: string, args: readonly string[]) => ChildProcessWithoutNullStreams

/** Starts git in an environment that is cleaned first. */
export function createStarter(env: Readonly<Record<string, string | undefined>>): Start {
  // Before 2.45, and 2.39.4, git does not know GIT_NO_LAZY_FETCH; that no protocol is allowed all versions understand.
  const clean = { ...cleanEnvironment(env), GIT_ALLOW_PROTOCOL: 'none' }
  return (cwd, args) =>
    spawn('git', [...SAFE_OPTIONS, ...args], { cwd, env: clean, windowsHide: true })
}

/** The most that a question about a checkout may take, unless its asker knows better. */
export const GIT_MS_MAX = 10_000
/** A million paths of 64 characters. */
const GIT_BYTES_MAX = 64 * 1024 * 1024
const SAFE_OPTIONS = [
  ...['-c', 'core.fsmonitor='],
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'protocol.ext.allow=never'],
]

function runGit(
  env: NodeJS.ProcessEnv,
  cwd: string,
  args: readonly string[],
  { signal, millisecondsMax = GIT_MS_MAX, refusals, answerExit, stdin, variables }: RunOptions,
): Promise<string | null> {
  const bounds = {
    timeout: millisecondsMax,
    maxBuffer: GIT_BYTES_MAX,
    killSignal: 'SIGKILL',
  } as const
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...SAFE_OPTIONS, ...args],
      {
        cwd,
        env: { ...env, ...variables },
        signal,
        encoding: 'utf8',
        windowsHide: true,
        ...bounds,
      },
      (error, stdout, stderr) => {
        if (error === null || error.code === answerExit) resolve(stdout)
        else if (signal?.aborted === true) reject(asError(signal.reason))
        else if (refusals?.test(stderr) === true) resolve(null)
        else reject(explain(error, cwd, args, stderr, millisecondsMax))
      },
    )
    // Git may end before it has read all: what it says then is the answer.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(stdin)
  })
}

/** The failure that a run of git ended with, as git.ts names it. */
export function explain(
  error: Error & { readonly killed?: boolean },
  cwd: string,
  args: readonly string[],
  stderr: string,
  millisecondsMax: number,
): SkeinError {
  const what = `git ${args[0] ?? ''} in ${cwd}`
  const details = { cause: error, data: { cwd } }
  if (codeOf(error) === 'ENOENT') {
    return new SkeinError('REPO_NOT_GIT', `${what} could not be started.`, {
      ...details,
      hint: 'Install git 2.31 or newer, and check that the folder is still there.',
    })
  }
  if (codeOf(error) === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    const limit = `${String(GIT_BYTES_MAX / 1024 / 1024)} MB`
    return new SkeinError('INPUT_SIZE', `${what} answered with more than ${limit}.`, details)
  }
  if (error.killed === true) {
    const limit = `${String(millisecondsMax / 1000)} s`
    return new SkeinError('BUSY', `${what} took more than ${limit}.`, details)
  }
  const said = stderr.split('\n', 1)[0] || error.message
  const hint = /^\s*(git config --global --add safe\.directory .+)$/m.exec(stderr)?.[1]
  return new SkeinError('REPO_NOT_GIT', `${what}: ${said}.`, {
    ...details,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** What a signal was aborted with, fit to be thrown. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

/** Of our caller's settings for git only those stay that say how to reach a remote, and where the user's own ones are. */
const KEPT_VARIABLES =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM)$/

function cleanEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('GIT_') || KEPT_VARIABLES.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // A partial clone must not dial its remote for a question about what is here.
    GIT_NO_LAZY_FETCH: '1',
    // Replaced commits would change a repository's roots on one machine only.
    GIT_NO_REPLACE_OBJECTS: '1',
    // We read what git says.
    LC_ALL: 'C',
  }
}
