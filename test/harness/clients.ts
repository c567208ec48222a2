// The real clients, fetched once into a cache outside of the repository, each on the path of a desk of its own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { runClient, type ClientRun } from '../../daemon/canary/client.ts'
import { findVerb } from '../../daemon/cli/verbs.ts'
import { PROGRAM } from '../helpers/cli-daemon.ts'
import { layDesk, type Desk } from '../helpers/page-blocks.ts'

const CLIENTS = ['@anthropic-ai/claude-code@2.1.197', '@openai/codex@0.169.0']
const INSTALL_MS_MAX = 600_000

const cache = process.env['SKEIN_HARNESS_CACHE'] ?? path.join(cacheFolder(), 'skein-harness')
/** False once the clients are there, else why they are not. */
export const skip = install()

/** Where this system keeps what can be fetched again. */
function cacheFolder(): string {
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches')
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  return given === '' ? path.join(os.homedir(), '.cache') : given
}

/** False once both are there, else why they are not. */
function install(): string | false {
  const programs = ['claude', 'codex'].map((name) => path.join(cache, 'node_modules', '.bin', name))
  if (programs.every((program) => existsSync(program))) return false
  mkdirSync(cache, { recursive: true })
  const words = ['install', '--prefix', cache, '--no-audit', '--no-fund', ...CLIENTS]
  const { status, stderr } = spawnSync('npm', words, { encoding: 'utf8', timeout: INSTALL_MS_MAX })
  return status === 0
    ? false
    : `the clients cannot be fetched: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

/** The guard itself where this program has one, else its stand-in. */
const skein =
  findVerb('guard') === undefined ? path.resolve('test/helpers/stand-in-guard.mjs') : PROGRAM

export function layClients(t: TestContext): Desk {
  const desk = layDesk(t)
  const [bin = ''] = (desk.env['PATH'] ?? '').split(path.delimiter)
  for (const name of ['claude', 'codex'])
    symlinkSync(path.join(cache, 'node_modules', '.bin', name), path.join(bin, name))
  if (skein !== PROGRAM) {
    rmSync(path.join(bin, 'skein'))
    copyFileSync(skein, path.join(bin, 'skein'))
    chmodSync(path.join(bin, 'skein'), 0o755)
  }
  return desk
}

export const ENV = { STAND_IN_PROGRAM: PROGRAM }

export async function must(desk: Desk, text: string): Promise<string> {
  const { exit, stdout, stderr } = await desk.run('sh', `set -e\n${text}`, ENV)
  assert.equal(exit, 0, `${text}\n${stdout}${stderr}`)
  return stdout
}

/** Claude Code, without a person, against a scripted model. */
export function runClaude(
  desk: Desk,
  model: { readonly url: string },
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<ClientRun> {
  const env = {
    ...desk.env,
    ...ENV,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'none',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    IS_SANDBOX: '1',
    ...more,
  }
  const signal = new AbortController().signal
  const at = { cwd: desk.root, env, millisecondsMax: 90_000, signal }
  const mode = ['--permission-mode', 'bypassPermissions']
  return runClient(path.join(cache, 'node_modules/.bin/claude'), [...words, ...mode], at)
}
