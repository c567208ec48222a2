// `npm test [-- FOLDER|FILE …] [-- --test-name-pattern=…]`: sets up, lists the test files itself (node --test has no
// globs on Node 20 and passes on an empty list) and refuses to pass when there are none.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { setUp } from './setup.mjs'

setUp()
const args = process.argv.slice(2)
const roots = args.filter((arg) => !arg.startsWith('-'))
const flags = args.filter((arg) => arg.startsWith('-'))
const files = (roots.length > 0 ? roots : ['test']).flatMap((root) =>
  /\.tsx?$/.test(root)
    ? [root]
    : readdirSync(root, { recursive: true })
        .map(String)
        .filter((name) => /\.test\.tsx?$/.test(name))
        .sort()
        .map((name) => path.join(root, name)),
)
if (files.length === 0) throw new Error('no test files found: refusing to pass')
// Many files wait for a clock or a daemon: one more at a time than there are cores, where Node would take one fewer.
const together = `--test-concurrency=${String(availableParallelism() + 1)}`
// No file takes as long: one that waits for what never comes fails by its name, and the rest still runs.
const FILE_MS_MAX = 240_000
const { status } = spawnSync(
  process.execPath,
  [
    ...['--import', 'tsx', '--test', together, `--test-timeout=${String(FILE_MS_MAX)}`],
    ...[...flags, ...files],
  ],
  { stdio: 'inherit' },
)
process.exitCode = status ?? 1
