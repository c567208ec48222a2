// Bundles what ships: one small entry, and chunks that are loaded only by the verbs that need them.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const next = path.join(root, `dist.next.${process.pid}`)
const dist = path.join(root, 'dist')

mkdirSync(next, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: { skein: 'daemon/bin.ts' },
  outdir: next,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  chunkNames: 'chunks/[name]-[hash]',
  define: { SKEIN_VERSION: JSON.stringify(version) },
  banner: {
    js: "import{createRequire as __skeinRequire}from'node:module';const require=__skeinRequire(import.meta.url);",
  },
  logLevel: 'warning',
})
chmodSync(path.join(next, 'skein.js'), 0o755)
swapIn()

/** Renames the finished folder into place, so that a running build never leaves half a program. */
function swapIn() {
  const old = `${next}.old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(next, dist)
  rmSync(old, { recursive: true, force: true })
}
