// `npm run pack:offline [-- FOLDER]`: one archive that installs on a machine with Node, git and no network. In it is what `npm pack` would
// publish, without the packages that are bundled in it already, and install.sh.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { setUp } from './setup.mjs'

/** Only shown to who writes components: Ink asks for it by a variable that the build sets to false. */
const NEVER_LOADED = new Set(['react-devtools-core'])
const PROGRAMS = ['skein.js', 'git-remote-skein.js', 'symbols-worker.js', 'supervisor.js']

setUp()
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const into = path.resolve(process.argv[2] ?? root)
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const name = `skein-${manifest.version}`
const stage = mkdtempSync(path.join(os.tmpdir(), 'skein-pack-'))
try {
  const program = path.join(stage, name, 'package')
  unpack(program)
  await requireWhole(program)
  writeManifest(program)
  for (const file of ['install.sh', 'digest.cjs'])
    copyFileSync(path.join(root, '.ci', 'offline', file), path.join(stage, name, file))
  const digest = [path.join(stage, name, 'digest.cjs'), program]
  const known = execFileSync(process.execPath, digest, { encoding: 'utf8' }).trim()
  writeFileSync(path.join(program, 'BUILD'), `${manifest.version} ${known}\n`)
  writeArchive()
} finally {
  rmSync(stage, { recursive: true, force: true })
}

/** What npm would publish. */
function unpack(program) {
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', stage]
  execFileSync('npm', words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  mkdirSync(program, { recursive: true })
  const packed = path.join(stage, `${name}.tgz`)
  execFileSync('tar', ['-xzf', packed, '-C', program, '--strip-components', '1'])
}

/** Without a network nothing can be fetched later: what the program imports is in it, or is Node's own. */
async function requireWhole(program) {
  const { metafile } = await build({
    absWorkingDir: program,
    entryPoints: PROGRAMS.map((file) => path.join('dist', file)),
    outdir: 'out',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  })
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    const wanted = imports.filter(({ external, path: name }) => external && !isBuiltin(name))
    const missing = wanted.find(({ path: name }) => !NEVER_LOADED.has(name))
    if (missing !== undefined)
      throw new Error(`${file} imports ${missing.path}, which is not bundled`)
  }
}

function writeManifest(program) {
  const { version, description, license, type, engines, bin, man } = manifest
  const kept = { name: manifest.name, version, description, license, type, engines, bin, man }
  writeFileSync(path.join(program, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`)
}

/** The same bytes for the same program, where tar can. */
function writeArchive() {
  const isGnu = execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU')
  const epoch = process.env.SOURCE_DATE_EPOCH ?? '0'
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`]
  const words = [...(isGnu ? plain : []), '-cf', '-', '-C', stage, name]
  const bytes = gzipSync(execFileSync('tar', words, { maxBuffer: 1024 ** 3 }), { level: 9 })
  const file = path.join(into, `${name}-offline.tar.gz`)
  mkdirSync(into, { recursive: true })
  writeFileSync(file, bytes)
  const sum = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(`${file}.sha256`, `${sum}  ${path.basename(file)}\n`)
  const mib = (statSync(file).size / 1024 / 1024).toFixed(1)
  process.stdout.write(`${file}  ${mib} MiB\n`)
}
