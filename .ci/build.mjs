// Bundles what ships: one small entry, and chunks that are loaded only by the verbs that need them.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const next = path.join(root, `dist.next.${process.pid}`)
const dist = path.join(root, 'dist')

mkdirSync(next, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: {
    skein: 'daemon/bin.ts',
    'git-remote-skein': 'daemon/git-remote-skein.ts',
    'symbols-worker': 'daemon/symbols/worker/worker.ts',
  },
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
for (const bin of ['skein.js', 'git-remote-skein.js']) chmodSync(path.join(next, bin), 0o755)
await copyGrammars()
cpSync(path.join(root, 'templates'), path.join(next, 'templates'), { recursive: true })
swapIn()

/** The parser thread finds its wasm files in dist/grammars; the packages that they come from are not installed with skein. */
async function copyGrammars() {
  const table = path.join(next, 'grammar-files.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['daemon/symbols/grammar-files.ts'],
    outfile: table,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  })
  const { GRAMMAR_FILES } = await import(pathToFileURL(table).href)
  rmSync(table)
  const require = createRequire(import.meta.url)
  mkdirSync(path.join(next, 'grammars'))
  for (const file of GRAMMAR_FILES) {
    copyFileSync(require.resolve(file), path.join(next, 'grammars', path.basename(file)))
    copyLicense(file)
  }
}

/** Under the package's name, beside what comes from it. */
function copyLicense(file) {
  const name = file.split('/', file.startsWith('@') ? 2 : 1).join('/')
  const license = path.join(root, 'node_modules', name, 'LICENSE')
  if (!existsSync(license)) throw new Error(`${name} has no LICENSE to ship`)
  copyFileSync(license, path.join(next, 'grammars', `LICENSE.${name.replace('/', '.')}`))
}

/** Renames the finished folder into place, so that a running build never leaves half a program. */
function swapIn() {
  const old = `${next}.old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(next, dist)
  rmSync(old, { recursive: true, force: true })
}
