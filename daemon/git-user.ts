// The door to git for a push: git as the user started it, with the user's settings, keys and prompts, for it is the user's own
// push. Nobody's text becomes an option: names of refs and addresses come after `--` or as values of options.
import { spawn } from 'node:child_process'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface UserGitOptions {
  readonly input?: string | Buffer
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Settings for this run alone. */
  readonly settings?: readonly (readonly [key: string, value: string])[]
  /** Told of each piece that git says while it works. */
  readonly onStderr?: (text: string) => void
  /** Takes the output as it comes; it is not kept then, and may be of any size. */
  readonly onStdout?: (chunk: Buffer) => void
  readonly signal?: AbortSignal
}

export interface UserGit {
  /** Runs git to its end, whatever its exit code. Never throws for what git says. @throws Error when git cannot be started. */
  run(args: readonly string[], options?: UserGitOptions): Promise<Ran>
  /** Its output. @throws GitFailed when it fails. */
  read(args: readonly string[], options?: UserGitOptions): Promise<string>
}

/** git said no, in its own words. */
export class GitFailed extends Error {
  readonly ran: Ran

  constructor(args: readonly string[], ran: Ran) {
    super(ran.stderr.trim() || `git ${args[0] ?? ''} ended with ${String(ran.code)}`)
    this.ran = ran
  }
}

/** A million paths of 64 characters. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** @param cwd where git runs. @param env the user's, with git's own variables in it. @param signal ends every run. */
export function createUserGit(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): UserGit {
  const ends = signal === undefined ? {} : { signal }
  const run: UserGit['run'] = (args, options = {}) => start(cwd, env, args, { ...ends, ...options })
  return {
    run,
    async read(args, options) {
      const ran = await run(args, options)
      if (ran.code !== 0) throw new GitFailed(args, ran)
      return ran.stdout
    },
  }
}

/**
 * The same for a daemon, which nobody can answer: no hooks, nothing of whoever started it, and what would ask for a password
 * fails instead.
 */
export async function createQuietGit(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<UserGit> {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('GIT_') || KEPT_VARIABLES.test(name),
  )
  const settings = asVariables({}, SAFE_SETTINGS)
  const quiet = { ...Object.fromEntries(kept), ...settings, GIT_TERMINAL_PROMPT: '0' }
  if (env['GIT_SSH_COMMAND'] !== undefined) return createUserGit(cwd, quiet, signal)
  const own = await createUserGit(cwd, quiet, signal).run(['config', '--get', 'core.sshCommand'])
  const ssh = own.code === 0 ? own.stdout.trim() : 'ssh'
  const batch = { ...quiet, GIT_SSH_COMMAND: `${ssh} -oBatchMode=yes` }
  return createUserGit(cwd, batch, signal)
}

const SAFE_SETTINGS = [
  ['core.fsmonitor', ''],
  ['core.hooksPath', '/dev/null'],
  ['protocol.ext.allow', 'never'],
  ['credential.interactive', 'false'],
  ['core.askPass', ''],
] as const

const KEPT_VARIABLES =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM)$/

function start(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  { input, env: more = {}, settings = [], onStderr, onStdout, signal }: UserGitOptions,
): Promise<Ran> {
  const child = spawn('git', [...args], {
    cwd,
    env: { ...env, LC_ALL: 'C', ...more, ...asVariables(env, settings) },
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  const stdout: Buffer[] = []
  let size = 0
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (onStdout !== undefined) {
      onStdout(chunk)
      return
    }
    size += chunk.length
    if (size > OUTPUT_BYTES_MAX) child.kill('SIGKILL')
    else stdout.push(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    onStderr?.(text)
  })
  // One that ends early closes its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (size > OUTPUT_BYTES_MAX) stderr += `git ${args[0] ?? ''} says more than can be read\n`
      resolve({ code: code ?? 1, stdout: Buffer.concat(stdout).toString('utf8'), stderr })
    })
  })
}

/** Settings as git takes them from its environment: as `-c` an address with `=` in it would be cut. */
function asVariables(
  env: Readonly<Record<string, string | undefined>>,
  settings: readonly (readonly [string, string])[],
): Record<string, string> {
  if (settings.length === 0) return {}
  const first = Number(env['GIT_CONFIG_COUNT'] ?? '0')
  const pairs = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${String(first + at)}`, key] as const,
    [`GIT_CONFIG_VALUE_${String(first + at)}`, value] as const,
  ])
  return {
    ...Object.fromEntries(pairs),
    GIT_CONFIG_COUNT: String(first + settings.length),
  }
}
