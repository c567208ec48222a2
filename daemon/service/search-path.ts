// The PATH of a service: what this terminal and a login shell find, and where agents and their tools are usually put, so that the
// daemon and its workers find them too. A service manager knows none of it.
import { existsSync, realpathSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findProgram } from '../path-programs.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Those of the user come first, as in most shells. They need not be there yet. */
const USUAL_OF_USER = [
  ...['.local/bin', 'bin', '.cargo/bin', '.npm-global/bin', '.claude/local', '.opencode/bin'],
  ...['.bun/bin', '.deno/bin', 'go/bin', '.volta/bin'],
]
const USUAL = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']
const USUAL_OF_MAC = ['/opt/homebrew/bin', '/opt/homebrew/sbin']
const USUAL_OF_LINUX = ['/home/linuxbrew/.linuxbrew/bin', '/snap/bin']

interface Place {
  readonly env: Environment
  /** Null when the working directory is gone. */
  readonly cwd: string | null
  /** Folders below which nothing lasts. */
  readonly passing: readonly string[]
}

/** Of temporary files, and of this login. */
export function passingFolders(env: Environment): readonly string[] {
  const given = [os.tmpdir(), env['XDG_RUNTIME_DIR'] ?? ''].filter((folder) => folder !== '')
  return ['/tmp', '/run/user', '/var/folders', ...given]
}

export interface SearchFacts extends Place {
  /** The runtime, as `stableProgram` names it. */
  readonly node: string
  /** What a login shell has; null where it does not say. */
  readonly login: string | null
  readonly platform: NodeJS.Platform
}

/** Folders with colons between them, each once. */
export function servicePath(facts: SearchFacts): string {
  const { env, node, login, platform } = facts
  const home = homeOf(env)
  const given = foldersOf(env['PATH']).filter((folder) => isLasting(folder, facts))
  const git = findProgram('git', env)
  const own = USUAL_OF_USER.map((folder) => path.join(home, folder))
  const system =
    platform === 'darwin' ? USUAL_OF_MAC : USUAL_OF_LINUX.filter((at) => existsSync(at))
  const programs = [node, ...(git === null ? [] : [git])].map((file) => path.dirname(file))
  const usual = [...own, ...system, ...USUAL]
  return [...new Set([...given, ...foldersOf(login ?? ''), ...programs, ...usual])].join(':')
}

/** The name of the runtime that outlives its next upgrade: a link on the PATH rather than the folder of one version. */
export function stableProgram(program: string, place: Place): string {
  const name = path.basename(program)
  const links = foldersOf(place.env['PATH']).filter((folder) => isLasting(folder, place))
  const same = links.map((folder) => path.join(folder, name)).find((file) => isSame(file, program))
  return same ?? program
}

function isSame(file: string, program: string): boolean {
  try {
    return realpathSync.native(file) === realpathSync.native(program)
  } catch {
    return false
  }
}

/** An empty entry is the working directory; a line break would end the line. */
function foldersOf(searched: string | undefined): readonly string[] {
  const folders = (searched ?? '')
    .split(':')
    .filter((folder) => path.isAbsolute(folder) && !/\p{Cc}/u.test(folder))
  return folders.map((folder) => (folder === '/' ? folder : folder.replace(/\/+$/, '')))
}

/** Not of this login or of the checkout here alone: there a repository would choose what the daemon runs. */
function isLasting(folder: string, { env, cwd, passing }: Place): boolean {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false
  if (folder.split('/').includes('node_modules')) return false
  const checkout = cwd === null ? null : checkoutAround(cwd, homeOf(env))
  const left = checkout === null ? passing : [...passing, checkout]
  return !left.some((base) => isBelow(folder, base))
}

/** Null outside of one; a home that is a repository of settings is none. */
function checkoutAround(cwd: string, home: string): string | null {
  for (let at = cwd; at !== path.dirname(at) && at !== home; at = path.dirname(at))
    if (existsSync(path.join(at, '.git'))) return at
  return null
}

function isBelow(folder: string, base: string): boolean {
  return folder === base || folder.startsWith(base.endsWith('/') ? base : `${base}/`)
}

export function homeOf(env: Environment): string {
  const given = env['HOME'] ?? ''
  return given === '' ? os.homedir() : given
}
