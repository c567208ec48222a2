// `npm start`: everything from a fresh clone to a running daemon, then what to type next.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUp } from './setup.mjs'

setUp()
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const args = process.argv.length > 2 ? process.argv.slice(2) : ['--background']
const { status } = spawnSync(
  process.execPath,
  [path.join(root, 'dist', 'skein.js'), 'up', ...args],
  {
    stdio: 'inherit',
  },
)
process.exitCode = status ?? 1
