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
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { plainBuiltins } from './plain-builtins.mjs'
import { startChunk } from './start-chunk.mjs'
import { thirdPartyText } from './third-party.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const next = path.join(root, `dist.next.${process.pid}`)
const dist = path.join(root, 'dist')
/** All that went into a bundle. */
const bundled = []

mkdirSync(next, { recursive: true })
await bundle({ skein: 'daemon/bin.ts' }, [startChunk(root)])
// Processes and threads of their own: what they would share with the program would only be cut into more files.
await bundle({ 'git-remote-skein': 'daemon/git-remote-skein.ts' })
await bundle({ 'symbols-worker': 'daemon/symbols/worker/worker.ts' })
await bundle({ supervisor: 'daemon/fleet/supervisor.ts' })
for (const bin of ['skein.js', 'git-remote-skein.js']) chmodSync(path.join(next, bin), 0o755)
await copyGrammars()
await writeManual()
await buildBoard(path.join(next, 'web'))
cpSync(path.join(root, 'templates'), path.join(next, 'templates'), { recursive: true })
writeFileSync(path.join(next, 'THIRD-PARTY.txt'), thirdPartyText(bundled))
swapIn()

/** One program. */
async function bundle(entryPoints, plugins = []) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: next,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    chunkNames: 'chunks/[name]-[hash]',
    define: {
      SKEIN_VERSION: JSON.stringify(version),
      // React and Ink: without what helps those who write components.
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"',
    },
    external: ['react-devtools-core'],
    banner: {
      js: "import{createRequire as __skeinRequire}from'node:module';const require=__skeinRequire(import.meta.url);",
    },
    logLevel: 'warning',
    plugins: [plainBuiltins(), ...plugins],
  })
  remember(root, metafile)
}

function remember(folder, { inputs }) {
  bundled.push(...Object.keys(inputs).map((file) => path.resolve(folder, file)))
}

/** The page of `skein web`: files whose names change with their content, each compressed already. */
async function buildBoard(folder) {
  const source = path.join(root, 'daemon', 'web')
  mkdirSync(folder)
  const { metafile } = await build({
    absWorkingDir: source,
    entryPoints: { board: 'main.tsx', style: 'style/style.css', icon: 'icon.svg' },
    outdir: folder,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    loader: { '.svg': 'copy' },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'external',
    metafile: true,
    logLevel: 'warning',
  })
  remember(source, metafile)
  const names = Object.keys(metafile.outputs).map((file) => path.basename(file))
  const page = readFileSync(path.join(source, 'index.html'), 'utf8').replace(
    /__(\w+)__/g,
    (_, name) => names.find((each) => each.startsWith(`${name}-`) && !each.endsWith('.txt')),
  )
  writeFileSync(path.join(folder, 'index.html'), page)
  for (const name of ['index.html', ...names]) {
    const bytes = readFileSync(path.join(folder, name))
    const size = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(path.join(folder, `${name}.br`), brotliCompressSync(bytes, { params: size }))
    writeFileSync(path.join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  }
}

/** The parser thread finds its wasm files in dist/grammars; the packages that they come from are not installed with skein. */
async function copyGrammars() {
  const { GRAMMAR_FILES } = await load('daemon/symbols/grammar-files.ts')
  const require = createRequire(import.meta.url)
  mkdirSync(path.join(next, 'grammars'))
  for (const file of GRAMMAR_FILES) {
    copyFileSync(require.resolve(file), path.join(next, 'grammars', path.basename(file)))
    copyLicense(file)
  }
}

/** Made of the table of commands, so it is of this very build. */
async function writeManual() {
  const { manualPage } = await load('.ci/man/page.ts')
  // So that the same sources give the same bytes where a packager asks for it (reproducible-builds.org).
  const epoch = process.env.SOURCE_DATE_EPOCH
  const built = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)
  mkdirSync(path.join(next, 'man'))
  const page = manualPage(version, built.toISOString().slice(0, 10))
  writeFileSync(path.join(next, 'man', 'skein.1'), page)
}

/** A module of ours in TypeScript, for this build to use. */
async function load(entry) {
  const outfile = path.join(next, 'loaded.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  })
  // Each by its own name: a module is loaded once for each.
  const loaded = await import(`${pathToFileURL(outfile).href}?${entry}`)
  rmSync(outfile)
  return loaded
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
