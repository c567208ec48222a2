// What skein rests on here: programs, the home, the daemon, the disk, the clock.
import { rmSync, statSync, statfsSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { OUTPUTS, type OperationResult } from '../../protocol/index.ts'
import type { Check, Patient } from '../cli/setup.ts'
import { isOwn } from '../client/place.ts'
import { loadConfig } from '../config.ts'
import { codeOf } from '../home.ts'
import { isAtLeast, programVersion } from '../wiring/claude-version.ts'
import { findProgram } from '../path-programs.ts'
import { fail, looked, ok, warn } from './check.ts'
import { checkLaunchers } from './launcher-checks.ts'
import { checkService } from './service-check.ts'

type Environment = Readonly<Record<string, string | undefined>>
export type Status = OperationResult<'status'>

const NODE_LEAST = [20, 19, 0]
const GIT_LEAST = [2, 31, 0]
const FREE_MIB_LEAST = 100
const FREE_MIB_WISHED = 1_024
/** File systems keep time in steps of up to 2 s. */
const CLOCK_MS_MAX = 5_000

export async function checkMachine(patient: Patient, env: Environment): Promise<readonly Check[]> {
  const { home } = patient
  const parts = await Promise.all([
    looked('node', () => [checkNode()]),
    looked('git', async () => [await checkGit(env)]),
    looked('path', () => [checkPath(env)]),
    looked('home', () => [checkHome(home)]),
    looked('config', () => {
      loadConfig({ home, env })
      return [ok('config', `${path.join(home, 'config.yml')} is valid`)]
    }),
    looked('launchers', () => checkLaunchers(loadConfig({ home, env }), env)),
    looked('daemon', () => [checkDaemon(patient)]),
    looked('service', () => checkService(env)),
    looked('port', () => checkPort(patient, env)),
    looked('disk', () => [checkDisk(home)]),
    looked('clock', () => [checkClock(home)]),
  ])
  return parts.flat()
}

/** As the daemon tells it; null where none runs. */
export function statusOf({ status }: Patient): Status | null {
  const read = OUTPUTS.status.safeParse(status)
  return read.success ? read.data : null
}

function checkNode(): Check {
  const { node } = process.versions
  return isAtLeast(node, NODE_LEAST)
    ? ok('node', node)
    : fail('node', `${node} is older than 20.19`, 'Install Node.js 20.19 or newer.')
}

async function checkGit(env: Environment): Promise<Check> {
  const version = await programVersion('git', env)
  if (version === null) return fail('git', 'no git is on the PATH', 'Install git 2.31 or newer.')
  return isAtLeast(version, GIT_LEAST)
    ? ok('git', version)
    : fail('git', `${version} is older than 2.31`, 'Install git 2.31 or newer.')
}

/** Hooks begin with `command -v skein`: where that finds nothing, they let everything pass. */
function checkPath(env: Environment): Check {
  const found = findProgram('skein', env)
  if (found !== null) return ok('path', `skein is ${found}`)
  return fail(
    'path',
    'no `skein` is on the PATH, so no hook checks anything',
    'npm install --global skein',
  )
}

function checkHome(home: string): Check {
  const stat = statSync(home, { throwIfNoEntry: false })
  if (stat === undefined) return warn('home', `${home} does not exist yet`, 'skein up --background')
  if (!isOwn(stat.uid)) return fail('home', `${home} belongs to another user`, `ls -ld ${home}`)
  if ((stat.mode & 0o077) !== 0) {
    return fail('home', `${home} can be entered by other users`, `chmod 700 ${home}`)
  }
  return ok('home', `${home}, for you alone`)
}

function checkDaemon(patient: Patient): Check {
  const status = statusOf(patient)
  if (status === null) return fail('daemon', 'none answers', 'skein up --background')
  const { version, pid } = status
  if (version === patient.version) return ok('daemon', `${version}, pid ${String(pid)}`)
  const says = `it is ${version}, this program ${patient.version}`
  return warn('daemon', says, 'skein down && skein up --background')
}

async function checkPort(patient: Patient, env: Environment): Promise<readonly Check[]> {
  const status = statusOf(patient)
  if (status !== null) {
    const none = warn('port', 'the daemon has no HTTP port', 'skein logs')
    return [status.http === null ? none : ok('port', status.http)]
  }
  const { http_port: port } = loadConfig({ home: patient.home, env })
  if (port === 0 || (await isFree(port))) return [ok('port', 'free')]
  const says = `${String(port)} is taken by another program; the daemon will take another one`
  return [warn('port', says, 'skein up --http-port 0')]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}

function checkDisk(home: string): Check {
  const { bavail, bsize } = statfsSync(nearest(home))
  const mib = Math.floor((bavail * bsize) / 1024 / 1024)
  const says = `${String(mib)} MiB free`
  const hint = `Free space on the disk of ${home}.`
  if (mib < FREE_MIB_LEAST) return fail('disk', says, hint)
  return mib < FREE_MIB_WISHED ? warn('disk', says, hint) : ok('disk', says)
}

/** The disk's own clock beside ours: a home on a network disk, or a clock that jumped. */
function checkClock(home: string): Check {
  const file = path.join(nearest(home), `.clock-${String(process.pid)}`)
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
    const apart = Math.abs(Date.now() - statSync(file).mtimeMs)
    if (apart <= CLOCK_MS_MAX) return ok('clock', 'agrees with that of the disk')
    const says = `it and the disk's are ${String(Math.round(apart / 1000))} s apart`
    return warn('clock', says, 'Let NTP set the clock of this machine.')
  } catch (error) {
    return fail(
      'clock',
      `${home} cannot be written to (${codeOf(error) ?? 'unknown'})`,
      `ls -ld ${home}`,
    )
  } finally {
    rmSync(file, { force: true })
  }
}

function nearest(folder: string): string {
  const isThere = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isThere || path.dirname(folder) === folder ? folder : nearest(path.dirname(folder))
}
