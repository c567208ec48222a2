// Brings a checkout to a runnable state: dependencies as locked, programs built from the present sources.
// Does nothing when both are current, so that start and test can always call it.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const SOURCES = [
  'protocol',
  'daemon',
  'mcp',
  'tui',
  'templates',
  '.ci',
  'package.json',
  'package-lock.json',
]

export function setUp() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`skein needs Node 20.19 or newer; this is ${process.versions.node}`)
  }
  if (!isInstalled()) {
    // npm empties the folder that it installs into: behind a link that is another checkout's.
    if (lstatSync(path.join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Error('node_modules is a link, and not what package-lock.json says: remove it')
    run('npm', ['ci', '--no-audit', '--no-fund'])
  }
  if (!isBuilt()) run(process.execPath, ['.ci/build.mjs'])
}

function isInstalled() {
  const installed = path.join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  return (
    statSync(installed).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs - 1000
  )
}

function isBuilt() {
  const built = path.join(root, 'dist', 'skein.js')
  return existsSync(built) && statSync(built).mtimeMs >= newestSource()
}

function newestSource() {
  return Math.max(...SOURCES.map((source) => newestIn(path.join(root, source))))
}

function newestIn(place) {
  const stat = statSync(place, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(place).map((name) => newestIn(path.join(place, name))))
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}
