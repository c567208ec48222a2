// Where the home and its sockets are. Used by both sides: the daemon makes what this file finds. Nothing is created here.
import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SkeinError } from '../../protocol/index.ts'
import { digestOf } from './digest.ts'

export interface SocketPaths {
  readonly api: string
  readonly mcp: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The file in the home that names the folder of its sockets, when they are not in the home itself. */
export const SOCKETS_FILE = 'sockets'

/**
 * Node cuts a socket's path at the system's limit without a word (108 bytes on Linux, 104 on macOS) and would bind or dial
 * another file. The rest is room for `/api.sock`.
 */
const SOCKET_FOLDER_BYTES_MAX = 90

/** `$SKEIN_HOME`, else `~/.skein`: absolute, and without symlinks where it exists, so that all callers mean one path. */
export function homePath(env: Environment, homedir: () => string = os.homedir): string {
  const given = env['SKEIN_HOME']
  const named =
    given === undefined || given === '' ? path.join(homedir(), '.skein') : path.resolve(given)
  try {
    return realpathSync.native(named)
  } catch {
    // It does not exist yet, or cannot be reached: whoever uses it says so.
    return named
  }
}

/**
 * The sockets of a home, whether or not a daemon listens.
 * @throws SkeinError HOME_UNUSABLE when the folder that the home names belongs to somebody else.
 */
export function findSockets(home: string): SocketPaths {
  return socketsIn(socketFolderOf(home) ?? home)
}

/** The folder that the home names for its sockets; null when it names none. */
export function socketFolderOf(home: string): string | null {
  const folder = readNamedFolder(home)
  if (folder === null) return null
  // Temporary folders are swept, and anybody may then take the name: never talk to a stranger's socket.
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  if (stat !== undefined && (!stat.isDirectory() || !isOwn(stat.uid))) {
    throw new SkeinError('HOME_UNUSABLE', `The socket folder ${folder} belongs to somebody else.`, {
      hint: `rm ${path.join(home, SOCKETS_FILE)} && skein up`,
      data: { home, folder },
    })
  }
  return folder
}

/** Where the sockets of a home should be: the home, or for a long path a short folder of the run time, named by its hash. */
export function chooseSocketFolder(
  home: string,
  env: Environment,
  temporary: () => string = os.tmpdir,
): string {
  if (isShort(home)) return home
  const name = `skein-${digestOf(home).slice(0, 16)}`
  const runtime = env['XDG_RUNTIME_DIR'] ?? ''
  const bases = [runtime, temporary(), '/tmp']
  const usable = bases.map((base) => path.join(base, name)).filter(isUsable)
  return usable[0] ?? path.join('/tmp', name)
}

export function socketsIn(folder: string): SocketPaths {
  return { api: path.join(folder, 'api.sock'), mcp: path.join(folder, 'mcp.sock') }
}

/** True for this user's own files, and where users do not exist. */
export function isOwn(uid: number): boolean {
  return uid === (process.geteuid?.() ?? uid)
}

function readNamedFolder(home: string): string | null {
  try {
    const named = readFileSync(path.join(home, SOCKETS_FILE), 'utf8').trim()
    return path.isAbsolute(named) ? named : null
  } catch {
    return null
  }
}

function isUsable(folder: string): boolean {
  return path.isAbsolute(folder) && isShort(folder) && hasFolder(path.dirname(folder))
}

function isShort(folder: string): boolean {
  return Buffer.byteLength(folder) <= SOCKET_FOLDER_BYTES_MAX
}

function hasFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
}
