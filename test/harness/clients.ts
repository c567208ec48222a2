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
/** Asks hooks over HTTP, and has a program of its own: it runs beside any Node, whatever its package says. */
const CLAUDE_OVER_HTTP = '2.1.330'
const INSTALL_MS_MAX = 600_000

const cache = process.env['SKEIN_HARNESS_CACHE'] ?? path.join(cacheFolder(), 'skein-harness')
const older = (name: string): string => path.join(cache, 'node_modules/.bin', name)
/** False once the clients are there, else why they are not. */
export const skip = install(cache, CLIENTS, ['claude', 'codex'].map(older))

/** A Claude Code whose hooks may be posted, with the reason why it is not there; it is fetched when this is called. */
export function claudeOverHttp(): { readonly program: string; readonly skip: string | false } {
  const folder = path.join(cache, `claude-${CLAUDE_OVER_HTTP}`)
  const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`
  const program = path.join(folder, 'node_modules', name, 'claude')
  const wanted = `@anthropic-ai/claude-code@${CLAUDE_OVER_HTTP}`
  return { program, skip: install(folder, [wanted], [program]) }
}

/** Where this system keeps what can be fetched again. */
function cacheFolder(): string {
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches')
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  return given === '' ? path.join(os.homedir(), '.cache') : given
}

/** False once all programs are there, else why they are not. */
function install(
  folder: string,
  packages: readonly string[],
  programs: readonly string[],
): string | false {
  const isThere = (): boolean => programs.every((program) => existsSync(program))
  if (isThere()) return false
  mkdirSync(folder, { recursive: true })
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', ...packages]
  const { status, stderr } = spawnSync('npm', words, { encoding: 'utf8', timeout: INSTALL_MS_MAX })
  return status === 0 && isThere()
    ? false
    : `the clients cannot be fetched: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

/** The guard itself where this program has one, else its stand-in. */
const skein =
  findVerb('guard') === undefined ? path.resolve('test/helpers/stand-in-guard.mjs') : PROGRAM

export function layClients(t: TestContext, claude = older('claude')): Desk {
  const desk = layDesk(t)
  const bin = binOf(desk)
  symlinkSync(claude, path.join(bin, 'claude'))
  symlinkSync(older('codex'), path.join(bin, 'codex'))
  if (skein !== PROGRAM) {
    rmSync(path.join(bin, 'skein'))
    copyFileSync(skein, path.join(bin, 'skein'))
    chmodSync(path.join(bin, 'skein'), 0o755)
  }
  return desk
}

/** Where the desk's programs are. */
export function binOf({ env }: Desk): string {
  return (env['PATH'] ?? '').split(path.delimiter)[0] ?? ''
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
  return runClient(path.join(binOf(desk), 'claude'), [...words, ...mode], at)
}
