// An unpacked archive of the offline installer, with a program that only says its version: for what install.sh itself does.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ran } from './cli-io.ts'

const SOURCES = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../.ci/offline')

/** What install.sh and git's own commands need of a system, but for Node and git. */
const TOOLS = [
  ...['sh', 'cat', 'sed', 'grep', 'head', 'dirname', 'readlink', 'mkdir', 'mv', 'cp', 'rm'],
  ...['chmod', 'ls', 'env', 'uname'],
]

/** @param what told apart by its content. @returns the folder with install.sh. */
export function makeArchive(folder: string, version: string, what = version): string {
  const root = path.join(folder, `skein-${version}`)
  const dist = path.join(root, 'package', 'dist')
  mkdirSync(path.join(dist, 'man'), { recursive: true })
  const program = `console.log(${JSON.stringify(what)}, ...process.argv.slice(2))\n`
  for (const name of ['skein.js', 'git-remote-skein.js'])
    writeFileSync(path.join(dist, name), program)
  writeFileSync(path.join(dist, 'man', 'skein.1'), '.TH SKEIN 1\n')
  for (const name of ['install.sh', 'digest.cjs'])
    copyFileSync(path.join(SOURCES, name), path.join(root, name))
  seal(root, version)
  return root
}

/** As the packing does. */
export function seal(root: string, version: string): void {
  const program = path.join(root, 'package')
  const words = [path.join(root, 'digest.cjs'), program]
  const build = execFileSync(process.execPath, words, { encoding: 'utf8' }).trim()
  writeFileSync(path.join(program, 'BUILD'), `${version} ${build}\n`)
}

/** A PATH of the tools alone, and of programs that a test brings. */
export function makePath(folder: string, programs: Readonly<Record<string, string>> = {}): string {
  const bin = path.join(folder, 'system')
  mkdirSync(bin, { recursive: true })
  for (const tool of TOOLS) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' })
    symlinkSync(found.stdout.trim(), path.join(bin, tool))
  }
  for (const [name, text] of Object.entries(programs))
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return bin
}

/** With nothing in the environment but what is given. */
export function runInstaller(
  root: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Ran {
  const script = path.join(root, 'install.sh')
  const { status, stdout, stderr } = spawnSync('/bin/sh', [script, ...words], {
    cwd: '/',
    env,
    encoding: 'utf8',
  })
  return { exit: status ?? -1, stdout, stderr }
}
