// Runs dependency-cruiser and refuses a run that saw no modules: with a TypeScript that it does not know it reports
// "no violations (0 modules)" and exits 0.
import { spawnSync } from 'node:child_process'

const folders = ['protocol', 'daemon', 'mcp', 'tui']
const { stdout, stderr, status } = spawnSync(
  process.execPath,
  [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    ...folders,
    '--config',
    '.ci/dependency-cruiser.cjs',
  ],
  { encoding: 'utf8' },
)
process.stdout.write(stdout)
process.stderr.write(stderr)
const modules = Number(
  /\((\d+) modules/.exec(stdout)?.[1] ?? /\b(\d+) modules/.exec(stdout)?.[1] ?? 0,
)
if (status === 0 && modules === 0) {
  process.stderr.write('the boundary check saw no modules: refusing to pass\n')
  process.exitCode = 1
} else {
  process.exitCode = status ?? 1
}
